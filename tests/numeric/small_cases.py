"""Small cases of every catalogue operation, with every choice: extents different from one another, ties and zeros."""

from dataclasses import dataclass

import numpy as np

from derive.catalogue import names
from derive.catalogue import op as build_op
from derive.operation import Op


@dataclass(frozen=True)
class Case:
    """An operation by name, its settings, the shapes of its tensors in torch's order (None: left out)."""

    op: str
    settings: dict
    shapes: tuple[tuple[int, ...] | None, ...]
    labels: int = 0

    def __str__(self) -> str:
        settings = ",".join(f"{k}={v}" for k, v in self.settings.items())
        return f"{self.op}({settings}){'x'.join(map(str, self.shapes[0] or ()))}"

    def law(self) -> Op:
        """The operation with symbols for its parameters."""
        choices = {k: v for k, v in self.settings.items() if k in CHOICES}
        return build_op(self.op, **choices)

    def tensors(self, seed: int = 0, dtype: type = np.int64) -> list[np.ndarray | None]:
        """Small integers, repeated often enough for ties; labels in range."""
        random = np.random.default_rng(seed)
        found: list[np.ndarray | None] = []
        for k, shape in enumerate(self.shapes):
            if shape is None:
                found.append(None)
            elif self.labels and k == 1:
                found.append(random.integers(0, self.labels, shape))
            else:
                found.append(random.integers(-3, 4, shape).astype(dtype))
        return found


CHOICES = ("reduction", "target", "count_include_pad", "training", "num_parameters", "weight")
IMAGES = (2, 3, 7, 6)
REDUCTIONS = ("mean", "sum", "none")
CASES = [
    Case("conv2d", {}, ((2, 3, 5, 4), (4, 3, 3, 2), (4,))),
    Case("conv2d", {"stride": (2, 3), "padding": (1, 2), "dilation": (2, 1)}, ((2, 3, 8, 7), (4, 3, 2, 3), (4,))),
    Case("conv2d", {"stride": 2, "padding": 2}, ((3, 1, 6, 7), (2, 1, 3, 2), None)),
    Case("conv2d", {"stride": 3}, ((1, 2, 5, 6), (1, 2, 1, 1), (1,))),
    Case("max_pool2d", {"kernel_size": 2}, (IMAGES,)),
    Case("max_pool2d", {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0), "dilation": (2, 1)}, (IMAGES,)),
    Case("max_pool2d", {"kernel_size": 2, "stride": 3}, (IMAGES,)),
    Case("max_pool2d", {"kernel_size": 2, "stride": 3, "ceil_mode": "True"}, (IMAGES,)),
    Case("avg_pool2d", {"kernel_size": 2}, (IMAGES,)),
    Case("avg_pool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": "True"}, (IMAGES,)),
    Case("avg_pool2d", {"kernel_size": 2, "divisor_override": 3}, (IMAGES,)),
    Case("lp_pool2d", {"kernel_size": (3, 2), "stride": 2, "norm_type": 2}, (IMAGES,)),
    Case("avg_pool2d", {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 1)}, (IMAGES,)),
    Case("avg_pool2d", {"kernel_size": (3, 2), "stride": 2, "padding": 1, "count_include_pad": "False"}, (IMAGES,)),
    *(Case(f"conv{n}d", {}, ((2, 3, *(3, 2, 2)[:n]), (2, 3, *(2, 2, 1)[:n]), (2,))) for n in (1, 3)),
    *(Case(f"conv_transpose{n}d", {}, ((1, 3, *(3, 2, 2)[:n]), (3, 2, *(2, 2, 1)[:n]), (2,))) for n in (1, 2, 3)),
    *(Case(f"convolve{n}d", {}, ((4, 3)[:n], (3, 2)[:n])) for n in (1, 2)),
    *(
        Case(f"{kind}_pool{n}d", {"kernel_size": 2}, ((1, 2, *(5, 4, 3)[:n]),))
        for kind in ("max", "avg")
        for n in (1, 3)
    ),
    *(Case(f"lp_pool{n}d", {"kernel_size": 2, "norm_type": 2}, ((1, 2, *(5, 4, 3)[:n]),)) for n in (1, 3)),
    Case("linear", {}, ((4, 3), (5, 3), (5,))),
    Case("linear", {}, ((2, 4, 3), (5, 3), None)),
    Case("linear", {}, ((3,), (5, 3), (5,))),
    Case("flatten", {}, ((2, 3, 2, 4),)),
    Case("add", {}, ((3, 4), (3, 4))),
    Case("relu", {}, ((3, 4, 2),)),
    Case("relu", {}, ((),)),
    Case("leaky_relu", {"negative_slope": 2}, ((3, 4),)),
    Case("prelu", {}, ((3, 4), (4,))),
    Case("prelu", {"num_parameters": "1"}, ((3, 4), (1,))),
    Case("elu", {"alpha": 2}, ((3, 4),)),
    Case("batch_norm", {"eps": 1, "training": "True"}, ((5, 3), (3,), None)),
    Case("layer_norm", {"eps": 1, "normalized_shape": (5,)}, ((2, 3, 5), None, (5,))),
    Case("sigmoid", {}, ((3, 4),)),
    Case("tanh", {}, ((3, 4),)),
    Case("softmax", {}, ((3, 4),)),
    Case("log_softmax", {}, ((2, 3, 4),)),
    *(Case("cross_entropy", {"reduction": r, "target": "class"}, ((4, 3), (4,)), labels=3) for r in REDUCTIONS),
    *(Case("cross_entropy", {"reduction": r, "target": "probabilities"}, ((4, 3), (4, 3))) for r in REDUCTIONS),
    *(Case("mse_loss", {"reduction": r}, ((3, 4), (3, 4))) for r in REDUCTIONS),
]


def missing_from_cases() -> set[str]:
    """Catalogue operations without a case."""
    return set(names()) - {c.op for c in CASES}
