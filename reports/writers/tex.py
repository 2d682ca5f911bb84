"""The LaTeX of formulas as text: which formulas are tame enough to pass on, and how each format wants them written."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 20_000
FOCUS = "\\focus"
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{([^}]*)\}")
_KNOWN = re.compile(r"aligned|alignedat|array|cases|gathered|rcases|smallmatrix|split|subarray|[bBpvV]?matrix")
# Commands that read, write, define, leave mathematics or act on the page: a formula has no use for them.
_WILD = re.compile(
    r"\\(?:input|include\w*|openin|openout|read\w*|write\w*|immediate|special|directlua|latelua|luaexec|pdf\w+|catcode"
    r"|[gex]?def|let|futurelet|csname|endcsname|expandafter|noexpand|loop|repeat|newcommand|renewcommand|providecommand"
    r"|newenvironment|usepackage|RequirePackage|documentclass|afterassignment|aftergroup|every\w+|uppercase|lowercase"
    r"|jobname|string|meaning|the|number|verb|lstinputlisting|html\w*|href|url|class|data|id|cssId|style|require|unicode"
    r"|char|bye|stop|batchmode|shipout|output|hbox|vbox|par)(?![A-Za-z])"
)

# CommonMark reads a backslash before punctuation as an escape, and `|`, `*`, `<`, `~` as markup; renderers that look
# for formulas only afterwards (GitHub's among them) then see something else. These words mean the same and survive.
_WORDS = {
    "\\{": r"\lbrace ",
    "\\}": r"\rbrace ",
    "\\|": r"\Vert ",
    "\\\\": r"\cr ",
    "\\,": r"\thinspace ",
    "\\!": r"\negthinspace ",
    "\\:": r"\hspace{0.22em}",
    "\\>": r"\hspace{0.22em}",
    "\\;": r"\hspace{0.28em}",
    "|": r"\vert ",
    "*": r"\ast ",
    "~": r"\ ",
    "<": r"\lt ",
    ">": r"\gt ",
}
_ROWS = re.compile(r"\s*\\begin\{(?:array\}\{l|aligned)\}\s*&?")
_COLUMNS = re.compile(r"\\begin\s*\{array\}\s*\{[^}]*\}")
_TEXT = re.compile(r"\\(?:text\w*|mbox)")


def tokens(latex: str) -> Iterator[str]:
    """The commands, runs of blanks and single characters of a formula, one after the other."""
    return (match[0] for match in _TOKEN.finditer(latex))


def tame(latex: str) -> bool:
    """Whether a formula stays a formula wherever it is put: balanced, not too long, of mathematical commands only."""
    if not latex.strip() or len(latex) > LONGEST or _WILD.search(latex):
        return False
    depth = 0
    for piece in tokens(latex):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if depth < 0 or piece in ("$", "%", "#", "`", "\\", "\\$") or not (piece.isprintable() or piece.isspace()):
            return False
    return depth == 0 and all(map(_KNOWN.fullmatch, _ENVIRONMENT.findall(latex)))


def without_focus(latex: str) -> str:
    """The formula with its marks of change taken out; the groups they stood before stay."""
    return "".join(piece for piece in tokens(latex) if piece != FOCUS)


def after(relation: str, latex: str) -> str:
    """The formula after a relation sign; of several rows, the sign stands in the first."""
    rows = _ROWS.match(latex)
    opening = rows[0] if rows else ""
    return f"{opening}{{}} {relation} {latex[len(opening) :].lstrip()}"


def coloured_focus(latex: str, colour: str) -> str:
    """The formula with its marks of change as a colour, in the one form on which KaTeX, MathJax and LaTeX agree."""
    pieces: list[str] = []
    opened: list[bool] = []  # for each open brace: does its closing end a mark?
    pending = False
    for piece in tokens(latex):
        if piece == FOCUS:
            pending = True
            continue
        if piece == "{":
            pieces.append(f"{{\\color{{{colour}}}{{" if pending else piece)
            opened.append(pending)
        elif piece == "}":
            pieces.append("}}" if opened and opened.pop() else piece)
        else:
            pieces.append(piece)
        pending = pending and piece.isspace()
    return "".join(pieces)


def in_markdown(latex: str) -> str:
    """The formula on one line, in words that Markdown's own rules leave alone; its value and look are the same."""
    latex = _COLUMNS.sub(lambda match: match[0].replace("|", ""), latex)  # lines between columns would end a cell
    pieces: list[str] = []
    text_depth = 0  # inside \text{...} a letter is a letter
    entering = False
    for piece in tokens(latex.strip()):
        if piece == "{" and (entering or text_depth):
            text_depth += 1
        elif piece == "}" and text_depth:
            text_depth -= 1
        entering = bool(_TEXT.fullmatch(piece))
        pieces.append(_in_words(piece, pieces[-1] if pieces else "", text=text_depth > 0))
    return re.sub(" +", " ", "".join(pieces)).strip()


def _in_words(piece: str, before: str, *, text: bool) -> str:
    """One piece; `before` is what stands in front of it."""
    if piece.isspace():
        return " "
    if text:
        return f" {piece} " if piece in "<>" else piece
    if piece == "_" and not before[-1:].isalnum():
        return "_ "  # an underscore between punctuation would open emphasis
    if piece in "([" and before == "]":
        return f" {piece}"  # would make a link
    return _WORDS.get(piece, piece)
