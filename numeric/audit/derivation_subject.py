"""What a text is about, and its lines in notation: the operation as its writer has it, LaTeX translated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from derive import op as build_op
from derive.errors import BackproofError, NotationError, OperationError
from derive.expressions.expr import Expr
from derive.expressions.index import Index, index
from derive.expressions.traversal import binders_of, walk
from derive.lazy import LazyModule
from derive.operation import Op, with_values
from numeric.audit.derivation_letters import (
    at_sizes,
    existing,
    in_own_letters,
    narrowed,
    with_argument_letters,
    with_constants,
    with_defaults,
    without_absent,
    written_ranks,
)
from numeric.audit.derivation_prose import Given, Prose, symbols, understood
from numeric.audit.derivation_reading import Reader
from numeric.audit.derivation_text import Link, Written

if TYPE_CHECKING:
    from derive.language import latex
else:
    latex = LazyModule("derive.language.latex")  # a text in our notation needs no LaTeX


@dataclass(frozen=True, slots=True)
class Statement:
    """A link in our notation; `left` is empty where the chain goes on."""

    link: Link
    left: str
    right: str

    @property
    def notation(self) -> str:
        return f"{self.left} = {self.right}" if self.left else f"= {self.right}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A reader for the operation as the text writes it, the links in notation, and what was read into them.

    `assumed` are hypotheses of the whole text; `given` are numbers that it supposes from a later line on.
    """

    reader: Reader
    statements: list[Statement]
    notes: tuple[str, ...]
    assumed: tuple[str, ...]
    given: tuple[Given, ...]
    unread: tuple[tuple[int, str], ...]


def prepared(written: Written, op: Op | str | None, settings: Mapping[str, Any]) -> Subject:
    """What a text is about. Raises: NotationError, OperationError where it cannot be read or contradicts itself."""
    own = _pairs(written, "set") | dict(settings)
    base = _operation(written, op, own)
    sizes = _sizes(written)
    prose = understood(written.prose, base, own | sizes)
    given, links = _given(written.links, base)
    first, later = _first_and_later(sorted([*prose.given, *given], key=lambda g: g.number), links, prose)
    translated, read_as = _translated(replace(written, links=links), base)
    base, values = _supposed(base, first)
    notes = dict.fromkeys((*written.notes, *prose.notes, *read_as))
    statements = _in_own_letters(translated, base, notes)
    sides = [side for s in statements for side in (s.left, s.right) if side]
    base, absent = without_absent(base, sides)
    notes |= dict.fromkeys([f"{', '.join(absent)} is left out"] if absent else [])
    unknown = [n for n in _unknown(Reader(base), statements) if n not in values]
    base, letters, equal, others = with_argument_letters(base, unknown)
    base = with_constants(base, others)
    notes |= dict.fromkeys((*equal, *(f"{name} is any number" for name in others)))
    base, defaults = with_defaults(base, [*sides, *(n for g in later for n in symbols(base, g.name))])
    narrow, ones = narrowed(base, written_ranks(base, sides))
    if ones:
        notes[f"axes that are left out have one cell: {', '.join(ones)} = 1"] = None
    narrow = at_sizes(narrow, sizes) if sizes else narrow
    upstream = bool(narrow.output.axes) or any(_names_gradient(s, narrow.output.name) for s in statements)
    narrow = existing(narrow, _readable(Reader(narrow, upstream=upstream), sides))
    said = (f"{g.name} = {g.value}" for g in first)
    fixed = (f"{n} = {v}" for n, v in (dict.fromkeys(ones, 1) | sizes).items())
    assumed = tuple(dict.fromkeys((*said, *defaults, *fixed, *equal, *prose.assumed)))
    reader = Reader(narrow, sizes=letters | values, upstream=upstream)
    return Subject(reader, statements, tuple(notes), assumed, later, (*written.unread, *prose.unread))


def _in_own_letters(translated: list[Statement], op: Op, notes: dict[str, None]) -> list[Statement]:
    known = {t.name.lower() for t in op.tensors}
    own = {s.left.partition("[")[0] for s in translated} - {""}
    own = {n for n in own if n.lower() not in known}
    return [
        replace(s, left=in_own_letters(s.left, op, own, notes), right=in_own_letters(s.right, op, own, notes))
        for s in translated
    ]


def _given(links: list[Link], op: Op) -> tuple[list[Given], list[Link]]:
    """The links that say which number an argument or a size is, such as `s_h = 2`, and the others."""
    numbers = [k for k in links if k.left and k.right.isdecimal() and symbols(op, k.left)]
    return [Given(k.number, k.left, int(k.right)) for k in numbers], [k for k in links if k not in numbers]


def _first_and_later(
    given: list[Given], links: list[Link], prose: Prose
) -> tuple[tuple[Given, ...], tuple[Given, ...]]:
    """What is supposed before the first line, and after it; another number for a name is told, and not taken."""
    begun = links[0].number if links else 0
    taken: dict[str, Given] = {}
    for g in given:
        had = taken.setdefault(g.name, g)
        if had.value != g.value:
            prose.assumed.append(f"{g.name} = {had.value}, though line {g.number} says {g.value}")
    found = tuple(taken.values())
    return tuple(g for g in found if g.number < begun), tuple(g for g in found if g.number >= begun)


