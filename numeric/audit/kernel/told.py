"""What is said of a user's kernel: the verdict, every gradient, the smallest witness, a failing test."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from derive.catalogue import RECIPES
from derive.catalogue.torch_arguments import torch_arguments
from derive.language.show import show
from derive.meaning.digits import Digits
from numeric.audit.kernel.entries import formula_of, index_of
from numeric.audit.kernel.faults import NUMBERS, Fault
from numeric.audit.kernel.findings import Finding
from numeric.audit.kernel.signatures import one
from numeric.audit.kernel.suspects import convention
from numeric.audit.kernel.trials import Suite, Trial
from numeric.audit.verdict import REFUTED, UNDECIDED, UNDER, VERIFIED, Verdict, Witness
from numeric.backend import Formula

NUMERALS = ("no", "one", "two", "three", "four", "five", "six")
NOT_JUDGED = "not judged"
LARGEST_DATA = 64
"""Numbers of a witness's data; more are left to its seed and sizes."""


@dataclass(frozen=True, slots=True)
class Gradient:
    """What is said of one result: right, wrong, or not judged; which entries, and why."""

    name: str
    verdict: str
    count: str = ""
    where: str = ""
    diagnosis: str = ""

    def __str__(self) -> str:
        told = "; ".join(filter(None, (self.count, self.where)))
        text = f"{self.name}: {self.verdict}" + (f" ({told})" if told else "")
        return f"{text}: {self.diagnosis}" if self.diagnosis else text


