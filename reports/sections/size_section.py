"""Why an output has its size, from the law's reads to the textbook's formula; and how many numbers are learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.catalogue.learned import learned, volume
from derive.expressions.index import Index, index
from derive.networks.instance import Instance
from derive.operation import Op, Parameter
from derive.sizes import Bound, Sizing
from reports.document import Block, Equation, Inline, Items, Math, Prose, Section, Spans, spans
from reports.mathematics.names import Names
from reports.mathematics.plaintext import in_signs
from reports.mathematics.size_text import size_text

RULES = {
    "fit": "as many windows as end inside the input with its padding",
    "ceil": "the last window may overhang the input with its padding by less than a stride, but begins before the end",
    "touch": "every window that reads a cell of the input",
}


def size_section(op: Op, names: Names) -> list[Section]:
    """The sizes that the law derives, each with its steps; none where every output index runs over an input's axis."""
    if not op.sizes:
        return []
    blocks: list[Block] = []
    derived = {s.symbol: s for s in op.sizings}
    told: list[Sizing] = []
    for symbol, size in op.sizes:
        sizing = derived.get(symbol)
        if sizing is None:
            blocks.append(Prose(spans("Given with the law: ", _equality(symbol, size, names), ".")))
        elif any(_alike(sizing, other) for other in told):
            blocks.append(Prose(spans("In the same way ", _equality(symbol, size, names), ".")))
        else:
            told.append(sizing)
            blocks += _derived(sizing, op.parameters, names)
    return [Section(spans("The size of the output"), tuple(blocks))]


def learned_sentence(op: Op, names: Names) -> Spans:
    """`Learned: K*C*K_h*K_w + K numbers, F and b.`; empty where nothing is."""
    found = learned(op)
    if not found:
        return ()
    terms = [_text(volume(t), names) for t in found]
    count = Math(" + ".join(t.latex for t in terms), " + ".join(t.plain for t in terms))
    letters = [Math(names[t.name], t.name) for t in found]
    return spans("Learned: ", count, " numbers, those of ", *_listed(letters), ".")


def with_numbers(at: Instance, names: Names) -> Spans:
    """`With these sizes I = floor((3 + 2*0 - 1*(2 - 1) - 1)/1) + 1 = 2; learned: 1*1*2*2 = 4 numbers.`, or empty."""

    def number(name: str) -> Math:
        return Math(str(at.names[name]), str(at.names[name]))

    def told(i: Index) -> Math:
        shown = size_text(i, number)
        return _relation(Math(shown.latex, in_signs(shown.plain)), "=", "=", Math(*[str(at.extent(i))] * 2))

    parts: list[Inline | str] = []
    for symbol, size in at.op.sizes:
        parts += ["; " if parts else "", _relation(Math(names[symbol], symbol), "=", "=", told(size))]
    given = [t for t in learned(at.op) if t.name not in at.absent]
    if given:
        volumes = sum((volume(t) for t in given), index(0))
        parts += ["; learned: " if parts else "learned: ", told(volumes), " numbers"]
    return spans("With these sizes ", *parts, ".") if parts else ()


def _listed(parts: Sequence[Math]) -> Iterator[Inline | str]:
    for k, part in enumerate(parts):
        yield from ([] if k == 0 else [" and "] if k == len(parts) - 1 else [", "])
        yield part


# -- steps -------------------------------------------------------------------------------------------------------------


def _derived(s: Sizing, parameters: Sequence[Parameter], names: Names) -> Iterator[Block]:
    """The read, its bounds, the size they leave, and the textbook's special cases."""
    yield Prose(spans(f"By the rule {s.rule}, {RULES[s.rule]}:"))
    yield Items(tuple(_steps(s, names)), ordered=True)
    yield _displayed(s.symbol, s.size, names)
    for words, values in _special(s.size, parameters, names):
        yield Prose(spans("With ", *words, ": ", _equality(s.symbol, s.size.substitute(values), names), "."))


