"""Where a mistake is made: a derived gradient, what its names stand for, and the small changes that mistakes are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from derive.expressions.build import rebuild
from derive.expressions.expr import Binder, Binding, Contract, Divides, Entry, Expr, InRange, Select, Winner
from derive.expressions.index import ONE, Atom, Composite, Index, divide, index
from derive.expressions.traversal import reads, walk
from derive.operation import Op, Tensor

Rule = Callable[["Site"], Iterator[Expr]]
"""The wrong formulas that one mistake leads to; none where it cannot be made."""

Change = Callable[[Expr], Expr]


@dataclass(frozen=True, slots=True)
class Window:
    """How a law slides: `tap` moves within a window, `place` counts windows, `cell` is the axis they are laid on."""

    tap: Binder
    place: Binder
    cell: Binder


@dataclass(frozen=True)
class Site:
    """The derived gradient of an operation with respect to `wrt`: `right` over `axes`."""

    op: Op
    wrt: Tensor
    axes: tuple[Binder, ...]
    right: Expr

    @property
    def cotangent(self) -> str:
        return f"dE/d{self.op.output.name}"

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        return tuple(dict.fromkeys(_windows(self.op)))

    @property
    def taps(self) -> dict[str, Index]:
        """The names in the gradient, bound or free, that count the cells of a window, with their extents."""
        extents = {w.tap.extent for w in self.windows}
        return {b.name: b.extent for b in (*self.axes, *self.bound) if b.extent in extents}

    @property
    def free_taps(self) -> dict[str, Index]:
        return {n: k for n, k in self.taps.items() if n in self.free}

    @property
    def bound_taps(self) -> dict[str, Index]:
        return {n: k for n, k in self.taps.items() if n not in self.free}

    @property
    def free(self) -> frozenset[str]:
        return frozenset(b.name for b in self.axes)

    @property
    def bound(self) -> tuple[Binder, ...]:
        """What the gradient sums over."""
        return tuple(b for n in walk(self.right) if isinstance(n, Contract) for b in n.binders)

    @property
    def batch(self) -> Index | None:
        """The extent of the leading axis that output and first input share, if they do."""
        first, out = self.op.inputs[0].axes, self.op.output.axes
        places = {w.place.extent for w in self.windows}
        shared = bool(first and out) and first[0].extent == out[0].extent and first[0].extent not in places
        return first[0].extent if shared else None

    @property
    def places(self) -> tuple[Index, ...]:
        """The extents of the output's axes along which windows slide."""
        return tuple(dict.fromkeys(w.place.extent for w in self.windows))

    @property
    def sums_cotangent_alone(self) -> bool:
        """Whether the gradient reads nothing but the cotangent, as a bias's does."""
        return bool(self.bound) and not self.bound_taps and all(r.tensor == self.cotangent for r in reads(self.right))

    def symbols(self, argument: str) -> tuple[str, ...]:
        """The symbols of one of torch's arguments, one an axis."""
        return tuple(p.name for p in self.op.parameters if p.argument == argument)

    def at_places(self, values: Mapping[str, Index | int | str]) -> Expr:
        """The gradient with names replaced wherever something is read, extents left alone."""
        new = {n: index(v) for n, v in values.items()}
        return at_places(self.right, lambda i: i.substitute(new))

    def in_reads(self, change: Callable[[Entry], Expr]) -> Expr:
        """The gradient with each tensor read changed."""
        return everywhere(self.right, lambda e: change(e) if isinstance(e, Entry) else e)

    def in_cotangent(self, change: Callable[[Index], Index]) -> Expr:
        """The gradient with the positions changed at which the cotangent is read."""
        return self.in_reads(lambda e: Entry(e.tensor, tuple(map(change, e.indices))) if self.is_cotangent(e) else e)

    def in_others(self, change: Callable[[Index], Index]) -> Expr:
        """The gradient with the positions changed at which anything but the cotangent is read."""
        return self.in_reads(lambda e: e if self.is_cotangent(e) else Entry(e.tensor, tuple(map(change, e.indices))))

    def is_cotangent(self, e: Expr) -> bool:
        return isinstance(e, Entry) and e.tensor == self.cotangent

    def resized(self, old: Index, new: Index, only: Callable[[str], bool] = lambda name: True) -> Expr:
        """The gradient with the sums over one extent taken over another."""

        def change(e: Expr) -> Expr:
            if not isinstance(e, Contract):
                return e
            return replace(e, binders=tuple(_resized(b, old, new) if only(b.name) else b for b in e.binders))

        return everywhere(self.right, change)

    def replacing(self, old: Expr, new: Expr) -> Expr:
        """The gradient with one expression for every occurrence of another."""
        return everywhere(self.right, lambda e: new if e == old else e)

    def reading(self, tensor: str, new: Callable[[Entry], Expr]) -> Expr:
        """The gradient with another expression for each read of a tensor."""
        return self.in_reads(lambda e: new(e) if e.tensor == tensor else e)

    def instead(self, kind: type, new: Callable[..., Expr]) -> Expr:
        """The gradient with another expression for every node of a kind."""
        return everywhere(self.right, lambda e: new(e) if isinstance(e, kind) else e)


