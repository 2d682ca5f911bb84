"""Every extent of a law is settled here: a bare index shares the extent of the axis it runs over, and a windowed output
gets its extent from a size rule (`derive.sizes`), never from a typed formula."""

from __future__ import annotations

from collections.abc import Iterator

from derive.errors import OperationError
from derive.expr import Add, Binder, Contract, Entry, Expr, Select
from derive.index import Index, index
from derive.notation import Equation, Law
from derive.operation import Tensor
from derive.show import show, show_index
from derive.sizes import Window, extent_by_rule
from derive.traversal import map_indices, reads, walk

DATA_AXES = ("h", "w", "u", "v", "x", "y")


class Extents:
    """Settles every extent of a law: one class of equal extents a union, named once."""

    def __init__(self, law: Law, ranks: dict[str, int]) -> None:
        self.law, self.ranks = law, ranks
        self.parent: dict[str, str] = {}
        self.given: dict[str, Index] = {}
        self.sizes: dict[str, Index] = {}
        self.windows: dict[str, list[Window]] = {}
        self.hints: dict[str, str] = {}
        for tensor, axes in law.declarations.items():
            for k, b in enumerate(axes):
                self.give(f"{tensor}.{k}", b.extent)
        for e in law.equations:
            for k, n in enumerate(e.names):
                self.hints.setdefault(f"{e.target}.{k}", n)
            scope = {n: (f"{e.target}.{k}", None) for k, n in enumerate(e.names)}
            self.scan(e.body, scope)  # type: ignore
        self.names = self.settle()

    # union-find over places such as `X.2` (an axis) and `c#7` (a binder)

    def find(self, place: str) -> str:
        while place in self.parent:
            place = self.parent[place]
        return place

    def give(self, place: str, extent: Index) -> None:
        root = self.find(place)
        old = self.given.setdefault(root, extent)
        if old != extent:
            raise OperationError(
                f"axis {place}: got extents {show_index(old)} and {show_index(extent)}, expected one; the same index"
                " runs over both: bound it, or declare the same extent"
            )

    def join(self, a: str, b: str) -> None:
        a, b = self.find(a), self.find(b)
        if a == b:
            return
        extent = self.given.pop(a, None)
        self.parent[a] = b
        self.hints.setdefault(b, self.hints.get(a, ""))
        if extent is not None:
            self.give(b, extent)

    def scan(self, e: Expr, scope: dict[str, tuple[str, Index | None]]) -> None:
        if isinstance(e, Contract | Select):
            scope = dict(scope)
            for b in e.binders:
                bounded = None if (b.extent.name or "").startswith("?") else b.extent
                place = f"{b.name}#{id(e)}" if bounded is None else ""
                self.hints.setdefault(place, b.name)
                scope[b.name] = (place, bounded)
        for read in _own_reads(e):
            for k, i in enumerate(read.indices):
                self.note(f"{read.tensor}.{k}", i, scope)
        for part in e.parts:
            self.scan(part, scope)

    def note(self, axis: str, i: Index, scope: dict[str, tuple[str, Index | None]]) -> None:
        if i.name in scope:
            place, bounded = scope[i.name]
            if bounded is not None:
                targets = {e.target for e in self.law.equations}
                if self.find(axis) not in self.given and axis.split(".")[0] not in targets:
                    self.give(axis, bounded)
            else:
                self.join(axis, place)
            return
        for name, (place, _) in scope.items():
            if name in i.names() and "." in place:
                self.windows.setdefault(place, []).append(Window(name, i, axis, dict(scope)))

    # naming

    def settle(self) -> dict[str, Index]:
        """An extent for every class: declared, by a size rule, or a symbol named after its index."""
        taken = {n for e in self.law.equations for n in _all(e)} | set(self.ranks)
        taken |= {n for i in self.given.values() for n in i.names()} | set(self.law.sizes)
        names: dict[str, Index] = dict(self.given)
        data = iter(DATA_AXES)
        for tensor, rank in self.ranks.items():
            for k in range(rank):
                root = self.find(f"{tensor}.{k}")
                if root not in names:
                    hint = self.hints.get(root) or next((a for a in data if a not in taken), "x")
                    self.hints[root] = hint
                    names[root] = index(_symbol(hint, taken))
        for e in self.law.equations:
            for k, n in enumerate(e.names):
                self.size(e.target, k, n, names)
        return names

    def size(self, target: str, k: int, name: str, names: dict[str, Index]) -> None:
        place = f"{target}.{k}"
        rule = self.law.sizes.get(name)
        symbol = names[self.find(place)].name
        if isinstance(rule, Index):
            self.sizes[symbol or ""] = rule
        elif self.windows.get(place) and self._alone(place):
            self.sizes[symbol or ""] = extent_by_rule(
                str(rule or "fit"), self.windows[place], lambda p: names[self.find(p)], self.pad
            )
        elif self._alone(place):
            raise OperationError(
                f"index {name} of {target}: got no read that limits it, expected one; write its size: size {name} = N"
            )

    def _alone(self, place: str) -> bool:
        """Whether only equations' targets share this extent, so that no input's shape gives it."""
        root = self.find(place)
        targets = {e.target for e in self.law.equations}
        members = [f"{t}.{k}" for t, r in self.ranks.items() for k in range(r) if self.find(f"{t}.{k}") == root]
        return all(m.split(".")[0] in targets for m in members) and members[0] == place and root not in self.given

    def pad(self, axis: str) -> tuple[Index, Index]:
        tensor, k = axis.split(".")
        return self.law.pads.get((tensor, self.axis_name(tensor, int(k))), (index(0), index(0)))

    def axis_name(self, tensor: str, k: int) -> str:
        if tensor in self.law.declarations:
            return self.law.declarations[tensor][k].name
        return self.hints.get(self.find(f"{tensor}.{k}")) or f"x{k}"

    # results

    def tensor(self, name: str) -> Tensor:
        targets = [e.target for e in self.law.equations]
        role = "input" if name not in targets else "output" if name == targets[-1] else "intermediate"
        axes: list[Binder] = []
        for k in range(self.ranks[name]):
            own = self.law.equations[targets.index(name)].names[k] if name in targets else self.axis_name(name, k)
            if own in {b.name for b in axes}:
                own = next(f"{own}{m}" for m in range(1, 99) if f"{own}{m}" not in {b.name for b in axes})
            axes.append(Binder(own, self.names[self.find(f"{name}.{k}")]))
        integer = name in self.law.integers or any(name in _integer_reads(e.body) for e in self.law.equations)
        return Tensor(name, tuple(axes), role, name, integer)

    def close(self, e: Expr) -> Expr:
        """The expression with every open binder's extent filled in."""
        if isinstance(e, Contract | Select):
            filled = tuple(
                Binder(b.name, self.open_extent(b, e)) if (b.extent.name or "").startswith("?") else b
                for b in e.binders
            )
            return type(e)(filled, self.close(e.body))
        return e.with_parts(tuple(self.close(p) for p in e.parts)) if e.parts else e

    def open_extent(self, b: Binder, e: Expr) -> Index:
        root = self.find(f"{b.name}#{id(e)}")
        if root not in self.names:
            raise OperationError(
                f"index {b.name} in {show(e, bounds=False)}: got no axis that {b.name} runs over by itself, expected"
                f" a bound; write sum[{b.name}<N] or max[{b.name}<N]"
            )
        return self.names[root]


