"""A linear operation as a matrix on paper: in symbols, in numbers, and transposed, which gives the gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.errors import OperationError
from derive.expressions.expr import ZERO, Entry
from derive.linear_map import LinearMap, linear_map
from derive.meaning.exact import Number
from derive.networks.instance import COTANGENT, Place
from reports.by_hand.friendly import Example
from reports.by_hand.handwork import numeral
from reports.document import Block, Equation, Math, Prose, Section, Spans, spans
from reports.mathematics.matrices import Grid, grid_equation, whole
from reports.mathematics.names import Names
from reports.sections.law_section import math

MOST_ROWS, MOST_COLUMNS = 16, 36
"""What still fits a page."""


def matrix_section(ex: Example, names: Names) -> Section:
    """The operation as a matrix times its first input, all entries in columns.

    Raises: OperationError for a law that is not linear in its first input, or sizes that do not fit a page.
    """
    op = ex.at.op
    m = linear_map(ex.at, op.inputs[0].name)
    if len(m.rows) > MOST_ROWS or len(m.columns) > MOST_COLUMNS:
        size = f"{len(m.rows)} x {len(m.columns)}"
        raise OperationError(f"{op.name}: got a matrix of {size}, expected at most {MOST_ROWS} x {MOST_COLUMNS} to be"
                             " shown; choose smaller sizes")  # fmt: skip
    x, o = whole(m.wrt, names), whole(op.output.name, names)
    more = (" plus ", Math("r", "r"), ", which does not read ", x) if any(_rest(m, ex)) else ()
    law = ("the law is a matrix times ", x, *more, ":")
    told = spans("With the entries of ", x, " and ", o, " in columns, row by row, ", *law)
    back = spans("Transposed, it takes the gradient of ", o, " back to that of ", x, ":")
    blocks: list[Block] = [Prose(told), _symbols(m, ex, names), Prose(_facts(m)), _forward(m, ex)]
    return Section(spans("As a matrix"), (*blocks, Prose(back), _backward(m, ex, names)))


def _symbols(m: LinearMap, ex: Example, names: Names) -> Equation:
    def shown(tensor: str, place: Place) -> Math:
        return math(ex.at.shown(ex.at.entry(tensor, place)), names)

    cells = [[math(ex.at.shown(m.cells.get((a, b), ZERO)), names) for b in m.columns] for a in m.rows]
    rest = [Math("+ r", "+ r")] if any(_rest(m, ex)) else []
    left = [[shown(ex.at.op.output.name, a)] for a in m.rows]
    return grid_equation(left, Math("=", "="), cells, [[shown(m.wrt, b)] for b in m.columns], *rest)


def _facts(m: LinearMap) -> Spans:
    """How sparse the matrix is, how few numbers it holds, and whether its diagonals are constant."""
    cells, different = len(m.rows) * len(m.columns), len(set(m.cells.values()))
    values = f"take {different} different values" if different > 1 else "are all the same"
    words = f"{len(m.cells)} of its {cells} entries are not 0; they {values}."
    axes = sum(n > 1 for n in m.at.shape(m.wrt))
    if m.is_toeplitz and axes == 1:
        words += " Along every diagonal it is the same: a Toeplitz matrix."
    elif m.is_toeplitz:
        words += " Along every diagonal of a block, and along every diagonal of blocks, it is the same: doubly block"
        words += " Toeplitz."
    return spans(words)


def _forward(m: LinearMap, ex: Example) -> Equation:
    rest = list(_rest(m, ex))
    added: list[Grid | Math] = [Math("+", "+"), _column(rest)] if any(rest) else []
    return grid_equation(_numbers(m, ex), _column(_values(ex, m.wrt, m.columns)), *added, Math("=", "="),
                         _column(_values(ex, ex.at.op.output.name, m.rows)))  # fmt: skip


def _backward(m: LinearMap, ex: Example, names: Names) -> Equation:
    """The derived gradient's numbers, which the transposed matrix must give."""
    dx, dy = f"{COTANGENT}{m.wrt}", f"{COTANGENT}{ex.at.op.output.name}"
    turned = [list(column) for column in zip(*_cells(m, ex), strict=True)]
    given, want = _values(ex, dy, m.rows), _values(ex, dx, m.columns)
    if _times(turned, given) != want:
        raise AssertionError(f"{m.wrt}: the transposed matrix does not give the derived gradient")
    shown = [[numeral(v) for v in row] for row in turned]
    return grid_equation(whole(dx, names), Math("=", "="), shown, _column(given), Math("=", "="), _column(want))


def _cells(m: LinearMap, ex: Example) -> list[list[Number]]:
    return [[ex.world.value(m.cells.get((a, b), ZERO), {}) for b in m.columns] for a in m.rows]


def _numbers(m: LinearMap, ex: Example) -> Grid:
    return [[numeral(v) for v in row] for row in _cells(m, ex)]


def _values(ex: Example, tensor: str, places: Sequence[Place]) -> list[Number]:
    return [ex.world.value(Entry(tensor, ex.at.entry(tensor, a).indices), {}) for a in places]


def _rest(m: LinearMap, ex: Example) -> Iterator[Number]:
    """What the law adds that does not read the tensor."""
    product = _times(_cells(m, ex), _values(ex, m.wrt, m.columns))
    for whole_, part in zip(_values(ex, ex.at.op.output.name, m.rows), product, strict=True):
        yield whole_ + -1 * part


def _times(rows: Sequence[Sequence[Number]], column: Sequence[Number]) -> list[Number]:
    found: list[Number] = []
    for row in rows:
        total: Number = 0
        for a, b in zip(row, column, strict=True):
            total = total + a * b
        found.append(total)
    return found


def _column(values: Sequence[Number]) -> Grid:
    return [[numeral(v)] for v in values]
