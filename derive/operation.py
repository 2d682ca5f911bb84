"""An operation: its law with tensors, extents and parameters known, built from a text or from the catalogue.

Every extent is settled here: a bare index shares the extent of the axis it runs over, and a windowed output gets its
extent from a size rule (`derive.sizes`), never from a typed formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.errors import OperationError
from derive.expr import Add, Binder, Contract, Entry, Expr, Select, Winner
from derive.index import Composite, Index, index
from derive.notation import Equation, Law, parse
from derive.show import show, show_index
from derive.sizes import Window, extent_by_rule
from derive.substitution import substitute
from derive.traversal import map_indices, reads, walk

DATA_AXES = ("h", "w", "u", "v", "x", "y")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of an operation: named axes with extents, and the name users pass it by."""

    name: str
    axes: tuple[Binder, ...]
    role: str
    argument: str
    integer: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """An integer (or real) symbol of a law: stride, padding, slope; `minimum` is a hypothesis that proofs may use."""

    name: str
    argument: str
    default: int | Fraction | str | None = None
    minimum: int = 0
    real: bool = False


@dataclass(frozen=True, slots=True)
class Op:
    """A named law; everything else in the project is computed from it."""

    name: str
    equations: tuple[Equation, ...]
    tensors: tuple[Tensor, ...]
    sizes: tuple[tuple[str, Index], ...] = ()
    parameters: tuple[Parameter, ...] = ()
    require: tuple[Expr, ...] = ()
    hypotheses: tuple[Expr, ...] = ()
    conventions: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    stable: tuple[Equation, ...] = ()
    summary: str = ""
    source: str = ""

    @property
    def output(self) -> Tensor:
        return next(t for t in self.tensors if t.role == "output")

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return tuple(t for t in self.tensors if t.role == "input")

    @property
    def differentiable(self) -> tuple[Tensor, ...]:
        """The inputs that have a gradient: integer tensors have none."""
        return tuple(t for t in self.inputs if not t.integer)

    @property
    def symbols(self) -> frozenset[str]:
        """Every name that stands for a size or a parameter."""
        extents = {n for t in self.tensors for b in t.axes for n in b.extent.names()}
        sized = {n for name, size in self.sizes for n in (name, *size.names())}
        bounds = {n for e in self.equations for n in _free((e,), ())}
        return frozenset(extents | sized | bounds | {p.name for p in self.parameters})

    @property
    def text(self) -> str:
        """The equations in notation, one a line."""
        return "\n".join(show_equation(e) for e in self.equations)

    def tensor(self, name: str) -> Tensor:
        """The tensor of that name, in the law's letters or as an argument. Raises: OperationError."""
        for t in self.tensors:
            if name in (t.name, t.argument):
                return t
        known = ", ".join(f"{t.name} ({t.argument})" if t.argument != t.name else t.name for t in self.inputs)
        raise OperationError(f"{self.name}: got tensor {name!r}, expected one of {known}; name an input of the law")

    def equation(self, name: str) -> Equation | None:
        """The equation that defines a tensor, or None for an input."""
        return next((e for e in self.equations if e.target == name), None)


def show_equation(e: Equation) -> str:
    """`O[i,j] = body` in notation."""
    left = e.target + (f"[{','.join(e.names)}]" if e.names else "")
    return f"{left} = {show(e.body, bounds=False)}"


# -- from a text -------------------------------------------------------------------------------------------------------


def from_text(text: str, name: str = "") -> Op:
    """An operation from its law in notation. Raises: NotationError, OperationError."""
    law = parse(text)
    _check_names(law)
    ranks = _ranks(law)
    extents = _Extents(law, ranks)
    tensors = tuple(extents.tensor(t) for t in ranks)
    equations = tuple(replace(e, body=extents.close(e.body)) for e in law.equations)
    sizes = tuple(extents.sizes.items())
    used = {n for t in tensors for b in t.axes for n in b.extent.names()} | {n for n, _ in sizes}
    symbols = [n for n in _free(equations, sizes) if n not in used]
    divisors = {n for _, size in sizes for n in _divisors(size)} | {n for e in equations for n in _divisors_in(e.body)}
    parameters = tuple(Parameter(n, n, minimum=int(n in divisors)) for n in symbols)
    return Op(name or law.equations[-1].target, equations, tensors, sizes, parameters)


