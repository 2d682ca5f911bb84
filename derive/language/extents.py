"""Every extent of a law is settled here: a bare index shares the extent of the axis it runs over, and a windowed output
gets its extent from a size rule (`derive.sizes`), never from a typed formula."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from derive.errors import OperationError
from derive.expressions.expr import Add, Binder, Binding, Entry, Expr
from derive.expressions.index import ZERO, Index, index
from derive.expressions.traversal import map_indices, reads, walk
from derive.language.notation import Equation, Law, SizeRule
from derive.language.show import show, show_index
from derive.operation import Tensor
from derive.sizes import Sizing, Window, size_by_rule

DATA_AXES = ("h", "w", "u", "v", "x", "y")


Scope = Mapping[str, tuple[str, Index | None]]


class Extents:
    """Settles every extent of a law: one class of equal extents a union, named once."""

    def __init__(self, law: Law, ranks: Mapping[str, int]) -> None:
        self.law, self.ranks = law, ranks
        self.targets = {e.target for e in law.equations}
        self.parent: dict[str, str] = {}
        self.given: dict[str, Index] = {}
        self.sizes: dict[str, Index] = {}
        self.sizings: list[Sizing] = []
        self.reads: dict[str, list[tuple[str, Index, str, Scope]]] = {}
        self.halos: set[tuple[str, str]] = set()
        self.hints: dict[str, str] = {}
        for tensor, axes in law.declarations.items():
            for k, b in enumerate(axes):
                self.give(f"{tensor}.{k}", b.extent)
        for e in law.equations:
            for k, n in enumerate(e.names):
                self.hints.setdefault(f"{e.target}.{k}", n)
            self.scan(e.body, {n: (f"{e.target}.{k}", None) for k, n in enumerate(e.names)})
        self.names = self.settle()
        for e in law.equations:
            for k, n in enumerate(e.names):
                self.size(e.target, k, n)
        self._refuse_idle_halos()

    # union-find over places such as `X.2` (an axis) and `c#7` (a binder)

    def find(self, place: str) -> str:
        while place in self.parent:
            place = self.parent[place]
        return place

    def give(self, place: str, extent: Index, at: str = "") -> None:
        root = self.find(place)
        old = self.given.setdefault(root, extent)
        if old != extent:
            tensor, _, k = (at or place).partition(".")
            raise OperationError(
                f"axis {int(k) + 1} of {tensor}: got extents {show_index(old)} and {show_index(extent)}, expected one;"
                " the same index runs over both: bound it, or declare the same extent"
            )

    def join(self, axis: str, place: str) -> None:
        a, b = self.find(axis), self.find(place)
        if a == b:
            return
        extent = self.given.pop(a, None)
        self.parent[a] = b
        self.hints.setdefault(b, self.hints.get(a, ""))
        if extent is not None:
            self.give(b, extent, axis)

    def scan(self, e: Expr, scope: Scope) -> None:
        if isinstance(e, Binding):
            own: dict[str, tuple[str, Index | None]] = {}
            for b in e.binders:
                bounded = None if (b.extent.name or "").startswith("?") else b.extent
                place = f"{b.name}#{id(e)}" if bounded is None else ""
                self.hints.setdefault(place, b.name)
                own[b.name] = (place, bounded)
            scope = {**scope, **own}
        for read in _own_reads(e):
            for k, i in enumerate(read.indices):
                self.note(f"{read.tensor}.{k}", i, scope)
        for part in e.parts:
            self.scan(part, scope)

    def note(self, axis: str, i: Index, scope: Scope) -> None:
        if i.name is not None and i.name in scope and not self.apart(i.name, axis, scope):
            place, bounded = scope[i.name]
            fixed = self.find(axis) in self.given or axis.split(".")[0] in self.targets
            if bounded is None:
                self.join(axis, place)
            elif not fixed and not bounded.names() & scope.keys():
                self.give(axis, bounded)
            return
        for name, (place, _) in scope.items():
            if name in i.names() and "." in place:
                self.reads.setdefault(place, []).append((name, i, axis, scope))

    def apart(self, name: str, axis: str, scope: Scope) -> bool:
        """Whether an output index with a size of its own reads an input: it need not run over all of that axis."""
        output = "." in scope[name][0] and name in self.law.sizes
        return output and axis.split(".")[0] not in self.targets

    # naming

    def settle(self) -> dict[str, Index]:
        """An extent for every class: declared, or a symbol named after its index."""
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
        return names

    def size(self, target: str, k: int, name: str) -> None:
        """The extent of an output index that no input's axis gives, by its size rule."""
        root = self.find(f"{target}.{k}")
        members = [(t, m) for t, r in self.ranks.items() for m in range(r) if self.find(f"{t}.{m}") == root]
        inputs = [t for t, _ in members if t not in self.targets]
        rules = [self.law.sizes[n] for e in self.law.equations for n in self._named(e, members)]
        if inputs or root in self.given:
            if rules:
                reason = f"it runs over {inputs[0]}" if inputs else f"{target} is declared"
                raise OperationError(f"index {name} of {target}: got a size, expected none: {reason}; leave it out")
            return
        if any(rule != rules[0] for rule in rules):
            raise OperationError(f"index {name} of {target}: got two sizes, expected one; leave one of the two out")
        symbol = self.names[root].name or ""
        if rules and isinstance(rules[0], Index):
            if rules[0].name != symbol:  # `size h = H` of an output that is H cells high says that H is free
                self.sizes[symbol] = rules[0]
        elif symbol not in self.sizes:
            windows = [self.window(*read) for t, m in members for read in self.reads.get(f"{t}.{m}", ())]
            if not windows:
                raise OperationError(
                    f"index {name} of {target}: got no read that limits it, expected one; write its size:"
                    f" size {name} = N"
                )
            rule = next((r for r in rules if isinstance(r, SizeRule)), SizeRule("fit", ZERO))
            sizing = size_by_rule(symbol, rule, windows)
            self.sizes[symbol] = sizing.size
            self.sizings.append(sizing)

    def _named(self, e: Equation, members: list[tuple[str, int]]) -> list[str]:
        """The indices of an equation that have a size statement and are among these axes."""
        return [n for k, n in enumerate(e.names) if n in self.law.sizes and (e.target, k) in members]

    def window(self, output: str, access: Index, axis: str, scope: Scope) -> Window:
        tensor, k = axis.split(".")
        name = self.axis_name(tensor, int(k))
        others = tuple(
            Binder(n, self.bound(n, place, f"the access {show_index(access)}") if bounded is None else bounded)
            for n, (place, bounded) in scope.items()
            if n != output and n in access.names()
        )
        extent = Binder(name, self.names[self.find(axis)])
        self.halos.add((tensor, name))
        return Window(output, access, extent, others, self.law.pads.get((tensor, name)))

    def _refuse_idle_halos(self) -> None:
        for tensor, axis in self.law.pads:
            if (tensor, axis) not in self.halos:
                known = ", ".join(f"{t}.{a}" for t, a in sorted(self.halos)) or "none: no size needs one"
                raise OperationError(
                    f"pad {tensor}.{axis}: got a halo that no size needs, expected one of {known}; name an axis as the"
                    f" declaration of {tensor} does"
                )

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
        indexing = name in self.law.integers or any(name in _integer_reads(e.body) for e in self.law.equations)
        return Tensor(name, tuple(axes), role, name, role == "input" and indexing)

    def close(self, e: Expr) -> Expr:
        """The expression with every open binder's extent filled in."""
        if isinstance(e, Binding):
            filled = tuple(
                Binder(b.name, self.bound(b.name, f"{b.name}#{id(e)}", show(e, bounds=False)))
                if (b.extent.name or "").startswith("?")
                else b
                for b in e.binders
            )
            return replace(e, binders=filled, body=self.close(e.body))
        return e.with_parts(tuple(self.close(p) for p in e.parts)) if e.parts else e

    def bound(self, name: str, place: str, where: str) -> Index:
        """The extent of an index that has no bound of its own: that of the axis it runs over."""
        root = self.find(place)
        if root not in self.names:
            raise OperationError(
                f"index {name} in {where}: got no axis that {name} runs over by itself, expected a bound; write"
                f" sum[{name}<N] or max[{name}<N]"
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
        if isinstance(node, Binding):
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
