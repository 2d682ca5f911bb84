"""What the faults of a kernel have in common: the mistake that explains them, or what they look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from numeric.audit.kernel.faults import NUMBERS, Fault
from numeric.audit.kernel.patterns import counted, relation, where
from numeric.audit.kernel.subjects import OUTPUT
from numeric.audit.kernel.suspects import Seen, mistakes_behind, rules_behind
from numeric.audit.kernel.trials import Suite
from numeric.audit.verdict import NO_MISTAKE
from numeric.mistakes import BY_NUMBER

ORDER = ("ended", "raised", "type", "shape", "nothing", "unsteady", "values", "changed", "accuracy")
"""Kinds of faults, what explains others first."""

IN_PLACE = "an input is modified in place"
ACCUMULATION = BY_NUMBER[34].sentence
BY_STAGE = {
    "strided": "it is right for contiguous arrays only: the strides of a view are not looked at",
    "expanded": "it is right only where every entry of grad_output has memory of its own: sum() passes one number with"
    " stride 0",
    "large": ACCUMULATION,
    "float32": "it is wrong in float32 only",
    "interleaved": "state is shared between calls: two forwards before a backward take each other's",
    "subsets": "it is wrong where not all of its inputs require a gradient, as ctx.needs_input_grad says",
    "extents": "it is right for small extents and windows only, or where few settings are not torch's default",
}
"""What it means that a kernel is right before this stage and not in it."""

UNSTEADY = "its answer depends on earlier calls: something is kept, or added to, between them"
STABLE = (
    "it overflows: an exponential of a large input is not finite; shift by the maximum, or take a form that stays small"
)
SAID = {"changed": IN_PLACE, "unsteady": UNSTEADY}
NOT_FINITE = "it gives numbers that are not finite"


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What is wrong with one result: its worst fault, which entries, and why.

    `open` says that it may be but rounding: another formula may round more than the derived one.
    """

    key: str
    kind: str
    count: str
    where: str
    diagnosis: str
    worst: Fault
    open: bool = False

    @property
    def title(self) -> str:
        """The result in words."""
        return self.key or ("forward" if self.kind in (*NUMBERS, "shape") else "the call")


def findings_of(found: Sequence[Fault], seen: Mapping[str, Sequence[Seen]]) -> list[Finding]:
    """One finding a result and kind of fault, what explains others first."""
    groups: dict[tuple[int, str, str], list[Fault]] = {}
    for f in found:
        groups.setdefault((ORDER.index(f.kind), f.kind, f.key), []).append(f)
    return [_finding(groups[key], seen.get(key[2], ())) for key in sorted(groups, key=lambda g: (g[0], g[2] != OUTPUT))]


def rule_of(suite: Suite, seen: Mapping[str, Sequence[Seen]]) -> str:
    """The rule at ties and kinks that explains all wrong numbers; empty where there is none."""
    found = [rules_behind(suite.laws[0].tensor(key).name, answers) for key, answers in seen.items()]
    return next((rule for rule in found[0] if all(rule in other for other in found)), "") if found else ""


def _finding(faults: Sequence[Fault], seen: Sequence[Seen]) -> Finding:
    first = faults[0]
    if first.kind not in NUMBERS:
        return Finding(first.key, first.kind, "", "", _said(first), first)
    worst = max(faults, key=lambda f: int(f.wrong.sum()))
    known = _known(first, faults, seen)
    if first.text and (known == ACCUMULATION or known.startswith(NO_MISTAKE)):
        known = first.text if known != ACCUMULATION else f"{known}; {first.text}"
    inexact = first.kind == "accuracy" and known == NO_MISTAKE
    return Finding(first.key, first.kind, counted(faults), _common(faults), known, worst, inexact)


def _said(fault: Fault) -> str:
    """The diagnosis of what is not told by entries."""
    if fault.kind in SAID:
        return SAID[fault.kind]
    if fault.kind in ("raised", "nothing") and fault.trial.stage in ("strided", "expanded", "interleaved", "subsets"):
        return f"{BY_STAGE[fault.trial.stage]}; {fault.text}"
    return fault.text


def _known(first: Fault, faults: Sequence[Fault], seen: Sequence[Seen]) -> str:
    """The mistake that explains wrong numbers, or what they look like."""
    if first.kind == "accuracy":
        return ACCUMULATION if all(_single(f) for f in faults) else NO_MISTAKE
    if first.trial.stage in BY_STAGE:
        return BY_STAGE[first.trial.stage]
    if seen and (mistakes := mistakes_behind(first.trial.sample.op.tensor(first.key).name, seen)):
        return " or ".join(m.sentence for m in mistakes)
    if all(_overflows(f) for f in faults):
        return STABLE if all(f.trial.sample.kind in ("saturated", "wide") for f in faults) else NOT_FINITE
    related = {relation(f) for f in faults}
    return f"{NO_MISTAKE}; {related.pop()}" if len(related) == 1 and "" not in related else NO_MISTAKE


def _common(faults: Sequence[Fault]) -> str:
    """Where the wrong entries are, as far as it is the same in most configurations."""
    told = [where(f) for f in faults]
    often = max(dict.fromkeys(told), key=told.count)
    return often if 2 * told.count(often) > len(told) else ""


def _single(fault: Fault) -> bool:
    """Whether every entry is a number of float32."""
    assert fault.got is not None
    with np.errstate(all="ignore"):
        return bool(np.array_equal(fault.got, fault.got.astype(np.float32).astype(np.float64), equal_nan=True))


def _overflows(fault: Fault) -> bool:
    """Whether all that is wrong is not finite, and ought to be."""
    assert fault.got is not None
    assert fault.want is not None
    return not np.isfinite(fault.got[fault.wrong]).any() and bool(np.isfinite(fault.want[fault.wrong]).all())
