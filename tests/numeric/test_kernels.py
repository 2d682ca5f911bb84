"""Every backend's kernels equal the reference, bit for bit on integers; names, shapes and kinds are torch's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import derive
import numeric
from derive.errors import NotDerived, OperationError
from numeric.calling.binding import bind
from numeric.kernels import Kernel, kernel
from numeric.printing.loader import load
from numeric.printing.printed import PrintedFunctions
from numeric.printing.printer import OUTPUT
from numeric.to_torch import TorchDialect
from tests.numeric.backends import PRINTED, RUN
from tests.numeric.laws import LAWS, Law, integers
from tests.numeric.small_cases import CASES, Case


def shape_of_output(k: Kernel, tensors: list[Any]) -> tuple[int, ...]:
    return tuple(np.shape(k.forward(*tensors)))


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal dtypes and shapes, equal entries to the last bit (0 and -0 being one number)."""
    return a.dtype == b.dtype and a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Within a few units in the last place of the largest entry: quotients and functions round differently."""
    scale = max(1.0, float(np.abs(b).max(initial=0)))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= 16 * np.finfo(np.float64).eps * scale))


def results(k: Kernel, tensors: list[Any], dy: Any) -> Mapping[str, np.ndarray]:
    """The output and all gradients, with and without what the forward pass saved; the two must be equal."""
    y, saved = k.forward_saved(*tensors)
    found = {"output": y, **k.vjp(dy, *tensors)}
    again = {"output": k.forward(*tensors), **k.vjp(dy, *tensors, saved=saved)}
    assert found.keys() == again.keys()
    for name, value in found.items():
        np.testing.assert_array_equal(value, again[name])
    return found


def agree(case_results: Mapping[str, np.ndarray], reference: Mapping[str, np.ndarray]) -> list[str]:
    """The names that differ: integers in any bit, floats beyond rounding."""
    assert case_results.keys() == reference.keys()
    return [
        name
        for name, value in case_results.items()
        if not (same if value.dtype.kind == "i" or reference[name].dtype.kind == "i" else close)(value, reference[name])
    ]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_integers_are_equal_bit_for_bit_in_every_backend(case: Case) -> None:
    expected = kernel(case.op, backend="reference", **case.settings)
    tensors = case.tensors()
    dy = integers(shape_of_output(expected, tensors), 9)
    right = results(expected, tensors, dy)
    for backend in RUN:
        assert agree(results(kernel(case.op, backend=backend, **case.settings), tensors, dy), right) == [], backend


def test_the_comparison_of_backends_can_fail() -> None:
    case = CASES[1]
    expected, k = (kernel(case.op, backend=b, **case.settings) for b in ("reference", "numpy"))
    tensors = case.tensors()
    dy = integers(shape_of_output(expected, tensors), 9)
    wrong = dy.copy()
    wrong.reshape(-1)[-1] += 1
    assert agree(results(k, tensors, wrong), results(expected, tensors, dy)) == ["input", "weight", "bias"]


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_own_laws_are_equal_bit_for_bit_in_every_backend(law: Law) -> None:
    expected = kernel(law.text, backend="reference", **law.settings)
    tensors = [integers(law.shapes[t.name], n) for n, t in enumerate(expected.op.inputs)]
    dy = integers(shape_of_output(expected, tensors), 9)
    right = results(expected, tensors, dy)
    for backend in RUN:
        assert agree(results(kernel(law.text, backend=backend, **law.settings), tensors, dy), right) == [], backend


TORCH = {
    **{f"conv{n}d": getattr(F, f"conv{n}d") for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": getattr(F, f"conv_transpose{n}d") for n in (1, 2, 3)},
    **{f"{kind}_pool{n}d": getattr(F, f"{kind}_pool{n}d") for kind in ("max", "avg", "lp") for n in (1, 2, 3)},
    # a full convolution is a transposed one of one channel
    "convolve1d": lambda x, f: F.conv_transpose1d(x[None, None], f[None, None])[0, 0],
    "convolve2d": lambda x, f: F.conv_transpose2d(x[None, None], f[None, None])[0, 0],
    "linear": F.linear,
    "flatten": lambda x: torch.flatten(x, 1),
    "add": torch.add,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "prelu": lambda x, a, num_parameters="": F.prelu(x, a),
    "elu": F.elu,
    "batch_norm": lambda x, w, b, **s: F.batch_norm(x, None, None, w, b, **s),
    "layer_norm": lambda x, w, b, **s: F.layer_norm(x, weight=w, bias=b, **s),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda x: F.softmax(x, -1),
    "log_softmax": lambda x: F.log_softmax(x, -1),
    "cross_entropy": F.cross_entropy,
    "mse_loss": F.mse_loss,
}


def by_torch(case: Case, tensors: list[Any], dy: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """What torch and its autograd say, in float64."""
    settings = {k: {"True": True, "False": False}.get(v, v) for k, v in case.settings.items() if k != "target"}
    given = [None if x is None else torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in tensors]
    y = TORCH[case.op](*given, **settings)
    y.backward(torch.tensor(dy if dy is not None else np.ones(y.shape)))
    names = [t.argument for t in case.law().inputs]
    grads = {n: x.grad.numpy() for n, x in zip(names, given, strict=True) if x is not None and x.requires_grad}
    return {"output": y.detach().numpy(), **grads}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_floats_agree_with_torch_and_its_autograd(case: Case) -> None:
    tensors = case.tensors(seed=3, dtype=np.float64)
    right = by_torch(case, tensors)
    dy = integers(right["output"].shape, 9).astype(np.float64)
    right = by_torch(case, tensors, dy)
    for backend in ("reference", *RUN):
        assert agree(results(kernel(case.op, backend=backend, **case.settings), tensors, dy), right) == [], backend


ATTENTION = (
    "S[i,j] = sum[d] Q[i,d]*K[j,d]; E[i,j] = exp(S[i,j]); Z[i] = sum[j] E[i,j]; A[i,j] = E[i,j]/Z[i];"
    " O[i,v] = sum[j] A[i,j]*V[j,v]"
)
BATCH_NORM = (
    "M[c] = (sum[n] X[n,c])/N; D[n,c] = X[n,c] - M[c]; S[c] = (sum[n] D[n,c]^2)/N;"
    " O[n,c] = D[n,c]/sqrt(S[c] + 1)*g[c]; X[n<N,c<C]; g[c<C]"
)


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return torch.softmax(q @ k.T, -1) @ v


def batch_norm(x: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    return F.batch_norm(x, None, None, g, None, True, eps=1.0)


@pytest.mark.parametrize(
    ("law", "function", "shapes"),
    [(ATTENTION, attention, ((4, 3), (5, 3), (5, 2))), (BATCH_NORM, batch_norm, ((6, 3), (3,)))],
    ids=["attention", "batch_norm"],
)
def test_laws_of_several_lines_agree_with_torch_and_its_autograd(law: str, function: Any, shapes: Any) -> None:
    tensors = [integers(s, n).astype(np.float64) / 2 for n, s in enumerate(shapes)]
    leaves = [torch.tensor(x, requires_grad=True) for x in tensors]
    y = function(*leaves)
    dy = integers(tuple(y.shape), 7).astype(np.float64)
    y.backward(torch.tensor(dy))
    for backend in ("reference", *RUN):
        k = kernel(law, backend=backend)
        right = {t.argument: x.grad.numpy() for t, x in zip(k.op.inputs, leaves, strict=True)}
        assert agree(results(k, tensors, dy), {"output": y.detach().numpy(), **right}) == [], backend


@given(st.data())
@settings(max_examples=40)
def test_any_convolution_and_pooling_is_equal_bit_for_bit_in_every_backend(data: st.DataObject) -> None:
    def pair(low: int, high: int) -> tuple[int, int]:
        return data.draw(st.tuples(st.integers(low, high), st.integers(low, high)))

    name = data.draw(st.sampled_from(["conv2d", "max_pool2d", "avg_pool2d"]))
    kernel_size, stride, dilation = pair(1, 3), pair(1, 3), pair(1, 2) if name != "avg_pool2d" else (1, 1)
    padding = pair(0, 2) if name == "conv2d" else tuple(data.draw(st.integers(0, k // 2)) for k in kernel_size)
    least = [max(d * (k - 1) + 1 - 2 * p, 1) for k, d, p in zip(kernel_size, dilation, padding, strict=True)]
    extents = tuple(data.draw(st.integers(n, n + 4)) for n in least)
    tensors: list[Any] = [integers((2, 2, *extents), data.draw(st.integers(0, 99)))]
    chosen: dict[str, Any] = {"stride": stride, "padding": padding}
    chosen |= {"dilation": dilation} if name != "avg_pool2d" else {}
    if name == "conv2d":
        tensors += [integers((3, 2, *kernel_size), 1), integers((3,), 2)]
    else:
        chosen["kernel_size"] = kernel_size
    expected = kernel(name, backend="reference", **chosen)
    try:
        dy = integers(shape_of_output(expected, tensors), 9)
    except OperationError:
        return  # a window that holds no real cell; test_kernel_errors.py has the message
    right = results(expected, tensors, dy)
    for backend in RUN:
        assert agree(results(kernel(name, backend=backend, **chosen), tensors, dy), right) == [], backend


@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softmax", "log_softmax"])
def test_saturated_inputs_give_finite_values_and_no_warning(name: str, backend: str) -> None:
    x = np.array([[800.0, -800.0, 0.0], [-1e4, -1e4, -1e4]], np.float32)
    k = kernel(name, backend=backend)
    assert np.isfinite(k.forward(x)).all()
    assert np.isfinite(k.vjp(np.ones_like(x), x)["input"]).all()


@pytest.mark.parametrize("backend", PRINTED)
def test_a_confidently_wrong_loss_is_finite(backend: str) -> None:
    x = np.array([[800.0, -800.0]], np.float32)
    k = kernel("cross_entropy", backend=backend)
    assert k.forward(x, np.array([1])) == 1600
    np.testing.assert_array_equal(k.vjp(1.0, x, np.array([1]))["input"], [[1, -1]])


@pytest.mark.parametrize("backend", ["reference", *PRINTED])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_the_dtype_of_the_tensors_is_the_dtype_of_the_results(backend: str, dtype: str) -> None:
    case = CASES[1]
    tensors = case.tensors(dtype=np.dtype(dtype).type)
    k = kernel(case.op, backend=backend, **case.settings)
    y = k.forward(*tensors)
    assert {str(x.dtype) for x in (y, *k.vjp(y, *tensors).values())} == {dtype}


@pytest.mark.parametrize("backend", ["reference", *PRINTED])
def test_the_kind_that_goes_in_comes_out(backend: str) -> None:
    k = kernel("linear", backend=backend)
    arrays = [np.ones((2, 3)), np.ones((4, 3)), np.ones(4)]
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    for inputs, kind in ((arrays, np.ndarray), (tensors, torch.Tensor)):
        y = k.forward(*inputs)
        assert isinstance(y, kind)
        assert all(isinstance(g, kind) for g in k.vjp(y, *inputs).values())
    assert not k.forward(*tensors).requires_grad


@pytest.mark.parametrize("case", CASES, ids=str)
def test_inputs_are_left_alone_and_results_are_new_memory(case: Case) -> None:
    for backend in RUN:
        tensors = case.tensors(dtype=np.float64)
        before = [None if x is None else x.copy() for x in tensors]
        k = kernel(case.op, backend=backend, **case.settings)
        y = k.forward(*tensors)
        dy = np.ones_like(y)
        for result in (y, *k.vjp(dy, *tensors).values()):
            result += 1  # whoever changes a result must not change anything else
        assert all((x is None and b is None) or np.array_equal(x, b) for x, b in zip(tensors, before, strict=True))
        assert (dy == 1).all()


@pytest.mark.parametrize("backend", PRINTED)
def test_strided_reversed_and_broadcast_inputs_are_read_right(backend: str) -> None:
    base = integers((2, 3, 12, 14), 1).astype(np.float64)
    weight = np.broadcast_to(integers((1, 3, 2, 3), 2).astype(np.float64), (4, 3, 2, 3))
    x = base[:, :, ::2, ::-2] if backend != "torch" else torch.tensor(base)[:, :, ::2, 1::2]
    w = weight if backend != "torch" else torch.tensor(weight[:1].copy()).expand(4, 3, 2, 3)
    plain = [np.ascontiguousarray(x), np.ascontiguousarray(w), np.zeros(4)]
    k = kernel("conv2d", backend=backend, padding=1)
    y = k.forward(x, w)
    np.testing.assert_array_equal(np.asarray(y), k.forward(*plain))
    np.testing.assert_array_equal(np.asarray(k.vjp(y, x, w)["input"]), k.vjp(np.asarray(y), *plain)["input"])


def test_tensors_go_by_order_by_torchs_names_and_by_letters() -> None:
    x, w, b = np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)), np.ones(1)
    k = numeric.kernel("conv2d")
    expected = k.forward(x, w, b)
    for y in (k.forward(x, weight=w, bias=b), k.forward(input=x, bias=b, weight=w), k.forward(F=w, X=x, b=b)):
        np.testing.assert_array_equal(y, expected)
    assert k.vjp(expected, bias=b, input=x, weight=w).keys() == {"input", "weight", "bias"}
    assert k.vjp(expected, x, w).keys() == {"input", "weight"}
    assert k.vjp(expected, x, w, None, wrt=["F"]).keys() == {"weight"}


def test_settings_are_torchs_defaults_pairs_or_one_number() -> None:
    x, w = integers((1, 2, 9, 8), 1), integers((3, 2, 2, 3), 2)
    one, pair = kernel("conv2d", stride=2, padding=1), kernel("conv2d", stride=(2, 2), padding=[1, 1])
    np.testing.assert_array_equal(one.forward(x, w), pair.forward(x, w))
    assert kernel("conv2d").values == {"s_h": 1, "s_w": 1, "P_h": 0, "P_w": 0, "d_h": 1, "d_w": 1}
    assert kernel("max_pool2d", kernel_size=3).values["s_w"] == 3


@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1}, {"stride": 1, "dilation": (1, 2)}], ids=str)
def test_an_op_with_its_numbers_inside_gives_the_same_as_its_name(settings: dict[str, Any]) -> None:
    x, w = integers((2, 2, 9, 8), 1), integers((3, 2, 2, 3), 2)
    named, inside = kernel("conv2d", **settings), kernel(derive.op("conv2d", **settings))
    y = named.forward(x, w)
    np.testing.assert_array_equal(inside.forward(x, w), y)
    expected, found = named.vjp(y, x, w), inside.vjp(y, x, w)
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 3, 3)], ids=str)
@pytest.mark.parametrize("dim", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_works_along_any_axis(name: str, dim: int, shape: tuple[int, ...]) -> None:
    x = integers(shape, 1).astype(np.float64)
    k = kernel(name, dim=dim)
    t = torch.tensor(x, requires_grad=True)
    y = getattr(F, name)(t, dim)
    y.backward(torch.tensor(x))
    assert close(k.forward(x), y.detach().numpy())
    assert t.grad is not None
    assert close(k.vjp(x, x)["input"], t.grad.numpy())


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("classes", [True, False])
def test_cross_entropy_takes_labels_or_distributions_of_any_further_shape(reduction: str, classes: bool) -> None:
    x = integers((3, 4, 2, 5), 1).astype(np.float64)
    target = np.random.default_rng(0).integers(0, 4, (3, 2, 5)) if classes else integers((3, 4, 2, 5), 2) * 0.5
    given = [torch.tensor(x, requires_grad=True), torch.tensor(target, requires_grad=not classes)]
    y = F.cross_entropy(*given, reduction=reduction)
    dy = integers(tuple(y.shape), 3).astype(np.float64)
    y.backward(torch.tensor(dy))
    k = kernel("cross_entropy", reduction=reduction)
    assert close(k.forward(x, target), y.detach().numpy())
    found = k.vjp(dy, x, target)
    assert found.keys() == ({"input"} if classes else {"input", "target"})
    for argument, t in zip(("input", "target"), given, strict=True):
        if argument in found:
            assert t.grad is not None
            assert close(found[argument], t.grad.numpy())


def test_labels_may_be_any_integers_and_hold_their_shape() -> None:
    x = integers((4, 3), 1).astype(np.float32)
    k = kernel("cross_entropy")
    values = {float(k.forward(x, np.array([0, 2, 1, 2], dtype))) for dtype in (np.uint8, np.int32, np.int64)}
    assert len(values) == 1


def test_a_number_will_do_as_the_cotangent_of_a_scalar() -> None:
    x, y = np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32)
    k = kernel("mse_loss")
    np.testing.assert_array_equal(k.vjp(1.0, x, y)["input"], k.vjp(np.float32(1), x, y)["input"])
    assert k.vjp(1.0, x, y)["input"].dtype == np.float32


def test_the_printed_text_runs_by_itself() -> None:
    k = kernel("conv2d", stride=2, padding=1)
    x, w = integers((2, 1, 7, 6), 1), integers((3, 1, 3, 2), 2)
    functions = k._functions
    assert isinstance(functions, PrintedFunctions)
    forward = load(functions._printed())[OUTPUT]
    y, saved = forward(x, w, np.zeros(3, np.int64), s_h=2, s_w=2, P_h=1, P_w=1)
    np.testing.assert_array_equal(y, k.forward(x, w))
    assert saved.keys() == {"X_columns"}


def test_large_shapes_agree_with_torch() -> None:
    random = np.random.default_rng(0)
    x, w = random.integers(-3, 4, (16, 6, 14, 14)), random.integers(-3, 4, (16, 6, 5, 5))
    y = F.conv2d(torch.tensor(x), torch.tensor(w)).numpy()
    for backend in ("reference", *RUN):
        np.testing.assert_array_equal(kernel("conv2d", backend=backend).forward(x, w), y)


@pytest.mark.parametrize("backend", ["reference", *PRINTED])
def test_what_cannot_be_derived_is_refused_only_where_it_is_asked_for(backend: str) -> None:
    x, y = np.array([2.0, 3.0]), np.array([3.0, 2.0])
    k = kernel("O[i] = X[i]^Y[i]", backend=backend)
    assert k.forward(x, y).tolist() == [8, 9]
    assert "dE/dX" in k.source
    assert k.vjp(np.ones(2), x, y, wrt=["X"])["X"].tolist() == [12, 6]
    with pytest.raises(NotDerived, match="no law applies"):
        k.vjp(np.ones(2), x, y)


@pytest.mark.parametrize("backend", ["reference", *PRINTED])
def test_padding_never_wins_even_against_minus_infinity(backend: str) -> None:
    x = np.array([[[-np.inf, -np.inf, 2.0, 1.0, -np.inf]]])
    settings = {"kernel_size": 3, "stride": 2, "padding": 1}
    k = kernel("max_pool1d", backend=backend, **settings)
    leaf = torch.tensor(x, requires_grad=True)
    F.max_pool1d(leaf, **settings).sum().backward()
    assert leaf.grad is not None
    assert k.vjp(np.ones((1, 1, 3)), x)["input"].tolist() == leaf.grad.tolist() == [[[1.0, 0.0, 1.0, 1.0, 0.0]]]


def test_integers_are_floats_where_the_device_multiplies_none() -> None:
    x, w = torch.arange(6).reshape(2, 3), torch.ones((4, 3), dtype=torch.int64)
    k = kernel("linear", backend="torch")
    binding = bind(k.op, {"X": (2, 3), "W": (4, 3)}, {})
    tensors = {"X": x, "W": w, "b": torch.zeros(4, dtype=torch.int64)}
    for multiplies, dtype in ((True, torch.int64), (False, torch.float64)):
        functions = PrintedFunctions(k.op, TorchDialect(), lambda a: a.double(), True, lambda a, m=multiplies: m)
        assert functions.forward(tensors, binding)[0].dtype == dtype
