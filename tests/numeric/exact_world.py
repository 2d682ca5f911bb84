"""The notation's own meaning, entry by entry, for comparing arrays with."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import product

import numpy as np

from derive.expressions.expr import Binder, Expr
from derive.meaning.denote import World, denote
from derive.meaning.integers import Array, Formula
from numeric.backend import Formula as Line


def world(names: Mapping[str, int], tensors: Mapping[str, np.ndarray], lines: tuple[Line, ...]) -> World:
    """Arrays and equations as the denotation takes them, integers as Python's own."""
    arrays = {t: Array(a.shape, tuple(exact(x) for x in a.reshape(-1).tolist())) for t, a in tensors.items()}
    formulas = {
        f.target: Formula(tuple(b.name for b in f.axes), tuple(b.extent for b in f.axes), f.body) for f in lines
    }
    return World(dict(names), arrays, formulas)


def exact(x: object) -> int | Fraction:
    """A number without rounding."""
    return x if isinstance(x, int | Fraction) else Fraction(str(x))


def entries(meaning: World, axes: tuple[Binder, ...], body: Expr) -> np.ndarray:
    """The denotation of `body` at every point of `axes`, as an array of exact numbers."""
    shape = tuple(meaning.size(b.extent, {}) for b in axes)
    values = np.empty(shape, object)
    for at in product(*map(range, shape)):
        values[at] = denote(body, meaning, dict(zip((b.name for b in axes), at, strict=True)))
    return values