@dataclass(frozen=True, slots=True)
class KernelVerdict:
    """The verdict on a kernel, with each gradient's, the formula of the worst entry and a test that fails.

    `shown` says at which configuration, the smallest that was found.
    """

    target: str
    op: str
    kind: str
    verdict: Verdict
    gradients: tuple[Gradient, ...]
    calls: int
    entry: str = ""
    shown: str = ""
    test: str = ""

    @property
    def good(self) -> bool:
        """Whether it is right, or right under a named convention."""
        return self.verdict.good

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **self.verdict.plain(),
            "kernel": self.target,
            "kind": self.kind,
            "op": self.op,
            "gradients": [
                {"name": g.name, "verdict": g.verdict, "count": g.count, "where": g.where, "diagnosis": g.diagnosis}
                for g in self.gradients
            ],
            "calls": self.calls,
            "entry": self.entry,
            "shown": self.shown,
            "test": self.test,
        }

    def __str__(self) -> str:
        """Everything, for a terminal or an AssertionError."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        v = self.verdict
        yield f"{self.target} for {self.op}: {v.verdict}" + (f": {v.hypothesis}" if v.hypothesis else "")
        yield from (f"  {g}" for g in self.gradients)
        for title, text in (("why", v.diagnosis), ("how", v.reason), ("smallest", self.shown), ("entry", self.entry)):
            if text:
                yield f"  {title}: {text}"
        if v.right and not v.good:
            yield f"  right: {v.right}"
        yield from (f"  note: {n}" for n in v.notes)
        if self.test:
            yield from ("", "a test that fails:", "", self.test)


def verified(
    target: str,
    suite: Suite,
    calls: int,
    reason: str,
    notes: Sequence[str],
    compared: Collection[str],
    hypotheses: Sequence[str] = (),
) -> KernelVerdict:
    """Right, as far as it was tested; under a convention, for some inputs or but for roundings where that is so."""
    rule = [convention(suite.laws[0], suite.rule)] if suite.rule else []
    under = "; ".join((*rule, *hypotheses))
    found = Verdict(
        UNDER if under else VERIFIED,
        under,
        layer="5, 6, 7" if rule else "6, 7",
        reason=reason,
        notes=_notes(suite, notes),
    )
    return _kernel_verdict(target, suite, calls, found, (), compared)


def counted_axes(numbers: Collection[int]) -> str:
    """`one or two axes`."""
    several = "axis" if [*numbers] == [1] else "axes"
    return f"{' or '.join(NUMERALS[n] if n < len(NUMERALS) else str(n) for n in sorted(numbers))} {several}"


def undecided(
    target: str, suite: Suite, calls: int, reason: str, told: Sequence[Finding], compared: Collection[str]
) -> KernelVerdict:
    """Nothing that is sure."""
    found = Verdict(UNDECIDED, reason=reason, notes=_notes(suite, ()))
    return _kernel_verdict(target, suite, calls, found, told, compared)


def refuted(
    target: str,
    suite: Suite,
    calls: int,
    told: Sequence[Finding],
    shown: Fault,
    entry: str,
    test: str,
    notes: Sequence[str],
    compared: Collection[str],
) -> KernelVerdict:
    """Wrong, with the smallest configuration that shows it."""
    diagnosis = "; ".join(dict.fromkeys(f.diagnosis for f in told if not f.open))
    right = _right(formula_of(shown)) if shown.kind in (*NUMBERS, "shape", "nothing") else ""
    found = Verdict(REFUTED, "", _witness(shown), diagnosis, right, shown.trial.layer, "", "", _notes(suite, notes))
    own = _kernel_verdict(target, suite, calls, found, told, compared)
    return KernelVerdict(own.target, own.op, own.kind, found, own.gradients, calls, entry, _shown(shown), test)


def _kernel_verdict(
    target: str, suite: Suite, calls: int, verdict: Verdict, told: Sequence[Finding], compared: Collection[str]
) -> KernelVerdict:
    """The verdict with that of each gradient: right are those alone that were compared."""
    wrong = [Gradient(f.title, "open" if f.open else "wrong", f.count, f.where, f.diagnosis) for f in told]
    judged = [t.argument for t in suite.laws[0].differentiable if t.argument in suite.wrt and suite.signature.takes(t)]
    call = any(f.kind in ("ended", "raised", "type") for f in told)
    others = [] if call else [n for n in judged if n not in {f.key for f in told}]
    rest = [Gradient(n, "right") if n in compared else Gradient(n, "open", diagnosis=NOT_JUDGED) for n in others]
    name = suite.laws[0].name if suite.laws[0].name in RECIPES else suite.laws[0].text
    return KernelVerdict(target, name, suite.signature.kind, verdict, (*wrong, *rest), calls)


STAGES: Mapping[str, str] = {
    "zero": "a cotangent of zeros",
    "strided": "views with gaps",
    "expanded": "an expanded cotangent",
    "large": "large integers",
    "real": "real numbers within the rounding of each entry",
    "float32": "float32",
    "interleaved": "calls between the forwards and backwards of others",
    "subsets": "each choice of what requires a gradient",
    "extents": "extents up to 129",
}
"""The stages of `trials` after the first in words."""


def tested(configurations: int, calls: int, ran: Mapping[str, Trial]) -> str:
    """What was done: one trial of each stage that had an answer tells how it was compared."""
    first = ran.get("values")
    how = "integers bit for bit" if first is not None and first.exact else "numbers within the rounding of each entry"
    told = ", ".join((how, *(words for stage, words in STAGES.items() if stage in ran)))
    return f"tested, not proved: {configurations} configurations, {calls} calls: {told}"


def _notes(suite: Suite, notes: Sequence[str]) -> tuple[str, ...]:
    """What the verdict does not speak of: settings that the kernel does not take."""
    law = suite.laws[0]
    known = torch_arguments(law, {}) if law.name in RECIPES else dict(law.settings)
    numbers = [f"{n}={one(v)}" for n, v in known.items() if n not in suite.signature.settings]
    told = [f"judged at {', '.join(numbers)}, which it does not take as an argument"] if numbers else []
    return (*told, *dict.fromkeys(notes))


def _right(f: Formula) -> str:
    axes = ",".join(b.name for b in f.axes)
    return f"{f.target}{f'[{axes}]' if axes else ''} = {show(f.body)}"


def _witness(shown: Fault) -> Witness | None:
    if shown.got is None or shown.want is None or shown.kind not in NUMBERS:
        return None
    sample = shown.trial.sample
    sizes = {n: v for n, v in sorted(sample.names.items()) if isinstance(v, int)}
    small = sum(a.size for a in sample.given.values()) <= LARGEST_DATA
    arrays = {**sample.given, "grad_output": sample.cotangent} if small else {}
    data = {n: _each(a.tolist()) for n, a in arrays.items()}
    got, want = (_number(float(a[shown.worst])) for a in (shown.got, shown.want))
    return Witness(sizes, index_of(shown), got, want, data)


def _each(values: Any) -> Any:
    return [_each(v) for v in values] if isinstance(values, list) else _number(values)


def _number(x: float) -> int | Digits:
    return int(x) if float(x).is_integer() else Digits(Decimal(float(x)))


WAYS = {
    "strided": ", arrays as views with gaps",
    "expanded": ", grad_output expanded",
    "interleaved": ", between two other forwards",
}
"""Ways of calling in words."""


def _shown(shown: Fault) -> str:
    """The configuration of a fault in words."""
    sample = shown.trial.sample
    leaves = f", where {' and '.join(shown.trial.leaves)} alone require gradients" if shown.trial.leaves else ""
    return f"{sample}, {shown.trial.precision.name}{WAYS.get(shown.trial.way, '')}{leaves}".partition(": ")[2]