def _symbol(name: str, taken: set[str]) -> str:
    stem = "l" if name == "..." else name
    for candidate in (stem.upper(), f"N_{stem}", *(f"N_{stem}{m}" for m in range(1, 99))):
        if candidate not in taken:
            taken.add(candidate)
            return candidate
    raise OperationError(f"index {name}: got too many extents of that name, expected fewer; rename some indices")


def _all(e: Equation) -> set[str]:
    from_body = set(_names_of(e.body))
    return from_body | set(e.names) | {e.target}


def _names_of(e: Expr) -> Iterator[str]:
    for node in walk(e):
        found: set[str] = set()
        map_indices(node, lambda i, found=found: (found.update(i.names()), i)[1])  # type: ignore
        yield from (n for n in found if not n.startswith("?"))
        if isinstance(node, Contract | Select):
            yield from (b.name for b in node.binders)


def _own_reads(e: Expr) -> Iterator[Entry]:
    """Entries that sit in this very node: itself, or inside its indices."""
    childless = e.with_parts(tuple(Add(()) for _ in e.parts)) if e.parts else e
    yield from reads(childless)


def _integer_reads(e: Expr) -> set[str]:
    """Tensors that are read inside an index: they must hold integers."""
    found: set[str] = set()
    for node in walk(e):
        if not isinstance(node, Entry):
            found |= {r.tensor for r in _own_reads(node)}
        else:
            found |= {r.tensor for r in reads(node)} - {node.tensor}
    return found
