"""The size formula of a layer: `floor((H+2*P-K)/s)+1` with its numbers, from the law with its arguments as symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from derive.catalogue import RECIPES
from derive.catalogue import op as build_op
from derive.expressions.index import Composite, Index, index
from derive.networks.fitting import evaluate
from derive.operation import Op


@dataclass(frozen=True, slots=True)
class SizeFormula:
    """A size as a formula of symbols, the number of each of them, and what it comes to.

    An argument that multiplies or divides and is 1, such as a dilation, is not written.
    """

    symbol: str
    formula: Index
    values: tuple[tuple[str, Index], ...]
    size: Index


def size_formulas(op: Op, sizes: Mapping[str, Index]) -> tuple[SizeFormula, ...]:
    """One for every size that the law derives, from the sizes of a node; equal ones stand once."""
    chosen = {n: index(int(v)) for n, v in op.settings if v.lstrip("-").isdigit()}
    values = {**sizes, **chosen}
    found: dict[object, SizeFormula] = {}
    for symbol, general in _general(op).sizes:
        ones = {n: chosen[n] for n in _multipliers(general) if chosen.get(n) == index(1)}
        formula = general.substitute(ones)
        names = [n for n in dict.fromkeys(_in_order(formula)) if n in values]
        numbered = formula.substitute({n: index(f"x{k}") for k, n in enumerate(names)})
        shown = tuple((n, values[n]) for n in names)
        one = SizeFormula(symbol, formula, shown, evaluate(general, values))
        found.setdefault((numbered, tuple(v for _, v in shown)), one)
    return tuple(found.values())


def _multipliers(i: Index) -> Iterator[str]:
    """The names that multiply another name, or divide."""
    for atoms, _ in i.terms:
        yield from (a for a in atoms if isinstance(a, str) and len(atoms) > 1)
        for a in atoms:
            if isinstance(a, Composite):
                yield from (*_multipliers(a.dividend), *a.divisor.names())


def _in_order(i: Index) -> Iterator[str]:
    """The names of an index in the order in which they are read."""
    for a in i.atoms():
        if isinstance(a, Composite):
            yield from (*_in_order(a.dividend), *_in_order(a.divisor))
        elif isinstance(a, str):
            yield a


def _general(op: Op) -> Op:
    """The operation with its arguments as symbols; one's own law has what it has."""
    recipe = RECIPES.get(op.name)
    if recipe is None:
        return op
    choices = {a.name for a in recipe.arguments if a.choices}
    return build_op(op.name, **{n: v for n, v in op.settings if n in choices})
