"""What a report says before anything is derived: the law, its tensors and sizes, torch's arguments, what is agreed."""

from __future__ import annotations

from collections.abc import Iterator

from derive.catalogue import RECIPES
from derive.expressions.expr import Cases, Entry, Expr, Maximum, Minimum, Select
from derive.expressions.index import Index, index
from derive.expressions.traversal import free_names, reads, walk
from derive.language.notation import Equation as LawEquation
from derive.language.show import show_index
from derive.meaning.denote import World, denote
from derive.operation import Op, Parameter, Tensor
from reports.document import (
    Block,
    Code,
    Equation,
    Items,
    Math,
    Prose,
    Section,
    Spans,
    Table,
    spans,
)
from reports.mathematics.latex import latex, latex_index, latex_lines
from reports.mathematics.names import COTANGENT, LEADING, Names
from reports.mathematics.plaintext import in_signs, plaintext, plaintext_index
from reports.sections.size_section import learned_sentence, size_section

LOSS = "E"
QUOTIENT_READ = ", or at a place that is not a whole number,"

KINKS: dict[type[Expr], str] = {
    Maximum: "where max(a, b) meet, b's derivative counts",
    Minimum: "where min(a, b) meet, a's derivative counts",
    Select: "ties: the first winner in row-major order takes the whole gradient",
    Cases: "cases: the derivative is that of the branch whose condition holds",
}


def law_section(op: Op) -> Section:
    """The law and everything that has to be known to read it."""
    names = Names.of(op)
    blocks: list[Block] = []
    if op.summary:
        source = (", as in ", Code(op.source)) if op.source else ()
        blocks.append(Prose(spans(_upper(op.summary), *source, ":")))
    blocks += [law_equation(e, names) for e in op.equations]
    blocks.append(_tensors(op, names))
    learned = learned_sentence(op, names)
    if learned:
        blocks.append(Prose(learned))
    if op.parameters:
        blocks.append(_parameters(op, names))
    blocks.append(Items(tuple(_agreements(op, names))))
    blocks += size_section(op, names)
    return Section(spans("The law"), tuple(blocks))


def law_equation(e: LawEquation, names: Names, limits: bool = True) -> Equation:
    """`O[n,k] = ...` with the limits of its sums."""
    left = Entry(e.target, tuple(index(n) for n in e.names))
    return equality(left, e.body, names, limits)


def equality(left: Expr, right: Expr, names: Names, limits: bool = False, label: str = "") -> Equation:
    """`left = right` as a displayed formula."""
    return Equation(
        f"{latex(left, names)} = {latex_lines(right, names, limits)}",
        f"{plaintext(left)} = {plaintext(right, limits)}",
        label,
    )


def math(e: Expr, names: Names) -> Math:
    """An expression inside a sentence."""
    return Math(latex(e, names), plaintext(e))


def _index(i: Index, names: Names) -> Math:
    return Math(latex_index(i, names), plaintext_index(i))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


# -- tensors and sizes -------------------------------------------------------------------------------------------------


def _tensors(op: Op, names: Names) -> Table:
    """Every tensor with torch's name for it and its shape; the output's cotangent is what a gradient starts from."""
    cotangent = spans(math(Entry(f"{COTANGENT}{op.output.name}", ()), names))
    rows = [_tensor(t, op, names) for t in op.tensors]
    rows.append((cotangent, spans("given: the gradient of the output"), spans(""), *_shape(op.output, names)))
    head = tuple(map(spans, ("tensor", "role", "in torch", "shape", "indices")))
    if all(t.argument == t.name for t in op.tensors):
        rows = [(*row[:2], *row[3:]) for row in rows]
        head = (*head[:2], *head[3:])
    return Table(head, tuple(rows))


def _tensor(t: Tensor, op: Op, names: Names) -> tuple[Spans, ...]:
    argument = spans(Code(t.argument)) if t.argument != t.name else spans("")
    role = t.role + (", may be left out" if t.optional else "") + (", integers" if t.integer else "")
    return spans(math(Entry(t.name, ()), names)), spans(role), argument, *_shape(t, names)


