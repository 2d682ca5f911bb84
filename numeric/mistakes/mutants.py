"""The mutants: each mistake where it belongs, in a law, a derivation, a plan or a kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from derive.catalogue import op as build_op
from derive.catalogue.recipe import Setting
from derive.operation import Op
from numeric.mistakes.catalogue import BY_NUMBER, Mistake
from numeric.mistakes.formulas import wrong_formulas

LAW, DERIVATION, PLAN, KERNEL, LINES = "law", "derivation", "plan", "kernel", "lines"
"""Where a mutant is wrong: the operation itself; its gradient and all that is made of it; the kernel's plan alone; what
the kernel does; the lines of a derivation that ends well."""

Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake in one operation: the `way`-th wrong formula where there are several."""

    number: int
    law: str
    wrt: str
    where: str
    way: int = 0
    settings: Settings = ()

    @property
    def mistake(self) -> Mistake:
        return BY_NUMBER[self.number]

    @property
    def arguments(self) -> dict[str, Setting]:
        """The settings as `derive.op` takes them."""
        return {n: _VALUES.get(v, v) for n, v in self.settings}

    @property
    def op(self) -> Op:
        return build_op(self.law, **self.arguments)

    @property
    def name(self) -> str:
        """`12 offset-reversed: conv2d dE/dX, derivation`: no two mutants have the same."""
        chosen = "".join(f" {n}={v}" for n, v in self.settings)
        gradient = f" dE/d{self.wrt}" if self.wrt else ""
        way = f" ({self.way + 1})" if self.way else ""
        return f"{self.number} {self.mistake.name}: {self.law}{chosen}{gradient}, {self.where}{way}"


_VALUES: dict[str, Setting] = {"pairs": (("L_h", "U_h"), ("L_w", "U_w"))}
"""Settings that are not one word."""


@dataclass(frozen=True, slots=True)
class Row:
    """Mistakes made in one gradient of one operation."""

    law: str
    wrt: str
    numbers: tuple[int, ...]
    settings: Settings = field(default=())


def _chosen(**settings: str) -> Settings:
    return tuple(settings.items())


_FORMULAS = (
    Row("conv2d", "X", (1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 14, 15, 20, 21, 22, 23, 24, 33)),
    Row("conv2d", "X", (69, 71, 74, 75, 78, 89, 92, 109)),
    Row("conv2d", "F", (3, 4, 5, 6, 7, 10, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 76, 89, 90, 91, 93, 112)),
    Row("conv2d", "b", (30, 31, 32)),
    Row("conv2d", "X", (8,), _chosen(padding="pairs")),
    Row("conv2d", "F", (9,), _chosen(padding="pairs")),
    Row("conv1d", "F", (25,), _chosen(padding="valid")),
    Row("conv2d", "X", (17, 18, 19), _chosen(groups="G")),
    Row("conv2d", "F", (17, 18, 19), _chosen(groups="G")),
    Row("conv_transpose2d", "X", (3, 5, 16, 35, 67)),
    Row("conv_transpose2d", "F", (16, 35)),
    Row("conv_transpose2d", "b", (16,)),
    Row("convolve2d", "X", (67,)),
    Row("max_pool2d", "X", (15, 36, 37, 38, 39, 40, 46, 94, 95)),
    Row("avg_pool2d", "X", (5, 33, 40, 70, 96)),
    Row("avg_pool2d", "X", (41,), _chosen(count_include_pad="False")),
    Row("avg_pool2d", "X", (42,), _chosen(ceil_mode="True")),
    Row("lp_pool2d", "X", (44, 45), _chosen(norm_type="2")),
    Row("lp_pool2d", "X", (43,), _chosen(norm_type="2", ceil_mode="True")),
    Row("relu", "X", (47, 51, 99, 100)),
    Row("leaky_relu", "X", (47, 51)),
    Row("prelu", "X", (47, 51)),
    Row("prelu", "a", (53,)),
    Row("elu", "X", (47, 50, 51, 114)),
    Row("sigmoid", "X", (48, 72, 98)),
    Row("tanh", "X", (49, 72, 97)),
    Row("softmax", "X", (61, 73, 103, 104)),
    Row("log_softmax", "X", (61, 108)),
    Row("linear", "X", (68, 113)),
    Row("linear", "W", (26, 29, 68)),
    Row("linear", "b", (26, 30)),
    Row("cross_entropy", "X", (54, 55, 56, 105, 106, 107, 111)),
    Row("cross_entropy", "X", (60,), _chosen(target="probabilities")),
    Row("cross_entropy", "T", (63,), _chosen(target="probabilities")),
    Row("cross_entropy", "X", (57,), _chosen(weight="given")),
    Row("cross_entropy", "X", (58,), _chosen(ignore_index="g")),
    Row("cross_entropy", "X", (59,), _chosen(weight="given", label_smoothing="m")),
    Row("mse_loss", "X", (54, 55, 62, 77)),
    Row("mse_loss", "Y", (63,)),
    Row("batch_norm", "X", (65, 66, 101, 102), _chosen(training="True")),
    Row("layer_norm", "X", (65, 66)),
)
"""Gradients that are wrong, and with them all that is made of them; their first way is made in the plan alone, too."""

