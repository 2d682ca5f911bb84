"""Where every tensor of a step lies, and its nests over vectors of samples.

A tensor along the batch lies in blocks of `width` samples, a sample a lane: [n // width, c, h, w, n % width]. The last
block is filled up with copies of the last sample; cotangents there are 0, so that no sum over samples sees them.
Parameters and their gradients lie row-major, those with two axes in rows of whole vectors. A nest whose indices do not
fit lanes runs over single entries: slower, and as right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Literal

from derive.expressions.build import mul
from derive.expressions.expr import ZERO, Add, Binder, Binding, Compare, Contract, Div, Entry, Expr, Mul
from derive.expressions.index import Index, divide, index
from derive.expressions.substitution import retensor
from derive.expressions.traversal import binders_of, own_indices, reads, walk
from numeric.nests.alpha import by_height
from numeric.nests.lanes import lane_names, vectorised
from numeric.nests.nest import Nest, Output
from numeric.nests.registers import Register, in_lanes, row_major, rows_in_lanes
from numeric.nests.statements import Kind
from numeric.networks.compiled.assemble import Assembly, Shape, cotangent_of
from numeric.networks.compiled.fusion import Fused, fuse

Way = Literal["lanes", "rows", "moved", "entries"]
VALID = "valid"
"""1 for a sample, 0 for a copy that fills up the last block."""


@dataclass(frozen=True, slots=True)
class InBlocks(Register):
    """One entry of a tensor whose first axis lies in lanes."""

    width: int = 1

    def offset(self, indices: tuple[Index, ...]) -> Index:
        """The place of an entry: its block, then its lane."""
        n, *others = indices
        at = Register.offset(self, (divide("floor", n, index(self.width)), *others))
        return at + divide("mod", n, index(self.width))


@dataclass(frozen=True, slots=True)
class Place:
    """Memory: how many entries of which kind, and who owns it."""

    entries: int
    kind: Kind
    owner: Literal["step", "caller", "result"]


@dataclass(frozen=True, slots=True)
class Step:
    """A nest and how its axes may be scheduled."""

    nest: Nest
    way: Way


@dataclass(slots=True)
class Layout:
    """Registers by the names that nests use, memory by the registers' names, and the steps in order."""

    assembly: Assembly
    width: int
    fused: Fused = field(init=False)
    registers: dict[str, Register] = field(default_factory=dict)
    memory: dict[str, Place] = field(default_factory=dict)
    lane: dict[str, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    doubtful: bool = False
    apart: bool = True

    def __post_init__(self) -> None:
        self.fused = fuse(self.assembly)
        made = {o.target.tensor for n in self.fused.nests for o in n.outputs}
        read = {r.tensor for n in self.fused.nests for o in n.outputs for r in reads(o.body)}
        for t in dict.fromkeys([*self.assembly.graph.inputs, *self.assembly.graph.parameters, *self.assembly.shapes]):
            if t in made | read | set(self.fused.aliases.values()):
                self._lay(t)
        self._lay_valid()
        for t in self.assembly.graph.inputs:
            if t in self.registers:
                self._take(t)
        for n in self.fused.nests:
            self._add(n)
        for t in self.assembly.wanted & self.assembly.along_batch:
            self._give(t)

    # -- memory --------------------------------------------------------------------------------------------------------

    @property
    def blocks(self) -> int:
        return -(-self.assembly.batch // self.width)

    @property
    def cotangents(self) -> frozenset[str]:
        """The cotangents that lie in lanes."""
        return frozenset(map(cotangent_of, self.assembly.along_batch)) & self.assembly.along_batch

    @property
    def filled_up(self) -> bool:
        """Whether the last block holds copies."""
        return self.assembly.batch % self.width != 0

    def _lay(self, t: str) -> None:
        a, shape = self.assembly, self.assembly.shapes[t]
        kind: Kind = "integer" if t in a.graph.integers else "real"
        extents, name = tuple(map(index, shape)), identifier(self.fused.aliases.get(t, t))
        if t in a.along_batch:
            self.registers[t] = in_lanes(name, extents, 0, self.width, kind)
            steps = self.registers[t].steps
            self.registers[f"{t}:entries"] = InBlocks(name, extents, steps, kind, width=self.width)
            self.lane[t] = 0
            entries = self.blocks * self.width * prod(shape[1:])
            owner: Literal["step", "caller", "result"] = "step"
        elif t in a.weights and len(shape) == 2:
            self.registers[f"{t}:rows"] = rows_in_lanes(name, extents, self.width, kind)
            self.lane[f"{t}:rows"] = 1
            row = self._row(shape)
            self.registers[t] = Register(name, extents, (index(row), index(1)), kind)
            entries, owner = shape[0] * row, "result" if t in a.wanted else "step"
            if owner == "step" and row != shape[1]:
                self._copied(t, extents)
            elif owner == "step":
                owner = "caller"
        else:
            self.registers[t] = row_major(name, extents, kind)
            entries = prod(shape)
            owner = "result" if t in a.wanted else "caller" if t in (*a.graph.inputs, *a.graph.parameters) else "step"
        self.memory.setdefault(name, Place(entries, kind, owner))

    def _row(self, shape: Shape) -> int:
        return -(-shape[1] // self.width) * self.width

    def _copied(self, t: str, extents: tuple[Index, ...]) -> None:
        """A parameter of the caller's whose rows are made whole vectors long."""
        given = f"{t}:given"
        self.registers[given] = row_major(identifier(given), extents)
        self.memory[identifier(given)] = Place(prod(self.assembly.shapes[t]), "real", "caller")
        self._move(t, given, tuple(Binder(f"i{k}", e) for k, e in enumerate(extents)))

    def _move(self, target: str, source: str, axes: tuple[Binder, ...], at: tuple[Index, ...] | None = None) -> None:
        names = tuple(index(b.name) for b in axes)
        self.steps.append(
            Step(Nest(target, axes, (Output(Entry(target, names), Entry(source, at or names)),)), "moved")
        )

    def _lay_valid(self) -> None:
        if self.filled_up:
            extents = (index(self.assembly.batch),)
            self.registers[VALID] = in_lanes(identifier(VALID), extents, 0, self.width)
            self.lane[VALID] = 0
            self.memory[identifier(VALID)] = Place(self.blocks * self.width, "real", "step")

    def _take(self, t: str) -> None:
        """The caller's samples, one after the other, into lanes; the last one again and again to fill up."""
        if t not in self.assembly.along_batch:
            return
        shape, given = self.assembly.shapes[t], f"{t}:given"
        kind = self.registers[t].kind
        each = prod(shape[1:])
        self.registers[given] = row_major(identifier(given), (index(shape[0]), index(each)), kind)
        self.memory[identifier(given)] = Place(prod(shape), kind, "caller")
        view = f"{t}:digits"
        self.registers[view] = row_major(identifier(t), (index(self.blocks), index(each), index(self.width)), kind)
        b, c, lane = index("b"), index("c"), index("lane")
        n = self.width * b + lane
        if self.filled_up:
            n = divide("min", n, index(shape[0] - 1))
        axes = (Binder("b", index(self.blocks)), Binder("lane", index(self.width)), Binder("c", index(each)))
        output = Output(Entry(view, (b, c, lane)), Entry(given, (n, c)))
        self.steps.append(Step(Nest(given, axes, (output,)), "moved"))

    def _give(self, t: str) -> None:
        """Samples one after the other, for the caller."""
        shape = self.assembly.shapes[t]
        given = f"{t}:given"
        self.registers[given] = row_major(identifier(given), tuple(map(index, shape)))
        self.memory[identifier(given)] = Place(prod(shape), "real", "result")
        self._move(given, f"{t}:entries", tuple(Binder(f"i{k}", index(n)) for k, n in enumerate(shape)))

    # -- nests ---------------------------------------------------------------------------------------------------------

    def _add(self, nest: Nest) -> None:
        rows = self._as_rows(nest)
        if rows is not None:
            self.steps.append(Step(rows, "rows"))
            return
        ready = replace(nest, outputs=tuple(self._masked(o) for o in nest.outputs))
        self.apart = self.apart and all(self._adds_up(o) for o in nest.outputs)
        if self._fits(ready):
            ready = vectorised(ready, self.registers, self.lane, self.width)
            outputs = tuple(replace(o, body=by_height(o.body)) for o in ready.outputs)
            self.steps.append(Step(replace(ready, outputs=outputs), "lanes"))
        else:
            self.doubtful, self.apart = True, False
            self.steps.append(Step(self._by_entries(nest), "entries"))

    def _fits(self, nest: Nest) -> bool:
        """Whether samples meet only themselves: their index stands alone, as the first of tensors along them."""
        own: set[str] = set()
        for o in nest.outputs:
            own |= lane_names(o.body, self.registers, self.lane)
            if o.target.tensor in self.lane:
                own.add(o.target.indices[0].name or "?")
        if "?" in own:
            return False
        return all(self._alone(o, own, nest) for o in nest.outputs)

    def _alone(self, o: Output, own: set[str], nest: Nest) -> bool:
        axes = {b.name for b in nest.axes} & own
        if (o.target.tensor not in self.lane and axes) or len(axes) > 1:
            return False
        for e in walk(o.body):
            bound = [b for b in e.binders if b.name in own] if isinstance(e, Binding) else []
            if bound and (not isinstance(e, Contract) or len(bound) > 1):
                return False
            if not isinstance(e, Entry) and any(self._outside(i, own) for i in own_indices(e)):
                return False
            if isinstance(e, Entry) and any(self._outside(i, own) for i in e.indices[e.tensor in self.lane :]):
                return False
        return self._one_at_a_time(o.body, axes, own)

    def _outside(self, i: Index, own: set[str]) -> bool:
        """Whether an index of samples is used as a number, or a label of each sample as a place."""
        for a in i.atoms():
            if isinstance(a, Entry):
                inside = a.indices[a.tensor in self.lane :]
                if any(self._outside(x, own) for x in inside):
                    return True
            elif index(a).names() & own if isinstance(a, str) else (a.dividend.names() | a.divisor.names()) & own:
                return True
        return False

    def _one_at_a_time(self, e: Expr, around: set[str], own: set[str]) -> bool:
        """Whether no sum over samples is inside another one, and no read by a label is of a tensor along them."""
        for x in walk(e):
            if isinstance(x, Entry) and any(isinstance(a, Entry) for i in x.indices for a in i.atoms()):
                return False
            bound = isinstance(x, Contract) and any(b.name in own for b in x.binders)
            if bound and (around or any(b.name in own for y in walk(x.parts[0]) for b in binders_of(y))):
                return False
        return True

    def _by_entries(self, nest: Nest) -> Nest:
        names = {t: f"{t}:entries" for t in self.lane if f"{t}:entries" in self.registers}
        outputs = (Output(_renamed(o.target, names), by_height(retensor(o.body, names))) for o in nest.outputs)
        return replace(nest, outputs=tuple(outputs))

    def _adds_up(self, o: Output) -> bool:
        """Whether chunks of the batch can be computed one after the other: they meet in sums that are results."""
        if o.target.tensor in self.assembly.wanted - self.assembly.along_batch:
            return self._is_sum(o.body)
        return not self._has_sum(o.body)

    def _sums(self, e: Expr) -> bool:
        """Whether a node is a sum over samples."""
        along = lane_names(e.parts[0], self.registers, self.lane) if isinstance(e, Contract) else set()
        return bool(along & {b.name for b in binders_of(e)})

    def _has_sum(self, e: Expr) -> bool:
        return any(self._sums(x) for x in walk(e))

    def _is_sum(self, e: Expr) -> bool:
        """Whether an expression is linear in sums over samples, without a constant."""
        match e:
            case Contract():
                return (self._sums(e) and not self._has_sum(e.body)) or self._is_sum(e.body)
            case Mul(items):
                having = [x for x in items if self._has_sum(x)]
                return len(having) == 1 and self._is_sum(having[0])
            case Div(left, right):
                return self._is_sum(left) and not self._has_sum(right)
            case Add(items):
                return all(map(self._is_sum, items))
        return False

    # -- samples that are copies ---------------------------------------------------------------------------------------

    def _masked(self, o: Output) -> Output:
        """Sums over samples take no copies, and cotangents of copies are 0."""
        if not self.filled_up:
            return o
        t, cotangents = o.target.tensor, self.cotangents
        body = self._masked_sums(o.body)
        if t in cotangents and t in self.lane and not _each_term_reads(body, cotangents):
            body = mul((_valid(o.target.indices[0]), body))
        return replace(o, body=body)

    def _masked_sums(self, e: Expr) -> Expr:
        e = e.with_parts(tuple(map(self._masked_sums, e.parts)))
        if not isinstance(e, Contract):
            return e
        along = lane_names(e.body, self.registers, self.lane) & {b.name for b in e.binders}
        if not along or (_each_term_reads(e.body, self.cotangents) and not self.doubtful):
            return e
        return Contract(e.binders, mul((*(_valid(index(n)) for n in sorted(along)), e.body)))

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _as_rows(self, nest: Nest) -> Nest | None:
        """`dW[k,c] = sum[n] a[n,k]*b[n,c]` over vectors along c: a sum of outer products, b in rows."""
        (o, *others), weights = nest.outputs, self.assembly.weights
        e = o.body
        if others or f"{o.target.tensor}:rows" not in self.registers or not isinstance(e, Contract) or self.doubtful:
            return None
        if len(e.binders) != 1 or o.target.indices != tuple(index(b.name) for b in nest.axes):
            return None
        (n,), factors = e.binders, e.body.parts if not isinstance(e.body, Entry) else (e.body,)
        k, c = (index(b.name) for b in nest.axes)
        wanted = {(index(n.name), k), (index(n.name), c)}
        if not all(isinstance(f, Entry) and f.tensor in self.lane and f.tensor not in weights for f in factors):
            return None
        if len(factors) != 2 or {f.indices for f in factors} != wanted:  # type: ignore[attr-defined]
            return None
        if self.filled_up and self.blocks > 1 and not _each_term_reads(e.body, self.cotangents):
            return None
        body = mul(tuple(self._row_read(f, n.name, c) for f in factors))  # type: ignore[arg-type]
        lanes = index(min(self.width, self.assembly.batch))
        vectors = Binder(nest.axes[1].name, index(-(-(nest.axes[1].extent.constant or 0) // self.width)))
        binders = (Binder("block", index(self.blocks)), Binder("lane", lanes))
        target = Entry(f"{o.target.tensor}:rows", o.target.indices)
        return Nest(nest.name, (nest.axes[0], vectors), (Output(target, Contract(binders, body)),))

    def _row_read(self, e: Entry, n: str, along: Index) -> Entry:
        """A factor's entry by block and lane; the one along the vectors from a copy in rows."""
        tensor, each = self.registers[e.tensor].name, self.assembly.shapes[e.tensor][1]
        digits = f"{e.tensor}:digits"
        self.registers[digits] = row_major(tensor, (index(self.blocks), index(each), index(self.width)))
        block, lane = index("block"), index("lane")
        if e.indices[1] != along:
            return Entry(digits, (block, e.indices[1], lane))
        name, row = f"{e.tensor}:in rows", -(-each // self.width) * self.width
        if name not in self.registers:
            place = identifier(f"{self.fused.aliases.get(e.tensor, e.tensor)}:in rows")
            extents = (index(self.blocks), index(self.width), index(row // self.width))
            steps = (index(self.width * row), index(row), index(self.width))
            self.registers[name] = Register(place, extents, steps, lanes=True)
            self.registers[f"{name}:entries"] = Register(place, (*extents[:2], index(each)), (*steps[:2], index(1)))
            self.memory.setdefault(place, Place(self.blocks * self.width * row, "real", "step"))
            axes = (Binder("block", extents[0]), Binder("lane", extents[1]), Binder("c", index(each)))
            at = (index("block"), index("c"), index("lane"))
            self._move(f"{name}:entries", digits, axes, at)
        return Entry(name, (block, lane, e.indices[1]))


def identifier(tensor: str) -> str:
    """A name for C++, different for different tensors."""
    plain = re.sub(r"\W", "_", tensor)
    return f"m_{plain}" if plain == tensor else f"m_{plain}_{sum(ord(c) * (k + 1) for k, c in enumerate(tensor))}"


def _renamed(e: Entry, names: Mapping[str, str]) -> Entry:
    return Entry(names.get(e.tensor, e.tensor), e.indices)


def _valid(n: Index) -> Expr:
    return Compare("<", ZERO, Entry(VALID, (n,)))


def _each_term_reads(e: Expr, tensors: Collection[str]) -> bool:
    """Whether an expression is 0 where some tensors are: every term has one of their entries as a factor."""
    for x in _factors(e):
        match x:
            case Entry(tensor) if tensor in tensors:
                return True
            case Contract(_, body) if _each_term_reads(body, tensors):
                return True
            case Add(items) if all(_each_term_reads(t, tensors) for t in items):
                return True
    return False


def _factors(e: Expr) -> Iterator[Expr]:
    if isinstance(e, Mul):
        for item in e.items:
            yield from _factors(item)
    elif isinstance(e, Div):
        yield from _factors(e.left)
    else:
        yield e