def _shape(t: Tensor, names: Names) -> tuple[Spans, Spans]:
    """`N × C × H × W`, and the index that runs over each axis."""
    if not t.axes:
        return spans("one number"), spans("")
    extents = Math(
        r" \times ".join(latex_index(b.extent, names) for b in t.axes),
        " × ".join(plaintext_index(b.extent) for b in t.axes),
    )
    return spans(extents), spans(Math(",".join(names[b.name] for b in t.axes), ",".join(b.name for b in t.axes)))


# -- arguments and agreements ------------------------------------------------------------------------------------------


def _parameters(op: Op, names: Names) -> Table:
    """torch's arguments, one a row, with the symbol for each axis."""
    arguments: dict[str, list[Parameter]] = {}
    for p in op.parameters:
        arguments.setdefault(p.argument, []).append(p)
    head = ("argument", "symbols", "at least", "by default")
    return Table(tuple(map(spans, head)), tuple(_parameter(a, ps, names) for a, ps in arguments.items()))


def _parameter(argument: str, each: list[Parameter], names: Names) -> tuple[Spans, ...]:
    symbols = Math(",\\,".join(names[p.name] for p in each), ", ".join(p.name for p in each))
    first = each[0]
    if first.default is None:
        default = spans("must be given")
    elif isinstance(first.default, str):
        same = [str(p.default) for p in each]
        default = spans(Math(",\\,".join(names[n] for n in same), ", ".join(same)))
    else:
        default = spans(f"{float(first.default):g}")
    return spans(Code(argument)), spans(symbols), spans("" if first.real else str(first.minimum)), default


def kinks(op: Op) -> Iterator[str]:
    """What is agreed where a law has no derivative, for each kind of kink that it has."""
    kinds = {type(node) for e in op.equations for node in walk(e.body)}
    yield from (sentence for kind, sentence in KINKS.items() if kind in kinds)


def _agreements(op: Op, names: Names) -> Iterator[Spans]:
    """Conventions, assumptions and settings in force."""
    yield spans(
        f"An index runs from 0 to its extent minus 1; a tensor read outside its range{_between(op)} is 0; a bracket ",
        Math(r"\left[\ldots\right]", "[...]"), " is 1 where its condition holds and 0 elsewhere.",
    )  # fmt: skip
    if any(isinstance(node, Select) for e in op.equations for node in walk(e.body)):
        yield spans("Under max over a window only cells in range count.")
    if op.output.name == LOSS:
        yield spans(
            f"The output itself is called {LOSS}: ", Math(rf"\partial {LOSS}/\partial {LOSS}", f"∂{LOSS}/∂{LOSS}"),
            " stands for the gradient that comes from above, which is 1 where it is the loss.",
        )  # fmt: skip
    if any(b.name == LEADING for t in op.tensors for b in t.axes):
        extent = next(b.extent for t in op.tensors for b in t.axes if b.name == LEADING)
        yield spans(
            Math(names[LEADING], LEADING), " stands for any number of leading axes, read as one index over ",
            _index(extent, names), " entries.",
        )  # fmt: skip
    for guard in op.require:
        if not free_names(guard) and denote(guard, World({}, {})) == 1:
            continue
        latex_of, plain = latex(guard, names), plaintext(guard)
        shown = Math(latex_of.removeprefix(r"\left[").removesuffix(r"\right]"), plain.strip("[]"))
        yield spans("Required: ", shown, ".")
    for convention in op.conventions or kinks(op):
        yield spans(f"Convention: {in_signs(convention)}.")
    for hypothesis in op.hypotheses:
        yield spans("Assumed, and named where it is used: ", math(hypothesis, names), " is 1.")
    choices = {a.name: a.choices for a in RECIPES[op.name].arguments if a.choices} if op.name in RECIPES else {}
    for name, value in op.settings:
        if name in choices:
            yield spans("Set: ", Code(f"{name}={value}"), _others(name, [c for c in choices[name] if c != value]), ".")
        else:
            yield spans("Set: ", Math(f"{names[name]} = {value}", f"{name} = {value}"), ".")


def _between(op: Op) -> str:
    """What a read at a quotient that leaves a rest is worth, for a law that has one."""
    return QUOTIENT_READ if any("/" in show_index(i).replace("//", "") for i in _read_at(op)) else ""


def _read_at(op: Op) -> Iterator[Index]:
    return (i for e in op.equations for read in reads(e.body) for i in read.indices)


def _others(name: str, words: list[str]) -> str:
    """That other words pick other laws."""
    return f"; another law with {name} = {' or '.join(words)}" if words else ""
