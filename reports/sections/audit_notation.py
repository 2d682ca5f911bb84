"""A line of somebody's mathematics for a reader: typeset where the notation reads it, else as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterable

from derive.errors import BackproofError
from derive.expressions.expr import Entry
from derive.laws.law import COTANGENT
from numeric.audit.claim_grammar import DERIVATIVE, GRADIENT, IDENTITY, Written, tidied, written
from reports.document import Code, Inline, Math
from reports.mathematics.latex import latex

_TENSOR = re.compile(r"\bd([A-Za-z]\w*)(?=(?:\[[^]]*\])?\s*/\s*d)|(?<=/d)([A-Za-z]\w*)")
"""What stands over or under another in a quotient of differentials: dO[i]/dX[j]."""
FROM_ONE = "subscripts count from 1"
"""How the note begins of a text whose subscripts were shifted."""
_NAME = re.compile(r"(?<![\w.])[A-Za-z]\w*(?![\w\[(])")


def typeset(text: str) -> Inline:
    """`left = right`, or a row of a derivation that begins with =, as mathematics; its plain text stays what it was."""
    goes_on = text.lstrip().startswith("=")
    try:
        line = tidied(f"O {text}" if goes_on else text)
        tensors = frozenset(over or under for over, under in _TENSOR.findall(line))
        found = written(line, tensors, frozenset(_NAME.findall(line)) - {f"d{name}" for name in tensors})
        return Math(f"{'' if goes_on else _left(found)} = {latex(found.right)}".strip(), text)
    except BackproofError:
        return Code(text)


def same_line(a: str, b: str) -> bool:
    """Whether two lines look alike once they are typeset, however they are spaced."""
    one, other = typeset(a), typeset(b)
    if isinstance(one, Math) and isinstance(other, Math):
        return one.latex == other.latex
    return "".join(a.split()) == "".join(b.split())


def typeset_sum(terms: Iterable[str]) -> Inline:
    """Summands with their signs, as mathematics."""
    text = " + ".join(terms).replace(" + -", " - ")
    found = typeset(f"= {text}")
    return Math(found.latex.removeprefix("= "), text) if isinstance(found, Math) else Code(text)


def counted(notes: Iterable[str]) -> str:
    """Said of a line of ours beside one whose subscripts count from 1."""
    return ", from 0" if any(note.startswith(FROM_ONE) for note in notes) else ""


def _left(found: Written) -> str:
    if found.kind == IDENTITY:
        return latex(found.left)
    entry = Entry(found.target, found.indices or ())
    if found.kind == GRADIENT:
        return latex(Entry(COTANGENT + entry.tensor, entry.indices))
    if found.kind == DERIVATIVE and found.wrt is not None:
        return rf"\frac{{\partial {latex(entry)}}}{{\partial {latex(found.wrt)}}}"
    return latex(entry)
