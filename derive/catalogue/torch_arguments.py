"""An operation's settings as torch's functions take them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from derive.catalogue import RECIPES
from derive.catalogue.recipe import NUMBER, PAIRS, Argument
from derive.operation import Op

_WORDS = {"True": True, "False": False, "None": None}


def torch_arguments(op: Op, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """torch's arguments of a catalogue operation by name; `numbers` holds those of its symbols that are still open.

    An argument that its law has no place for, as the stride under padding='same', is left to torch's default; torch
    reads off a tensor what that tensor picks.
    """
    found: dict[str, Any] = {}
    fixed = dict(op.settings)
    values = {
        **numbers,
        **{symbol: _number(v) for symbol, v in op.settings if v.lstrip("-").replace("/", "").isdigit()},
    }
    for a in RECIPES[op.name].arguments:
        if a.name in fixed:
            if a.pick is not None:
                continue
            found[a.name] = int(word) if (word := fixed[a.name]).lstrip("-").isdigit() else _WORDS.get(word, word)
            continue
        kind = next((k for k in (NUMBER, PAIRS) if _has(a, k, values)), None)
        if kind == NUMBER:
            found[a.name] = tuple(values[s] for s in a.symbols) if len(a.symbols) > 1 else values[a.symbols[0]]
        elif kind == PAIRS:
            found[a.name] = tuple((values[low], values[high]) for low, high in a.pairs)
    return found


def _has(a: Argument, kind: str, values: Mapping[str, Any]) -> bool:
    symbols = a.symbols_of(kind)
    return bool(symbols) and all(s in values for s in symbols)


def _number(text: str) -> int | float:
    value = Fraction(text)
    return int(value) if value.denominator == 1 else float(value)