def _supposed(op: Op, given: Iterable[Given]) -> tuple[Op, dict[str, Index]]:
    """The operation at the numbers that a text supposes, and what its letters for them are."""
    values = {n: index(g.value) for g in given for n in (g.name, *symbols(op, g.name))}
    return with_values(op, values), values


def _sizes(written: Written) -> dict[str, int]:
    sizes = _pairs(written, "sizes")
    for name, value in sizes.items():
        if not isinstance(value, int) or value < 1:
            raise NotationError(f"{written.where}: got sizes: {name}={value}, expected a whole number of at least 1;"
                                " write it so")  # fmt: skip
    return sizes


def _pairs(written: Written, key: str) -> dict[str, Any]:
    """What the header sets. Raises: NotationError where it sets one name twice."""
    found: dict[str, Any] = {}
    for name, value in (p for line in written.header.get(key, ()) for p in _settings(line, written.where)):
        if name in found:
            raise NotationError(f"{written.where}: got {key}: {name} twice, as {found[name]} and as {value}, expected"
                                " it once; leave one")  # fmt: skip
        found[name] = value
    return found


def _unknown(reader: Reader, statements: Iterable[Statement]) -> list[str]:
    """The names in values that are an index nowhere in the text, no size, and introduced in no line."""
    sides = tuple(_readable(reader, (side for s in statements for side in (s.left, s.right) if side)))
    known = {s.left.partition("[")[0] for s in statements}
    known |= {b.name for side in sides for n in walk(side) for b in binders_of(n)}
    return [n for n in reader.free(*sides) if n not in known and reader.extent(n, sides) is None] if sides else []


def _names_gradient(s: Statement, output: str) -> bool:
    """Whether a line speaks of the gradient of a loss behind the output; what reads LaTeX adds it, where none does."""
    said = s.link.text if s.link.latex else s.left + s.right
    return re.search(rf"partial\s*\w+\s*}}\s*{{\s*\\partial\s*{output}\b|dE/d{output}\b", said) is not None


def _readable(reader: Reader, sides: Iterable[str]) -> Iterator[Expr]:
    """The sides that can be read before names are introduced."""
    for side in sides:
        try:
            yield reader.parse(side)
        except BackproofError:
            continue


def _operation(written: Written, op: Op | str | None, settings: Mapping[str, Any]) -> Op:
    laws = "; ".join(written.header.get("law", ()))
    if isinstance(op, Op):
        return op
    name = op or laws or next(iter(written.header.get("op", ())), "")
    if not name:
        raise OperationError(f"{written.where}: got no operation, expected one; write a line `op: conv2d` or"
                             " `law: O[i] = ...` at its top, or give --op")  # fmt: skip
    try:
        return build_op(name, **settings)
    except BackproofError as error:
        raise type(error)(f"{written.where}: {error}") from error


def _settings(line: str, where: str) -> Iterator[tuple[str, Any]]:
    """`stride=2, padding=1` as pairs."""
    for pair in line.replace(";", ",").split(","):
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not sign or not name or not value:
            raise NotationError(
                f"{where}: got set: {line!r}, expected pairs such as stride=2, padding=1; write them so"
            )
        yield name, int(value) if value.lstrip("-").isdigit() else value


def _translated(written: Written, op: Op) -> tuple[list[Statement], tuple[str, ...]]:
    """Every link in our notation, with what the reading of LaTeX assumed."""
    left = ""
    for link in written.links:
        left = link.left or left
        if not left:
            raise NotationError(f"{written.where}, line {link.number}: got a line that begins with =, expected one with"
                                " a left side before it; write it")  # fmt: skip
    rows = [link for link in written.links if link.latex]
    read_rows, notes = _read_latex(rows, op, written.where) if rows else ({}, ())
    found: list[Statement] = []
    for link in written.links:
        sides = read_rows[link] if link.latex else [(link.left, link.right)]
        goes_on = not link.left and len(sides) == 1
        found += [Statement(link, "" if goes_on else own, right) for own, right in sides]
    return found, notes


def _read_latex(rows: list[Link], op: Op, where: str) -> tuple[dict[Link, list[tuple[str, str]]], tuple[str, ...]]:
    """What each row says in notation, a matrix one equation for each entry, and the choices that the reading made.

    All rows are read together, as their subscripts count from the same number.
    """
    found: dict[Link, list[tuple[str, str]]] = {link: [] for link in rows}
    notes: dict[str, None] = {}
    for line in _latex_lines(rows, op, where):
        found[rows[line.line - 1]].append((line.left, line.right))
        notes.update(dict.fromkeys(line.notes))
    return found, tuple(notes)


def _latex_lines(rows: list[Link], op: Op, where: str) -> tuple[latex.Line, ...]:
    """Raises: NotationError with the file's line."""
    try:
        return latex.lines(" \\\\\n".join(link.text for link in rows), op)
    except NotationError as error:
        for k, link in enumerate(rows):
            left = next((r.left for r in reversed(rows[: k + 1]) if r.left), "")
            try:
                latex.lines(f"{left} = {link.right}", op)
            except NotationError as own:
                raise NotationError(f"{where}, line {link.number}: {own}") from error
        raise NotationError(f"{where}: {error}") from error
