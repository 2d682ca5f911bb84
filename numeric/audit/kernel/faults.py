"""What is wrong with one answer of a user's kernel: numbers, shapes or types, a changed input, no answer at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.operation import Tensor
from numeric.audit.kernel.isolation import Ended
from numeric.audit.kernel.rounded import bound_in_single, bound_of_torch, most, roundings
from numeric.audit.kernel.signatures import Signature, aliases
from numeric.audit.kernel.subjects import COTANGENT, OUTPUT
from numeric.audit.kernel.trials import Trial
from numeric.audit.kernel.wire import Message
from numeric.checks.checking import relative_error
from numeric.checks.rounding import FLOAT32

NUMBERS = ("values", "accuracy")
"""Kinds of faults that are told by entries; `accuracy` says that float32 would have been no worse."""


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One fault of one answer: its kind, the result it is about ("" is the output), and what to say of it.

    kinds: values, accuracy, rounding (so little that it is a kernel's own, `times` the derived bound), shape,
    nothing (no gradient where there is one), raised, changed, type, ended, unsteady (another answer to the same call).
    `said` is what a call that returned told of itself.
    """

    trial: Trial
    kind: str
    key: str = ""
    text: str = ""
    got: NDArray | None = None
    want: NDArray | None = None
    bound: NDArray | None = None
    times: float = 0.0
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def wrong(self) -> NDArray:
        """Which entries are."""
        assert self.got is not None
        assert self.want is not None
        return relative_error(self.got, self.want, np.zeros(1) if self.bound is None else self.bound) > 1

    @property
    def worst(self) -> tuple[int, ...]:
        """The wrong entry that is furthest off; of equal ones the first."""
        assert self.got is not None
        assert self.want is not None
        with np.errstate(all="ignore"):
            off = np.where(self.wrong, np.abs(self.got.astype(np.float64) - self.want), -1.0)
        return tuple(int(k) for k in np.unravel_index(int(np.argmax(np.where(np.isnan(off), np.inf, off))), off.shape))


def request(trial: Trial, signature: Signature, wrt: frozenset[str]) -> Message:
    """What a kernel is asked in a trial."""
    sample = trial.sample
    data = {
        "ask": "call",
        "way": trial.way,
        "inputs": dict(signature.inputs),
        "held": list(signature.held),
        "settings": signature.passed(sample),
        "wrt": [t.argument for t in asked(trial, wrt)],
        "differentiable": [t.argument for t in sample.op.differentiable],
        "aliases": {t.argument: aliases(t) for t in sample.op.differentiable},
    }
    return Message(
        data, {**sample.cast(trial.precision.name), COTANGENT: sample.cotangent.astype(trial.precision.name)}
    )


def asked(trial: Trial, wrt: frozenset[str]) -> list[Tensor]:
    """The tensors whose gradients are judged."""
    return [t for t in trial.sample.wrt if t.argument in (trial.leaves or wrt)]


def expected(trial: Trial, key: str) -> tuple[NDArray, NDArray]:
    """A result in the shape in which a user has it, and the bound of its rounding."""
    tensor = trial.sample.op.output if key == OUTPUT else trial.sample.op.tensor(key)
    ball = trial.bounds.balls[key]
    return trial.sample.passed(tensor, ball.value), trial.sample.passed(tensor, ball.spread)


def faults(trial: Trial, answer: Message | Ended, signature: Signature, wrt: frozenset[str]) -> Iterator[Fault]:
    """Everything that is wrong with an answer."""
    if isinstance(answer, Ended):
        yield Fault(trial, "ended", text=str(answer))
        return
    said = answer.data
    if said["outcome"] == "raised":
        at = f" (in {said['where']})" if said.get("where") else ""
        yield Fault(trial, "raised", text=f"it raised {said['text']}{at}")
        return
    if said["outcome"] != "returned":
        yield Fault(trial, "type", text=said["text"])
        return
    for name in said["changed"]:
        text = f"it changed {name} in place; a backward pass must leave its inputs alone"
        yield Fault(trial, "changed", name, text, said=said)
    yield from (replace(f, said=said) for f in _of_results(trial, answer.arrays, signature, wrt))


def unsteady(trial: Trial, first: Message | Ended, second: Message | Ended) -> Iterator[Fault]:
    """Whether two answers to the same call differ."""
    if isinstance(first, Ended) or isinstance(second, Ended):
        return
    for key, got in first.arrays.items():
        other = second.arrays.get(key, np.zeros(0))
        if not np.array_equal(got, other, equal_nan=True):
            yield Fault(trial, "unsteady", key, "", got, other, said=first.data)


def _of_results(
    trial: Trial, arrays: Mapping[str, NDArray], signature: Signature, wrt: frozenset[str]
) -> Iterator[Fault]:
    if signature.kind != "function" and OUTPUT in arrays:
        yield from _of_one(trial, OUTPUT, arrays[OUTPUT])
    if not arrays:
        yield Fault(trial, "type", text="it returned no gradient at all")
        return
    for t in asked(trial, wrt):
        if t.argument in arrays:
            yield from _of_one(trial, t.argument, arrays[t.argument])
        elif signature.kind == "function":
            yield Fault(trial, "nothing", t.argument, f"it returned no gradient with respect to {t.argument}")
        elif expected(trial, t.argument)[0].any():
            yield Fault(trial, "nothing", t.argument, f"autograd gets no gradient (None) with respect to {t.argument}")


def _of_one(trial: Trial, key: str, got: NDArray) -> Iterator[Fault]:
    want, bound = expected(trial, key)
    what = "the output" if key == OUTPUT else f"the gradient with respect to {key}"
    if got.shape != want.shape:
        yield Fault(
            trial, "shape", key, f"{what}: got the shape {list(got.shape)}, expected {list(want.shape)}", got, want
        )
        return
    found = Fault(trial, "values", key, _narrow(trial, got), got.astype(np.float64), want, bound)
    if not found.wrong.any():
        return
    if not trial.exact:
        found = replace(found, bound=np.maximum(bound, bound_of_torch(trial, key)))
        if not found.wrong.any():
            return
    times = roundings(trial, key, got, want)
    if times <= most(trial.precision):
        yield replace(found, kind="rounding", times=times)
    elif not trial.exact and _only_inaccurate(found):
        yield replace(found, kind="accuracy")
    else:
        yield found


def _narrow(trial: Trial, got: NDArray) -> str:
    """What is to be said where a result has a coarser format than the tensors that were given."""
    coarse = got.dtype.kind == "f" and got.dtype.itemsize < np.dtype(trial.precision.name).itemsize
    return f"the result is {got.dtype} where grad_output is {trial.precision.name}" if coarse else ""


def _only_inaccurate(fault: Fault) -> bool:
    """Whether every entry is as near as float32 would come; nothing is said so of what float32 cannot hold."""
    if fault.trial.precision is FLOAT32:
        return bool(np.isfinite(fault.got[fault.wrong]).all())  # type: ignore[index]
    bound = bound_in_single(fault.trial, fault.key)
    return not replace(fault, bound=bound).wrong.any() and bool(np.isfinite(bound).all())
