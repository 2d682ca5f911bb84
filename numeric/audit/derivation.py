"""Someone's derivation, line by line: each line against the line before, so that the first wrong one is named.

A line with a new left side begins a new equation: it is compared with what the operation says of that left side, and
may be used from then on. A line that only follows from a wrong one is said to do so, and is not wrong itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from derive import op as build_op
from derive.errors import BackproofError, NotationError, OperationError
from derive.expressions.expr import Binder, Compare, D, Entry, Expr, Maximum, Minimum, Select, Winner
from derive.expressions.index import ZERO, index
from derive.expressions.traversal import walk
from derive.language.show import show
from derive.lazy import LazyModule
from derive.operation import Op
from numeric.audit.comparison import BRANCHES, compare
from numeric.audit.derivation_letters import (
    at_sizes,
    existing,
    in_own_letters,
    narrowed,
    with_argument_letters,
    with_defaults,
    without_absent,
    written_ranks,
)
from numeric.audit.derivation_mistakes import Line, diagnosis
from numeric.audit.derivation_reading import EXPLICIT, Let, Reader
from numeric.audit.derivation_text import Link, Written, read
from numeric.audit.verdict import REFUTED, UNDECIDED, UNDER, VERIFIED, Verdict

if TYPE_CHECKING:
    from derive.language import latex
else:
    latex = LazyModule("derive.language.latex")  # a text in our notation needs no LaTeX

NO_TIES = "no zeros and no ties, where a convention decides"
DEFINES = "introduces"


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """One line: where it is, what was read, what it was compared with (0 is the operation), and what was found."""

    line: int
    step: int
    text: str
    notation: str
    against: int
    verdict: Verdict
    follows: int = 0
    """The wrong line that this one follows from, if it does; it is no mistake of its own."""

    @property
    def wrong(self) -> bool:
        """Whether a mistake was made in this line."""
        return self.verdict.verdict == REFUTED

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        own = {"line": self.line, "step": self.step, "text": self.text, "notation": self.notation}
        return {**own, "against": self.against, "follows": self.follows, **self.verdict.plain()}


@dataclass(frozen=True, slots=True)
class DerivationVerdict:
    """Every line of a text with its verdict; that of the whole is the worst of them."""

    where: str
    op: str
    lines: tuple[LineVerdict, ...]
    notes: tuple[str, ...] = ()

    @property
    def wrong_lines(self) -> tuple[int, ...]:
        """The lines in which mistakes were made, in order."""
        return tuple(dict.fromkeys(x.line for x in self.lines if x.wrong))

    @property
    def first(self) -> LineVerdict | None:
        """The first wrong line."""
        return next((x for x in self.lines if x.wrong), None)

    @property
    def verdict(self) -> str:
        """The worst word of all lines."""
        found = {x.verdict.verdict for x in self.lines}
        return next(word for word in (REFUTED, UNDECIDED, UNDER, VERIFIED) if word in found or word == VERIFIED)

    @property
    def hypothesis(self) -> str:
        """What is assumed in some line, each once."""
        return "; ".join(dict.fromkeys(x.verdict.hypothesis for x in self.lines if x.verdict.hypothesis))

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        first = self.first
        return {
            "file": self.where,
            "op": self.op,
            "verdict": self.verdict,
            "hypothesis": self.hypothesis,
            "first_wrong_line": first.line if first else None,
            "wrong_lines": list(self.wrong_lines),
            "witness": first.verdict.witness.plain() if first and first.verdict.witness else None,
            "diagnosis": first.verdict.diagnosis if first else "",
            "right": first.verdict.right if first else "",
            "lines": [x.plain() for x in self.lines],
            "notes": list(self.notes),
        }


def check_text(
    text: str, op: Op | str | None = None, settings: Mapping[str, Any] | None = None, where: str = "text"
) -> DerivationVerdict:
    """Judge a derivation; `op` and `settings` come before what the text's own header says.

    Raises: BackproofError (NotationError, OperationError) with file and line where something cannot be read.
    """
    written = read(text, where)
    operation, links, notes = _prepared(written, op, settings or {})
    sheet = _Sheet(operation.op, operation)
    found = []
    for step, statement in enumerate(links, 1):
        try:
            found.append(sheet.line(step, statement))
        except BackproofError as error:
            raise type(error)(f"{where}, line {statement.link.number}: {error}") from error
    return DerivationVerdict(where, operation.op.name, tuple(found), notes)


# -- what the text is about --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """A link in our notation; `left` is empty where the chain goes on."""

    link: Link
    left: str
    right: str

    @property
    def notation(self) -> str:
        return f"{self.left} = {self.right}" if self.left else f"= {self.right}"


def _prepared(
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
    base, values, equal = with_argument_letters(base, _unknown(Reader(base), statements))
    notes = (*notes, *equal)
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
    """The names in values that are no indices of anything, no sizes, and introduced nowhere."""
    found: dict[str, None] = {}
    for s in statements:
        sides = tuple(_readable(reader, (side for side in (s.left, s.right) if side)))
        found.update(dict.fromkeys(n for n in reader.free(*sides) if sides and reader.extent(n, sides) is None))
    own = {s.left.partition("[")[0] for s in statements}
    return [n for n in found if n not in own]


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
            left = next(r.left for r in reversed(rows[: k + 1]) if r.left)
            try:
                latex.lines(f"{left} = {link.right}", op)
            except NotationError as own:
                raise NotationError(f"{where}, line {link.number}: {own}") from error
        raise NotationError(f"{where}: {error}") from error


# -- the lines ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Fact:
    """The last right side of an equation, as written and what it means, and its line."""

    written: Expr
    right: Expr
    number: int


@dataclass(slots=True)
class _Sheet:
    """The equations so far, by left side; one of them is being written."""

    op: Op
    reader: Reader
    facts: dict[Expr, _Fact] = field(default_factory=dict)
    current: Expr | None = None
    wrong: dict[Expr, int] = field(default_factory=dict)
    """The equations that left the truth, and in which line."""

    def line(self, step: int, s: Statement) -> LineVerdict:
        number = s.link.number
        if s.left:
            name = self._new_name(s.left)
            if name:
                return self._introduced(step, s, name)
            self.current = self.reader.closed(self.reader.parse(s.left))
        assert self.current is not None
        left, fact = self.current, self.facts.get(self.current)
        right = self.reader.closed(self.reader.parse(s.right), self.reader.free(left))
        axes = self.reader.axes(left, right)
        before = fact.right if fact else self.reader.meaning(left, axes)
        got, verdict = self._compared(right, before, axes)
        follows = self._follows(left, got, axes) if verdict.verdict == REFUTED and fact is None else 0
        if follows:
            verdict = Verdict(VERIFIED, layer=verdict.layer, reason="follows from a wrong line").under(
                f"line {follows}"
            )
        elif verdict.verdict == REFUTED:
            line = Line(self.reader, axes, got, before, right, fact.written if fact else left, left)
            said = self._undone(left, got, axes, fact) or diagnosis(line)
            verdict = replace(verdict, diagnosis=said, right=show(before, bounds=False))
            self.wrong.setdefault(left, number)
        self.facts[left] = _Fact(right, got, number)
        return LineVerdict(number, step, s.link.text, s.notation, fact.number if fact else 0, verdict, follows)

    def _follows(self, left: Expr, got: Expr, axes: tuple[Binder, ...]) -> int:
        """The wrong line that an equation follows from: with that line for the truth it is right."""
        for wrong, number in self.wrong.items():
            expected = self.reader.assuming(wrong, self.facts[wrong].right, left)
            if expected is not None and compare(self.op, axes, got, expected).good:
                return number
        return 0

    def _undone(self, left: Expr, got: Expr, axes: tuple[Binder, ...], fact: _Fact | None) -> str:
        """What is said of a line that is true although the one before is not."""
        if fact is None or not compare(self.op, axes, got, self.reader.meaning(left, axes)).good:
            return ""
        return f"it makes up for a mistake before: true of {show(left)}, but it does not follow from line {fact.number}"

    def _compared(self, right: Expr, before: Expr, axes: tuple[Binder, ...]) -> tuple[Expr, Verdict]:
        """What a right side means, in the reading of its derivatives in which it is true, if it is in one."""
        got = self.reader.meaning(right, axes)
        verdict = self._judged(got, before, axes)
        if verdict.verdict == REFUTED and self.reader.computed and any(isinstance(n, D) for n in walk(right)):
            explicit = self.reader.meaning(right, axes, explicit=True)
            other = self._judged(explicit, before, axes)
            if other.good:
                return explicit, other.under(EXPLICIT)
        return got, verdict

    def _judged(self, got: Expr, before: Expr, axes: tuple[Binder, ...]) -> Verdict:
        """Whether two sides are equal; what differs only at zeros and ties holds under a convention."""
        verdict = compare(self.op, axes, got, before)
        if verdict.verdict == REFUTED and verdict.layer == BRANCHES and self._has_branches(got, before):
            return replace(verdict, verdict=VERIFIED).under(NO_TIES)
        return verdict

    def _has_branches(self, *sides: Expr) -> bool:
        bodies = (*sides, *(e.body for e in self.op.equations))
        return any(isinstance(n, Maximum | Minimum | Select | Winner | Compare) for e in bodies for n in walk(e))

    # names of the text's own

    def _new_name(self, left: str) -> str:
        """The name that a left side introduces, if it does."""
        name = left.partition("[")[0]
        fresh = name.isidentifier() and name not in self.reader.tensors and name not in self.op.symbols
        return name if fresh and "/" not in left else ""

    def _introduced(self, step: int, s: Statement, name: str) -> LineVerdict:
        """`delta[i] = ...` where nothing is called delta yet: a definition, true by itself."""
        inside = s.left[len(name) :].strip("[] ")
        names = [n.strip() for n in inside.split(",")] if inside else []
        right = self.reader.closed(self.reader.parse(s.right), names)
        axes = self.reader.axes(right)
        known = {b.name: b for b in axes}
        missing = known.keys() - set(names)
        if missing or len(set(names)) < len(names) or not all(n in known for n in names):
            expected = f"{name}[{','.join(sorted(known))}]" if known else name
            raise NotationError(f"got the definition of {s.left}, expected {expected} = ...; name the indices it has")
        body = self.reader.meaning(right, axes)
        own = tuple(known[n] for n in names)
        computed = self._computed_as(own, body)
        if computed:
            self.reader.aliases[name] = computed
        else:
            self.reader.lets[name] = Let(own, body)
        self.current = self.reader.parse(s.left)
        self.facts[self.current] = _Fact(right, body, s.link.number)
        reason = f"{name} is {computed} of {self.op.name}" if computed else f"{DEFINES} {name}"
        return LineVerdict(s.link.number, step, s.link.text, s.notation, 0, Verdict(VERIFIED, reason=reason))

    def _computed_as(self, axes: tuple[Binder, ...], body: Expr) -> str:
        """The tensor that the operation computes so, if there is one."""
        at = tuple(index(b.name) for b in axes)
        for t in self.op.tensors:
            here = Entry(t.name, (*(ZERO,) * (len(t.axes) - len(at)), *at))
            fits = t.role != "input" and tuple(b.extent for b in t.axes)[len(t.axes) - len(at) :] == tuple(
                b.extent for b in axes
            )
            if fits and len(at) <= len(t.axes) and compare(self.op, axes, body, here).good:
                return t.name
        return ""


__all__ = ["DerivationVerdict", "LineVerdict", "check_text"]
