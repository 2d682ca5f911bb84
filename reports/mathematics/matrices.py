"""Matrices of numbers on paper, and the equations that join them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from derive.expressions.expr import Entry
from derive.expressions.index import index
from derive.meaning.exact import Number
from reports.by_hand.friendly import Example
from reports.by_hand.handwork import numeral, readable
from reports.document import Equation, Math
from reports.mathematics.forms import Form, Rows
from reports.mathematics.latex import latex
from reports.mathematics.names import Names
from reports.mathematics.plaintext import plaintext

Grid = list[list[Math]]


def matrix(rows: Rows) -> Math:
    """Rows of numbers in square brackets; one number alone."""
    shown = [[numeral(v) for v in row] for row in rows]
    if len(shown) == 1 and len(shown[0]) == 1:
        return shown[0][0]
    plain_rows = "; ".join(" ".join(m.plain for m in row) for row in shown)
    return Math(_bracketed(shown), f"[{plain_rows}]")


def _bracketed(grid: Grid) -> str:
    rows = r" \\ ".join(" & ".join(m.latex for m in row) for row in grid)
    return rf"\begin{{bmatrix}}{rows}\end{{bmatrix}}"


def grid_equation(*parts: Grid | Math) -> Equation:
    """Matrices and the signs between them beside each other; as text, on as many lines as the tallest has rows."""
    latex_parts = [p.latex if isinstance(p, Math) else _bracketed(p) for p in parts]
    height = max(len(p) for p in parts if not isinstance(p, Math))
    columns = [_lines(p, height) for p in parts]
    plain = "\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True))
    return Equation(r"\, ".join(latex_parts), plain)


def _lines(part: Grid | Math, height: int) -> list[str]:
    """A part as lines of one width, in the middle of the height."""
    if isinstance(part, Math):
        shown = [part.plain]
    else:
        widths = [max(len(row[k].plain) for row in part) for k in range(len(part[0]))]
        rows = (" ".join(m.plain.rjust(w) for m, w in zip(row, widths, strict=True)) for row in part)
        shown = [f"[{row}]" for row in rows]
    above = (height - len(shown)) // 2
    blank = " " * len(shown[0])
    return [blank] * above + shown + [blank] * (height - len(shown) - above)


def form_equation(left: Math, form: Form) -> Equation:
    """`left = one ⊛ other = [..] ⊛ [..] = [..]`."""
    sign = f" {form.sign.latex} " if form.sign.latex else r"\,"
    pairs = (form.one.name, form.other.name), (matrix(form.one.rows), matrix(form.other.rows))
    value = matrix(form.values)
    return Equation(
        " = ".join([left.latex, *(f"{a.latex}{sign}{b.latex}" for a, b in pairs), value.latex]),
        " = ".join([left.plain, *(f"{a.plain} {form.sign.plain} {b.plain}" for a, b in pairs), value.plain]),
    )


def whole(tensor: str, names: Names) -> Math:
    """A tensor without indices."""
    e = Entry(tensor, ())
    return Math(latex(e, names), plaintext(e))


def tensor_equations(tensor: str, ex: Example, names: Names) -> Iterator[Equation]:
    """`X = [..]`, one equation for each place along the axes before the last two that are shown."""
    kept, shape = ex.at.kept(tensor), ex.at.shape(tensor)
    outer, inner = kept[:-2], kept[-2:]
    for place in product(*(range(shape[k]) for k in outer)):
        fixed = dict(zip(outer, place, strict=True))
        rows = [
            [_number(tensor, fixed | dict(zip(inner, at, strict=True)), ex) for at in row]
            for row in _rows(inner, shape)
        ]
        name = Entry(tensor, tuple(index(k + 1) for k in place))
        value = matrix(rows)
        exact = not any(isinstance(readable(v), float) for row in rows for v in row)
        sign, plain_sign = ("=", "=") if exact else (r"\approx", "≈")
        yield Equation(f"{latex(name, names)} {sign} {value.latex}", f"{plaintext(name)} {plain_sign} {value.plain}")


def _rows(inner: tuple[int, ...], shape: tuple[int, ...]) -> list[list[tuple[int, ...]]]:
    """The places of a matrix, row by row; a vector is one row."""
    if len(inner) < 2:
        return [list(product(*(range(shape[k]) for k in inner)))]
    return [[(r, c) for c in range(shape[inner[1]])] for r in range(shape[inner[0]])]


def _number(tensor: str, at: dict[int, int], ex: Example) -> Number:
    """The entry's value as it is shown: labels count from 1."""
    place = tuple(at.get(k, 0) for k in range(len(ex.at.shape(tensor))))
    return ex.world.value(ex.at.entry(tensor, place), {}) + ex.at.first(tensor)
