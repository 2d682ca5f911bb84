"""What a text shows before it is read: which left sides have no index, and whether it says itself what a delta is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from derive.laws.law import COTANGENT
from derive.operation import Op

_INDEX = re.compile(r"[_\[]")
_BATCH = re.compile(r"_\{?\s*(\\(mathcal|cal)\s*\{?)?\s*B\b\s*\}*")  # mu_B is the mean of the batch
_LIMITS = re.compile(r"_\{[^{}]*\}|_\w|\[[^\]]*\]")
_PARTED = re.compile(r"[,;\n]|\\\\|\\q?quad")
_DEFINED = re.compile(r"(^|[,;\n$&]|\\\\|\\q?quad)\s*(\\delta|δ)[^=,;]*=")


@dataclass(frozen=True, slots=True)
class Unindexed:
    """Where a writer uses no index: `everywhere`, or on the `left` side."""

    everywhere: bool = False
    left: bool = False


INDEXED = Unindexed()


def unindexed(text: str, equations: int) -> tuple[Unindexed, ...]:
    """Of each equation of a text, where it has no index; where they cannot be told apart, what holds for all."""
    plain = _BATCH.sub("", text)
    *lefts, _ = _LIMITS.sub("_", plain).split("=")
    free = [_INDEX.search(_PARTED.split(left)[-1]) is None for left in lefts]
    everywhere = _INDEX.search(plain) is None
    each = free if len(free) == equations else [all(free)] * equations
    return tuple(Unindexed(everywhere, left) for left in each)


def meanings(text: str, op: Op) -> tuple[Mapping[str, str], ...]:
    """What a text's own letters may stand for: a delta that it defines is the output's gradient or the input's."""
    if _DEFINED.search(text) is None or not op.inputs:
        return ({},)
    return ({}, {"delta": COTANGENT + op.inputs[0].name})
