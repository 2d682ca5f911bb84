"""Float formats, and values with a bound of their error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numeric.evaluation.arithmetic import Floats, Mask


@dataclass(frozen=True, slots=True)
class Precision:
    """A float format: unit roundoff, least normal and largest number, and the first integer that is not exact."""

    name: str
    roundoff: float
    least: float
    largest: float
    integers: int


FLOAT32 = Precision("float32", 2.0**-24, 2.0**-126, float(np.finfo(np.float32).max), 2**24)
FLOAT64 = Precision("float64", 2.0**-53, 2.0**-1022, float(np.finfo(np.float64).max), 2**53)
SURE = 2.0**-10
"""A relative error below this leaves the size of a value sure."""

OWN = FLOAT64.roundoff
"""The evaluation here rounds too; the error covers the distance between both results."""


@dataclass(frozen=True, slots=True)
class Ball:
    """Values with their error (None: exact); `whole` where all are integers.

    An infinite error on a finite value says that floats may overflow here: what they give has the value's sign and, but
    for roundings, at least its size. On NaN it says that nothing is known.
    """

    value: Floats
    error: Floats | None = None
    whole: bool = False

    @property
    def reach(self) -> Floats:
        """The largest magnitude of any evaluation."""
        return np.abs(self.value) if self.error is None else np.abs(self.value) + self.error

    @property
    def spread(self) -> Floats:
        """The error as an array."""
        return np.zeros(self.value.shape) if self.error is None else self.error


def integral(values: Floats) -> bool:
    """Whether all that is defined is an integer."""
    return bool(((values == np.rint(values)) | np.isnan(values)).all())


def unit(x: Ball) -> bool:
    """Whether a factor is -1, 0 or 1 everywhere: multiplying by it rounds nothing."""
    return x.whole and bool(np.all(np.abs(x.value) <= 1))


def sure(x: Ball) -> Mask:
    """Where the sign of a value is sure, and its size but for roundings."""
    return np.isinf(x.spread) & np.isfinite(x.value) | (SURE * np.abs(x.value) > x.spread)
