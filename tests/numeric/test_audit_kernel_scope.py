"""A kernel that rounds in its own way, or is meant for some inputs only, is right so far; a wrong one gains nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from derive.errors import OperationError
from numeric.audit.kernel import audit
from numeric.audit.kernel.audit import CannotLoad
from numeric.audit.kernel.in_process import InProcess
from numeric.audit.kernel.told import KernelVerdict, counted_axes
from numeric.audit.kernels import check_kernel, judged
from numeric.audit.verdict import REFUTED, UNDECIDED, UNDER, VERIFIED

FEW = 8


def judge(kernel: Callable[..., Any], op: str, configurations: int = FEW, **settings: Any) -> KernelVerdict:
    return judged(InProcess(kernel, "mine:kernel"), "mine:kernel", op, settings, configurations=configurations)


# -- rounding ----------------------------------------------------------------------------------------------------------


def squared_error(grad_output: Any, input: Any, target: Any) -> Any:
    """The mean's divisor is taken first, so that integers round."""
    grad = grad_output * (2 / input.size) * (input - target)
    return grad, -grad


def transformed(grad_output: Any, input: Any, weight: Any) -> Any:
    """A convolution by the fast Fourier transform: no entry is an integer."""
    n = input.shape[-1]
    dy, x, w = (np.fft.rfft(a, n) for a in (grad_output, input, weight))
    own = np.fft.irfft(np.einsum("nkf,kcf->ncf", dy, w), n)
    return own, np.fft.irfft(np.einsum("nkf,ncf->kcf", dy.conj(), x), n)[..., : weight.shape[-1]]


def by_tanh(grad_output: Any, input: Any) -> Any:
    """Of a large negative number nothing is left but the rounding of 1."""
    s = 0.5 * (1 + np.tanh(0.5 * input))
    return grad_output * s * (1 - s)


def by_cosh(grad_output: Any, input: Any) -> Any:
    with np.errstate(over="ignore"):
        return grad_output / np.cosh(input) ** 2


ROUNDING = [
    (squared_error, "mse_loss"),
    (transformed, "conv1d"),
    (by_tanh, "sigmoid"),
    (by_cosh, "tanh"),
]


@pytest.mark.parametrize(("kernel", "op"), ROUNDING, ids=lambda v: getattr(v, "__name__", v))
def test_a_right_kernel_may_round_in_its_own_way(kernel: Callable[..., Any], op: str) -> None:
    assert judge(kernel, op).verdict.verdict in (VERIFIED, UNDER)


@pytest.mark.parametrize(
    ("relative", "verdict"), [(2.0**-45, UNDER), (2.0**-30, UNDECIDED), (2.0**-20, REFUTED), (2.0**-10, REFUTED)]
)
def test_what_is_wrong_by_more_than_rounding_is_not_right(relative: float, verdict: str) -> None:
    found = judge(lambda grad_output, input: grad_output * (1 - np.tanh(input) ** 2) * (1 + relative), "tanh")
    assert found.verdict.verdict == verdict
    assert ("roundings of its own" in found.verdict.hypothesis) == (verdict == UNDER)


WRONG_AT: dict[str, Callable[[Any], Any]] = {
    "far below 0": lambda x: x < -20,
    "far from 0": lambda x: np.abs(x) > 9,
    "the largest": lambda x: x == x.max(),
}


@pytest.mark.parametrize("at", WRONG_AT)
def test_what_is_wrong_on_large_inputs_alone_is_not_rounding(at: str) -> None:
    def tanh(grad_output: Any, input: Any) -> Any:
        return grad_output * (1 - np.tanh(input) ** 2 + 1e-6 * WRONG_AT[at](input))

    assert not judge(tanh, "tanh").good


def test_an_integer_that_is_off_by_little_is_wrong() -> None:
    def relu(grad_output: Any, input: Any) -> Any:
        return grad_output * (input > 0) * (1 + 2.0**-30)

    assert judge(relu, "relu").verdict.verdict == REFUTED


# -- shapes ------------------------------------------------------------------------------------------------------------


def softmax(grad_output: Any, input: Any) -> Any:
    e = np.exp(input - input.max(1, keepdims=True))
    s = e / e.sum(1, keepdims=True)
    return s * (grad_output - (grad_output * s).sum(1, keepdims=True))


