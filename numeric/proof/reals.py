"""Conditions on real tensors and parameters, which no solver for integers may be asked about."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from derive.expressions.build import add, div, integral, mul
from derive.expressions.expr import ZERO, Compare, Entry, Expr, InRange, Num, Val
from derive.expressions.index import Atom, Composite, Index, atom_index, index, is_exact
from derive.expressions.traversal import free_names, own_indices, reads
from derive.operation import Op


def labels_of(op: Op) -> frozenset[str]:
    """The tensors of an operation that hold integers."""
    return frozenset(t.name for t in op.tensors if t.integer)


def reals_of(op: Op) -> frozenset[str]:
    """The parameters of an operation that are no integers."""
    return frozenset(p.name for p in op.parameters if p.real)


def is_real(e: Expr, reals: Collection[str], labels: Collection[str]) -> bool:
    """Whether a condition is about a real parameter, or about a tensor that holds no integers."""
    return bool(free_names(e) & set(reals)) or any(r.tensor not in labels for r in reads(e))


def _compared(e: Compare) -> Compare:
    """A comparison of indices as the same of numbers: of entries, sizes and their quotients."""
    return Compare(e.op, *(_number(p.index) if isinstance(p, Val) else p for p in e.parts))


def as_meant(op: Op, e: Expr) -> Expr:
    """[0<=X<N] as [0<=X]*[X<N] and [a==1/2] with the number 1/2 where X and a are real: not that they are integers."""
    if isinstance(e, InRange) and is_real(e, reals_of(op), labels_of(op)):
        return mul((Compare("<=", ZERO, _number(e.index)), Compare("<", _number(e.index), _number(e.extent))))
    return _compared(e) if isinstance(e, Compare) and is_real(e, reals_of(op), labels_of(op)) else e


def with_numbers_compared(e: Expr, reals: Collection[str], labels: Collection[str]) -> Expr:
    """The expression with entries instead of indices that are entries, where no quotient may be without a value."""
    e = e.with_parts(tuple(with_numbers_compared(p, reals, labels) for p in e.parts)) if e.parts else e
    return _compared(e) if isinstance(e, Compare) and has_values(e) and is_real(e, reals, labels) else e


def has_values(e: Compare) -> bool:
    """Whether the indices compared are numbers whatever their names and entries are: an entry at no place is 0."""
    atoms = (a for p in e.parts for i in own_indices(p) for a in i.atoms())
    return all(isinstance(a, str | Entry) or integral(atom_index(a)) for a in atoms)


def _number(i: Index) -> Expr:
    return add(mul((Num(Fraction(c)), *map(_atom, monomial))) for monomial, c in i.terms)


def _atom(a: Atom) -> Expr:
    if isinstance(a, Entry):
        return a
    if isinstance(a, Composite) and is_exact(a):
        return div(_number(a.dividend), _number(a.divisor))
    return Val(index(a) if isinstance(a, str) else atom_index(a))
