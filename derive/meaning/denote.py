"""The meaning of the notation, evaluated exactly: the definition that every rewriting and kernel answers to.

An index runs over 0 <= i < extent; a tensor read at a tuple that is not integral or not in range is 0; a false guard
annihilates its product; `max[...]` ranges over the tuples at which every read is in range; reading an intermediate
out of range is 0 as well.

An expression is read once, by one rule for each kind of node, into a function of the point that holds its free
indices: what does not move is worked out then, and a line has many entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from derive.expressions.expr import Apply, Contract, Entry, Expr, Fn
from derive.expressions.functions import Z, derivative
from derive.meaning import digits, exact
from derive.meaning.digits import Digits
from derive.meaning.exact import Dual, Number, Slopes
from derive.meaning.integers import Formula, Integers, Names, Point, Value, refuse
from derive.meaning.loops import Place, Scope, steady
from derive.meaning.rules import RULES


@dataclass(slots=True)
class World(Integers):
    """Numbers for everything free: sizes and parameters, tensors as arrays, intermediates as formulas.

    `ties` says which side's derivative counts where `max(a,b)` or `min(a,b)` meet: "left" or "right"; `lift` takes the
    integers of the law itself into the arithmetic of the arrays, before a function is worked out.
    """

    formulas: Mapping[str, Formula] = field(default_factory=dict)
    unfold: Callable[[Apply], Expr] | None = None
    ties: Mapping[str, str] = field(default_factory=lambda: {"max": "right", "min": "left"})
    lift: Callable[[Number], Number] = field(default=lambda x: x)
    _intermediates: dict[tuple[str, str], Callable[[Place], Number]] = field(default_factory=dict, init=False)

    # -- values ----------------------------------------------------------------------------------------------------

    def value(self, e: Expr, point: Point) -> Number:
        """The value of an expression where the free indices are `point`."""
        return self.meaning(e, point)(point)

    def meaning(self, e: Expr, bound: Names) -> Value:
        """The value of an expression as a function of points that give these names."""
        return self.read(e, Scope(frozenset(bound)))

    def read(self, e: Expr, scope: Scope) -> Value:
        """The same inside a derivative too."""
        value = RULES[type(e)](self, e, scope)
        return steady(value, e, scope) if isinstance(e, Fn | Contract) else value

    # -- reads -----------------------------------------------------------------------------------------------------

    def entry(self, e: Entry, bound: Names) -> Value:
        return self.read(e, Scope(frozenset(bound)))

    def place(self, e: Entry, bound: Names) -> Callable[[Point], Place | None]:
        """The tuple at which a tensor is read, or None where it is not integral or not in range."""
        shape = self._shape(e.tensor)
        if shape is None:
            return refuse(f"tensor {e.tensor}: got no values, expected an array; give it one")  # type: ignore
        axes = [(self.whole(i, bound), n) for i, n in zip(e.indices, shape, strict=True)]

        def place(at: Point) -> Place | None:
            where = []
            for index, n in axes:
                k = index(at)
                if k is None or not 0 <= k < n:
                    return None
                where.append(k)
            return tuple(where)

        return place

    def _shape(self, tensor: str) -> tuple[int, ...] | None:
        if tensor in self.formulas:
            return tuple(self.size(n, {}) for n in self.formulas[tensor].extents)
        return self.arrays[tensor].shape if tensor in self.arrays else None

    def at_place(self, tensor: str, along: str) -> Callable[[Place], Number]:
        """A tensor's entries; those of an intermediate by its equation, each worked out once."""
        if tensor not in self.formulas:
            array = self.arrays[tensor]
            return (lambda where: Dual(array[where], Slopes({where: 1}))) if tensor == along else array.__getitem__
        if (tensor, along) not in self._intermediates:
            formula = self.formulas[tensor]
            body = cache(lambda: self.read(formula.body, Scope(frozenset(formula.names), along)))
            self._intermediates[tensor, along] = cache(
                lambda where: exact.bounded(body()(dict(zip(formula.names, where, strict=True))))
            )
        return self._intermediates[tensor, along]

    # -- functions -------------------------------------------------------------------------------------------------

    def function(self, name: str, z: Number) -> Number:
        """A scalar function, its tangent through SymPy's derivative."""
        if isinstance(z, Dual):
            slope = World({Z: z.value}, {}, lift=self.lift).value(derivative(name), {})
            return Dual(self.function(name, z.value), slope * z.tangent)
        z = self.lift(z) if isinstance(z, exact.Rational) else z
        if isinstance(z, float):
            return exact.real_function(name, z)
        if isinstance(z, Digits):
            return digits.function(name, z)
        return exact.EXACT[name](z)


def denote(e: Expr, world: World, point: Point | None = None) -> Number:
    """The value of `e` in `world` where its free indices are `point`.

    Raises: MeaningError where the expression has no value there.
    """
    return world.value(e, point or {})
