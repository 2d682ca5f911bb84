"""One value of an argument, read: a symbol, an integer or a real number; else refused with what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from derive.catalogue.recipe import Setting
from derive.errors import OperationError, did_you_mean
from derive.expressions.index import index
from derive.operation import Value

_SYMBOL = re.compile(r"[A-Za-z]{1,2}(_[A-Za-z0-9]+|[0-9]+)?")
Reader = Callable[[str, Setting, int, Sequence[str], Sequence[str]], Value]


def integer(where: str, value: Setting, minimum: int, own: Sequence[str], words: Sequence[str]) -> Value:
    """An integer, or a symbol for one: of `own`, or one or two letters, as K_h is; else no word of `words` was meant.

    Raises: OperationError for anything else, and for less than the minimum.
    """
    if _is_symbol(value, own):
        return index(str(value))
    given = value
    if isinstance(value, str) and value.lstrip("-").isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, Fraction) and value.denominator == 1:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise OperationError(f"{where}: got {value!r}, expected an integer of at least {minimum}{_meant(given, words)}")
    return index(value)


def real(where: str, value: Setting, minimum: int, own: Sequence[str], words: Sequence[str]) -> Value:
    """A real number as the decimal fraction that it is written as, or a symbol for one.

    Raises: OperationError for anything else.
    """
    if _is_symbol(value, own):
        return index(str(value))
    written = str(value)
    try:
        if isinstance(value, bool) or len(written) > 40:
            raise ValueError
        return Fraction(written)
    except (ValueError, ZeroDivisionError):
        told = f"{where}: got {value!r}, expected a finite number such as 0.01{_meant(value, words)}"
        raise OperationError(told) from None


def _is_symbol(value: Setting, own: Sequence[str]) -> bool:
    return isinstance(value, str) and (value in own or _SYMBOL.fullmatch(value) is not None)


def _meant(value: Setting, words: Sequence[str]) -> str:
    """What else an argument may be, and which of its words a misspelt one is near."""
    named = [w for w in words if w.isidentifier()]
    if not isinstance(value, str) or not named:
        return "; change it"
    return f", or one of {', '.join(named)}; {did_you_mean(value, named, 'choose one')}"
