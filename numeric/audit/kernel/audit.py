"""One audit of a user's kernel: stages of calls, what is wrong with their answers, and the verdict that follows."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from derive.errors import BackproofError
from numeric.audit.kernel.entries import written_out
from numeric.audit.kernel.failing_test import failing_test
from numeric.audit.kernel.faults import NUMBERS, Fault, faults, request, unsteady
from numeric.audit.kernel.findings import BY_STAGE, UNSTEADY, findings_of, rule_of
from numeric.audit.kernel.isolation import Ended, Isolated
from numeric.audit.kernel.shrinking import at_least, smallest
from numeric.audit.kernel.subjects import OUTPUT
from numeric.audit.kernel.suspects import Seen, has_ties
from numeric.audit.kernel.told import KernelVerdict, counted_axes, refuted, tested, undecided, verified
from numeric.audit.kernel.trials import MORE_SEEDS, Family, Suite, Trial, axes_of
from numeric.audit.kernel.wire import Message
from numeric.audit.verdict import NO_MISTAKE

FATAL, TELLING = ("ended",), ("raised", "type")
"""Kinds of faults after which a stage goes on no further: at once, or after a few."""

FEW, FEWEST = 3, 6
CONFIRMED = ("large", "real", "float32", "extents")
"""Stages before which a formula has been right: on integers, or in float64."""

ROUGH = "it rounds more than the derived formula does, in {}"
AT_TIES = "only at ties and kinks"
NOTHING_FITS = "no inputs fit its settings"
MOST_SECONDS = 600.0
MOST_AT_EXTENTS = 60.0
"""Seconds for large sizes: a kernel that is slow there may be right."""

LATE = Ended("timeout")
LEFT_OUT = "not judged at all of the large sizes: it is too slow there"


class CannotLoad(BackproofError):
    """A kernel that cannot be imported or called at all, or does not say which gradient it gives."""


class Caller(Protocol):
    """Whatever runs a user's kernel."""

    def ask(self, message: Message) -> Message | Ended:
        """The answer to a message."""


