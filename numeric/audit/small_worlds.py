"""Worlds to refute a claim in: sizes that grow from 1, entries that are all different, and then zeros and ties."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from itertools import combinations_with_replacement, count, islice
from random import Random

from derive.errors import MeaningError, OperationError
from derive.expressions.expr import Fn
from derive.expressions.traversal import reads, walk
from derive.meaning.denote import World
from derive.meaning.integers import Array
from derive.meaning.small_sizes import Sizes, cost, fitted, small_sizes
from derive.meaning.worlds import drawn, valued
from derive.operation import Op, show_equation

SIGNS = ((1, 1), (1, -1), (-1, 1))
"""How entries alternate: all positive; or positive and negative, one of the two first."""
TELLING, APART, DRAWS, TRIES, MOST, ROOM = 4, 2, 2, 20_000, 600, 4_000
TENTH = Fraction(1, 10)
SMALL = tuple(sign * Fraction(1, n) for n in (3, 7, 10**6) for sign in (1, -1))
"""On both sides of 0, near to it and less near: no threshold between them stays unseen."""


def growing(op: Op, moving: frozenset[str] | None = None) -> Iterator[Sizes]:
    """Sizes that fit the operation, by how far they are in all above their least values, up to a number of tries.

    An extent is at least 1, a parameter at least its minimum. Where only some symbols are `moving`, the others are as
    small as they can be.
    """
    least = least_sizes(op)
    if moving is not None:
        smallest = next(growing(op), least)
        least = {n: low if n in moving else smallest[n] for n, low in least.items()}
    symbols = [n for n in least if moving is None or n in moving]
    raised = (r for more in (count() if symbols else (0,)) for r in combinations_with_replacement(symbols, more))
    for more in islice(raised, TRIES):
        sizes = fitted(op, {n: low + more.count(n) for n, low in least.items()})
        if sizes is not None:
            yield sizes


@lru_cache(maxsize=64)
def roomy(op: Op) -> tuple[Sizes, ...]:
    """Sizes at which no output is small, for what must not be equal by chance; none where none were found."""
    random, least = _random(op), least_sizes(op)
    arguments = {p.name for p in op.parameters}
    found: list[Sizes] = []
    for _ in range(TRIES // 10):
        chosen = {
            n: low + (random.randint(0, 1) if n in arguments else random.randint(1, 7)) for n, low in least.items()
        }
        sizes = fitted(op, chosen)
        if sizes and all(sizes[n] > 2 for n, _ in op.sizes) and cost(op, sizes) <= ROOM and _has_values(op, sizes):
            found.append(sizes)
            if len(found) == APART:
                break
    return tuple(found)


def least_sizes(op: Op) -> Sizes:
    """The symbols that sizes are chosen for, with the least value of each."""
    minima = {p.name: max(p.minimum, 0) for p in op.parameters}
    return {n: minima.get(n, 1) for n in sorted(op.symbols - {n for n, _ in op.sizes})}


@lru_cache(maxsize=256)
def telling(op: Op) -> tuple[Sizes, ...]:
    """The least sizes, then a few that expose mistakes: strides, padding, leftover rows, axes that differ in all.

    Raises: OperationError where there are none.
    """
    found = small_sizes(op, _random(op), lambda sizes: _has_values(op, sizes))
    sizes = tuple(islice(found, TELLING))
    if not sizes:
        raise OperationError(f"{op.name}: got no sizes at which it has values, expected some; change its arguments")
    return (*islice(growing(op), 1), *sizes, *islice(_apart(op), APART))


def _apart(op: Op) -> Iterator[Sizes]:
    """Sizes at which an argument has another value on each axis, and no output has one row alone."""
    random, least = _random(op), least_sizes(op)
    arguments = [[p.name for p in op.parameters if p.argument == a] for a in {p.argument: 0 for p in op.parameters}]
    if not any(len(names) > 1 for names in arguments):
        return
    for _ in range(TRIES):
        chosen = {
            n: low + random.randint(0, 2 if n in {p.name for p in op.parameters} else 5) for n, low in least.items()
        }
        if any(len({chosen[n] for n in names}) < len(names) for names in arguments):
            continue
        sizes = fitted(op, chosen)
        if sizes and all(sizes[n] > 1 for n, _ in op.sizes) and cost(op, sizes) <= MOST and _has_values(op, sizes):
            yield sizes


def _has_values(op: Op, sizes: Sizes) -> bool:
    return drawn(op, sizes, Random(0))[0] is not None


@lru_cache(maxsize=1024)
def told(op: Op, kind: Callable[[Op, Sizes], Iterator[World]]) -> tuple[tuple[Sizes, tuple[World, ...]], ...]:
    """These sizes with their worlds, each made once."""
    return tuple((sizes, tuple(kind(op, sizes))) for sizes in telling(op))


def generic(op: Op, sizes: Mapping[str, int]) -> Iterator[World]:
    """Worlds of these sizes whose real entries are all different and none is 0: no ties, no kinks.

    Under a function such as exp they are tenths, for a reader can tell 0.25 from 0.3 and not 1 from 0.99998.
    """
    base, _ = drawn(op, sizes, _random(op))
    if base is None:
        return
    for signs in SIGNS:
        world = replace(base, arrays=_distinct(op, base, signs))
        if _valued(op, world):
            yield world


def bare(op: Op, sizes: Mapping[str, int]) -> Iterator[World]:
    """The sizes alone, for what reads no tensor."""
    yield World(sizes, {})


def special(op: Op, sizes: Mapping[str, int]) -> Iterator[World]:
    """Worlds of these sizes with kinks and ties: all inputs 0, then entries from -4 to 4."""
    random = _random(op)
    for world in islice(generic(op, sizes), 1):
        zeros = {t.name: _zeros(world.arrays[t.name]) for t in op.inputs if t.name not in _kept(op)}
        world = replace(world, arrays={**world.arrays, **zeros})
        if _valued(op, world):
            yield world
    for _ in range(DRAWS):
        found, _ = drawn(op, sizes, random)
        if found is not None:
            yield found


def fractional(op: Op, sizes: Mapping[str, int]) -> Iterator[World]:
    """Worlds whose inputs are small fractions, all different, each first once: what has a threshold shows it there."""
    for world in islice(generic(op, sizes), 1):
        for first in range(len(SMALL)):
            numbers = (SMALL[(first + k) % len(SMALL)] * (1 + Fraction(k // len(SMALL), 100)) for k in count())
            free = [t.name for t in op.inputs if t.name not in _kept(op)]
            arrays = {
                n: Array(world.arrays[n].shape, tuple(islice(numbers, len(world.arrays[n].values)))) for n in free
            }
            found = replace(world, arrays={**world.arrays, **arrays})
            if _valued(op, found):
                yield found


def _zeros(a: Array) -> Array:
    return Array(a.shape, (0,) * len(a.values))


def _random(op: Op) -> Random:
    return Random(sha256("\n".join(show_equation(e) for e in op.equations).encode()).digest())


def _distinct(op: Op, base: World, signs: tuple[int, int]) -> dict[str, Array]:
    """The arrays with a number of its own in every free entry."""
    numbers, kept = _shuffled_primes(), _kept(op)
    under_functions = {t.name for t in op.inputs} if _bends(op) else set()
    arrays: dict[str, Array] = {}
    for name, array in base.arrays.items():
        scale = TENTH if name in under_functions else 1
        different = tuple(signs[k % 2] * next(numbers) * scale for k in range(len(array.values)))
        arrays[name] = array if name in kept else Array(array.shape, different)
    return arrays


def _bends(op: Op) -> bool:
    """Whether a law has a function in it, such as exp, which is 0 or 1 to every digit far from 0."""
    return any(isinstance(n, Fn) for e in op.equations for n in walk(e.body))


def _kept(op: Op) -> set[str]:
    """Tensors whose entries are not free: labels, and what a requirement normalises."""
    return {t.name for t in op.tensors if t.integer} | {r.tensor for g in op.require for r in reads(g)}


def _shuffled_primes() -> Iterator[int]:
    """Small primes in no order, so that no winner of a window is always the last of it."""
    primes = (n for n in count(2) if all(n % d for d in range(2, int(n**0.5) + 1)))
    random = Random(0)
    while block := list(islice(primes, 8)):
        random.shuffle(block)
        yield from block


def _valued(op: Op, world: World) -> bool:
    """Whether every equation has a value everywhere."""
    try:
        return all(valued(op, world, e) for e in op.equations)
    except MeaningError:
        return False
