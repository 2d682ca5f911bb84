"""What every layer says of a mutant: it sees the mistake, it does not, or it has nothing to say there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from numpy.typing import NDArray

from derive.conventions import chooses_by_values
from derive.derivation import Derivation
from derive.errors import MeaningError, NotDerived
from derive.expressions.build import mul, negate
from derive.expressions.expr import Expr, InRange
from derive.expressions.index import index
from derive.meaning.linevalues import check_lines
from derive.operation import Op
from derive.sweep import gradient
from numeric import prove, to_numpy, to_reference
from numeric.backend import Formula, Functions
from numeric.checks.bounds import bounds_on
from numeric.checks.examination import Examination, Results, Run, Subject
from numeric.checks.rounding import FLOAT64
from numeric.checks.samples import Sample
from numeric.field.identity import check_operation
from numeric.kernels import Kernel, kernel
from numeric.mistakes.formulas import wrong_formulas
from numeric.mistakes.kernel_changes import CHANGES
from numeric.mistakes.mutants import DERIVATION, KERNEL, LAW, LINES, PLAN, Mutant
from numeric.mistakes.refusals import refusal_of_line, refusal_of_result
from numeric.mistakes.ties import difference_at_ties, samples_at_ties
from numeric.mistakes.wrong_laws import wrong_law
from numeric.verification import examine, runner, subject

LAYERS = (0, 1, 2, 3, 4, 5, 6, 7, 8)
RUN = frozenset((0, 6, 7, 8))
"""The layers that run kernels."""
CONFIGURATIONS = 16
AT_LEAST = 3
"""Configurations that kernels of a mutant run on even when it is seen earlier, so that every layer has looked."""
BEYOND = 64
"""More than any extent that is drawn."""


@dataclass(slots=True)
class Judgement:
    """What the layers said: why those that saw the mistake did, which others looked, and a proof that there is none."""

    killed: dict[int, str] = field(default_factory=dict)
    passed: set[int] = field(default_factory=set)
    proof: str = ""

    def says(self, layer: int, why: str) -> None:
        """A layer's word; none is that it saw nothing."""
        if why:
            self.killed.setdefault(layer, why)
        else:
            self.passed.add(layer)


def judge(mutant: Mutant, configurations: int = CONFIGURATIONS, seed: int = 0) -> Judgement:
    """What every layer says of a mutant; kernels run on that many configurations at most."""
    found = Judgement()
    _JUDGES[mutant.where](mutant, found, range(seed, seed + configurations))
    found.passed -= found.killed.keys()
    return found


# -- one kind of mutant each -------------------------------------------------------------------------------------------


def _judge_derivation(mutant: Mutant, found: Judgement, seeds: range) -> None:
    op, d, wrong = mutant.op, derived(mutant.op, mutant.wrt), wrong_formula(mutant)
    found.says(1, refusal_of_result(d, wrong))
    _for_all_sizes(op, d, wrong, found)
    _in_the_field(op, {d.wrt.name: Formula(d.target.tensor, d.axes, wrong)}, found, seeds)
    if chooses_by_values(op):
        found.says(5, difference_at_ties(d, wrong))
    own = subject(op, ())
    formulas = {**own.formulas, mutant.wrt: replace(own.formulas[mutant.wrt], body=wrong)}
    reference = run_by(own.op, "reference", to_reference.BACKEND.computing(own.op, formulas))
    _on_kernels(Subject(own.op, formulas, {"reference": reference, "numpy": printed(own.op, formulas)}), found, seeds)


def _judge_plan(mutant: Mutant, found: Judgement, seeds: range) -> None:
    own = subject(mutant.op, ())
    wrong = wrong_formula(mutant)
    formulas = {**own.formulas, mutant.wrt: replace(own.formulas[mutant.wrt], body=wrong)}
    judged = with_kernel(own, printed(own.op, formulas))
    _on_kernels(judged, found, seeds)
    _on_ties(judged, mutant.wrt, found)
    if not found.killed:
        _for_all_sizes(mutant.op, derived(mutant.op, mutant.wrt), wrong, found)


def _judge_kernel(mutant: Mutant, found: Judgement, seeds: range) -> None:
    own = subject(mutant.op, ("numpy",))
    if mutant.number in CHANGES:
        run = CHANGES[mutant.number](own.runs["numpy"], own.op.tensor(mutant.wrt).argument)
    else:
        run = runner(replace(own.op, stable=()), "numpy")  # the law as it is written, where exponentials overflow
    _on_kernels(with_kernel(own, run), found, seeds)


def _judge_law(mutant: Mutant, found: Judgement, seeds: range) -> None:
    op = wrong_law(mutant.op, mutant.number)
    own = subject(op, ("numpy",))
    for t in op.differentiable:
        gradient(own.op, t.name).certificate()  # accepted, or an error: there is no mistake in the derivation
    found.says(1, "")
    _in_the_field(op, own.formulas, found, seeds)
    _on_kernels(own, found, seeds)


