"""The engine: the first law that applies, wherever it applies, until none does. It names no operation and no law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from derive.derivation import Move, Step
from derive.errors import NotDerived
from derive.expressions.build import put
from derive.expressions.expr import Binder, Expr
from derive.language.show import show
from derive.laws.law import Law, Rewrite, Site
from derive.operation import Op

MOVES, VISITS = 2_000, 100_000
Stage = Sequence[Law]


@dataclass(slots=True)
class Fuel:
    """What a derivation may cost: applications of laws, and nodes that laws are tried on."""

    moves: int = MOVES
    visits: int = VISITS

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self.moves < 0 or self.visits < 0


def run(line: Expr, stages: Sequence[Stage], op: Op, free: tuple[Binder, ...]) -> Iterator[Step]:
    """Rewrite a line stage by stage; each step is one law with all its moves.

    Raises: NotDerived where the fuel runs out, naming the law that would not stop.
    """
    fuel = Fuel()
    for stage in stages:
        while True:
            step = next((s for law in stage if (s := apply_everywhere(law, line, op, free, fuel))), None)
            if step is None:
                break
            yield step
            line = step.after


def apply_everywhere(law: Law, line: Expr, op: Op, free: tuple[Binder, ...], fuel: Fuel) -> Step | None:
    """One step: the law at the first position where it applies, again and again."""
    moves: list[Move] = []
    before = line
    while (found := _first(law, line, Site(op, free, ()), (), fuel)) is not None:
        path, rewrite = found
        line = put(line, path, rewrite.after)
        moves.append(Move(path, rewrite.after, line, rewrite.conditions))
        fuel.moves -= 1
        if fuel.spent:
            break
    if fuel.spent:
        shown = show(before, bounds=False)
        raise NotDerived(f"{op.name}: law {law.name!r} does not stop on {shown[:200]}{'...' * (len(shown) > 200)}")
    return Step(law.name, law.statement, before, line, tuple(moves)) if moves else None


def _first(law: Law, e: Expr, site: Site, path: tuple[int, ...], fuel: Fuel) -> tuple[tuple[int, ...], Rewrite] | None:
    """The outermost, leftmost position at which a law applies; none any more where the fuel is spent."""
    fuel.visits -= 1
    if fuel.visits < 0:
        return None
    found = law(e, site)
    if found is not None:
        return path, found
    inner = site.inside(e)
    for k, part in enumerate(e.parts):
        deeper = _first(law, part, inner, (*path, k), fuel)
        if deeper is not None:
            return deeper
    return None
