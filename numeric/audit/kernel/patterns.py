"""Where the wrong entries of a gradient lie, in words: the last row, the borders, residues of a stride, a group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from numeric.audit.kernel.faults import Fault
from numeric.audit.kernel.subjects import OUTPUT
from numeric.checks.samples import Sample
from numeric.mistakes import BY_NUMBER

RATIOS = tuple(range(2, 65))
MOST_DIVISORS = 12
LAST_AXIS_ALONE = BY_NUMBER[64].sentence


def counted(faults: Sequence[Fault]) -> str:
    """How many entries are wrong, in how many configurations."""
    wrong, all_ = sum(int(f.wrong.sum()) for f in faults), sum(f.wrong.size for f in faults)
    return f"{wrong:,} of {all_:,} entries are wrong, in {len(faults)} configurations"


def where(fault: Fault) -> str:
    """Where the wrong entries of one answer are, by axis; empty where there is nothing to say."""
    axes = _axes(fault)
    mask = fault.wrong
    if mask.all():
        return "every entry" if mask.size > 1 else ""
    told = []
    for k, name in enumerate(axes):
        at = np.flatnonzero(mask.any(axis=tuple(j for j in range(mask.ndim) if j != k)))
        said = along(name, at.tolist(), mask.shape[k])
        if said:
            told.append(said)
    return "only where " + " and ".join(told) if told else ""


def along(name: str, at: list[int], size: int) -> str:
    """What the places along one axis have in common, where they are not all of it."""
    if len(at) == size or not at:
        return ""
    if at == [size - 1]:
        return f"{name} is the last one"
    if at == [0]:
        return f"{name} = 0"
    if at == [0, size - 1] and size > 2:
        return f"{name} is at a border"
    if at == list(range(at[0], size)):
        return f"{name} >= {at[0]}"
    if at == list(range(at[-1] + 1)):
        return f"{name} <= {at[-1]}"
    for m in range(2, min(MOST_DIVISORS, size // 2) + 1):
        kept = sorted({k % m for k in at})
        if len(kept) < m and at == [k for k in range(size) if k % m in kept]:
            return f"{name} mod {m} is {' or '.join(map(str, kept))}"
    return f"{name} is {', '.join(map(str, at))}" if len(at) <= 4 else ""


def relation(fault: Fault) -> str:
    """A simple relation between all that was given and all that was due; empty where there is none."""
    assert fault.got is not None
    assert fault.want is not None
    got, want, bound = fault.got, fault.want, fault.bound
    for says, other in _relations(want, fault.trial.sample):
        if other.shape == got.shape and not Fault(fault.trial, "values", "", "", got, other, bound).wrong.any():
            return says
    return ""


def _relations(want: NDArray, sample: Sample) -> Iterator[tuple[str, NDArray]]:
    if not want.any():
        return
    yield "every entry is 0", np.zeros(want.shape)
    yield "every entry has the wrong sign", -want
    for n in RATIOS:
        symbols = [s for s, value in sample.names.items() if value == n]
        own = f", which is {' and '.join(symbols)} here" if symbols else ""
        yield f"every entry is {n} times the right one{own}", want * n
        yield f"every entry is 1/{n} of the right one{own}", want / n
    dy = sample.cotangent
    if want.ndim == 1 and dy.ndim > 2 and dy.shape[-1:] == want.shape:
        yield LAST_AXIS_ALONE, dy.sum(axis=-2).reshape(-1, want.size)[0]
    if want.ndim >= 2:
        yield "the last two axes are transposed", np.swapaxes(want, -1, -2)
    for axes in (tuple(range(2, want.ndim)), *((k,) for k in range(want.ndim))):
        if axes and prod(want.shape[k] for k in axes) > 1:
            yield (
                f"it is reversed along {'its spatial axes' if len(axes) > 1 else f'axis {axes[0]}'}",
                np.flip(want, axes),
            )


def _axes(fault: Fault) -> list[str]:
    """A name for each axis of a result as its user has it: the law's, where there are as many."""
    sample = fault.trial.sample
    tensor = sample.op.output if fault.key == OUTPUT else sample.op.tensor(fault.key)
    order = sample.order(tensor)
    names = [b.name for b in tensor.axes]
    if len(order) == len(names) and "..." not in names:
        return [names[order.index(k)] for k in range(len(order))]
    return [f"axis {k}" for k in range(fault.wrong.ndim)]