def _steps(s: Sizing, names: Names) -> Iterator[Spans]:
    output, axis = Math(names[s.output], s.output), Math(names[s.axis.name], s.axis.name)
    yield spans("Output ", output, " reads axis ", axis, " at ", _text(s.access, names), ".")
    for b in s.bounds:
        moving, limit = _moving(s, b, names), _text(b.limit, names)
        yield spans(f"{b.why[:1].upper()}{b.why[1:]} where ", _relation(moving, r"\le", "≤", limit), ".")
        last = _relation(Math(rf"0 \le {output.latex}", f"0 ≤ {output.plain}"), r"\le", "≤", _text(b.count - 1, names))
        yield spans("So ", last, ": one more than that many values.")
    if s.rule == "ceil":
        yield spans(
            "The smaller count holds; a floor with the divisor less one above it is a ceiling: ",
            Math(
                r"\left\lfloor\frac{a + s - 1}{s}\right\rfloor = \left\lceil\frac{a}{s}\right\rceil",
                "floor((a + s - 1)/s) = ceil(a/s)",
            ),
            ".",
        )
    more = s.size - s.bounds[0].count if len(s.bounds) == 1 else index(0)
    if more != index(0):
        yield spans("To this the law adds ", _text(more, names), ": crops are taken off, output padding is put on.")


def _moving(s: Sizing, b: Bound, names: Names) -> Math:
    """`s*i + d*(K - 1) - P`: what moves with the output first."""
    first, rest = _text(b.stride * index(s.output), names), _text(b.offset, names)
    if b.offset == index(0):
        return first
    if rest.plain.startswith("-"):
        return Math(f"{first.latex} - {rest.latex[1:]}", f"{first.plain} - {rest.plain[1:]}")
    return Math(f"{first.latex} + {rest.latex}", f"{first.plain} + {rest.plain}")


def _special(
    size: Index, parameters: Sequence[Parameter], names: Names
) -> Iterator[tuple[list[Inline | str], dict[str, Index]]]:
    """Without dilation, as textbooks have it; and with all of torch's defaults."""
    here = [p for p in parameters if p.name in size.names() and isinstance(p.default, int | str)]
    plain = {p.name: _default(p) for p in here if p.argument == "dilation"}
    every = {p.name: _default(p) for p in here}
    if plain and plain != every:
        yield ["dilation 1"], plain
    if every:
        words: list[Inline | str] = ["torch's defaults"]
        for p in {p.argument: p for p in here}.values():
            words += [f", {p.argument} ", _text(_default(p), names)]
        yield words, every


def _default(p: Parameter) -> Index:
    return index(p.default if isinstance(p.default, int | str) else p.name)


def _alike(s: Sizing, other: Sizing) -> bool:
    """Whether two sizes have the same reasoning in other letters."""
    return s.rule == other.rule and len(s.size.names()) == len(other.size.names()) and _shape(s) == _shape(other)


def _shape(s: Sizing) -> str:
    """The size with its letters numbered as they appear."""
    known: dict[str, Math] = {}

    def numbered(name: str) -> Math:
        return known.setdefault(name, Math(f"x{len(known)}", f"x{len(known)}"))

    return size_text(s.size, numbered).plain


# -- formulas ----------------------------------------------------------------------------------------------------------


def _text(i: Index, names: Names) -> Math:
    shown = size_text(i, lambda n: Math(names[n], n))
    return Math(shown.latex, in_signs(shown.plain))


def _relation(left: Math, sign: str, plain: str, right: Math) -> Math:
    return Math(f"{left.latex} {sign} {right.latex}", f"{left.plain} {plain} {right.plain}")


def _equality(symbol: str, size: Index, names: Names) -> Math:
    return _relation(Math(names[symbol], symbol), "=", "=", _text(size, names))


def _displayed(symbol: str, size: Index, names: Names) -> Equation:
    shown = _equality(symbol, size, names)
    return Equation(shown.latex, shown.plain)
