"""An independent author's answer: torch's functions under autograd, and for one's own law its dense form in torch."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from derive.catalogue import RECIPES
from derive.catalogue.axes import over
from derive.catalogue.recipe import NUMBER, PAIRS
from derive.catalogue.torch_arguments import torch_arguments
from derive.errors import OperationError
from derive.expressions.expr import Expr
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.language.notation import parse_expr
from derive.operation import Op
from numeric.calling.windows import empty_window
from numeric.checks.samples import Sample
from numeric.checks.stacks import Stack
from numeric.evaluation.arithmetic import COMPARE, Floats, Integers, Mask, Plain, Truth, first_best, leading
from numeric.evaluation.dense import world_of

Tensor = Any
Inputs = Mapping[str, Any]
functional = torch.nn.functional


def _convolved(function: Callable[..., Tensor], x: Inputs, s: Mapping[str, Any]) -> Tensor:
    """A convolution; padding in pairs, which torch has no argument for, is put around the input first."""
    padding, image = s.get("padding"), x["input"]
    if isinstance(padding, tuple) and isinstance(padding[0], tuple):
        image = functional.pad(image, [n for pair in reversed(padding) for n in pair])
        s = {**s, "padding": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of a copy that padding='same' may cost
        return function(image, x["weight"], x["bias"], **s)


def _convolved_flipped(x: Inputs, s: Mapping[str, Any]) -> Tensor:
    """True convolution by torch, which has only the cross-correlation: with the filter flipped, its mode as padding."""
    axes = tuple(range(x["weight"].dim()))
    taps = x["weight"].shape
    ends = {"full": [(k - 1, k - 1) for k in taps], "valid": [(0, 0) for _ in taps]}
    ends["same"] = [(k - 1 - (k - 1) // 2, (k - 1) // 2) for k in taps]
    if s["mode"] not in ends:
        raise ValueError(f"mode: got {s['mode']!r}, expected one of {', '.join(ends)}; choose one")
    image = functional.pad(x["input"], [n for pair in reversed(ends[s["mode"]]) for n in pair])
    flipped = torch.flip(x["weight"], axes)
    correlate = getattr(functional, f"conv{len(axes)}d")
    return correlate(image[None, None], flipped[None, None])[0, 0]


def _pooled(function: Callable[..., Tensor], x: Inputs, s: Mapping[str, Any]) -> Tensor:
    return function(x["input"], **s)


def _normalised(x: Inputs, s: Mapping[str, Any]) -> Tensor:
    """torch's function; running statistics, which it gives no gradient, get theirs by its arithmetic."""
    if "running_mean" not in x:
        return functional.batch_norm(x["input"], None, None, x["weight"], x["bias"], **s)
    mean, variance, image = x["running_mean"], x["running_var"], x["input"].detach()
    own = functional.batch_norm(x["input"], mean.detach(), variance.detach(), x["weight"], x["bias"], **s)
    along = (1, -1, *(1,) * (image.dim() - 2))
    scale = 1 if x["weight"] is None else x["weight"].detach().reshape(along)
    return _with_slope_of(own, scale * (image - mean.reshape(along)) / torch.sqrt(variance.reshape(along) + s["eps"]))


def _with_slope_of(value: Tensor, other: Tensor) -> Tensor:
    """A value with the derivatives of another added to its own."""
    return value + (other - other.detach())


def _cross_entropy(x: Inputs, s: Mapping[str, Any]) -> Tensor:
    """torch.nn.functional.cross_entropy; class weights, which torch gives no gradient, get theirs by its definition."""
    weight = x.get("weight")
    if weight is None:
        return functional.cross_entropy(x["input"], x["target"], **s)
    own = functional.cross_entropy(x["input"], x["target"], weight.detach(), **s)
    return _with_slope_of(own, _by_shares(x["input"].detach(), x["target"].detach(), weight, **s))


