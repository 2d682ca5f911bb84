"""From derivations and checks to a document: the law, every step with its reasons, the results, what was checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from derive.derivation import Derivation
from derive.derivation import Step as Proved
from derive.expressions.expr import Entry, Expr
from derive.expressions.index import Index
from derive.laws.algebra import ALGEBRA
from derive.laws.calculus import CALCULUS
from derive.laws.naming import NAMING
from derive.laws.presentation import PRESENTATION
from derive.lazy import LazyModule
from derive.lecture import laws_of, lecture
from derive.operation import Op
from reports.document import (
    Block,
    Callout,
    Document,
    Inline,
    Math,
    Prose,
    Section,
    Spans,
    Step,
    StepGroup,
    StepTable,
    spans,
)
from reports.mathematics.abbreviations import Abbreviated, abbreviated
from reports.mathematics.latex import latex_index, latex_lines
from reports.mathematics.named_results import meanings, title
from reports.mathematics.names import Names
from reports.mathematics.plaintext import plaintext, plaintext_index
from reports.sections.kernel_section import BACKEND, kernel_section
from reports.sections.law_section import equality, law_section, math
from reports.sections.marks import marked
from reports.sections.side_conditions import in_words
from reports.sections.statements import TOTAL, statement
from reports.sections.verdicts import verdict_section

if TYPE_CHECKING:
    from numeric.checks.checking import Check
    from numeric.proof.obligation import Obligation
    from reports.by_hand import concrete as written_out
else:
    written_out = LazyModule("reports.by_hand.concrete")  # what is true for all sizes does not wait for numbers

_STAGES = (
    ("Differentiate", CALCULUS),
    ("Contract the deltas", ALGEBRA),
    ("Write it down", PRESENTATION),
    ("Name it", NAMING),
)


def derivation_report(
    derivations: Derivation | Sequence[Derivation],
    checks: Iterable[Check] = (),
    concrete: str = "",
    proofs: Mapping[str, Sequence[Obligation]] | None = None,
    backend: str = BACKEND,
) -> Document:
    """The document of one derivation, or of several of one operation.

    `checks` are the verdicts of the kernels' layers (`numeric.verify`); those that need no kernel are made here.
    `proofs` are what `numeric.prove` found of each derivation, by its title.
    `concrete` names shapes such as `3x3,2x2` at which every entry is written out.
    `backend` says whose kernels are shown.
    Raises: OperationError for shapes that do not fit or are too large to be written out.
    """
    every = (derivations,) if isinstance(derivations, Derivation) else tuple(derivations)
    op = every[0].op
    told = [_derivation_sections(d) for d in every]
    if len(every) == 1:
        sections = told[0]
    else:
        sections = [Section(_heading(d), tuple(blocks)) for d, blocks in zip(every, told, strict=True)]
    written = written_out.concrete_sections(every, concrete) if concrete else ()
    verdicts = verdict_section(every, checks, proofs or {})
    blocks = (law_section(op), *sections, *written, kernel_section(every, backend), verdicts)
    return Document(_title(every), blocks, _subtitle(every), provenance(op))


def provenance(op: Op | None = None) -> tuple[tuple[str, str], ...]:
    """The versions that made a document, and the settings of its operation."""
    rows = [(name, version(name)) for name in ("backproof", "sympy")]
    if op is not None and op.settings:
        rows.append(("settings", ", ".join(f"{n} = {v}" for n, v in op.settings)))
    return tuple(rows)


def _title(every: Sequence[Derivation]) -> str:
    name = every[0].op.name
    if len(every) > 1:
        return f"The gradients of {name}"
    return f"The gradient of {name} with respect to {_argument(every[0])}"


def _argument(d: Derivation) -> str:
    """The tensor as torch calls it, or in the law's letter."""
    return f"its {d.wrt.argument}" if d.wrt.argument != d.wrt.name else d.wrt.name


