"""Arithmetic on whole arrays modulo the prime 2^61-1, in unsigned 64-bit integers; every value is reduced.

A product of two residues has 122 bits, so factors are split into 32 low and 29 high bits. 2^61 is 1 here: what stands
above bit 61 is added below it, and nothing is ever divided.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from derive.meaning.exact import PRIME

Residues = NDArray[np.uint64]

P = np.uint64(PRIME)
HALF = np.uint64(PRIME // 2)
LOW32, LOW29 = np.uint64(2**32 - 1), np.uint64(2**29 - 1)
WRAPS = np.errstate(over="ignore")
"""Differences and products wrap around on purpose; NumPy says so of single numbers."""

BIT32 = np.asarray(2**32, np.uint64)
S3, S29, S32, S61 = (np.uint64(n) for n in (3, 29, 32, 61))


def residues(integers: NDArray[np.int64]) -> Residues:
    """Integers modulo the prime."""
    return np.asarray(np.mod(integers, PRIME), np.uint64)


def centred(x: Residues) -> NDArray[np.int64]:
    """The integers between -2^60 and 2^60 that residues stand for."""
    signed = x.astype(np.int64)
    return np.where(x > HALF, signed - PRIME, signed)


def random(generator: np.random.Generator, shape: tuple[int, ...]) -> Residues:
    """Residues drawn uniformly."""
    return generator.integers(0, PRIME, shape, np.uint64)


@WRAPS
def _folded(x: Residues) -> Residues:
    """Any 64-bit number modulo the prime; below the prime, subtracting it wraps around to something huge."""
    once = (x & P) + (x >> S61)
    return np.minimum(once, once - P)


@WRAPS
def add(x: Residues, y: Residues) -> Residues:
    """x + y."""
    total = x + y
    return np.minimum(total, total - P)


def negate(x: Residues) -> Residues:
    """-x."""
    return np.where(x == 0, x, P - x)


@WRAPS
def multiply(x: Residues, y: Residues) -> Residues:
    """x * y: 2^64 is 8, and the middle, which stands at bit 32, is cut at bit 61."""
    x_low, x_high, y_low, y_high = x & LOW32, x >> S32, y & LOW32, y >> S32
    low, middle = x_low * y_low, x_high * y_low + x_low * y_high
    total = (x_high * y_high << S3) + (middle >> S29) + ((middle & LOW29) << S32) + (low & P) + (low >> S61)
    return _folded(total)


def total(x: Residues) -> Residues:
    """The sum along the first axis, of at most 2^31 terms: halves of 32 bits cannot overflow."""
    low, high = (x & LOW32).sum(axis=0, dtype=np.uint64), (x >> S32).sum(axis=0, dtype=np.uint64)
    return add(_folded(low), multiply(_folded(high), BIT32))


def power(x: Residues, n: int) -> Residues:
    """x^n for n of at least 0, by squaring."""
    result = np.ones_like(x)
    while n:
        if n & 1:
            result = multiply(result, x)
        n >>= 1
        x = multiply(x, x) if n else x
    return result


def inverse(x: Residues) -> Residues:
    """1/x, and 0 for 0: three products an entry, because the inverse of a product gives those of both factors."""
    flat = np.where(x == 0, np.uint64(1), x).reshape(-1)
    return np.where(x == 0, x, _inverse(flat).reshape(x.shape))


def _inverse(x: Residues) -> Residues:
    half = len(x) // 2
    if not half:
        return np.array([pow(int(v), -1, PRIME) for v in x], np.uint64)
    first, second = x[:half], x[half : 2 * half]
    both = _inverse(multiply(first, second))
    rest = _inverse(x[2 * half :]) if len(x) % 2 else x[:0]
    return np.concatenate([multiply(both, second), multiply(both, first), rest])


@WRAPS
def mixed(x: Residues, key: int) -> NDArray[np.uint64]:
    """64 bits for every residue that have nothing to do with it but are always the same: a keyed mixing function.

    Source: D. Stafford's variant 13 of the 64-bit finalizer of MurmurHash3, as SplitMix64 has it.
    """
    z = x + np.uint64(key)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