def layer_norm(grad_output: Any, input: Any, weight: Any, bias: Any, eps: float = 1e-5) -> Any:
    centred = input - input.mean(1, keepdims=True)
    scale = 1 / np.sqrt((centred**2).mean(1, keepdims=True) + eps)
    x, g = centred * scale, grad_output * weight
    grad = scale * (g - g.mean(1, keepdims=True) - x * (g * x).mean(1, keepdims=True))
    return {"input": grad, "weight": (grad_output * x).sum(0), "bias": grad_output.sum(0)}


def linear(grad_output: Any, input: Any, weight: Any) -> Any:
    return {"input": grad_output @ weight, "weight": grad_output.T @ input}


def test_a_kernel_for_two_axes_is_right_for_two_axes() -> None:
    assert judge(linear, "linear", 24).good
    found = judge(softmax, "softmax")
    assert found.verdict.verdict == UNDER
    assert found.verdict.hypothesis == "inputs of two axes only"
    assert any(note.startswith("not for inputs as in") for note in found.verdict.notes)


def without_its_dim(grad_output: Any, input: Any, dim: int) -> Any:
    return softmax(grad_output, input) if input.ndim > 1 else grad_output * np.nan


def with_a_sign(grad_output: Any, input: Any) -> Any:
    """Right for two axes; with more, a known mistake is made."""
    dy, x = (np.moveaxis(a, -1, min(1, a.ndim - 1)) for a in (grad_output, input))
    grad = softmax(dy, x) if x.ndim > 1 else softmax(dy[None], x[None])[0]
    return np.moveaxis(grad, min(1, grad.ndim - 1), -1) * (1 if grad.ndim <= 2 else -1)


def unsummed(grad_output: Any, input: Any, weight: Any) -> Any:
    """A gradient of the weight for each sample of a batch of two axes."""
    dy, x = (a.reshape(-1, a.shape[-1]) if a.ndim == 1 else a for a in (grad_output, input))
    return {"input": grad_output @ weight, "weight": dy.swapaxes(-1, -2) @ x}


def in_place(grad_output: Any, input: Any, weight: Any) -> Any:
    """Its numbers are right."""
    found = with_rows(grad_output, input, weight)
    input *= 1 + (input.ndim == 3)
    return found


def with_rows(grad_output: Any, input: Any, weight: Any) -> Any:
    dy, x = (a.reshape(-1, a.shape[-1]) for a in (grad_output, input))
    return {"input": grad_output @ weight, "weight": dy.T @ x}


OTHER_SHAPES = {
    "got the shape": [(unsummed, "linear"), (layer_norm, "layer_norm")],
    "an input is modified in place": [(in_place, "linear")],
}


@pytest.mark.parametrize(("said", "kernel", "op"), [(t, *case) for t, cases in OTHER_SHAPES.items() for case in cases])
def test_in_other_shapes_a_kernel_may_raise_and_no_more(said: str, kernel: Callable[..., Any], op: str) -> None:
    found = judge(kernel, op)
    assert found.verdict.verdict == REFUTED
    assert said in found.verdict.diagnosis

    @wraps(kernel)
    def raising(*grad_output: Any, **given: Any) -> Any:
        if given["input"].ndim != 2:
            raise ValueError("it is for two axes")
        return kernel(*grad_output, **given)

    assert judge(raising, op).verdict.verdict == VERIFIED


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_no_call_goes_unjudged(number: int) -> None:
    calls = []

    def once(grad_output: Any, input: Any, weight: Any) -> Any:
        calls.append(0)
        found = with_rows(grad_output, input, weight)
        return {**found, "weight": found["weight"] * (1 + (len(calls) == number))}

    found = judge(once, "linear")
    assert found.verdict.verdict == REFUTED
    assert "depends on earlier calls" in found.verdict.diagnosis


# -- sizes -------------------------------------------------------------------------------------------------------------