def _subtitle(every: Sequence[Derivation]) -> Spans:
    lines = sum(len(lecture(d.steps)) for d in every)
    steps = sum(len(d.steps) for d in every)
    symbols = "for all sizes" if not every[0].op.parameters else "for all sizes and arguments"
    return spans(f"Derived by laws {symbols}, in {lines} lines; {steps} steps were each checked")


def _heading(d: Derivation) -> Spans:
    letter = math(Entry(d.wrt.name, ()), Names.of(d.op))
    torch = f"the {d.wrt.argument} " if d.wrt.argument != d.wrt.name else ""
    return spans(f"With respect to {torch}", letter)


# -- the derivation ----------------------------------------------------------------------------------------------------


def _derivation_sections(d: Derivation) -> list[Block]:
    names = Names.of(d.op)
    steps = StepTable(tuple(_rows(d, names)))
    sections: list[Block] = [
        Section(spans("The derivation"), (steps,)),
        Section(spans("The result"), tuple(_result(d, names))),
    ]
    return sections


def _rows(d: Derivation, names: Names) -> Iterator[Step | StepGroup]:
    """The total derivative, then the steps of each stage under its title."""
    before = _line(d.target, names)
    lines = [abbreviated(line, d.op) for line in d.lines]
    start = _line(d.start, names)
    yield Step(1, TOTAL, statement(TOTAL, f"{plaintext(d.target)} = {plaintext(d.start)}"), before, start)
    group: list[Step] = []
    title, shown = "", start
    k = 0
    for number, together in enumerate(lecture(d.steps), 2):
        old, new = lines[k], lines[k + len(together)]
        k += len(together)
        stage = next((t for t, laws in _STAGES if any(law.name == together[0].law for law in laws)), title)
        if stage != title and group:
            yield StepGroup(spans(title), tuple(group), collapsed=False)
            group = []
        title = stage
        after = _line(marked(old.expr, new.expr), names)
        note = where(new, names) if new.meanings != old.meanings else ()
        conditions = tuple(words for step in together for words in in_words(step, d, names))
        group.append(Step(number, ", ".join(laws_of(together)), _statements(together), shown, after, conditions, note))
        shown = after
    if group:
        yield StepGroup(spans(title), tuple(group), collapsed=False)


def _statements(together: Sequence[Proved]) -> Spans:
    """What the laws of a line say, each once."""
    notation = {step.law: step.statement for step in together}
    said = [statement(law, notation[law]) for law in laws_of(together)]
    return spans(*(inline for k, words in enumerate(said) for inline in (*(["; "] if k else []), *words)))


def _line(e: Expr, names: Names) -> Math:
    return Math(latex_lines(e, names), plaintext(e))


def where(short: Abbreviated, names: Names) -> Spans:
    """`with i = ..., j = ...`."""
    parts: list[Inline | str] = []
    for name, meaning in short.meanings:
        parts += [", " if parts else "with ", _meaning(name, meaning, names)]
    return spans(*parts)


def _meaning(name: str, meaning: Index, names: Names) -> Math:
    tall = latex_index(meaning, names).replace(r"\frac", r"\dfrac", 1)
    return Math(f"{names[name]} = {tall}", f"{name} = {plaintext_index(meaning)}")


# -- the result --------------------------------------------------------------------------------------------------------


def _result(d: Derivation, names: Names) -> Iterator[Block]:
    short = abbreviated(d.formula, d.op)
    blocks: list[Block] = [equality(d.target, short.expr, names, limits=True)]
    if short.meanings:
        outside = "; where one of these is not a whole number, or not in its range, the term is 0."
        blocks.append(Prose(spans(*where(short, names), outside)))
    if d.result != d.formula:
        named = abbreviated(d.result, d.op)
        blocks.append(equality(d.target, named.expr, names))
        blocks += meanings(d.result, d.op, names)
    yield Callout("result", title(d, names), tuple(blocks))
