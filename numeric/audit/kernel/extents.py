"""Sizes at which blocks, tiles and buffers of a kernel end: what is right for small arrays need not be for these."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from derive.operation import Op, Parameter
from numeric.checks.samples import Limits, Sample, chosen_symbols, fitting, with_data, with_sizes

LARGE = Limits(extent=129, most=200_000, most_backward=10_000_000)
"""The derived formula takes some hundredths of a second at these."""

LADDER = (129, 65, 33, 17, 9, 5, 3, 2, 1)
"""One more than whole blocks, down to where all sizes together are within the limits."""

WINDOWS, PADDING, BESIDE, ENTRIES = (5, 7, 6), 2, (1, 3, 2, 9), 516
LEADING, AXES = (2, 3, 4, 5), 4
"""Extents of the axes that `...` stands for where an input has four in all."""


def large_sizes(op: Op) -> Iterator[Mapping[str, Any]]:
    """Sizes with windows of 5 to 7 and no setting its default: all extents long as far as it goes, then each alone."""
    fixed, free = _fixed(op), _free(op)
    many = {b.extent.name for t in op.inputs for b in t.axes if b.name == "..."} & {*free}
    together = {n: ENTRIES if len(free) == 1 and n in many else LADDER[k % 4] for k, n in enumerate(free)}
    yield from filter(None, [_within(op, fixed, together, "")])
    for k, long in enumerate(free if len(free) > 1 else ()):
        beside = {n: BESIDE[(j + k) % len(BESIDE)] for j, n in enumerate(free)}
        beside |= {n: LADDER[3] for n in _slid(op) if n in beside}
        yield from filter(None, [_within(op, fixed, {**beside, long: ENTRIES if long in many else LADDER[0]}, long)])


def four_axes(op: Op, seed: int, style: str, largest: int, multiple: int) -> Sample | None:
    """A sample in which the first input has four axes or more; None where no `...` stands for them."""
    axes = op.inputs[0].axes if op.inputs else ()
    lead = next((b.extent.name for b in axes if b.name == "..."), None)
    if lead is None or op.layout.dim is not None:
        return None
    leading = LEADING[: max(2, AXES + 1 - len(axes))]
    free = {n: BESIDE[1 + k % 2] for k, n in enumerate(_free(op))}
    names = fitting(op, {**_fixed(op), **free, lead: math.prod(leading)}, LARGE)
    if names is None:
        return None
    sample = with_sizes(op, seed, names, np.random.default_rng([seed, 4]), left_out=False)
    shaped = replace(sample, shared=replace(sample.shared, leading=leading), _ways={})
    return with_data(shaped, style, largest, multiple, np.random.default_rng([seed, 2]))


def _within(op: Op, fixed: Mapping[str, Any], wish: Mapping[str, int], long: str) -> Mapping[str, Any] | None:
    """The sizes, made smaller until they are within the limits: that which is to be long, and windows' axes, last."""
    chosen, slid = dict(wish), _slid(op)
    while (found := fitting(op, {**fixed, **chosen}, LARGE)) is None:
        rest = [n for n in chosen if chosen[n] > 1]
        if not rest:
            return None
        n = max(rest, key=lambda n: (n != long, n not in slid or chosen[n] > LADDER[3], chosen[n]))
        chosen[n] = next(step for step in LADDER if step < chosen[n])
    return found


def _free(op: Op) -> list[str]:
    """The extents that are neither settings nor windows."""
    return [n for n in chosen_symbols(op) if n not in _fixed(op)]


def _slid(op: Op) -> frozenset[str]:
    """The extents of the first input along which a window goes: sizes of the output follow from them."""
    of_sizes = {n for _, size in op.sizes for n in size.names()}
    return frozenset(n for t in op.inputs[:1] for b in t.axes for n in b.extent.names() if n in of_sizes)


def _fixed(op: Op) -> dict[str, Any]:
    """The settings, none of them the default, and the windows."""
    of_sizes = {n for _, size in op.sizes for n in size.names()} - {p.name for p in op.parameters}
    weights = [n for n in chosen_symbols(op) if n in of_sizes and n not in _slid(op)]
    windows = [*weights, *(p.name for p in op.parameters if p.argument == "kernel_size")]
    sized = {n: WINDOWS[k % len(WINDOWS)] for k, n in enumerate(windows)}
    return {**{p.name: _setting(p) for p in op.parameters}, **sized}


def _setting(p: Parameter) -> int | Fraction:
    if p.real:
        return p.minimum + Fraction(1, 4)
    return max(p.minimum, 0) + (PADDING if p.argument == "padding" else 1)
