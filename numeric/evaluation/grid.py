"""Index expressions at every point of a scope at once: integers, where they are integral, and where reads lie.

A bound index adds an axis in FRONT of the axes of its scope, so that what does not depend on it broadcasts without a
reshape, and a sum runs over leading axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derive.errors import MeaningError
from derive.expressions.expr import Binder, Entry
from derive.expressions.index import Composite, Index
from derive.language.show import show
from numeric.evaluation.arithmetic import Integers, Mask


@dataclass(frozen=True, slots=True)
class Scope:
    """The indices in force, each along an axis of its own, and how many axes there are."""

    at: Mapping[str, Integers] = field(default_factory=dict)
    depth: int = 0


class Grid:
    """What evaluates indices: numbers for sizes and parameters, integer tensors, a note of the reads that matter."""

    __slots__ = ()

    names: Mapping[str, int]
    labels: Mapping[str, Integers]
    _reads: list[Mask] | None

    def refuse(self, undefined: Mask, message: str) -> None:
        """Raises: MeaningError where something undefined is reached."""
        raise NotImplementedError

    def integers(self, i: Index, scope: Scope) -> tuple[Integers, Mask | None]:
        """The integers that an index is, and where it is one (None: everywhere)."""
        total: Any = 0
        integral: Mask | None = None
        for monomial, c in i.terms:
            term: Any = c
            for atom in monomial:
                factor, whole = self._atom(atom, scope)
                term, integral = term * factor, both(integral, whole)
            total = total + term
        return np.asarray(total, np.int64), integral

    def _atom(self, atom: str | Composite | Entry, scope: Scope) -> tuple[Any, Mask | None]:
        if isinstance(atom, str):
            return (scope.at[atom] if atom in scope.at else self.names[atom]), None
        if isinstance(atom, Entry):
            return self.label(atom, scope), None
        (a, whole_a), (b, whole_b) = self.integers(atom.dividend, scope), self.integers(atom.divisor, scope)
        if atom.kind == "min":
            return np.minimum(a, b), both(whole_a, whole_b)
        nonzero = b != 0
        divisor = np.where(nonzero, b, 1)
        whole = both(both(whole_a, whole_b), None if nonzero.all() else nonzero)
        if atom.kind == "exact":
            whole = both(whole, a % divisor == 0)
        return (a % divisor if atom.kind == "mod" else a // divisor), whole

    def label(self, e: Entry, scope: Scope) -> Integers:
        """An entry of an integer tensor; 0 out of range."""
        if e.tensor not in self.labels:
            raise MeaningError(f"tensor {e.tensor}: got no integers, expected labels; it is read inside an index")
        values = self.labels[e.tensor]
        flat, inside = self.place(e, values.shape, scope)
        found = values.reshape(-1)[flat]
        return found if inside is None else np.where(inside, found, 0)

    def place(self, e: Entry, shape: tuple[int, ...], scope: Scope) -> tuple[Integers, Mask | None]:
        """Row-major positions of a read, and where it is in range (None: everywhere)."""
        if len(shape) != len(e.indices):
            raise MeaningError(f"tensor {e.tensor}: got {len(shape)} axes, expected {len(e.indices)} as in {show(e)}")
        flat: Any = np.asarray(0, np.int64)
        inside: Mask | None = None
        for i, extent in zip(e.indices, shape, strict=True):
            k, integral = self.integers(i, scope)
            within = (k >= 0) & (k < extent)
            if not within.all():
                inside, k = both(inside, within), np.where(within, k, 0)
            inside = both(inside, integral)
            flat = flat * extent + k
        if self._reads is not None and inside is not None:
            self._reads.append(inside)
        return flat, inside

    def bind(self, binders: tuple[Binder, ...], scope: Scope) -> tuple[Scope, tuple[int, ...], Mask | None]:
        """The scope inside a binding, the extents of its axes, and where an extent that varies ends (None: nowhere)."""
        at, sizes, ragged = dict(scope.at), [], None
        depth = scope.depth + len(binders)
        for k, b in enumerate(binders):
            extent, integral = self.integers(b.extent, scope)
            if integral is not None and not integral.all():
                message = "got a quotient that leaves a rest, expected an integer; choose other sizes"
                self.refuse(~integral, f"extent of {b.name}: {message}")
                extent = np.where(integral, extent, 0)
            size = int(extent.max(initial=0))
            at[b.name] = np.arange(size, dtype=np.int64).reshape((size, *(1,) * (depth - 1 - k)))
            sizes.append(size)
            if extent.ndim:
                ragged = both(ragged, at[b.name] < extent)
        return Scope(at, depth), tuple(sizes), ragged


def both(a: Mask | None, b: Mask | None) -> Mask | None:
    """Where two conditions hold, None being everywhere."""
    return b if a is None else a if b is None else a & b


def holds(condition: Mask, integral: Mask | None) -> Mask:
    """A condition on integers, false where they are none."""
    return np.asarray(condition if integral is None else condition & integral)
