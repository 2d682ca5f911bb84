"""What the reports print in LaTeX for every derivation is read back as the same mathematics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from derive.derivation import Derivation
from derive.errors import MeaningError
from derive.expressions.expr import Binder, Binding, Entry, Expr
from derive.expressions.index import Index
from derive.expressions.traversal import binders_of, walk
from derive.language.latex import to_notation
from derive.language.notation import parse_expr
from derive.language.show import show
from derive.meaning.denote import World
from derive.meaning.worlds import worlds
from reports.mathematics.latex import latex, latex_lines
from reports.mathematics.names import Names
from tests.derive.derivations import CASES, derived, title

Printed = Callable[[Expr, Names], str]
PRINTERS: dict[str, Printed] = {
    "line": latex,
    "lines": latex_lines,
    "limits": lambda e, n: latex(e, n, limits=True),
}
POINTS = 12


@pytest.mark.parametrize("case", CASES, ids=title)
def test_a_printed_formula_is_read_back(case: tuple[int, str]) -> None:
    d = derived(case)
    said = Names.of(d.op)
    for printer in PRINTERS.values():
        reading = to_notation(f"{latex(d.target, said)} = {printer(d.formula, said)}", d.op)
        left, right = reading.text.split(" = ")
        assert left == show(d.target)
        assert_equal(d, closed(parse_expr(right, scalars(d)), extents_of(d)), d.formula)


def test_a_formula_that_was_misread_is_found() -> None:
    d = derived((0, "F"))
    wrong = show(d.formula, bounds=False).replace("s_h*i+", "s_h*i-")
    assert wrong != show(d.formula, bounds=False)
    with pytest.raises(AssertionError):
        assert_equal(d, closed(parse_expr(wrong, scalars(d)), extents_of(d)), d.formula)


def scalars(d: Derivation) -> frozenset[str]:
    return frozenset(t.name for t in d.op.tensors if not t.axes)


def extents_of(d: Derivation) -> dict[str, Index]:
    """Each bound index of a formula with its extent."""
    return {b.name: b.extent for node in walk(d.formula) for b in binders_of(node)}


def closed(e: Expr, extents: Mapping[str, Index]) -> Expr:
    """The expression with extents for the bound indices that have none."""
    e = e.with_parts(tuple(closed(p, extents) for p in e.parts)) if e.parts else e
    if not isinstance(e, Binding):
        return e
    return replace(e, binders=tuple(b if _known(b) else Binder(b.name, extents[b.name]) for b in e.binders))


def _known(b: Binder) -> bool:
    return not (b.extent.name or "").startswith("?")


def assert_equal(d: Derivation, got: Expr, expected: Expr) -> None:
    """Equal in value at the first and the last entries of every world of the operation."""
    compared = 0
    for world in worlds(d.op):
        for point in _points(d, world):
            if not _valued(world, expected, point):
                continue
            assert world.value(got, point) == world.value(expected, point), (show(got), point)
            compared += 1
    assert compared


def _valued(world: World, e: Expr, point: dict[str, int]) -> bool:
    try:
        world.value(e, point)
    except MeaningError:
        return False
    return True


def _points(d: Derivation, world: World) -> list[dict[str, int]]:
    found: list[dict[str, int]] = [{}]
    for b in d.axes:
        size = world.size(b.extent, {})
        kept = sorted({0, size // 2, size - 1}) if size else []
        found = [{**p, b.name: i} for p in found for i in kept]
    step = max(1, len(found) // POINTS)
    return found[::step]


def test_the_target_of_every_derivation_is_an_entry() -> None:
    assert all(isinstance(derived(c).target, Entry) for c in CASES)