def _by_shares(
    image: Tensor, target: Tensor, weight: Tensor, reduction: str, ignore_index: int = -100, label_smoothing: float = 0
) -> Tensor:
    """The definition in torch's documentation: every class has a share of each label."""
    axis = min(image.dim() - 1, 1)
    classes, along = image.shape[axis], [-1 if k == axis else 1 for k in range(image.dim())]
    logs, spread, labels = functional.log_softmax(image, axis), weight.reshape(along), not target.is_floating_point()
    share = target
    if labels:
        index = target.clamp(0, classes - 1).unsqueeze(axis)
        share = torch.zeros_like(image).scatter(axis, index, 1) * (target != ignore_index).unsqueeze(axis)
    counted = (share.sum(axis, keepdim=True) if labels else 1) * label_smoothing / classes
    losses = -(spread * ((1 - label_smoothing) * share + counted) * logs).sum(axis)
    if reduction != "mean":
        return losses if reduction == "none" else losses.sum()
    return losses.sum() / ((spread * share).sum() if labels else losses.numel())


_POOLS = tuple(f"{kind}_pool{n}d" for kind in ("max", "avg", "lp") for n in (1, 2, 3))

CALLS: dict[str, Callable[[Inputs, Mapping[str, Any]], Tensor]] = {
    **{f"conv{n}d": partial(_convolved, getattr(functional, f"conv{n}d")) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": partial(_convolved, getattr(functional, f"conv_transpose{n}d")) for n in (1, 2, 3)},
    **{f"convolve{n}d": _convolved_flipped for n in (1, 2)},
    **{f: partial(_pooled, getattr(functional, f)) for f in _POOLS},
    "linear": lambda x, s: functional.linear(x["input"], x["weight"], x["bias"]),
    "flatten": lambda x, s: torch.flatten(x["input"], start_dim=1),
    "add": lambda x, s: torch.add(x["input"], x["other"]),
    "relu": lambda x, s: functional.relu(x["input"]),
    "leaky_relu": lambda x, s: functional.leaky_relu(x["input"], **s),
    "prelu": lambda x, s: functional.prelu(x["input"], x["weight"]),
    "elu": lambda x, s: functional.elu(x["input"], **s),
    "sigmoid": lambda x, s: torch.sigmoid(x["input"]),
    "tanh": lambda x, s: torch.tanh(x["input"]),
    "batch_norm": _normalised,
    "layer_norm": lambda x, s: functional.layer_norm(x["input"], weight=x["weight"], bias=x["bias"], **s),
    "softmax": lambda x, s: functional.softmax(x["input"], **s),
    "log_softmax": lambda x, s: functional.log_softmax(x["input"], **s),
    "cross_entropy": _cross_entropy,
    "mse_loss": lambda x, s: functional.mse_loss(x["input"], x["target"], **s),
}
"""Catalogue name -> the function of torch that it is meant to be, or what makes it of torch's functions."""


def _shares(n: int, divisor: str) -> str:
    """The gradient of an average, every share of a window divided before the sum."""
    return f"sum[{over(n, '{p}<{K}')}] dE/dO[n,c,{over(n, '({h}+{P}-{p})/{s}')}]/{divisor}"


def _averages() -> Iterator[tuple[tuple[str, ...], str]]:
    for n in (1, 2, 3):
        whole = ("None",) if n > 1 else ()
        yield ("X", f"avg_pool{n}d", "False", "True", *whole), _shares(n, f"({over(n, '{K}', '*')})")
        for words in product(("False", "True"), repeat=2) if n > 1 else ():
            yield ("X", f"avg_pool{n}d", *words), _shares(n, "D")


_REDUCTIONS, _TARGETS = ("mean", "sum", "none"), ("class", "probabilities")


def _entropies() -> Iterator[tuple[tuple[str, ...], str]]:
    """The gradients of cross_entropy: that of the log-softmax, then exp(L) times its sum over the classes."""
    flags = product((False, True), repeat=3)
    for (reduction, target), (weight, ignoring, smooth) in product(product(_REDUCTIONS, _TARGETS), flags):
        labels = target == "class"
        divided = "" if reduction != "mean" else "/R" if labels and (weight or ignoring) else "/N"
        cotangent = "dE/dO[n]" if reduction == "none" else "dE/dO"
        guard, spread = "[T[n]!=g]*" if ignoring else "", "*w[{0}]" if weight else ""
        one = "[{0}==T[n]]" if labels else "T[n,{0}]"
        share = f"({cotangent}{'*(1 - m)' if smooth else ''}{divided})*{one}{spread}"
        share += f" + ({cotangent}*(m/C){divided}){spread}" if smooth else ""
        words = ("given" if weight else "none", *(() if ignoring else ("none",)), *(() if smooth else ("0",)))
        text = f"exp(L[n,c])*sum[k<C] {guard}({share.format('k')}) - {guard}({share.format('c')})"
        yield ("X", "cross_entropy", reduction, target, *words), text


_SCALED = "X[n,c]*(w[c]/S[c]) + (b[c] - M[c]*(w[c]/S[c]))"
_GIVEN = "dE/dO[...,{0}]*w[{0}]"
_MEAN = f"(sum[k<C] {_GIVEN.format('k')})"
_TILT = f"({_MEAN}*M[...] - sum[k<C] {_GIVEN.format('k')}*X[...,k])/S[...]^3/C"

_ORDER: dict[tuple[str, ...], str] = {
    **dict(_averages()),
    ("X", "log_softmax"): "dE/dO[...,c] - exp(O[...,c])*sum[k<C] dE/dO[...,k]",
    **dict(_entropies()),
    ("O", "batch_norm", "False"): _SCALED,
    ("O", "batch_norm", "True"): _SCALED,
    ("O", "layer_norm"): "(X[...,c]/S[...] - M[...]/S[...])*w[c] + b[c]",
    ("w", "layer_norm"): "sum[...<L] dE/dO[...,c]*(X[...,c]/S[...] - M[...]/S[...])",
    ("X", "layer_norm"): f"{_GIVEN.format('c')}/S[...] + {_TILT}*X[...,c] - {_TILT}*M[...] - {_MEAN}/C/S[...]",
    ("X", "mse_loss", "mean"): "(2/L)*(X[...] - Y[...])*dE/dO",
    ("Y", "mse_loss", "mean"): "(2/L)*(Y[...] - X[...])*dE/dO",
}
"""How torch computes an output or a gradient where it rounds differently from the law: it enters the bound of a
comparison and nothing else. (Every share of a window divided before the sum; the exponential of the log-softmax in
place of the softmax; one factor and one summand for a normalisation; 2/L rounded first: torch's derivatives.yaml and
native kernels.)"""


def single_thread() -> None:
    """Keep torch to one thread: processes, not threads, share the work of a campaign."""
    torch.set_num_threads(1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch keeps to one thread for a while, with all loaded that its first gradient would load."""
    x = torch.ones(1, requires_grad=True)
    torch.autograd.grad(x.exp(), [x], torch.ones(1))
    before = torch.get_num_threads()
    single_thread()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def autograd(sample: Sample) -> tuple[NDArray, dict[str, NDArray]]:
    """The output and the gradients by argument, in float64: torch's function, or for one's own law its dense form.

    Raises: OperationError where torch would read outside its memory (a window without a real cell).
    """
    refuse_empty_windows(sample.op, sample.names)
    inputs = _leaves(sample.op, sample.arrays)
    return _differentiated(output_of(sample, inputs), inputs, sample)


def autograd_of_stack(stack: Stack) -> tuple[NDArray, dict[str, NDArray]]:
    """The outputs and the gradients of every case, along a first axis: torch is called for each, autograd once for all.

    No window may be without a real cell: `stacks.form_of` draws none.
    """
    inputs = _leaves(stack.form.op, stack.arrays)
    apart = {a: (None,) * stack.cases if x is None else x.unbind() for a, x in inputs.items()}
    one = calling(stack.form) if is_torch(stack.form.op) else None
    outputs = []
    for k in range(stack.cases):
        call = one or calling(stack.case(k))
        outputs.append(call({a: x[k] for a, x in apart.items()}))
    return _differentiated(torch.stack(outputs), inputs, stack)


def _leaves(op: Op, arrays: Mapping[str, NDArray | None]) -> dict[str, Any]:
    """The inputs as tensors by argument; those that are real numbers get a gradient."""
    inputs: dict[str, Any] = {}
    for t in op.inputs:
        array = arrays[t.argument]
        tensor = None if array is None else torch.from_numpy(np.array(array, order="C"))
        inputs[t.argument] = tensor if tensor is None or t.integer else tensor.requires_grad_()
    return inputs


def _differentiated(output: Tensor, inputs: Inputs, of: Sample | Stack) -> tuple[NDArray, dict[str, NDArray]]:
    """The output and the gradients by argument, as arrays."""
    wanted = [t.argument for t in of.wrt]
    cotangent = torch.from_numpy(np.array(of.cotangent, order="C"))
    found: tuple[Tensor | None, ...] = (None,) * len(wanted)
    if output.requires_grad:  # a law of guards alone does not change with its inputs
        found = torch.autograd.grad(output, [inputs[a] for a in wanted], cotangent, allow_unused=True)
    zeros = (np.zeros(inputs[a].shape) for a in wanted)
    grads = {a: z if g is None else g.numpy() for a, g, z in zip(wanted, found, zeros, strict=True)}
    return output.detach().numpy(), grads


def output_of(sample: Sample, inputs: Inputs) -> Tensor:
    """The output at tensors by argument: torch's function, or for one's own law its dense form."""
    return calling(sample)(inputs)


def calling(sample: Sample) -> Callable[[Inputs], Tensor]:
    """What gives the output at tensors by argument; torch's functions need a sample's sizes and settings alone."""
    if is_torch(sample.op):
        arguments = {**torch_arguments(sample.op, _plain(sample)), **sample.arranged.settings}
        function = CALLS[sample.op.name]
        return lambda inputs: function(inputs, arguments)
    return partial(by_law, sample)


def _plain(sample: Sample) -> dict[str, int | float]:
    """The numbers of a sample as torch takes them."""
    return {n: float(v) if isinstance(v, Fraction) else v for n, v in sample.names.items()}


def is_torch(op: Op) -> bool:
    """Whether the operation is a catalogue one, so that torch's functions say what it is."""
    return op.name in CALLS and bool(op.source)


def called(op: Op) -> str:
    """What an operation is compared with, in words."""
    if not is_torch(op):
        return "the law evaluated by torch"
    return f"torch.{op.name}" if op.source.startswith("torch.") else f"torch's functions for {op.source}"


def refuse_empty_windows(op: Op, names: Mapping[str, int]) -> None:
    """Raises: OperationError where a maximum has no cell to choose from; torch would corrupt its heap there."""
    for e in op.equations:
        if empty_window(e.body, op.tensor(e.target).axes, names, {t.name: t.axes for t in op.tensors}):
            raise OperationError(f"{op.name}: got a window without a real cell, expected one at least; torch must not"
                                 " run it: use less padding or dilation")  # fmt: skip


def _words(op: Op) -> Iterator[str]:
    """The words that chose an operation's law, those that its settings do not tell included."""
    told = dict(op.settings)
    numbers = {p.name for p in op.parameters} | told.keys()
    for a in RECIPES[op.name].arguments:
        if a.varies and a.name in told:
            yield told[a.name]
        elif a.varies and not numbers & {*a.symbols_of(NUMBER), *a.symbols_of(PAIRS)}:
            yield str(a.default)


def order_of_torch(op: Op, name: str) -> Expr | None:
    """The output or a gradient in the order in which torch computes it, where that is not the law's own."""
    text = _ORDER.get((name, op.name, *_words(op))) if is_torch(op) else None
    scalars = frozenset(t.name for t in op.tensors if not t.axes)
    return substitute(parse_expr(text, scalars), _fixed(op)) if text else None


def _fixed(op: Op) -> dict[str, Index]:
    """The symbols that were set to whole numbers or to other symbols."""
    whole = ((n, int(v) if v.lstrip("-").isdigit() else v) for n, v in op.settings)
    return {n: index(v) for n, v in whole if isinstance(v, int) or v.isidentifier()}


# -- the law itself under autograd -------------------------------------------------------------------------------------


class TorchArithmetic:
    """Torch tensors in float64, so that autograd differentiates a law that torch has no function for."""

    def number(self, value: Fraction) -> Tensor:
        return torch.tensor(float(value), dtype=torch.float64)

    def integer(self, values: Integers) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.float64))

    def data(self, values: Floats) -> Tensor:
        return torch.from_numpy(np.array(values, np.float64))

    def spread(self, value: Tensor, shape: tuple[int, ...]) -> Tensor:
        return value.expand(shape)

    def take(self, tensor: Tensor, flat: Integers, inside: Mask | None) -> Tensor:
        found = tensor.reshape(-1)[torch.from_numpy(np.asarray(flat))]
        return found if inside is None else torch.where(_mask(inside), found, 0.0)

    def add(self, terms: Sequence[Tensor]) -> Tensor:
        return sum(terms, torch.zeros((), dtype=torch.float64))

    def multiply(self, factors: Sequence[Tensor]) -> Tensor:
        return math.prod(factors, start=torch.ones((), dtype=torch.float64))

    def divide(self, left: Tensor, right: Tensor) -> Tensor:
        return left / right

    def power(self, base: Tensor, exponent: Tensor) -> Tensor:
        return base**exponent

    def function(self, name: str, z: Tensor) -> Tensor:
        return getattr(torch, name)(z)

    def compare(self, op: str, left: Tensor, right: Tensor) -> Truth:
        return Truth(np.asarray(COMPARE[op](left.detach().numpy(), right.detach().numpy())))

    def choose(self, truth: Truth, then: Tensor, other: Tensor) -> Tensor:
        return torch.where(_mask(truth.holds), then, other)

    def total(self, terms: Tensor, sizes: tuple[int, ...], depth: int) -> Tensor:
        return self._leading(terms, sizes, depth).sum(dim=0)

    def best(self, candidates: Tensor, inside: Mask, sizes: tuple[int, ...], depth: int) -> Tensor:
        values = self._leading(candidates, sizes, depth)
        first = first_best(values.detach().numpy(), leading(inside, sizes, depth))
        full = values.expand((len(values), *first.shape))
        return torch.take_along_dim(full, torch.from_numpy(first)[None], dim=0)[0]

    def wins(self, candidates: Tensor, inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> Tensor:
        return torch.from_numpy(Plain().wins(candidates.detach().numpy(), inside, sizes, depth, at))

    @staticmethod
    def _leading(values: Tensor, sizes: tuple[int, ...], depth: int) -> Tensor:
        count = len(sizes)
        padded = values.reshape((1,) * (depth + count - values.ndim) + tuple(values.shape))
        full = padded.expand(sizes + tuple(padded.shape[count:]))
        return full.reshape((math.prod(sizes), *padded.shape[count:]))


def _mask(mask: Mask) -> Tensor:
    return torch.from_numpy(np.asarray(mask))


def by_law(sample: Sample, inputs: Mapping[str, Any]) -> Tensor:
    """The output of the law, evaluated densely by torch."""
    op = sample.op
    there = (t for t in op.inputs if not t.integer and inputs[t.argument] is not None)
    values = {t.name: inputs[t.argument].permute(sample.order(t)) for t in there}
    world = world_of(op, TorchArithmetic(), sample.names, sample.lawful, values)
    order = sample.order(op.output)
    found = world.tensors[op.output.name].reshape([sample.cotangent.shape[k] for k in order])
    return found.permute([order.index(k) for k in range(len(order))])