def conv2d(grad_output: Any, input: Any, weight: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Any:  # fmt: skip
    given = grad_output, stride, padding, dilation, groups
    return (
        torch.nn.grad.conv2d_input(input.shape, weight, *given),
        torch.nn.grad.conv2d_weight(input, weight.shape, *given),
    )


def relu(grad_output: Any, input: Any) -> Any:
    return (grad_output * (input > 0),)


def mse_loss(grad_output: Any, input: Any, target: Any) -> Any:
    grad = grad_output * 2 * (input - target) / input.size
    return grad, -grad


LARGE: list[tuple[Callable[..., Any], str, Callable[..., bool]]] = [
    (with_rows, "weight.shape[1] > 32", lambda a: a["weight"].shape[1] > 32),
    (with_rows, "weight.shape[0] > 64", lambda a: a["weight"].shape[0] > 64),
    (with_rows, "input.size // C > 64", lambda a: a["input"].size // a["input"].shape[-1] > 64),
    (with_rows, "input.ndim == 4", lambda a: a["input"].ndim == 4),
    (mse_loss, "input.ndim == 4", lambda a: a["input"].ndim == 4),
    (relu, "input.size >= 500", lambda a: a["input"].size >= 500),
    (conv2d, "input.shape[2] >= 16", lambda a: a["input"].shape[2] >= 16),
    (conv2d, "weight.shape[3] >= 7", lambda a: a["weight"].shape[3] >= 7),
    (
        conv2d,
        "all settings, and one sample",
        lambda a: a["input"].shape[0] == 1 and a["groups"] == min(max(a["dilation"]), max(a["padding"])) == 2,
    ),
]


@pytest.mark.parametrize(("kernel", "at", "wrong"), LARGE, ids=lambda v: v if isinstance(v, str) else "")
def test_what_is_wrong_at_large_sizes_alone_is_wrong(kernel: Any, at: str, wrong: Callable[..., bool]) -> None:
    @wraps(kernel)
    def broken(*grad_output: Any, **given: Any) -> Any:
        found = kernel(*grad_output, **given)
        each = list(found.values() if isinstance(found, dict) else found)
        return [g * (1 + (g is each[-1] and bool(wrong(given)))) for g in each]

    assert judge(kernel, kernel.__name__.replace("with_rows", "linear")).verdict.verdict == VERIFIED
    assert judge(broken, kernel.__name__.replace("with_rows", "linear")).verdict.verdict == REFUTED


def test_a_kernel_that_is_too_slow_at_large_sizes_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_AT_EXTENTS", -1.0)
    found = judge(relu, "relu")
    assert found.verdict.verdict == VERIFIED
    assert audit.LEFT_OUT in found.verdict.notes
    assert "extents" not in found.verdict.reason


@pytest.mark.parametrize("kernel", [without_its_dim, with_a_sign], ids=lambda k: k.__name__)
def test_a_kernel_that_is_wrong_at_some_numbers_of_axes_by_mistake_is_wrong(kernel: Callable[..., Any]) -> None:
    assert judge(kernel, "softmax").verdict.verdict == REFUTED


@pytest.mark.parametrize(("numbers", "told"), [({2}, "two axes"), ({1}, "one axis"), ({1, 3}, "one or three axes")])
def test_numbers_of_axes_are_told_in_words(numbers: set[int], told: str) -> None:
    assert counted_axes(numbers) == told


# -- what a layer says of itself ---------------------------------------------------------------------------------------

LAYERS = {
    "batch_norm": [torch.nn.BatchNorm1d(3, eps=0.25).eval(), torch.nn.BatchNorm2d(2)],
    "layer_norm": [torch.nn.LayerNorm(4)],
    "softmax": [torch.nn.Softmax(dim=1)],
    "avg_pool1d": [torch.nn.AvgPool1d(2, stride=3, padding=1)],
    "leaky_relu": [torch.nn.LeakyReLU(0.5)],
}


@pytest.mark.parametrize(("layer", "op"), [(layer, op) for op, layers in LAYERS.items() for layer in layers], ids=str)
def test_a_layer_is_judged_by_its_own_settings_mode_and_sizes(layer: Any, op: str) -> None:
    assert judge(layer, op, 2).verdict.verdict == VERIFIED


class OtherEps(torch.nn.BatchNorm1d):
    """Its eps is another one than it says."""

    def forward(self, input: Any) -> Any:
        return torch.nn.functional.batch_norm(input, None, None, self.weight, self.bias, True, eps=1.0)


def test_a_layer_that_does_not_do_what_it_says_is_wrong() -> None:
    assert judge(OtherEps(3), "batch_norm", 2).verdict.verdict == REFUTED


def test_settings_against_those_of_a_layer_are_refused() -> None:
    with pytest.raises(OperationError, match="the layer says"):
        judge(torch.nn.AvgPool1d(2), "avg_pool1d", 2, stride=3)
    assert judge(torch.nn.AvgPool1d(2), "avg_pool1d", 2, stride=(2,), kernel_size=2).good


@pytest.mark.parametrize("running", [np.sqrt, np.square])
def test_no_gradient_is_asked_for_running_statistics(running: Callable[..., Any]) -> None:
    def batch_norm(grad_output: Any, input: Any, running_mean: Any, running_var: Any, eps: float = 1e-5) -> Any:
        deviation = running(running_var + eps)
        return grad_output / deviation.reshape(-1, *(1,) * (input.ndim - 2))

    found = judge(batch_norm, "batch_norm", 2)
    assert [(g.name, g.verdict) for g in found.gradients] == [("input", "right" if running is np.sqrt else "wrong")]


def test_where_no_inputs_fit_nothing_is_decided() -> None:
    assert judge(softmax, "softmax", dim=1).verdict.verdict == VERIFIED
    assert judge(softmax, "softmax", dim=0).verdict.verdict == REFUTED
    assert judge(softmax, "softmax", dim=9).verdict.verdict == UNDECIDED


class Short(torch.nn.Module):
    """A linear layer with short names."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.ones(out_features, in_features))
        self.b = torch.nn.Parameter(torch.ones(out_features))

    def forward(self, x: Any) -> Any:
        return x @ self.w.T + self.b


class ShortAndWrong(Short):
    def forward(self, x: Any) -> Any:
        return x @ self.w.T + self.b.detach()


class Unbiased(torch.nn.Linear):
    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features, bias=False)


class Weightless(torch.nn.Module):
    def forward(self, input: Any) -> Any:
        return input


def test_what_a_layer_holds_may_have_a_short_name() -> None:
    assert judge(Short, "linear", 2).verdict.verdict == VERIFIED
    found = judge(ShortAndWrong(2, 3), "linear", 2)
    assert found.verdict.diagnosis == "autograd gets no gradient (None) with respect to bias"
    assert "{'w': weight_, 'b': bias_}" in found.test
    with pytest.raises(CannotLoad, match="name an instance"):
        judge(Weightless, "linear", 2)


@pytest.mark.parametrize("layer", [Unbiased, Unbiased(2, 3)], ids=["class", "instance"])
def test_a_layer_without_a_bias_is_one_without_a_bias(layer: Any) -> None:
    found = judge(layer, "linear", 2)
    assert [(g.name, g.verdict) for g in found.gradients] == [("input", "right"), ("weight", "right")]


# -- how it is called --------------------------------------------------------------------------------------------------


def by_view(grad_output: Any, input: Any, weight: Any, bias: Any = None) -> Any:
    """Made for tensors: an array has another `view`."""
    dy, x = grad_output.view(-1, weight.shape[0]), input.view(-1, weight.shape[1])
    return grad_output @ weight, dy.T @ x, dy.sum(0)


def test_a_function_that_names_no_library_is_given_what_it_takes() -> None:
    assert judge(by_view, "linear").verdict.verdict == VERIFIED


def test_a_result_in_a_coarser_format_is_told() -> None:
    found = judge(lambda grad_output, input: (grad_output * (1 - np.tanh(input) ** 2)).astype(np.float16), "tanh")
    assert found.verdict.verdict == REFUTED
    assert found.verdict.diagnosis == "the result is float16 where grad_output is float64"


class Rows(torch.autograd.Function):
    """A linear layer whose backward has what its own forward saved, and does what it is asked."""

    @staticmethod
    def forward(ctx: Any, input: Any, weight: Any) -> Any:
        ctx.save_for_backward(input, weight)
        return input @ weight.T

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return Rows.gradients(grad, *ctx.saved_tensors, *ctx.needs_input_grad)

    @staticmethod
    def gradients(grad: Any, x: Any, w: Any, of_input: bool = True, of_weight: bool = True) -> Any:
        dy, rows = (a.reshape(-1, a.shape[-1]) for a in (grad, x))
        return grad @ w if of_input else None, dy.T @ rows if of_weight else None


class WrongForWeightAlone(Rows):
    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        of_input, of_weight = Rows.backward(ctx, grad)
        return of_input, 2 * of_weight if of_input is None else of_weight


class RaisingForInputAlone(Rows):
    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        of_input, of_weight = Rows.backward(ctx, grad)
        return of_input, of_weight * 1


class NothingForInputAlone(Rows):
    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        of_input, of_weight = Rows.backward(ctx, grad)
        return (None if of_weight is None else of_input), of_weight


class Keeping(Rows):
    """What forwards saved is kept in a list of the class, and `backward` takes what `taken` says."""

    kept: ClassVar[list[Any]] = []
    taken: Callable[[], Any]

    @classmethod
    def forward(cls, ctx: Any, input: Any, weight: Any) -> Any:  # type: ignore[override]
        cls.kept.append((input, weight))
        return input @ weight.T

    @classmethod
    def backward(cls, ctx: Any, grad: Any) -> Any:  # type: ignore[override]
        return Rows.gradients(grad, *cls.taken())


class Last(Keeping):
    kept: ClassVar[list[Any]] = []

    @staticmethod
    def taken() -> Any:
        return Last.kept[-1]


class Stack(Keeping):
    kept: ClassVar[list[Any]] = []

    @staticmethod
    def taken() -> Any:
        return Stack.kept.pop()


class Queue(Keeping):
    kept: ClassVar[list[Any]] = []

    @staticmethod
    def taken() -> Any:
        return Queue.kept.pop(0)


class OneBuffer(Rows):
    """Outputs of one shape have the same memory."""

    buffers: ClassVar[dict[Any, Any]] = {}

    @staticmethod
    def forward(ctx: Any, input: Any, weight: Any) -> Any:
        output = Rows.forward(ctx, input, weight)
        buffer = OneBuffer.buffers.setdefault((output.shape, output.dtype), torch.empty_like(output))
        return buffer.copy_(output).view_as(buffer)


class OnLayer(torch.nn.Linear):
    """The input is kept on the layer."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features, bias=False)

    def forward(self, input: Any) -> Any:
        self.kept = input.detach()
        return OfLayer.apply(input, self.weight, self)


class OfLayer(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, input: Any, weight: Any, layer: Any) -> Any:
        ctx.layer = layer
        return Rows.forward(ctx, input, weight)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return *Rows.gradients(grad, ctx.layer.kept, ctx.saved_tensors[1]), None


SHARED = "state is shared between calls: two forwards before a backward"
NEEDED = "where not all of its inputs require a gradient"
BY_AUTOGRAD = [(WrongForWeightAlone, NEEDED), (RaisingForInputAlone, NEEDED), (NothingForInputAlone, NEEDED),
               (Last, SHARED), (Stack, SHARED), (Queue, SHARED), (OneBuffer, SHARED), (OnLayer, SHARED)]  # fmt: skip


@pytest.mark.parametrize(("kernel", "diagnosis"), BY_AUTOGRAD, ids=lambda v: getattr(v, "__name__", ""))
def test_autograd_may_ask_for_some_gradients_alone_and_later(kernel: Any, diagnosis: str) -> None:
    found = judge(kernel, "linear", 2)
    assert found.verdict.verdict == REFUTED
    assert diagnosis in found.verdict.diagnosis
    text = found.test.replace("from mine import kernel\n", "")
    with pytest.raises((AssertionError, RuntimeError, TypeError)):
        run_test(text, kernel)
    run_test(text, Unbiased if kernel is OnLayer else Rows)


def run_test(text: str, kernel: Any) -> None:
    names: dict[str, Any] = {"kernel": kernel}
    exec(text, names)  # noqa: S102  # it is what a user pastes
    next(f for n, f in names.items() if n.startswith("test_"))()


@pytest.mark.parametrize("kernel", [Rows, Unbiased])
def test_a_kernel_that_keeps_its_state_to_each_call_is_right(kernel: Any) -> None:
    found = judge(kernel, "linear", 2)
    assert found.verdict.verdict == VERIFIED
    assert "each choice of what requires a gradient" in found.verdict.reason
    assert "between the forwards and backwards of others" in found.verdict.reason


def test_one_gradient_that_is_judged_alone_is_asked_alone() -> None:
    found = judged(InProcess(NothingForInputAlone, "mine:kernel"), "mine:kernel", "linear", {}, ["weight"], FEW)
    assert found.verdict.verdict == VERIFIED
    assert "each choice" not in found.verdict.reason


def test_what_is_kept_of_another_call_is_seen_in_a_new_process(tmp_path: Path) -> None:
    path = tmp_path / "kernel.py"
    path.write_text("""masks = {}
def relu(grad_output, input):
    return grad_output * masks.setdefault(input.shape, input > 0)
""")
    found = check_kernel(f"{path}:relu", "relu", configurations=24)
    assert found.verdict.verdict == REFUTED
    assert "depends on earlier calls" in found.verdict.diagnosis
    assert not found.test
