"""What stands between the lines of mathematics: equations in dress, settings that are assumed, and what is not read.

Nothing that looks like mathematics is passed over without a word: it is a line, a hypothesis, a note, or unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from derive.errors import OperationError
from derive.language.tokens import NAME
from derive.operation import Op
from numeric.audit.names import with_common_symbols

_MARKS = re.compile(
    r"\s*(?:>|[-*+•]\s|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]\s|(?:Step|Line)\s*\d+\s*[:.)]|=>|⇒|→|->|<=|⇔|\|)\s*",
    re.IGNORECASE,
)
_INDICES = r"(?:\[[^\]=]*\])"
_TOTAL = rf"d{NAME}{_INDICES}?\s*/\s*d{NAME}{_INDICES}?|d\(.+?\)/d{NAME}{_INDICES}?"
_LEFT = rf"(?:{_TOTAL}|{NAME}{_INDICES})"
_LEADING = re.compile(rf"(?:[A-Za-z][a-z']*[,:]?\s+)+(?={_LEFT}\s*(?::=|=|≡))")
_TRAILING = re.compile(r",?\s+(?:by|as|since|because|using|from|for|which|due|where|with|so)\s+[A-Za-z ,'-]*\.?\s*$")
_MEANS_EQUAL = re.compile(rf"^(\s*{_LEFT}\s*)(?::=|==|≡)(?!=)")
_RELATION = re.compile(r"(?<![<>!])=(?!>)|≈|≡|∝|≃|\\(?:approx|propto|equiv|simeq)(?![a-zA-Z])")
_SAID = re.compile(rf"(?:{_TOTAL})\s+(?:is|are|equals|becomes)\s+\S*[\d\[\]*/^]")
_WEB = re.compile(r"\b\w+://\S+")
_RULE = re.compile(r"\s*[=\-*_|:\s]+$")
IN_SENTENCE = re.compile(r"\$([^$]+)\$")
_DERIVATIVE = re.compile(r"\s*(?:=|\\d?frac\s*\{\s*(?:\\partial|d)\b|\\partial\b)")
_NUMBER = re.compile(rf"(?<![\w*/+^\]∇?&'-])({NAME})\s*=\s*(\d+)(?![\w*/+^\[(&]|\.\d|\s*[-+*/^])")
_OF_INDICES = re.compile(r"(?:(?<![a-z])[a-z](?![a-z])|[\d\s=+*/-])+")
_TERM = r"[^\s,;:=.()*/+^-]+(?:\s*[-+*/^]\s*[^\s,;:=.()*/+^-]+)*"
_EQUATION = re.compile(rf"({_TERM})\s*=\s*({_TERM})")
_WORDED = r"\b(?:(no|without|zero|unit)\s+({0})\b|({0})\s+(?:(?:of|is|be|to|size|equals|=)\s+)*(\d+)\b(?!\.\d))"


@dataclass(frozen=True, slots=True)
class Given:
    """A number that the text supposes from a line on: an argument, a size, or a letter for one."""

    number: int
    name: str
    value: int


@dataclass(slots=True)
class Prose:
    """What the sentences of a text say: numbers, what is taken for true, what is told, and the lines left unread."""

    given: list[Given] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)


def undressed(line: str) -> Iterator[str]:
    """A line without marks of lists, quotations, emphasis and tables, and without the words around its equation."""
    cells = line.strip().strip("|").split("|") if line.lstrip().startswith("|") else [line]
    for cell in cells:
        bare = cell.replace("`", "").replace("**", "").replace("__", "")
        while (shorter := _MARKS.sub("", bare, count=1)) != bare and _MARKS.match(bare):
            bare = shorter
        if found := _LEADING.match(bare.strip()):
            bare = _TRAILING.sub("", bare.strip()[found.end() :])
        yield _MEANS_EQUAL.sub(r"\1=", bare)


def looks_like_mathematics(line: str) -> bool:
    """Whether something is said to be equal, or nearly so, to something."""
    return not _RULE.match(line) and bool(_RELATION.search(line) or _SAID.search(line))


def claims(line: str) -> list[str]:
    """The equations in dollars within a sentence that say what a derivative is."""
    return [m[1] for m in IN_SENTENCE.finditer(line) if _DERIVATIVE.match(m[1]) and _RELATION.search(m[1])]


def understood(lines: Iterable[tuple[int, str]], op: Op, settings: Mapping[str, Any]) -> Prose:
    """What sentences say of an operation whose arguments were set."""
    found = Prose()
    for number, line in lines:
        rest = _formulas(number, _WEB.sub("", line), found)
        rest = _arguments(number, rest, op, settings, found)
        rest = _numbers(number, rest, op, settings, found)
        for equation in _EQUATION.finditer(rest):
            if _OF_INDICES.fullmatch(equation[0]):
                found.notes.append(f"line {number}: {equation[0]} is said of indices, and not judged")
                rest = rest.replace(equation[0], "")
        if looks_like_mathematics(rest):
            found.unread.append((number, line.strip()))
    return found


def _formulas(number: int, line: str, found: Prose) -> str:
    """A sentence without what is in dollars; what it says there is a hypothesis, and numbers are left in."""
    said = claims(line)
    for m in IN_SENTENCE.finditer(line):
        if _NUMBER.fullmatch(m[1].strip()):
            line = line.replace(m[0], m[1])
        elif _RELATION.search(m[1]):
            if m[1] not in said:
                found.assumed.append(f"line {number} supposes {m[1].strip()}")
            line = line.replace(m[0], "")
    return line


def _arguments(number: int, line: str, op: Op, settings: Mapping[str, Any], found: Prose) -> str:
    """`stride 2`, `no padding`, `unit stride`: numbers of arguments by their names."""
    named = {p.argument for p in op.parameters} | set(settings)
    known = sorted((n for n in named if len(n) > 1 and n.islower()), key=len, reverse=True)  # H and s are letters
    if not known:
        return line
    short = {name.removesuffix("_size"): name for name in known} | {name: name for name in known}
    words = re.compile(_WORDED.format("|".join(map(re.escape, short))), re.IGNORECASE)
    for m in words.finditer(line):
        name = short[(m[2] or m[3]).lower()]
        value = int(m[4]) if m[4] else 1 if m[1].lower() == "unit" else 0
        if m[2] and ((value == 0 and name != "padding") or m[1].lower() == "zero"):
            continue  # "without dilation" is no number, and "zero padding" says what is padded with
        if name not in settings:
            found.given.append(Given(number, name, value))
        elif settings[name] != value:
            found.assumed.append(f"{name} = {settings[name]}, though line {number} says {value}")
    return words.sub("", line)


def _numbers(number: int, line: str, op: Op, settings: Mapping[str, Any], found: Prose) -> str:
    """`s = 1`, of a symbol of the operation or the letter of an argument; other letters are told."""
    for m in _NUMBER.finditer(line):
        name, value = m[1], int(m[2])
        have = settings.get(name, _set_to(op, name))
        if have is not None:
            found.assumed += [f"{name} = {have}, though line {number} says {value}"] if have != value else []
        elif symbols(op, name):
            found.given.append(Given(number, name, value))
        elif _OF_INDICES.fullmatch(m[0]):
            found.notes.append(f"line {number}: {m[0]} is no size or argument of {op.name}, and not judged")
        else:
            continue  # y_i = 0 says something of a tensor
        line = line.replace(m[0], "")
    return line


def _set_to(op: Op, name: str) -> int | None:
    """The number of an argument that is set, by a letter for it."""
    try:
        _, values, _ = with_common_symbols(op, [name], places=[name])
    except OperationError:
        return None
    return values[name].constant if name in values else None


def symbols(op: Op, name: str) -> tuple[str, ...]:
    """The symbols of an operation that a name stands for: itself, or those of an argument on each axis."""
    own = {p.name for p in op.parameters} | (op.symbols - {n for n, _ in op.sizes})
    if name in own:
        return (name,)
    return tuple(p.name for p in op.parameters if name in (p.argument, p.name.split("_")[0]))
