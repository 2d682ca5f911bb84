"""Mistakes of kernels that no formula shows: what they do to the results of a right kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from numeric.checks.bounds import OUTPUT
from numeric.checks.examination import Results, Run
from numeric.checks.samples import Sample

KernelChange = Callable[[Run, str], Run]
"""A right kernel, and the argument whose gradient is wrong, to a wrong kernel."""


def _afterwards(change: Callable[[NDArray], NDArray]) -> KernelChange:
    """The gradient computed as it should be, then changed."""

    def wrong(right: Run, argument: str) -> Run:
        def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
            found = dict(right(sample, arrays, dy))
            if argument in found:
                found[argument] = change(found[argument])
            return found

        return run

    return wrong


def _leftover_rows(right: Run, argument: str) -> Run:
    """The gradient as large as the windows reach: s*(I-1) + d*(K-1) + 1 - 2P rows."""

    def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
        found = dict(right(sample, arrays, dy))
        n = sample.names
        reached = n["s_h"] * (n["I"] - 1) + n["d_h"] * (n["K_h"] - 1) + 1 - n["P_h"]
        found[argument] = found[argument][..., : max(reached, 0), :]
        return found

    return run


def _single_precision(right: Run, argument: str) -> Run:
    """Sums in float32, whatever the dtype of the data."""

    def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
        single = {a: x.astype(np.float32) if x.dtype.kind == "f" else x for a, x in arrays.items()}
        found = right(sample, single, dy.astype(np.float32))
        return {**right(sample, arrays, dy), argument: found[argument].astype(dy.dtype)}

    return run


def _cotangent_cut(cut: Callable[[NDArray], NDArray]) -> KernelChange:
    """The gradient of a part of the cotangent alone."""

    def wrong(right: Run, argument: str) -> Run:
        def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
            return {**right(sample, arrays, dy), argument: right(sample, arrays, cut(dy))[argument]}

        return run

    return wrong


def _first_place(dy: NDArray) -> NDArray:
    """What is at the first place of each sample and channel."""
    places = dy.reshape(*dy.shape[:2], -1)
    kept = np.zeros_like(places)
    kept[..., 0] = places[..., 0]
    return kept.reshape(dy.shape)


def _first_of_all_but_one(dy: NDArray) -> NDArray:
    """What is in the first block along all leading axes but the last."""
    kept = np.zeros_like(dy)
    first = (0,) * max(dy.ndim - 2, 0)
    kept[first] = dy[first]
    return kept


def _one_bit(x: NDArray) -> NDArray:
    wrong = x.copy()
    wrong.flat[-1] = np.nextafter(wrong.flat[-1], np.array(np.inf, wrong.dtype))
    return wrong


def _not_a_number(x: NDArray) -> NDArray:
    wrong = x.copy()
    wrong.flat[0] = np.nan
    return wrong


def _in_place(right: Run, argument: str) -> Run:
    def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
        found = right(sample, arrays, dy)
        arrays[argument][...] += 1
        return found

    return run


def _raises(right: Run, argument: str) -> Run:
    def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
        raise IndexError("out of bounds")

    return run


def _output_not_a_number(right: Run, argument: str) -> Run:
    def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
        found = right(sample, arrays, dy)
        return {**found, OUTPUT: _not_a_number(found[OUTPUT])}

    return run


CHANGES: dict[int, KernelChange] = {
    13: _leftover_rows,
    34: _single_precision,
    52: _cotangent_cut(_first_place),
    64: _cotangent_cut(_first_of_all_but_one),
    82: _afterwards(_one_bit),
    83: _afterwards(lambda x: x * x.dtype.type(1 + 300 * np.finfo(x.dtype).eps)),
    84: _output_not_a_number,
    85: _afterwards(lambda x: x.astype(np.float64 if x.dtype == np.float32 else np.float32)),
    86: _afterwards(lambda x: x.reshape(-1)),
    87: _in_place,
    88: _raises,
}
