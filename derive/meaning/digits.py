"""Real numbers to 100 digits, for lines that the prime field cannot value: logarithms, and comparisons after exp.

Two are equal where they agree to 40 digits: some hundred operations lose two or three, 1 - sigmoid(z) about z/2, and a
wrong line loses all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DecimalException
from fractions import Fraction

from derive.errors import MeaningError

CONTEXT = Context(prec=100, Emax=MAX_EMAX, Emin=MIN_EMIN)
AGREEING = Decimal(10) ** -40
MODERATE = 100
"""Angles up to this size are summed with as many digits to spare."""


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """A real number, known to 100 digits."""

    value: Decimal

    def __add__(self, other: object) -> Digits:
        right = _decimal(other)
        return NotImplemented if right is None else Digits(CONTEXT.add(self.value, right))

    __radd__ = __add__

    def __mul__(self, other: object) -> Digits:
        right = _decimal(other)
        return NotImplemented if right is None else Digits(CONTEXT.multiply(self.value, right))

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        right = _decimal(other)
        if right is None:
            return False
        apart = CONTEXT.subtract(self.value, right).copy_abs()
        return apart <= CONTEXT.multiply(AGREEING, max(Decimal(1), right.copy_abs()))

    def __lt__(self, other: object) -> bool:
        right = _decimal(other)
        return right is not None and self.value < right and self != other

    def __gt__(self, other: object) -> bool:
        right = _decimal(other)
        return right is not None and self.value > right and self != other


def _decimal(x: object) -> Decimal | None:
    if isinstance(x, Digits):
        return x.value
    if isinstance(x, Fraction):
        return CONTEXT.divide(Decimal(x.numerator), Decimal(x.denominator))
    return Decimal(x) if isinstance(x, int) else None


def real(x: object) -> Digits:
    """A number as one of 100 digits. Raises: MeaningError for what is none."""
    found = _decimal(x)
    if found is None:
        raise MeaningError(f"a real number: got {x!r}, expected an integer or a fraction; use such inputs")
    return Digits(found)


def quotient(a: object, b: object) -> Digits:
    """a/b for b other than 0."""
    return Digits(CONTEXT.divide(real(a).value, real(b).value))


def power(a: Digits, n: object) -> Digits:
    """a^n, 1 for n = 0. Raises: MeaningError where it is no real number."""
    exponent = real(n).value
    if exponent == 0:
        return Digits(Decimal(1))
    if a.value < 0 and exponent != exponent.to_integral_value():
        raise MeaningError("a power: got a negative base under a fraction, expected a positive one; add a guard")
    if a.value == 0 and exponent < 0:
        raise MeaningError("a power: got the base 0 under a negative exponent, expected another one; add a guard")
    return Digits(_guarded(lambda z: CONTEXT.power(z, exponent), "power", a.value))


def _log(z: Decimal) -> Decimal:
    if z <= 0:
        raise MeaningError("log: got a value that is not positive, expected a positive one; add a guard")
    return CONTEXT.ln(z)


def _sqrt(z: Decimal) -> Decimal:
    if z < 0:
        raise MeaningError("sqrt: got a negative value, expected one of at least 0; add a guard")
    return CONTEXT.sqrt(z)


def _sigmoid(z: Decimal) -> Decimal:
    # Python's own operators would round to the 28 digits of the default context
    return CONTEXT.divide(Decimal(1), CONTEXT.add(Decimal(1), CONTEXT.exp(CONTEXT.minus(z))))


def _tanh(z: Decimal) -> Decimal:
    half = _sigmoid(CONTEXT.multiply(Decimal(2), z))
    return CONTEXT.subtract(CONTEXT.multiply(Decimal(2), half), Decimal(1))


def _sin(z: Decimal) -> Decimal:
    return _series(z, 1)


def _cos(z: Decimal) -> Decimal:
    return _series(z, 0)


def _series(z: Decimal, first: int) -> Decimal:
    """sin (first = 1) or cos (first = 0) as the sum of (-1)^k z^n/n! over n = first + 2k; its terms are below e^|z|."""
    if abs(z) > MODERATE:
        raise MeaningError(f"sin and cos: got {z:.6}, expected at most {MODERATE} in size; use smaller numbers")
    wide = Context(prec=CONTEXT.prec + MODERATE, Emax=MAX_EMAX, Emin=MIN_EMIN)
    total = term = Decimal(1) if first == 0 else z
    n = first
    while abs(term) > Decimal(10) ** -(CONTEXT.prec + MODERATE // 2):
        n += 2
        term = wide.divide(wide.multiply(term, wide.minus(wide.multiply(z, z))), Decimal(n * (n - 1)))
        total = wide.add(total, term)
    return CONTEXT.plus(total)


FUNCTIONS: dict[str, Callable[[Decimal], Decimal]] = {
    "exp": CONTEXT.exp,
    "log": _log,
    "sqrt": _sqrt,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "sin": _sin,
    "cos": _cos,
}


def function(name: str, z: Digits) -> Digits:
    """A scalar function of a real number. Raises: MeaningError for one that is not known to 100 digits."""
    if name not in FUNCTIONS:
        raise MeaningError(f"{name}: got a real number of 100 digits, expected an exact one; so many are not known")
    return Digits(_guarded(FUNCTIONS[name], name, z.value))


def _guarded(rule: Callable[[Decimal], Decimal], name: str, z: Decimal) -> Decimal:
    try:
        return rule(z)
    except DecimalException as error:
        raise MeaningError(f"{name}: got {z:.6}, expected a number of moderate size; use smaller numbers") from error