_KERNELS = (
    Row("conv2d", "X", (13, 34, 82, 83, 84, 85, 86, 87, 88)),
    Row("conv2d", "F", (34, 82)),
    Row("prelu", "a", (52,)),
    Row("linear", "b", (64,)),
    Row("softmax", "X", (81,)),
    Row("log_softmax", "X", (81,)),
    Row("cross_entropy", "X", (81,)),
)
"""Kernels that do something else than their plan says."""

_LAWS = (
    Row("conv2d", "", (2, 5, 7, 22, 110)),
    Row("conv2d", "", (9,), _chosen(padding="pairs")),
    Row("avg_pool2d", "", (41,), _chosen(count_include_pad="False")),
    Row("avg_pool2d", "", (42,), _chosen(ceil_mode="True")),
    Row("lp_pool2d", "", (43,), _chosen(norm_type="2", ceil_mode="True")),
    Row("cross_entropy", "", (57,), _chosen(weight="given")),
    Row("cross_entropy", "", (58,), _chosen(ignore_index="g")),
    Row("cross_entropy", "", (59,), _chosen(weight="given", label_smoothing="m")),
)
"""Laws that are not the operation that torch means; their gradients are derived from them without a mistake."""

_PROOFS = (
    Row("conv2d", "X", (79,)),
    Row("linear", "W", (79,)),
    Row("sigmoid", "X", (79,)),
)
_STEPS = (
    Row("conv2d", "X", (80,)),
    Row("softmax", "X", (80,)),
)
"""Proofs that are wrong where no kernel shows it."""


OPERATIONS = tuple(dict.fromkeys(row.law for row in _FORMULAS))
"""The operations of which there are mutants."""


def mutants(operations: Collection[str] = OPERATIONS) -> tuple[Mutant, ...]:
    """Every mutant of these operations, in the order of the mistakes; no two have the same name."""
    found = [m for row in _FORMULAS if row.law in operations for m in _of_formulas(row)]
    for rows, where in ((_PROOFS, DERIVATION), (_STEPS, LINES), (_KERNELS, KERNEL), (_LAWS, LAW)):
        found += [m for row in rows if row.law in operations for m in _each(row, where)]
    return tuple(sorted(found, key=lambda m: m.number))


def one_each() -> tuple[Mutant, ...]:
    """The first mutant of every mistake, in a derivation where it can be made there; no formula is made for it."""
    kinds = ((_FORMULAS, DERIVATION), (_PROOFS, DERIVATION), (_STEPS, LINES), (_KERNELS, KERNEL), (_LAWS, LAW))
    found: dict[int, Mutant] = {}
    for rows, where in kinds:
        for m in (m for row in rows for m in _each(row, where)):
            found.setdefault(m.number, m)
    return tuple(found[n] for n in sorted(found))


def _each(row: Row, where: str) -> Iterator[Mutant]:
    for number in row.numbers:
        yield Mutant(number, row.law, row.wrt, where, 0, row.settings)


def _of_formulas(row: Row) -> Iterator[Mutant]:
    """The wrong formulas as derivations, and the first of each mistake as a plan.

    Raises: ValueError where there is none.
    """
    ways = Counter(m.number for m, _ in wrong_formulas(Mutant(0, row.law, "", LAW, 0, row.settings).op, row.wrt))
    for number in row.numbers:
        if not ways[number]:
            raise ValueError(f"{row.law}: got no way to make mistake {number} in dE/d{row.wrt}, expected one")
        for way in range(ways[number]):
            yield Mutant(number, row.law, row.wrt, DERIVATION, way, row.settings)
        yield Mutant(number, row.law, row.wrt, PLAN, 0, row.settings)
