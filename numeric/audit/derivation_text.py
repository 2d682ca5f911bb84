r"""Finds the mathematics in someone's text: header, equations, and the line of the file that each link is on.

Fenced blocks, `$$...$$`, `\[...\]`, align environments, and plain lines of notation; what is between them is prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from derive.errors import NotationError
from derive.language.tokens import NAME
from numeric.audit.derivation_prose import claims, looks_like_mathematics, undressed

SETTING = ("op", "set", "sizes", "law")
HEADER = (*SETTING, "expect", "title")
MOST_CHARACTERS, MOST_LINKS = 200_000, 400
_HEADER = re.compile(rf"\s*({'|'.join(HEADER)})\s*:\s*(.+?)\s*$", re.IGNORECASE)
_FENCE = re.compile(r"\s*(```+|~~~+)\s*(\w*)")
FENCES = {"": False, "text": False, "notation": False, "backproof": False, "math": True, "latex": True, "tex": True}
"""Languages of fenced blocks that are mathematics, and whether it is LaTeX; other blocks are somebody's code."""
_OUTER = r"(?:align|aligned|equation|gather|gathered|multline|eqnarray|split|flalign)\*?"
_OPENING = re.compile(rf"\$\$|\\\[|\\begin\{{{_OUTER}\}}")
_CLOSING = {"$$": re.compile(r"\$\$"), r"\[": re.compile(r"\\\]")}
_INLINE = re.compile(r"\s*(?:[-*]\s+)?\$([^$]+)\$[.,;]?\s*$")
_DRESSING = re.compile(
    rf"\\(?:begin|end)\{{{_OUTER}\}}|\\(?:label|tag\*?|intertext)\{{[^{{}}]*\}}|\\(?:nonumber|notag|displaystyle)(?![a-zA-Z])"
)
_ASIDE = re.compile(r"\\q?quad\s*(?:\\,)?\s*[(\[]?\s*\\(?:text|mbox|textit|mathrm)\{[^{}]*\}\s*[)\]]?\s*$")
_REASON = re.compile(r"(?:\s{2,}\[[A-Za-z][\w ,.'-]*\]|\s{2,}\([A-Za-z][^()\[\]]*\)|\s+#.*|\s+--.*)\s*$")
_SIGNS = str.maketrans(
    {"·": "*", "×": "*", "−": "-", "∂": "d", "∑": "sum", "Σ": "sum", "σ": "sigmoid", "δ": "delta", "²": "^2", "≤": "<="}
)
_INDICES = r"(?:\[[^\]=]*\])?"
_PLAIN = re.compile(
    rf"\s*(?:[-*]\s+)?(?:=|(?:d\(.+?\)/d{NAME}{_INDICES}|d{NAME}{_INDICES}\s*/\s*d{NAME}{_INDICES}|{NAME}{_INDICES})\s*=(?!=))"
)
_WORDS = re.compile(rf"\b{NAME}\s+(?!in\b){NAME}\b|\.\s")
_UNDERLINE = re.compile(r"\s*(?:={2,}|-{2,})\s*$")
_ARROW = re.compile(r"\s*(?:->|=>|<=|→|⇒|⇔|~)\s*\S*[\[\]*/^]")
_IN_WORDS = re.compile(r"\\(?:inter)?text\{([^{}]*)\}")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_WORDING = re.compile(r"\\(?:text|mbox|textit|mathrm|intertext)\{[^{}]*\}|\\[,;:! ]|\\q?quad")
_TOKENS = re.compile(r"\\begin\{\w+\*?\}|\\end\{\w+\*?\}|\\[a-zA-Z]+|\\.|\S|\s+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Link:
    """One `= right` of a chain: `left` is empty where the chain goes on from the link before."""

    number: int
    left: str
    right: str
    latex: bool

    @property
    def text(self) -> str:
        """As it is shown."""
        return f"{self.left} = {self.right}" if self.left else f"= {self.right}"


@dataclass(slots=True)
class Written:
    """What a file says: its header and its links, in order."""

    where: str
    header: dict[str, list[str]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    prose: list[tuple[int, str]] = field(default_factory=list)
    """Sentences, with their lines: they may suppose something."""
    unread: list[tuple[int, str]] = field(default_factory=list)
    """What looks like mathematics and is not read."""
    notes: list[str] = field(default_factory=list)


def read(text: str, where: str) -> Written:
    """The header and the links of a text. Raises: NotationError where it is too long or has no equation."""
    if len(text) > MOST_CHARACTERS:
        raise NotationError(f"{where}: got {len(text)} characters, expected at most {MOST_CHARACTERS}; cut the text")
    found = Written(where)
    for number, block, latex in _blocks(text.splitlines(), found):
        for row_number, row in _rows(block, number) if latex else [(number, block)]:
            found.links += _links(row, row_number, latex, found.unread)
        said = _IN_WORDS.finditer(block) if latex else _REASON.finditer(block.translate(_SIGNS))
        found.prose += [(number, m[1] if latex else m[0]) for m in said]
    _refuse_contradictions(found)
    if not found.links:
        raise NotationError(f"{where}: got no line of mathematics, expected one such as dE/dX[i] = ...; write one")
    if len(found.links) > MOST_LINKS:
        raise NotationError(f"{where}: got {len(found.links)} equations, expected at most {MOST_LINKS}; cut the text")
    return found


def _refuse_contradictions(found: Written) -> None:
    """Raises: NotationError where the header has two operations."""
    ops = [*found.header.get("op", ()), *found.header.get("law", ())[:1]]
    if len(ops) > 1:
        raise NotationError(f"{found.where}: got the operations {' and '.join(ops)}, expected one line op: or law:;"
                            " leave one")  # fmt: skip


def _blocks(lines: list[str], found: Written) -> Iterator[tuple[int, str, bool]]:
    """Each piece of mathematics with the number of its first line, and whether it is LaTeX."""
    header = found.header
    at, begun = 0, False
    while at < len(lines):
        line = lines[at]
        if said := _HEADER.match(line):
            if begun and said[1].lower() in SETTING and re.search(r"=|^[\w-]+$", said[2]):
                raise NotationError(f"{found.where}, line {at + 1}: got {said[1]}: after the first line of mathematics,"
                                    " expected it before; move it to the top")  # fmt: skip
            header.setdefault(said[1].lower(), []).append(said[2])
            at += 1
        elif fence := _FENCE.match(line):
            end = next((k for k in range(at + 1, len(lines)) if lines[k].strip().startswith(fence[1])), len(lines))
            if fence[2].lower() in FENCES:
                begun = True
                yield from _fenced(lines[at + 1 : end], at + 2, FENCES[fence[2].lower()], found)
            else:
                found.notes.append(f"line {at + 1}: what is {fence[2]} is not judged")
                found.unread += [(k + 1, lines[k].strip()) for k in range(at + 1, end) if _is_plain_gradient(lines[k])]
            at = end + 1
        elif opening := _OPENING.search(line):
            begun = True
            if before := line[: opening.start()].strip():
                yield from ((at + 1, *part) for part in _sentence(before, at + 1, found))
            end, block, after = _display(lines, at, opening)
            yield at + 1, block, True
            lines[end : end + 1] = [after]
            at = end if after.strip(" .,;") else end + 1
        else:
            for block, latex in _sentence(line, at + 1, found):
                begun = True
                yield at + 1, block, latex
            at += 1


def _sentence(line: str, number: int, found: Written) -> Iterator[tuple[str, bool]]:
    """The equations of one line outside of displays; what else it says is kept as prose."""
    if inline := _INLINE.match(line):
        yield inline[1], True
        return
    if _UNDERLINE.match(line):
        return
    for part in undressed(line.translate(_SIGNS) if "∂" in line else line):
        if (inline := _INLINE.match(part)) and "=" in inline[1]:
            yield inline[1], True
        elif _is_plain(part):
            yield part, False
        else:
            yield from ((claim, True) for claim in claims(part))
            goes_on = _ARROW.match(line) and not looks_like_mathematics(part)
            (found.unread if goes_on else found.prose).append((number, line.strip() if goes_on else part))


def _fenced(lines: list[str], first: int, latex: bool, found: Written) -> Iterator[tuple[int, str, bool]]:
    if latex or any("\\" in line for line in lines):
        yield first, "\n".join(lines), True
        return
    for k, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            found.prose.append((first + k, line.lstrip("# ")))
        elif line.strip():
            yield first + k, line, False


def _display(lines: list[str], at: int, opening: re.Match[str]) -> tuple[int, str, str]:
    """The last line of a displayed formula, what stands in it, with its line breaks, and what stands behind it."""
    sign = opening[0]
    closing = _CLOSING.get(sign) or re.compile(re.escape(sign.replace("begin", "end")))
    here, start = at, opening.end()
    taken: list[str] = []
    while here < len(lines):
        line = lines[here]
        if end := closing.search(line, start):
            return here, "\n".join([*taken, line[start : end.start()]]), line[end.end() :]
        taken.append(line[start:])
        here, start = here + 1, 0
    return len(lines), "\n".join(taken), ""


def _is_plain(line: str) -> bool:
    """Whether a line outside of displays is notation: it begins with a left side, and has no two words in a row."""
    bare = _REASON.sub("", line.translate(_SIGNS))
    return bool(_PLAIN.match(bare)) and not _WORDS.search(bare.strip().rstrip("."))


def _is_plain_gradient(line: str) -> bool:
    """Whether a line of somebody's code is an equation of ours for a derivative."""
    return any(_is_plain(part) and part.lstrip().startswith("d") and "/d" in part for part in undressed(line))


def _rows(block: str, number: int) -> Iterator[tuple[int, str]]:
    r"""The rows of a display, cut at every `\\` that is not inside a matrix or cases, with their lines."""
    clean = _DRESSING.sub(lambda m: "\n" * m[0].count("\n"), _COMMENT.sub("", block))
    depth, row, first, here = 0, "", number, number
    for part in (*_TOKENS.findall(clean), r"\\"):
        depth += part.startswith(r"\begin{") - part.startswith(r"\end{")
        if part == r"\\" and depth <= 0:
            if row.strip():
                yield first, row
            row = ""
        else:
            first = here + part.count("\n") if not row.strip() else first
            row = row + part if row.strip() else part.replace("\n", "")
        here += part.count("\n")


def _links(row: str, number: int, latex: bool, unread: list[tuple[int, str]]) -> list[Link]:
    """The equations of a row: `a = b = c` is two links, and commas or semicolons part equations of their own.

    What is displayed and is no equation goes to `unread`.
    """
    found: list[Link] = []
    row = row if latex else _REASON.sub("", row.translate(_SIGNS)).strip().removeprefix("- ").removeprefix("* ")
    for equation, line in _cut(row, number, ",;" if latex else ";"):
        sides = [(_tidy(side, latex), at) for side, at in _cut(equation, line, "=")]
        if len(sides) < 2:
            if sides and sides[0][0] and not latex:
                raise NotationError(f"line {line}: got {sides[0][0]!r}, expected an equation; write left = right")
            if _WORDING.sub("", equation).strip(" &.,;\n"):
                unread.append((line, equation.strip()))
            continue
        left = sides[0][0]
        for side, at in sides[1:]:
            if not side:
                continue  # a row may end in = and the next begin with it
            found.append(Link(at, left, side, latex))
            left = ""
    return found


def _tidy(side: str, latex: bool) -> str:
    side = _ASIDE.sub("", side.strip()) if latex else side
    return " ".join(side.split()).strip("& ").rstrip(".,;").removesuffix("\\").strip("& ")


def _cut(text: str, number: int, at: str) -> Iterator[tuple[str, int]]:
    """Pieces of a text between separators that are in no brackets, each with its line; commas part equations only."""
    depth, piece, first, here = 0, "", number, number
    pieces = _TOKENS.findall(text)
    for k, part in enumerate(pieces):
        depth += (part in "([{" or part.startswith(r"\begin{")) - (part in ")]}" or part.startswith(r"\end{"))
        if depth <= 0 and part in at and _parts(pieces, k):
            yield piece, first
            piece, first = "", here
        else:
            first = here + part.count("\n") if not piece.strip() else first
            piece += part
        here += part.count("\n")
    yield piece, first


def _parts(pieces: list[str], k: int) -> bool:
    """Whether a separator parts: `=` that is no `==`, `<=`, `!=`; a comma with an equation on both sides."""
    if pieces[k] == "=":
        near = {pieces[k - 1] if k else "", pieces[k + 1] if k + 1 < len(pieces) else ""}
        return not near & set("=<>!")
    return pieces[k] == ";" or ("=" in pieces[:k] and "=" in pieces[k + 1 :])
