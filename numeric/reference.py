"""The meaning of the notation on arrays: slow, plain, and the definition that every kernel answers to.

Integers stay integers, exact numbers (arrays of dtype object) stay exact, floats keep their precision. A space that
would not fit in memory is evaluated in pieces: first along the axes of the result, then along bound indices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import MeaningError
from derive.expressions.expr import GUARDS, Add, Binder, Contract, Div, Expr, Mul, Num, Pow, Select, Winner
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import at, free_names, put, reads
from numeric.calling.binding import Value, evaluate
from numeric.evaluation.arithmetic import Arithmetic, Floats, Integers, Mask, Plain
from numeric.evaluation.dense import Dense
from numeric.evaluation.exact_arrays import Exact, Undefined

LARGEST = 1 << 21
"""Points of the largest space that is evaluated in one piece."""

Array = NDArray[Any]
Axes = tuple[Binder, ...]


class Typed(Plain):
    """Arithmetic in one dtype; quotients and functions of integers are float64."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype

    def number(self, value: Fraction) -> Floats:
        if self.dtype.kind == "i":
            return np.asarray(value.numerator if value.denominator == 1 else float(value))
        return np.asarray(float(value), self.dtype)

    def integer(self, values: Integers) -> Floats:
        return values.astype(self.dtype)

    def add(self, terms: Sequence[Floats]) -> Floats:
        return sum(terms, self.number(Fraction(0)))

    def multiply(self, factors: Sequence[Floats]) -> Floats:
        return prod(factors, start=self.number(Fraction(1)))

    def power(self, base: Floats, exponent: Floats) -> Floats:
        negative = base.dtype.kind == "i" and exponent.dtype.kind == "i" and bool((exponent < 0).any())
        return np.power(base.astype(np.float64) if negative else base, exponent)

    def wins(self, candidates: Floats, inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> Floats:
        return super().wins(candidates, inside, sizes, depth, at).astype(self.dtype)


@dataclass(slots=True)
class Reference:
    """Values of formulas, given numbers for all that is free: `names` for symbols, `tensors` for inputs.

    `integers` names the tensors that hold labels; `equations` define more tensors, computed when they are first read.
    """

    names: Mapping[str, Value]
    tensors: Mapping[str, Array]
    integers: frozenset[str] = frozenset()
    equations: Mapping[str, tuple[Axes, Expr]] = field(default_factory=dict)
    largest: int = LARGEST
    _dense: Dense[Any] = field(init=False)

    def __post_init__(self) -> None:
        arithmetic = _arithmetic([a for t, a in self.tensors.items() if t not in self.integers])
        whole = {n: int(v) for n, v in self.names.items() if v == int(v)}
        reals = {n: arithmetic.number(Fraction(v)) for n, v in self.names.items() if n not in whole}
        labels = {t: np.asarray(a, np.int64) for t, a in self.tensors.items() if t in self.integers}
        self._dense = Dense(arithmetic, whole, labels=labels, reals=reals)
        for t, a in self.tensors.items():
            if t not in self.integers:
                self._dense.tensors[t], self._dense.shapes[t] = a, a.shape

    def value(self, axes: Axes, body: Expr) -> Array:
        """The array of `body` over `axes`.

        Raises: MeaningError where an entry has no value: an empty maximum, a quotient that leaves a rest, an exact
        division by 0.
        """
        for tensor in _reads_first(body, self.equations):
            if tensor not in self._dense.tensors:
                own, definition = self.equations[tensor]
                found = self.value(own, definition)
                self._dense.tensors[tensor], self._dense.shapes[tensor] = found, found.shape
        with np.errstate(all="ignore"):
            found = np.array(self._piece(axes, guards_outside(body)))
        if found.dtype == object and any(isinstance(v, Undefined) for v in found.reshape(-1)):
            raise MeaningError("a quotient: got the divisor 0, expected a number that is not 0; add a guard")
        return found

    def _piece(self, axes: Axes, body: Expr) -> Array:
        sizes = {b.name: evaluate(b.extent, self.names) for b in axes}
        if self._points(axes, body) <= self.largest:
            values, shape = self._dense.tensor(axes, body)
            return self._dense.arithmetic.spread(values, shape)
        longest = max(sizes, key=lambda n: sizes[n], default="")
        if longest and sizes[longest] > 1:
            k = [b.name for b in axes].index(longest)
            parts = [
                self._piece((*axes[:k], half, *axes[k + 1 :]), substitute(body, {longest: index(longest) + start}))
                for half, start in _halves(axes[k], sizes[longest])
            ]
            return np.concatenate(parts, axis=k)
        smaller = self._halve_sum(body)
        if smaller is None:
            values, shape = self._dense.tensor(axes, body)
            return self._dense.arithmetic.spread(values, shape)
        return self._piece(axes, smaller)

    def _points(self, axes: Axes, body: Expr) -> int:
        """Points of the largest space that one evaluation of `body` over `axes` needs."""
        extents = {b.name: evaluate(b.extent, self.names) for b in axes}
        return max((prod(extents[n] for n in used) for used in self._spaces(body, extents)), default=1)

    def _spaces(self, e: Expr, extents: dict[str, int]) -> Iterator[frozenset[str]]:
        if isinstance(e, Contract | Select | Winner):
            for b in e.binders:
                # an extent that varies with an outer index counts by what is certain: nothing
                extents[b.name] = evaluate(b.extent, self.names) if b.extent.names() <= self.names.keys() else 1
        yield (free_names(e) | _bound(e)) & extents.keys()
        for part in e.parts:
            yield from self._spaces(part, extents)

    def _halve_sum(self, body: Expr) -> Expr | None:
        """The expression with its largest outermost sum cut in two, or None where there is none to cut."""
        best: tuple[int, tuple[int, ...], int] | None = None
        for path, found in _outermost_sums(body):
            for k, b in enumerate(found.binders):
                size = evaluate(b.extent, self.names) if b.extent.names() <= self.names.keys() else 1
                if size > 1 and (best is None or size > best[0]):
                    best = (size, path, k)
        if best is None:
            return None
        size, path, k = best
        node = at(body, path)
        assert isinstance(node, Contract)
        b = node.binders[k]
        parts = tuple(
            replace(node, binders=(*node.binders[:k], half, *node.binders[k + 1 :]),
                    body=substitute(node.body, {b.name: index(b.name) + start}))
            for half, start in _halves(b, size)
        )  # fmt: skip
        return put(body, path, Add(parts))


def guards_outside(e: Expr) -> Expr:
    """The same value with every guard that stands above a line or under a power a factor of its own in a flat product.

    That a false guard annihilates is then a property of products alone.
    """
    e = e.with_parts(tuple(map(guards_outside, e.parts)))
    if isinstance(e, Mul):
        return Mul(tuple(f for item in e.items for f in (item.items if isinstance(item, Mul) else (item,))))
    base = (
        e.left
        if isinstance(e, Div) or (isinstance(e, Pow) and isinstance(e.right, Num) and e.right.value > 0)
        else None
    )
    factors = base.items if isinstance(base, Mul) else (base,)
    guards = tuple(f for f in factors if isinstance(f, GUARDS))
    if not guards:
        return e
    rest = tuple(f for f in factors if f is not None and not isinstance(f, GUARDS))
    return Mul((*guards, e.with_parts((rest[0] if len(rest) == 1 else Mul(rest), e.parts[1]))))


def _arithmetic(arrays: list[Array]) -> Arithmetic[Any]:
    if any(a.dtype == object for a in arrays):
        return Exact()
    return Typed(np.result_type(*arrays) if arrays else np.dtype(np.int64))


def _halves(b: Binder, size: int) -> tuple[tuple[Binder, int], tuple[Binder, int]]:
    middle = size // 2
    return (Binder(b.name, index(middle)), 0), (Binder(b.name, index(size - middle)), middle)


def _bound(e: Expr) -> frozenset[str]:
    return frozenset(b.name for b in e.binders) if isinstance(e, Contract | Select | Winner) else frozenset()


def _outermost_sums(e: Expr, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Contract]]:
    if isinstance(e, Contract):
        yield path, e
    else:
        for k, part in enumerate(e.parts):
            yield from _outermost_sums(part, (*path, k))


def _reads_first(body: Expr, equations: Mapping[str, tuple[Axes, Expr]]) -> list[str]:
    """The equations that `body` reads, directly or through others, in the order in which they can be computed."""
    found: dict[str, None] = {}

    def visit(e: Expr) -> None:
        for name in dict.fromkeys(r.tensor for r in reads(e)):
            if name in equations and name not in found:
                visit(equations[name][1])
                found[name] = None

    visit(body)
    return list(found)
