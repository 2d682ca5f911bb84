"""The unevaluated expressions that derivations are made of; nothing here rewrites itself.

Every node is a frozen value. `parts` are its sub-expressions (what a position in a derivation counts), `indices` its
integer expressions, `binders` the indices it binds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.expressions.index import Atom, Index, atom_index, index


@dataclass(frozen=True, slots=True)
class Expr:
    """An unevaluated expression."""

    @property
    def parts(self) -> tuple[Expr, ...]:
        return ()

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        """The same node over other sub-expressions."""
        return self


@dataclass(frozen=True, slots=True)
class Binder:
    """An index bound over 0 <= name < extent."""

    name: str
    extent: Index


@dataclass(frozen=True, slots=True)
class Num(Expr):
    """A rational constant."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Val(Expr):
    """An index expression used as a number: an extent, a parameter, a bound index."""

    index: Index


@dataclass(frozen=True, slots=True)
class Entry(Expr):
    """`X[i,...]`: 0 where a tuple is not integral or not in range."""

    tensor: str
    indices: tuple[Index, ...]

    def substitute(self, values: Mapping[str, Index]) -> Entry:
        return Entry(self.tensor, tuple(i.substitute(values) for i in self.indices))

    def put_in(self, known: Mapping[Atom, Index]) -> Entry:
        return Entry(self.tensor, tuple(i.put_in(known) for i in self.indices))


@dataclass(frozen=True, slots=True)
class Apply(Expr):
    """An entry of a named result: the definition's body with tensors, integer arguments and indices put in."""

    definition: str
    tensors: tuple[str, ...]
    arguments: tuple[Index, ...]
    indices: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class _Many(Expr):
    items: tuple[Expr, ...]

    @property
    def parts(self) -> tuple[Expr, ...]:
        return self.items

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        return type(self)(parts)


@dataclass(frozen=True, slots=True)
class Add(_Many):
    """A sum of terms; empty is 0."""


@dataclass(frozen=True, slots=True)
class Mul(_Many):
    """A product of factors; empty is 1. A false guard among them annihilates the others."""


@dataclass(frozen=True, slots=True)
class _Two(Expr):
    left: Expr
    right: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.left, self.right)

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        return type(self)(*parts)


@dataclass(frozen=True, slots=True)
class Pow(_Two):
    """left ^ right."""


@dataclass(frozen=True, slots=True)
class Div(_Two):
    """left / right, undefined where right is 0."""


@dataclass(frozen=True, slots=True)
class Maximum(_Two):
    """The larger of two values; the convention names the derivative where they meet."""


@dataclass(frozen=True, slots=True)
class Minimum(_Two):
    """The smaller of two values; the convention names the derivative where they meet."""


@dataclass(frozen=True, slots=True)
class Compare(Expr):
    """`[left op right]`, 1 or 0, with op one of == != < <=."""

    op: str
    left: Expr
    right: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.left, self.right)

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        return Compare(self.op, *parts)


@dataclass(frozen=True, slots=True)
class InRange(Expr):
    """`[0 <= index < extent]`, 1 or 0; 0 also where one of the two is not integral."""

    index: Index
    extent: Index


@dataclass(frozen=True, slots=True)
class Divides(Expr):
    """`[divisor | dividend]`, 1 or 0."""

    divisor: Index
    dividend: Index


@dataclass(frozen=True, slots=True)
class Fn(Expr):
    """A scalar function by name: exp, log, tanh, ...; SymPy knows its derivative."""

    name: str
    arg: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.arg,)

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        return Fn(self.name, *parts)


@dataclass(frozen=True, slots=True)
class Cases(Expr):
    """`cases(cond, then, other)` with a guard as condition; only the branch taken needs a value."""

    condition: Expr
    then: Expr
    other: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.condition, self.then, self.other)

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        return Cases(*parts)


@dataclass(frozen=True, slots=True)
class Binding(Expr):
    """A node that binds indices in its body; their extents are outside the scope."""

    binders: tuple[Binder, ...]
    body: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.body,)

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        return replace(self, body=parts[0])


@dataclass(frozen=True, slots=True)
class Contract(Binding):
    """`sum[i<I,...] body`; an empty range sums to 0."""


@dataclass(frozen=True, slots=True)
class Select(Binding):
    """`max[p<P,...] body` over the tuples at which every read of the body is in range; none is ill-formed."""


@dataclass(frozen=True, slots=True)
class Winner(Binding):
    """1 where `at` is the first tuple, in row-major order, at which `max[binders] body` is attained, else 0."""

    at: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class D(Expr):
    """The derivative of `expr` with respect to one entry of a tensor, not yet carried out."""

    expr: Expr
    wrt: Entry

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.expr,)

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        return D(parts[0], self.wrt)


ZERO, ONE, MINUS_ONE = Num(Fraction(0)), Num(Fraction(1)), Num(Fraction(-1))
GUARDS = (Compare, InRange, Divides)


def val(value: Index | int | str) -> Expr:
    """A number from an index: `Num` when constant, else `Val`."""
    i = index(value)
    return Val(i) if i.constant is None else Num(Fraction(i.constant))


def delta(i: Index, a: Index) -> Compare:
    """`[i == a]`."""
    return Compare("==", val(i), val(a))


def as_index(e: Expr) -> Index | None:
    """The integer index that an expression is, or None; an entry counts as one (of an integer tensor)."""
    if isinstance(e, Val):
        return e.index
    if isinstance(e, Num):
        return index(int(e.value)) if e.value.denominator == 1 else None
    return atom_index(e) if isinstance(e, Entry) else None
