"""The unevaluated expressions that derivations are made of; nothing here rewrites itself.

Every node is a frozen value. `parts` are its sub-expressions (what a position in a derivation counts), `indices` its
integer expressions, `binders` the indices it binds. All substitution of the project is `substitute` in this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import TypeVar, cast

from derive.index import Index, atom_index, index


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
    """`[0 <= index < extent]`, 1 or 0; 0 also where the index is not integral."""

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
class _Binding(Expr):
    binders: tuple[Binder, ...]
    body: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.body,)

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        return replace(self, body=parts[0])


@dataclass(frozen=True, slots=True)
class Contract(_Binding):
    """`sum[i<I,...] body`; an empty range sums to 0."""


@dataclass(frozen=True, slots=True)
class Select(_Binding):
    """`max[p<P,...] body` over the tuples at which every read of the body is in range; none is ill-formed."""


@dataclass(frozen=True, slots=True)
class Winner(_Binding):
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
_N = TypeVar("_N", bound=Expr)


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


# -- traversal ---------------------------------------------------------------------------------------------------------


def walk(e: Expr) -> Iterator[Expr]:
    """Every sub-expression, outermost first."""
    yield e
    for part in e.parts:
        yield from walk(part)


def at(e: Expr, path: Iterable[int]) -> Expr:
    """The sub-expression at a position."""
    for step in path:
        e = e.parts[step]
    return e


def put(e: Expr, path: tuple[int, ...], new: Expr) -> Expr:
    """`e` with the sub-expression at a position replaced."""
    if not path:
        return new
    parts = list(e.parts)
    parts[path[0]] = put(parts[path[0]], path[1:], new)
    return e.with_parts(tuple(parts))


def binders_along(e: Expr, path: Iterable[int]) -> tuple[Binder, ...]:
    """The binders in force at a position, outermost first."""
    found: list[Binder] = []
    for step in path:
        if isinstance(e, _Binding):
            found += e.binders
        e = e.parts[step]
    return tuple(found)


def map_indices(e: _N, change: Callable[[Index], Index]) -> _N:
    """The node with `change` applied to its own indices and extents (not to its parts, not to bound names)."""
    new: dict[str, object] = {}
    for f in fields(e):
        value = getattr(e, f.name)
        if isinstance(value, Index):
            new[f.name] = change(value)
        elif isinstance(value, Entry) and f.name == "wrt":
            new[f.name] = map_indices(value, change)
        elif isinstance(value, tuple) and value and isinstance(value[0], Index):
            new[f.name] = tuple(change(i) for i in value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Binder):
            new[f.name] = tuple(Binder(b.name, change(b.extent)) for b in value)
    return replace(e, **new) if new else e


def own_indices(e: Expr) -> list[Index]:
    """The indices and extents that sit in the node itself."""
    found: list[Index] = []

    def note(i: Index) -> Index:
        found.append(i)
        return i

    map_indices(e, note)
    return found


def free_names(e: Expr) -> frozenset[str]:
    """Every name that is used and not bound: indices, extents, parameters."""
    names: set[str] = set()
    for part in e.parts:
        names |= free_names(part)
    if isinstance(e, _Binding):
        names -= {b.name for b in e.binders}
    for i in own_indices(e):
        names |= i.names()
    return frozenset(names)


def all_names(e: Expr) -> frozenset[str]:
    """Every name that occurs, bound or free."""
    names: set[str] = set()
    for node in walk(e):
        for i in own_indices(node):
            names |= i.names()
        if isinstance(node, _Binding):
            names |= {b.name for b in node.binders}
    return frozenset(names)


def reads(e: Expr) -> Iterator[Entry]:
    """Every entry read, those inside indices (integer tensors) included; a derivative's `wrt` is not a read."""
    for node in walk(e):
        if isinstance(node, Entry):
            yield node
        for i in own_indices(node) if not isinstance(node, D) else ():
            yield from _reads_of_index(i)


def _reads_of_index(i: Index) -> Iterator[Entry]:
    for atom in i.atoms():
        if isinstance(atom, Entry):
            yield from reads(atom)
        elif not isinstance(atom, str):
            yield from _reads_of_index(atom.dividend)
            yield from _reads_of_index(atom.divisor)


# -- substitution ------------------------------------------------------------------------------------------------------


def fresh(name: str, taken: Iterable[str]) -> str:
    """`name`, or name1, name2, ... : the first that is not taken; the stem `...` continues as l."""
    used = set(taken)
    if name not in used:
        return name
    stem = "l" if name.startswith("...") else name.rstrip("0123456789")
    n = 1
    while f"{stem}{n}" in used:
        n += 1
    return f"{stem}{n}"


def substitute(e: Expr, values: Mapping[str, Index]) -> Expr:
    """Replace free names by indices, renaming bound names wherever they would capture."""
    if not values:
        return e
    if isinstance(e, _Binding):
        live = {n: v for n, v in values.items() if n not in {b.name for b in e.binders}}
        incoming = frozenset().union(*(v.names() for v in live.values())) if live else frozenset()
        clash = [b.name for b in e.binders if b.name in incoming]
        if clash and live.keys() & free_names(e):
            e = rename_bound(e, clash, incoming | values.keys())
        inner = substitute(e.body, live)
        return map_indices(e.with_parts((inner,)), lambda i: i.substitute(values))
    parts = tuple(substitute(p, values) for p in e.parts)
    return map_indices(e.with_parts(parts) if parts else e, lambda i: i.substitute(values))


def rename_bound(e: _N, names: Iterable[str], avoid: Iterable[str]) -> _N:
    """Give the binders called `names` fresh names that occur neither in `e` nor in `avoid`: alpha-renaming."""
    assert isinstance(e, _Binding)
    taken = set(avoid) | all_names(e)
    new: dict[str, str] = {}
    for name in names:
        new[name] = fresh(name, taken)
        taken.add(new[name])
    binders = tuple(Binder(new.get(b.name, b.name), b.extent) for b in e.binders)
    body = substitute(e.body, {old: index(n) for old, n in new.items()})
    return cast(_N, replace(e, binders=binders, body=body))


def retensor(e: Expr, names: Mapping[str, str]) -> Expr:
    """The same expression read from tensors of other names."""

    def entry(x: Entry) -> Entry:
        return Entry(names.get(x.tensor, x.tensor), tuple(through(i) for i in x.indices))

    def through(i: Index) -> Index:
        return i.substitute({}, entry)

    if isinstance(e, Entry):
        return entry(e)
    if isinstance(e, Apply):
        e = replace(e, tensors=tuple(names.get(t, t) for t in e.tensors))
    if isinstance(e, D):
        return D(retensor(e.expr, names), entry(e.wrt))
    parts = tuple(retensor(p, names) for p in e.parts)
    return map_indices(e.with_parts(parts) if parts else e, through)


def binders_of(e: Expr) -> tuple[Binder, ...]:
    """The binders of a node that binds; none of any other."""
    return e.binders if isinstance(e, _Binding) else ()