def _resized(b: Binder, old: Index, new: Index) -> Binder:
    return Binder(b.name, new) if b.extent == old else b


def everywhere(e: Expr, change: Change) -> Expr:
    """The expression with every node changed, innermost first."""
    return change(rebuild(e, tuple(everywhere(p, change) for p in e.parts)) if e.parts else e)


def at_places(e: Expr, change: Callable[[Index], Index]) -> Expr:
    """The expression with positions changed: of reads, of range and divisibility guards, of winners."""

    def node(x: Expr) -> Expr:
        if isinstance(x, Entry):
            return Entry(x.tensor, tuple(map(change, x.indices)))
        if isinstance(x, InRange):
            return InRange(change(x.index), x.extent)
        if isinstance(x, Divides):
            return Divides(change(x.divisor), change(x.dividend))
        if isinstance(x, Winner):
            return replace(x, at=tuple(map(change, x.at)))
        return x

    return everywhere(e, node)


def recomposed(i: Index, change: Callable[[Composite, Index, Index], Index | None]) -> Index:
    """The index with its composites changed, innermost first: kind and both parts are given, None leaves it."""

    def through(atom: Atom) -> Index:
        if not isinstance(atom, Composite):
            return index(atom) if isinstance(atom, str) else Index((((atom,), 1),))
        a, b = recomposed(atom.dividend, change), recomposed(atom.divisor, change)
        found = change(atom, a, b)
        return divide(atom.kind, a, b) if found is None else found

    total = index(0)
    for monomial, c in i.terms:
        product = index(c)
        for atom in monomial:
            product = product * through(atom)
        total = total + product
    return total


def composites(i: Index, kind: str) -> Iterator[Composite]:
    """The composites of one kind in an index."""
    for atom in i.atoms():
        if isinstance(atom, Composite):
            if atom.kind == kind:
                yield atom
            yield from composites(atom.dividend, kind)
            yield from composites(atom.divisor, kind)


def product_of(extents: Iterable[Index]) -> Index:
    total = ONE
    for e in extents:
        total = total * e
    return total


def _windows(op: Op) -> Iterator[Window]:
    outputs = {b.name: b for t in op.tensors if t.role != "input" for b in t.axes}
    for equation in op.equations:
        own = {n: outputs[n] for n in equation.names if n in outputs}
        for node in walk(equation.body):
            if isinstance(node, Contract | Select):
                yield from _sliding(op, node, own)


def _sliding(op: Op, node: Binding, own: Mapping[str, Binder]) -> Iterator[Window]:
    for read in reads(node.body):
        for i, cell in zip(read.indices, op.tensor(read.tensor).axes, strict=True):
            names = _outside_floors(i)
            for b in node.binders:
                for n in own:
                    if b.name in names and n in names:
                        yield Window(b, own[n], cell)


def _outside_floors(i: Index) -> frozenset[str]:
    """The names on which an index depends step by step, those in floors and remainders left out."""
    found: set[str] = set()
    for atom in i.atoms():
        if isinstance(atom, str):
            found.add(atom)
        elif isinstance(atom, Composite) and atom.kind == "exact":
            found |= _outside_floors(atom.dividend)
    return frozenset(found)