def _check_names(law: Law) -> None:
    targets = [e.target for e in law.equations]
    for e in law.equations:
        for read in reads(e.body):
            if read.tensor == e.target or read.tensor in targets[targets.index(e.target) :]:
                raise OperationError(
                    f"equation of {e.target}: got a read of {read.tensor}, expected only inputs and earlier equations;"
                    " put the equation that defines it first"
                )


def _ranks(law: Law) -> dict[str, int]:
    """Every tensor with its number of axes: inputs in order of reading, then the equations' targets."""
    ranks: dict[str, int] = {t: len(axes) for t, axes in law.declarations.items()}
    targets = {e.target: len(e.names) for e in law.equations}
    for e in law.equations:
        for read in reads(e.body):
            known = targets.get(read.tensor, ranks.setdefault(read.tensor, len(read.indices)))
            if known != len(read.indices):
                raise OperationError(
                    f"tensor {read.tensor}: got {len(read.indices)} indices in {show(read)}, expected {known};"
                    " give every read the same number of indices"
                )
    return {**{t: r for t, r in ranks.items() if t not in targets}, **targets}


def _free(equations: tuple[Equation, ...], sizes: tuple[tuple[str, Index], ...]) -> Iterator[str]:
    """Names that are neither bound nor an output's index: extents and parameters, in order of first appearance."""
    seen: dict[str, None] = {}
    for e in equations:
        _free_in(e.body, frozenset(e.names), seen)
    for _, size in sizes:
        seen.update(dict.fromkeys(sorted(size.names())))
    yield from seen


def _free_in(e: Expr, bound: frozenset[str], seen: dict[str, None]) -> None:
    def note(i: Index) -> Index:
        for atom in i.atoms():
            names = [atom] if isinstance(atom, str) else sorted(Index((((atom,), 1),)).names())
            seen.update(dict.fromkeys(n for n in names if n not in bound))
        return i

    map_indices(e, note)
    if isinstance(e, Contract | Select | Winner):
        bound |= {b.name for b in e.binders}
    for part in e.parts:
        _free_in(part, bound, seen)


def _divisors(i: Index) -> Iterator[str]:
    """Names that divide: they are at least 1, or the law would have no meaning."""
    for atom in i.atoms():
        if isinstance(atom, Composite):
            yield from atom.divisor.names()
            yield from _divisors(atom.dividend)


def _divisors_in(e: Expr) -> Iterator[str]:
    found: list[str] = []

    def note(i: Index) -> Index:
        found.extend(_divisors(i))
        return i

    for node in walk(e):
        map_indices(node, note)
    yield from found


class _Extents:
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


def _default_at(p: Parameter, values: Mapping[str, Index]) -> Parameter:
    """The parameter with its default put in where that is another parameter, as a pooling's stride is its window."""
    value = values.get(p.default) if isinstance(p.default, str) else None
    return p if value is None else replace(p, default=value.name if value.constant is None else value.constant)


def with_values(op: Op, values: Mapping[str, Index]) -> Op:
    """The operation with parameters replaced by numbers or other index expressions."""
    if not values:
        return op

    def at(i: Index) -> Index:
        return i.substitute(values)

    def equation(e: Equation) -> Equation:
        return replace(e, body=substitute(e.body, values))

    return replace(
        op,
        equations=tuple(equation(e) for e in op.equations),
        stable=tuple(equation(e) for e in op.stable),
        tensors=tuple(replace(t, axes=tuple(Binder(b.name, at(b.extent)) for b in t.axes)) for t in op.tensors),
        sizes=tuple((n, at(i)) for n, i in op.sizes),
        parameters=tuple(_default_at(p, values) for p in op.parameters if p.name not in values),
        require=tuple(substitute(r, values) for r in op.require),
        hypotheses=tuple(substitute(h, values) for h in op.hypotheses),
        settings=op.settings + tuple((n, show_index(v)) for n, v in values.items()),
    )