def _judge_lines(mutant: Mutant, found: Judgement, seeds: range) -> None:
    d = derived(mutant.op, mutant.wrt)
    middle = max(len(d.steps) // 2, 1)
    wrong = negate(d.lines[middle])
    found.says(1, refusal_of_line(d, middle, wrong))
    try:
        check_lines(d.op, d.axes, (*d.lines[:middle], wrong, *d.lines[middle + 1 :]), d.title)
        found.says(3, "")
    except NotDerived as error:
        found.says(3, str(error))


_JUDGES: dict[str, Callable[[Mutant, Judgement, range], None]] = {
    DERIVATION: _judge_derivation,
    PLAN: _judge_plan,
    KERNEL: _judge_kernel,
    LAW: _judge_law,
    LINES: _judge_lines,
}


# -- layers ------------------------------------------------------------------------------------------------------------


def _for_all_sizes(op: Op, d: Derivation, wrong: Expr, found: Judgement) -> None:
    """Layer 2; silent where z3 does not decide."""
    outcome = prove.equal(op, d.axes, d.formula, wrong)
    if isinstance(outcome, prove.Counterexample):
        found.says(2, str(outcome))
    elif isinstance(outcome, prove.Proved):
        found.says(2, "")
        found.proof = ", ".join(("z3 proves the two formulas equal", *outcome.hypotheses))


def _in_the_field(op: Op, formulas: Mapping[str, Formula], found: Judgement, seeds: range) -> None:
    """Layers 3 and 4; silent where a law is no identity of rational functions."""
    try:
        checks = check_operation(op, formulas, min(len(seeds), 8), seeds.start)
    except MeaningError:
        return
    for c in checks:
        found.says(c.layer, "" if c else str(c))


def _on_kernels(own: Subject, found: Judgement, seeds: range) -> None:
    """Layers 0, 6, 7 and 8, until exact or rounded kernels and autograd have shown the mistake."""
    for seed in seeds:
        if {6, 7} & found.killed.keys() and 8 in found.killed and seed >= seeds.start + AT_LEAST:
            return
        for c in examine(own, seed, RUN):
            if not c.undecided:
                found.says(c.layer, "" if c else f"{c.claim}, seed {seed}")


def _on_ties(own: Subject, wrt: str, found: Judgement) -> None:
    """Layer 5 on a kernel: at each pattern of ties its results have the values that they must have."""
    if not chooses_by_values(own.op):
        return
    for sample in samples_at_ties(own.op, wrt):
        bounds = bounds_on(own.op, own.formulas, sample, FLOAT64)
        for c in Examination(own, sample, bounds, layer=7).checks(frozenset({7})):
            found.says(5, "" if c else f"{c.claim} where {wrt} is {sample.given[own.op.tensor(wrt).argument].tolist()}")
        if 5 in found.killed:
            return


# -- what runs ---------------------------------------------------------------------------------------------------------


def with_kernel(own: Subject, run: Run) -> Subject:
    """A subject whose one kernel is another."""
    return Subject(own.op, own.formulas, {"reference": own.runs["reference"], "numpy": run})


def run_by(op: Op, backend: str, functions: Functions) -> Run:
    """What runs these functions in place of an operation's own."""
    made: list[Kernel] = []

    def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
        if not made:
            made.append(kernel(op, backend, **sample.settings).computed_by(functions))
        own = made[0].under(sample.settings)
        output, saved = own.forward_saved(**arrays)
        return {"": output, **own.vjp(dy, saved=saved, **arrays)}

    return run


def printed(op: Op, formulas: Mapping[str, Formula]) -> Run:
    """The kernel in NumPy of these gradients."""
    functions = to_numpy.BACKEND.computing(op, formulas)
    assert functions.source, "printed here, so that what cannot be lowered is an error, not a mistake that is seen"
    return run_by(op, "numpy", functions)


@lru_cache(maxsize=64)
def derived(op: Op, wrt: str) -> Derivation:
    """The derivation with every hypothesis on data left out, as kernels take any data."""
    return gradient(replace(op, hypotheses=()), wrt)


def wrong_formula(mutant: Mutant) -> Expr:
    """The formula with the mistake in it."""
    if mutant.number == 79:
        d = derived(mutant.op, mutant.wrt)
        return mul((InRange(index(d.axes[0].name), index(BEYOND)), d.formula))
    return _ways(replace(mutant.op, hypotheses=()), mutant.wrt)[mutant.number][mutant.way]


@lru_cache(maxsize=32)
def _ways(op: Op, wrt: str) -> dict[int, list[Expr]]:
    found: dict[int, list[Expr]] = {}
    for mistake, e in wrong_formulas(op, wrt):
        found.setdefault(mistake.number, []).append(e)
    return found
