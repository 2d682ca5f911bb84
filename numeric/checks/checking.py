"""Verdicts: what was compared, how far apart it was relative to what is allowed, and where it was worst."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from derive.expressions.expr import Expr
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.language.show import show

LARGEST_INTEGER = 2**53
Place = tuple[int, ...]
Explain = Callable[[Place], str]


@dataclass(frozen=True, slots=True)
class Check:
    """One claim that was tested, true where the worst entry is within its bound.

    `error` is |got - want| / bound at the worst entry: 0 where all are equal (NaN in the same places included),
    infinite where the bound is 0 and they differ, NaN where every bound is infinite, so that nothing can be decided.
    `layer` is the layer of verification that speaks, `backend` whose kernel it speaks about (empty: the law itself),
    `cases` how many configurations, `seed` redraws the worst of them, `detail` says the rest in words.
    """

    claim: str
    layer: int
    error: float
    index: Place = ()
    got: float = 0.0
    want: float = 0.0
    bound: float = 0.0
    seed: int | None = None
    cases: int = 1
    detail: str = ""
    backend: str = ""

    def __bool__(self) -> bool:
        return self.error <= 1

    @property
    def undecided(self) -> bool:
        """Whether nothing could be claimed: rounding may do anything to every entry."""
        return math.isnan(self.error)

    def __str__(self) -> str:
        """The verdict in one line; a failure with all that is needed to see it again."""
        times = f" ({self.cases} configurations)" if self.cases > 1 else ""
        if self:
            worst = "equal" if self.error == 0 else f"at most {self.error:.3g} of the bound"
            return f"layer {self.layer}: {self.claim}: {worst}{times}"
        if self.undecided:
            return f"layer {self.layer}: {self.claim}: undecided, seed {self.seed}{times}: {self.detail}"
        where = f" at {list(self.index)}: got {self.got!r}, expected {self.want!r}, bound {self.bound:.3g}"
        seed = "" if self.seed is None else f", seed {self.seed}"
        detail = f"\n{self.detail}" if self.detail else ""
        return f"layer {self.layer}: {self.claim}: FAILED{where}{seed}{times}{detail}"


def compare_exact(got: ArrayLike, want: ArrayLike, claim: str, layer: int, **more: Any) -> Check:
    """Whether two arrays hold the same numbers, every bit of them; NaN equals NaN, and 0 equals -0.

    Raises: ValueError for integers that float64 cannot hold.
    """
    return compare_bounded(got, want, 0.0, claim, layer, **more)


def compare_bounded(
    got: ArrayLike,
    want: ArrayLike,
    bound: ArrayLike,
    claim: str,
    layer: int,
    seed: int | None = None,
    explain: Explain | None = None,
) -> Check:
    """Whether every entry is within its bound. An infinite bound claims nothing; where all are, nothing is decided.

    Raises: ValueError for integers that float64 cannot hold.
    """
    left, right = as_float(got), as_float(want)
    if left.shape != right.shape:
        detail = f"got shape {list(left.shape)}, expected {list(right.shape)}"
        return Check(claim, layer, math.inf, seed=seed, detail=detail)
    limit = np.broadcast_to(np.asarray(bound, np.float64), left.shape)
    if left.size == 0 or np.isinf(limit).all():
        detail = "got no entry to compare, expected one at least; nothing was claimed"
        return Check(claim, layer, math.nan if left.size else math.inf, seed=seed, detail=detail)
    error = relative_error(left, right, limit)
    worst = tuple(int(k) for k in np.unravel_index(int(np.argmax(error)), error.shape))
    found = Check(
        claim, layer, float(error[worst]), worst, float(left[worst]), float(right[worst]), float(limit[worst]), seed
    )
    return found if found or explain is None else replace(found, detail=explain(worst))


def relative_error(got: NDArray, want: NDArray, bound: NDArray) -> NDArray:
    """|got - want| / bound entry by entry: 0 where equal or both NaN or nothing is claimed, else at worst infinite."""
    with np.errstate(all="ignore"):
        equal = (got == want) | (np.isnan(got) & np.isnan(want)) | np.isinf(bound)
        error = np.abs(got - want) / bound
        return np.where(equal, 0.0, np.where(np.isnan(error), math.inf, error))


def as_float(values: ArrayLike) -> NDArray:
    """The numbers in float64, none of them changed. Raises: ValueError for integers that float64 cannot hold."""
    array = np.asarray(values)
    if array.dtype.kind in "iu" and array.size and int(np.abs(array).max()) > LARGEST_INTEGER:
        raise ValueError(f"comparison: got {int(np.abs(array).max())}, expected integers up to 2^53; use smaller ones")
    return array.astype(np.float64)


def worst_of(checks: Iterable[Check]) -> list[Check]:
    """One check a claim, the worst of its configurations; in order of first appearance."""
    found: dict[tuple[int, str], Check] = {}
    for c in checks:
        before = found.get((c.layer, c.claim))
        if before is None:
            found[c.layer, c.claim] = c
        else:
            worse = c if c.error > before.error or before.undecided else before
            found[c.layer, c.claim] = replace(worse, cases=before.cases + c.cases)
    return list(found.values())


def formula_of_entry(target: str, axes: tuple[str, ...], formula: Expr, names: Mapping[str, int], place: Place) -> str:
    """The formula of one entry, with its index and all sizes put in: `dE/dF[1,0] = sum[n<3] dE/dO[n,1]*X[n,0]`."""
    numbers = {n: index(v) for n, v in names.items()} | {n: index(k) for n, k in zip(axes, place, strict=True)}
    left = f"{target}[{','.join(map(str, place))}]" if place else target
    return f"{left} = {show(substitute(formula, numbers))}"