@dataclass(slots=True)
class Audit:
    """One kernel under audit; `answers` are those of the stage that is looked at, `fatal` is what ended the process.

    `compared` are the results that were, in any stage, `ran` one trial of each stage; `times` is how far off, in units
    of the derived formula's rounding, results were that nothing else confirms; `axes` are those of inputs at which the
    kernel is right, and `narrow` says that there are others at which it is not. `opening` is the first call of each
    family of shapes with its answer, which chooses among them: it is judged as any other, by being made again.
    """

    caller: Caller
    suite: Suite
    target: str
    calls: int = 0
    notes: list[str] = field(default_factory=list)
    answers: list[tuple[Trial, Message]] = field(default_factory=list)
    fatal: Fault | None = None
    compared: set[str] = field(default_factory=set)
    ran: dict[str, Trial] = field(default_factory=dict)
    times: float = 0.0
    axes: set[int] = field(default_factory=set)
    narrow: bool = False
    opening: dict[Family, tuple[Trial, Message | Ended]] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def verdict(self) -> KernelVerdict:
        """The first stage with a fault decides; where none has one, the kernel is right."""
        families = self.suite.families()
        base = self._base(families) if self.fatal is None else families[0]
        first = self.suite.family(base)
        if len(first) < FEWEST:
            first = self.suite.family(base, MORE_SEEDS)
        if not first:
            return undecided(self.target, self.suite, self.calls, NOTHING_FITS, (), ())
        found = [self.fatal] if self.fatal is not None else self._first(first)
        if found and (rule := self._rule(found)):
            suite = replace(self.suite, rule=rule)
            under = Audit(self.caller, suite, self.target, self.calls, self.notes, started=self.started)
            accepted = under.verdict()
            if accepted.good:
                return accepted
        if not found:
            found = self._later(first, [f for f in families if f != base])
        if found:
            return self._refuted(found)
        reason = tested(len(first), self.calls, self.ran)
        return verified(self.target, self.suite, self.calls, reason, self.notes, self.compared, self._hypotheses())

    def _later(self, first: Sequence[Trial], families: Sequence[Family]) -> list[Fault]:
        for trials in self.suite.later(first):
            found = self._tolerated(self._stage(trials))
            if found:
                return found
        if found := self._tolerated(self._extents(first)):
            return found
        self.axes |= axes_of(first)
        narrow: list[tuple[set[int], list[Fault]]] = []
        others = (*(self.suite.family(family)[:4] for family in families), self.suite.four_axes(first))
        for trials in filter(None, others):
            found = self._stage(trials)
            if not found:
                self.axes |= axes_of(trials)
            elif all(f.kind == "raised" for f in found):
                self.notes.append(f"not for inputs as in {trials[0].sample}: {found[0].text}")
            elif self._meant_for_others(found, axes_of(trials)):
                narrow.append((axes_of(trials), found))
            else:
                return found
        return self._but_for(narrow)

    def _meant_for_others(self, found: list[Fault], axes: set[int]) -> bool:
        """Whether nothing says that a kernel was made for such shapes: its numbers alone are wrong, by no mistake that
        is known, and its own forward is wrong as well, where it has one. A result in a wrong shape is taken for this
        only where axes are missing: for a batch of two axes it is the sum over them that is."""
        kinds = (*NUMBERS, "raised", *(("shape",) if max(axes) < min(self.axes) else ()))
        if any(f.kind not in kinds for f in found):
            return False
        if self.suite.signature.kind != "function" and not any(f.key == OUTPUT for f in found):
            return False
        told = findings_of(found, self._seen(found))
        return all(f.diagnosis.startswith(NO_MISTAKE) for f in told if f.kind in NUMBERS)

    def _but_for(self, narrow: Sequence[tuple[set[int], list[Fault]]]) -> list[Fault]:
        """The faults at numbers of axes at which the kernel is right elsewhere, or with `...`, for which it takes more
        than one number of them; of others it is said that it is not."""
        for axes, found in narrow:
            any_number = found[0].trial.sample.shared.leading and len(self.axes) > 1
            if axes & self.axes or any_number:
                return found
            self.narrow = True
            told = found[0].text or "the numbers are wrong"
            self.notes.append(f"not for inputs as in {found[0].trial.sample}: {told}")
        return []

    def _tolerated(self, found: list[Fault]) -> list[Fault]:
        """The faults without those that are but roundings, of a kernel that is right on integers or in float64."""
        rough = [f for f in found if f.kind == "accuracy" and f.trial.stage in CONFIRMED]
        if rough:
            self.notes.append(ROUGH.format(rough[0].trial.precision.name))
        return [f for f in found if f not in rough]

    def _rounded(self, found: list[Fault]) -> list[Fault]:
        """The faults without what is so little that it can only be rounding; how much it was is kept."""
        for f in found:
            if f.kind == "rounding" and f.times > 1:
                self.notes.append(ROUGH.format(f.trial.precision.name))
                self.times = max(self.times, 0.0 if f.trial.stage in CONFIRMED else f.times)
        return [f for f in found if f.kind != "rounding"]

    def _opened(self, family: Family) -> list[Fault]:
        """The faults of the first call in a family of shapes, which is made once."""
        if family not in self.opening and (trials := self.suite.family(family)[:1]):
            self.opening[family] = trials[0], self._answer(trials[0])
        return self._judged(*self.opening[family]) if family in self.opening else []

    def _base(self, families: Sequence[Family]) -> Family:
        """The first family of shapes that the kernel takes at all, else the first."""
        for family in families:
            told = self._opened(family)
            if family in self.opening and not any(f.kind in ("raised", "type", "shape", "ended") for f in told):
                return family
        return families[0]

    def refuses(self, some: bool = False) -> bool:
        """Whether the kernel raises on the first call in all shapes, or in some."""
        told = {family: self._opened(family) for family in self.suite.families()}
        return (any if some else all)(any(f.kind == "raised" for f in told[family]) for family in self.opening)

    def _hypotheses(self) -> list[str]:
        """Under what it is right besides a convention."""
        found = [f"inputs of {counted_axes(self.axes)} only"] if self.narrow else []
        if self.times > 1:
            found.append(f"roundings of its own, up to {math.ceil(self.times):,} times those of the derived formula")
        return found

    # -- calling -------------------------------------------------------------------------------------------------------

    def _stage(self, trials: Sequence[Trial]) -> list[Fault]:
        """The faults of all the answers to some trials."""
        found: list[Fault] = []
        self.answers = []
        for trial in trials:
            try:
                found += self._asked(trial)
            except TimeoutError:  # what was found is no less a fault
                if not found:
                    raise
                break
            kinds = [f.kind for f in found]
            if any(k in FATAL for k in kinds) or sum(k in TELLING for k in kinds) >= FEW:
                break
        return found

    def _extents(self, first: Sequence[Trial]) -> list[Fault]:
        """The faults at large sizes, as far as time allows; what is left out is told."""
        found: list[Fault] = []
        self.answers, end = [], time.monotonic() + MOST_AT_EXTENTS
        for trial in self.suite.extents(first):
            answer: Message | Ended = LATE
            with suppress(TimeoutError):
                answer = self._answer(trial) if time.monotonic() < end else LATE
            if isinstance(answer, Ended) and answer.how == LATE.how:
                self.notes.append(LEFT_OUT)
                break
            found += self._judged(trial, answer)
        return found

    def _first(self, trials: Sequence[Trial]) -> list[Fault]:
        """Where the same call is answered in two ways, else the faults of the first stage."""
        found = self._stage(trials)
        if self.fatal is None:
            answers = list(self.answers)
            with suppress(TimeoutError) if found else nullcontext():
                found = self._twice(trials[:2]) or found
            self.answers = answers
        return found

    def _twice(self, trials: Sequence[Trial]) -> list[Fault]:
        """Where an answer of the first stage, or that of an opening call, is another when it is asked for again."""
        again = {id(t): answer for t, answer in self.answers}
        calls = [*((t, again[id(t)]) for t in trials if id(t) in again), *self.opening.values()]
        return [f for t, answer in calls for f in unsteady(t, answer, self._answer(t))]

    def _asked(self, trial: Trial) -> list[Fault]:
        return self._judged(trial, self._answer(trial))

    def _judged(self, trial: Trial, answer: Message | Ended) -> list[Fault]:
        found = self._rounded(list(faults(trial, answer, self.suite.signature, self.suite.wrt)))
        self.fatal = next((f for f in found if f.kind in FATAL), self.fatal)
        return found

    def _answer(self, trial: Trial) -> Message | Ended:
        if time.monotonic() - self.started > MOST_SECONDS:
            raise TimeoutError
        self.calls += 1
        answer = self.caller.ask(request(trial, self.suite.signature, self.suite.wrt))
        if not isinstance(answer, Ended):
            if answer.data["outcome"] == "unfit":
                raise CannotLoad(f"{self.target}: {answer.data['text']}")
            self.ran.setdefault(trial.stage, trial)
            self.answers.append((trial, answer))
            self.compared.update(answer.arrays)
        return answer

    # -- judging -------------------------------------------------------------------------------------------------------

    def _seen(self, found: Sequence[Fault]) -> dict[str, list[Seen]]:
        """The answers with wrong numbers, and those of the same stage with right ones, by gradient."""
        keys = {f.key for f in found if f.kind == "values" and f.key != OUTPUT}
        wrong = {(id(f.trial), f.key) for f in found}
        return {
            key: [
                Seen(t, t.sample.flat(t.sample.op.tensor(key), m.arrays[key].astype(np.float64)), (id(t), key) in wrong)
                for t, m in self.answers
                if key in m.arrays and m.arrays[key].shape == t.sample.given[key].shape
            ]
            for key in sorted(keys)
        }

    def _rule(self, found: Sequence[Fault]) -> str:
        """The one convention at ties under which all that was given is right; empty where there is none."""
        if self.suite.rule or any(f.kind != "values" or f.key == OUTPUT for f in found):
            return ""
        return rule_of(self.suite, self._seen(found))

    def _refuted(self, found: list[Fault]) -> KernelVerdict:
        told = findings_of(found, self._seen(found))
        if self._remembers(told[0].worst):
            told = [replace(f, diagnosis=UNSTEADY) for f in told]
            return refuted(self.target, self.suite, self.calls, told, told[0].worst, "", "", self.notes, self.compared)
        if self._at_ties(found):
            told = [replace(f, where=AT_TIES) for f in told]
        shown = self._smallest(told[0].worst)
        text = self._test(shown)
        if all(f.open for f in told):
            return undecided(self.target, self.suite, self.calls, told[0].diagnosis, told, self.compared)
        entry = written_out(shown) if shown.kind in ("values", "accuracy") else ""
        return refuted(self.target, self.suite, self.calls, told, shown, entry, text, self.notes, self.compared)

    def _remembers(self, fault: Fault) -> bool:
        """Whether a wrong answer is right in a new process: it came from what was kept of other calls."""
        if fault.kind != "values" or not isinstance(self.caller, Isolated):
            return False
        self.caller.close()
        try:
            return not self._asked(fault.trial)
        except TimeoutError:
            return False

    def _at_ties(self, found: Sequence[Fault]) -> bool:
        """Whether the kernel is right where no two values are equal and none is 0."""
        if not has_ties(self.suite.laws[0]) or any(f.kind != "values" or f.trial.stage in BY_STAGE for f in found):
            return False
        trials = [t for f in found[:FEW] if (t := self.suite.untied(f.trial)) is not None]
        try:
            return bool(trials) and not self._stage(trials)
        except TimeoutError:
            return False

    def _smallest(self, fault: Fault) -> Fault:
        best = fault

        def again(trial: Trial) -> Fault | None:
            nonlocal best
            found = next((f for f in self._asked(trial) if (f.kind, f.key) == (fault.kind, fault.key)), None)
            best = found or best
            return found

        if fault.kind == "unsteady":
            return fault
        try:
            return (at_least if fault.kind == "ended" else smallest)(fault, self.suite, again)
        except TimeoutError:
            return best

    def _test(self, fault: Fault) -> str:
        others = (m.data for _, m in reversed(self.answers) if m.data["outcome"] == "returned")
        return failing_test(fault, self.target, self.suite.signature, fault.said or next(others, {}), self.suite.wrt)
