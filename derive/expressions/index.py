"""Integer index expressions: polynomials over names, floors, remainders and exact quotients, always in normal form.

An index is where sizes live (`s*i + d*p - P`), so two indices that are equal as polynomials must be equal as
objects; the order of first appearance is kept for the reader only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import gcd
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    from derive.expressions.expr import Entry

Atom: TypeAlias = Union[str, "Composite", "Entry"]
Monomial: TypeAlias = tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Composite:
    """`a//b` ("floor"), `a%b` ("mod"), `min(a, b)` or the exact quotient `a/b` ("exact": a rest leaves no value)."""

    kind: str
    dividend: Index
    divisor: Index


def is_exact(atom: Atom) -> bool:
    """Whether an atom is a quotient that has no value where it leaves a rest."""
    return isinstance(atom, Composite) and atom.kind == "exact"


def _key(atom: Atom) -> str:
    return atom if isinstance(atom, str) else repr(atom)


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A polynomial with integer coefficients; `terms` keeps the reader's order, equality ignores it."""

    terms: tuple[tuple[Monomial, int], ...]
    _canon: frozenset[tuple[Monomial, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        canon = frozenset((tuple(sorted(m, key=_key)), c) for m, c in self.terms)
        object.__setattr__(self, "_canon", canon)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self._canon == other._canon

    def __hash__(self) -> int:
        return hash(self._canon)

    def __repr__(self) -> str:
        return f"Index({sorted(((tuple(_key(a) for a in m), c) for m, c in self._canon))})"

    # -- ring operations -------------------------------------------------------------------------------------------

    def __add__(self, other: Index | int) -> Index:
        return _collect((*self.terms, *index(other).terms))

    def __radd__(self, other: int) -> Index:
        return index(other) + self

    def __neg__(self) -> Index:
        return Index(tuple((m, -c) for m, c in self.terms))

    def __sub__(self, other: Index | int) -> Index:
        return self + (-index(other))

    def __rsub__(self, other: int) -> Index:
        return index(other) - self

    def __mul__(self, other: Index | int) -> Index:
        right = index(other)
        return _collect((a + b, x * y) for a, x in self.terms for b, y in right.terms)

    def __rmul__(self, other: int) -> Index:
        return index(other) * self

    # -- structure -------------------------------------------------------------------------------------------------

    @property
    def constant(self) -> int | None:
        """The integer this index always is, or None."""
        if not self.terms:
            return 0
        return self.terms[0][1] if len(self.terms) == 1 and not self.terms[0][0] else None

    @property
    def name(self) -> str | None:
        """The name when the index is one bare name, else None."""
        match self.terms:
            case (((str() as only,), 1),):
                return only
        return None

    def atoms(self) -> Iterator[Atom]:
        """Every atom of every monomial, composites themselves included, not their insides."""
        for monomial, _ in self.terms:
            yield from monomial

    def names(self) -> frozenset[str]:
        """Every name that occurs, at any depth."""
        found: set[str] = set()
        for atom in self.atoms():
            if isinstance(atom, str):
                found.add(atom)
            elif isinstance(atom, Composite):
                found |= atom.dividend.names() | atom.divisor.names()
            else:
                for inner in atom.indices:
                    found |= inner.names()
        return frozenset(found)

    def split(self, name: str) -> tuple[Index, Index] | None:
        """(a, b) with self == a*name + b and `name` in neither; None where `name` enters in another way."""
        slope, rest = [], []
        for monomial, c in self.terms:
            if name in monomial:
                at = monomial.index(name)
                slope.append((monomial[:at] + monomial[at + 1 :], c))
            else:
                rest.append((monomial, c))
        a, b = Index(tuple(slope)), Index(tuple(rest))
        return None if name in a.names() or name in b.names() else (a, b)

    def substitute(self, values: Mapping[str, Index], entry: Callable[[Entry], Entry] | None = None) -> Index:
        """Replace names simultaneously; indices bind nothing, so nothing can be captured here."""
        if entry is None and not (self.names() & values.keys()):
            return self
        total = ZERO
        for monomial, c in self.terms:
            product = index(c)
            for atom in monomial:
                product = product * _substitute_atom(atom, values, entry)
            total = total + product
        return total

    def put_in(self, known: Mapping[Atom, Index]) -> Index:
        """Replace whole atoms, such as the quotient (g*K+k)//K by g, wherever they stand."""
        total = ZERO
        for monomial, c in self.terms:
            product = index(c)
            for atom in monomial:
                product = product * _put_in(atom, known)
            total = total + product
        return total


def _put_in(atom: Atom, known: Mapping[Atom, Index]) -> Index:
    if atom in known:
        return known[atom]
    if isinstance(atom, Composite):
        return divide(atom.kind, atom.dividend.put_in(known), atom.divisor.put_in(known))
    return index(atom) if isinstance(atom, str) else atom_index(atom.put_in(known))


def _substitute_atom(atom: Atom, values: Mapping[str, Index], entry: Callable[[Entry], Entry] | None) -> Index:
    if isinstance(atom, str):
        return values.get(atom, index(atom))
    if isinstance(atom, Composite):
        return divide(atom.kind, atom.dividend.substitute(values, entry), atom.divisor.substitute(values, entry))
    changed = atom.substitute(values) if entry is None else entry(atom)
    return Index((((changed,), 1),))


def _collect(terms: Iterable[tuple[Monomial, int]]) -> Index:
    """Add equal monomials, drop zeros, keep the order of first appearance."""
    total: dict[Monomial, tuple[Monomial, int]] = {}
    for monomial, c in terms:
        key = tuple(sorted(monomial, key=_key)) if len(monomial) > 1 else monomial
        shown, old = total.get(key, (monomial, 0))
        total[key] = (shown, old + c)
    return Index(tuple((shown, c) for shown, c in total.values() if c))


def index(value: Index | int | str) -> Index:
    """An index from a name, an integer or an index."""
    if isinstance(value, Index):
        return value
    if isinstance(value, str):
        return Index((((value,), 1),))
    return Index((((), value),) if value else ())


def atom_index(atom: Composite | Entry) -> Index:
    """The index that is one composite or one entry of an integer tensor."""
    return Index((((atom,), 1),))


ZERO = index(0)
ONE = index(1)


def divide(kind: str, dividend: Index, divisor: Index) -> Index:
    """The composite of two indices, simplified only where that is true for every value.

    a*b/b is a for the exact quotient only when b is a non-zero number: a symbol may be 0.
    """
    if kind == "min":
        more = (dividend - divisor).constant
        return atom_index(Composite(kind, dividend, divisor)) if more is None else divisor if more > 0 else dividend
    a, b = dividend.constant, divisor.constant
    if b is not None and b != 0:
        if b == 1:
            return ZERO if kind == "mod" else dividend
        if all(c % b == 0 for _, c in dividend.terms):
            return ZERO if kind == "mod" else Index(tuple((m, c // b) for m, c in dividend.terms))
        if a is not None and kind != "exact":
            return index(a // b if kind == "floor" else a % b)
        if a is not None and (common := gcd(a, b)) > 1:
            return atom_index(Composite(kind, index(a // common), index(b // common)))
    return atom_index(Composite(kind, dividend, divisor))


def over(a: Index, monomial: Index) -> Index | None:
    """a / monomial where every term of a has it as a factor; else None."""
    if len(monomial.terms) != 1:
        return None
    by, c = monomial.terms[0]
    terms = []
    for factors, k in a.terms:
        rest = list(factors)
        for atom in by:
            if atom not in rest:
                return None
            rest.remove(atom)
        if k % c:
            return None
        terms.append((tuple(rest), k // c))
    return Index(tuple(terms))
