"""What a text is about, and its lines in notation: the operation as its writer has it, LaTeX translated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from derive import op as build_op
from derive.errors import BackproofError, NotationError, OperationError
from derive.expressions.expr import Expr
from derive.expressions.traversal import binders_of, walk
from derive.lazy import LazyModule
from derive.operation import Op
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


def prepared(
    written: Written, op: Op | str | None, settings: Mapping[str, Any]
) -> tuple[Reader, list[Statement], tuple[str, ...]]:
    """A reader for the operation as the text writes it, the links in notation, and what was read into them."""
    base = _operation(written, op, settings)
    translated, notes = _translated(written, base)
    letters: dict[str, None] = {}
    known = {t.name.lower() for t in base.tensors}
    own = {s.left.partition("[")[0] for s in translated} - {""}
    own = {n for n in own if n.lower() not in known}
    statements = [
        replace(s, left=in_own_letters(s.left, base, own, letters), right=in_own_letters(s.right, base, own, letters))
        for s in translated
    ]
    notes = (*notes, *letters)
    sides = [side for s in statements for side in (s.left, s.right) if side]
    base, absent = without_absent(base, sides)
    notes = (*notes, f"{', '.join(absent)} is left out") if absent else notes
    base, values, equal, others = with_argument_letters(base, _unknown(Reader(base), statements))
    base = with_constants(base, others)
    notes = (*notes, *equal, *(f"{name} is any number" for name in others))
    base, defaults = with_defaults(base, sides)
    narrow, ones = narrowed(base, written_ranks(base, sides))
    notes = (*notes, f"as nothing else is said, {', '.join(defaults)}") if defaults else notes
    if ones:
        notes = (*notes, f"axes that are left out have one cell: {', '.join(ones)} = 1")
    sizes = {n: v for line in written.header.get("sizes", ()) for n, v in _settings(line, written.where)}
    narrow = at_sizes(narrow, sizes) if sizes else narrow
    output = narrow.output
    upstream = bool(output.axes) or any(_names_gradient(s, output.name) for s in statements)
    reader = Reader(narrow, upstream=upstream)
    return Reader(existing(narrow, _readable(reader, sides)), sizes=values, upstream=upstream), statements, notes


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
    own = dict(pair for line in written.header.get("set", ()) for pair in _settings(line, written.where))
    try:
        return build_op(name, **{**own, **settings})
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
