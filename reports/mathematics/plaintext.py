"""Expressions as one line of plain text: the notation, with the signs that a terminal can show in their usual form."""

from __future__ import annotations

import re

from derive.expressions.expr import Entry, Expr, Maximum, Minimum
from derive.expressions.index import Index
from derive.language.show import show, show_index
from reports.mathematics.display_nodes import Known, bare, decimal, flat

_SIGNS = {"dE/d": "∂E/∂", "*": "·", "==": "=", "!=": "≠", "<=": "≤", "sum[": "Σ["}
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_TOKEN = re.compile(r"dE/d(?=[A-Za-z])|\^[0-9]+|sum\[|[A-Za-z][A-Za-z0-9_]*|\.\.\.|==|!=|<=|//|.", re.DOTALL)
_OF_ENTRY = re.compile(r"∂\(([A-Za-z]\w*(?:\[[^][]*\])?)\)/∂")
_TWICE = re.compile(r"\(\((-[0-9./]+)\)\)")  # a negative number has brackets of its own
_END = "\0"  # where the bracket of a derivative closes: /dX follows


def plaintext(e: Expr, limits: bool = False) -> str:
    """The expression as plain text; `limits` adds the extents of bound indices."""
    return _TWICE.sub(r"(\1)", in_signs(show(_written(e), bounds=limits)))


def plaintext_index(i: Index) -> str:
    """An index expression or a size as plain text."""
    return in_signs(show_index(i))


def in_signs(notation: str) -> str:
    """A line of notation with its signs as they are written by hand: sigma, middle dots, curved d."""
    text = ""
    derivatives: list[bool] = []  # for each open bracket: is it that of a derivative, d(...)/dX?
    before = ""
    for sign in _TOKEN.findall(notation):
        if sign == "(":
            derivatives.append(before == "d")
            text = text[:-1] + "∂" if before == "d" else text
        text += sign[1:].translate(_POWERS) if len(sign) > 1 and sign[0] == "^" else _SIGNS.get(sign, sign)
        if sign == ")" and derivatives.pop():
            text += _END
        before = sign
    return _OF_ENTRY.sub(r"∂\1/∂", text.replace(_END + "/d", "/∂"))


def _written(e: Expr) -> Expr:
    """The expression without nodes that only readers know: marks go, and a number stands as a name does."""
    e = bare(e)
    if isinstance(e, Known):
        text = decimal(e.value) if isinstance(e.value, float) else str(e.value)
        return Entry(f"({text})" if text[0] == "-" or "/" in text else text, ())
    if isinstance(e, Maximum | Minimum) and any(isinstance(bare(p), type(e)) for p in e.parts):
        word = "max" if isinstance(e, Maximum) else "min"
        return Entry(f"{word}({', '.join(show(_written(x), bounds=False) for x in flat(e))})", ())
    return e.with_parts(tuple(_written(p) for p in e.parts)) if e.parts else e
