"""A claim in its writer's own letters, read as a claim about an operation: which tensor, which entries, which sizes.

A tensor that is written with fewer indices than it has leaves some out, in one of several ways. One that has more has
its leading axes `...` written out. Letters that the operation does not have are what its tensors and arguments are
called elsewhere; every such reading is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from derive.errors import OperationError
from derive.expressions.build import rebuild
from derive.expressions.expr import Add, Binder, Binding, D, Entry, Expr, val
from derive.expressions.index import ZERO, Index, index
from derive.expressions.substitution import fresh, rename_bound, retensor, substitute
from derive.expressions.traversal import free_names, map_all_indices, reads, walk
from derive.language.show import show, show_index
from derive.laws.law import COTANGENT
from derive.operation import Op, with_values
from numeric.audit.claim_grammar import DERIVATIVE, GRADIENT, IDENTITY, Written
from numeric.audit.extents import axes_of, closed, overruns
from numeric.audit.names import Names, spread, with_common_symbols
from numeric.audit.omissions import EveryChannel, Omitted, OneSample, lacking, missing, unmet, written_extents
from numeric.audit.writing import Unindexed


@dataclass(frozen=True, slots=True)
class Claim:
    """`left = got` at all `axes`; left is an entry of a tensor, of its gradient, or is differentiated by `wrt`.

    An identity has an `other` side in place of a left one. `assumed` are hypotheses that the way of writing makes,
    `ones` the extents that are 1 by it, `notes` say what was read as what, `lacking` what lacks an index that is
    written elsewhere.
    """

    kind: str
    op: Op
    left: Entry
    axes: tuple[Binder, ...]
    got: Expr
    wrt: Entry | None = None
    assumed: tuple[str, ...] = ()
    ones: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    other: Expr | None = None
    lacking: tuple[str, ...] = ()

    @property
    def mentioned(self) -> frozenset[str]:
        """Every name on the right side that is not bound there."""
        return free_names(self.got)

    @property
    def title(self) -> str:
        """The left side as it is read."""
        shown = show(self.left)
        return f"d{shown}/d{show(self.wrt)}" if self.wrt else COTANGENT * (self.kind == GRADIENT) + shown


def readings(said: Written, op: Op, names: Names, bare: Unindexed) -> tuple[Claim, ...]:
    """What a claim about entries of an operation's tensors may say, the most natural reading first.

    `bare` says where it is written without indices. Raises: OperationError where it says nothing.
    """
    said = _apart_from_symbols(said, op, names)
    found: list[Claim] = []
    refused: list[OperationError] = []
    for one in (said, *_at_one_sample(said, bare.left)):
        for omitted in _ways(one, op, names, bare.left):
            try:
                found.append(read(one, op, names, omitted))
            except OperationError as e:
                refused.append(e)
    if not found:
        raise refused[0]
    found.sort(key=lambda claim: (bool(claim.lacking), not _reads_its_axes(claim)))
    if not _reads_its_axes(found[0]) and _is_outer(op, _written_entries(said, op, names)):
        raise OperationError(f"right side: got {show(said.right, bounds=False)}, in which vectors of different axes are"
                             " multiplied, expected to see which entries; write all their indices")  # fmt: skip
    return (*found, *(one for claim in found[:1] if bare.everywhere for one in _of_one_sample(claim)))


def _apart_from_symbols(said: Written, op: Op, names: Names) -> Written:
    """A claim in which no index has the letter of an argument or, where it is bound, of a size: they are renamed."""
    own = (*(said.indices or ()), *(said.wrt.indices if said.wrt else ()))
    used = op.symbols | {n for i in own for n in i.names()} | free_names(said.right)
    at = {p.name: index(fresh(p.name, used)) for p in op.parameters if index(p.name) in own}
    names.notes |= {f"the index {n} is called {i.name}, for {n} is an argument": None for n, i in at.items()}
    left, right = (_bound_apart(substitute(e, at), op.symbols) for e in (said.left, said.right))
    indices = tuple(i.substitute(at) for i in said.indices) if said.indices else said.indices
    wrt = Entry(said.wrt.tensor, tuple(i.substitute(at) for i in said.wrt.indices)) if said.wrt else None
    return replace(said, indices=indices, right=right, wrt=wrt, left=left)


def _bound_apart(e: Expr, taken: Collection[str]) -> Expr:
    """The expression whose bound names are none of those that are taken."""
    e = e.with_parts(tuple(_bound_apart(p, taken) for p in e.parts)) if e.parts else e
    clash = [b.name for b in e.binders if b.name in taken] if isinstance(e, Binding) else []
    return rename_bound(e, clash, taken) if clash else e


def _at_one_sample(said: Written, left_bare: bool) -> Iterator[Written]:
    """A claim whose left side is of all samples only because it has no index: that of one sample."""
    if left_bare and said.indices and any(i.name == "..." for i in said.indices):
        yield replace(said, indices=tuple(ZERO if i.name == "..." else i for i in said.indices))


def _ways(said: Written, op: Op, names: Names, left_bare: bool) -> Iterator[Omitted]:
    yield OneSample()
    if said.kind not in (IDENTITY, DERIVATIVE):  # of a Jacobian, [i==j] would be of two samples, not of two entries
        entries = _written_entries(said, op, names)
        every = EveryChannel.of(op, entries[0], {n for e in entries for i in e.indices for n in i.names()})
        short = [e for e in entries if missing(op, e)]
        whole = left_bare or missing(op, entries[0]) or not any(e.indices for e in short)
        if short and whole and not _is_outer(op, entries):  # beside b_k, a y_i without k is no vector
            yield every


def _written_entries(said: Written, op: Op, names: Names) -> tuple[Entry, ...]:
    """The left side's entry, then those of the right side."""
    left = Entry(names.tensor(said.target).name, said.indices or ())
    return (left, *_entries(_in_letters_of(op, said.right, names)))


def _is_outer(op: Op, entries: Iterable[Entry]) -> bool:
    """Whether vectors over different axes are multiplied: of `sum[i] dE/dO[i]*X[i]`, neither order is told."""
    return len({missing(op, e) for e in entries if e.indices} - {()}) > 1


def _reads_its_axes(claim: Claim) -> bool:
    """Whether the right side depends on the left side's indices, if there are any: else they were left out there."""
    own = {b.name for b in claim.axes}
    return claim.kind == IDENTITY or not own or bool(own & free_names(claim.got))


def _of_one_sample(claim: Claim) -> Iterator[Claim]:
    """A claim about a loss of whole tensors, for one sample alone, unless it says how many there are."""
    batch = claim.op.inputs[0].axes[:1]
    count = next((b.extent.name for b in batch if b.name == "n"), None)
    if claim.op.output.axes or claim.kind == IDENTITY or count is None or count in claim.mentioned:
        return
    single = {b.name: ZERO for b in claim.axes if b.extent == index(count)}
    at = {**single, count: index(1)}
    op = replace(with_values(claim.op, {count: index(1)}), settings=claim.op.settings)
    if unmet(op) is None:
        left = Entry(claim.left.tensor, tuple(i.substitute(single) for i in claim.left.indices))
        axes = tuple(b for b in claim.axes if b.name not in single)
        yield replace(claim, op=op, left=left, axes=axes, got=substitute(claim.got, at),
                      assumed=(f"{count}=1", *claim.assumed), ones=(count, *claim.ones))  # fmt: skip


def read(said: Written, op: Op, names: Names, omitted: Omitted) -> Claim:
    """A claim with the indices that are left out. Raises: OperationError."""
    if said.kind == IDENTITY:
        return _identity(said, op, names, omitted)
    left = Entry(names.tensor(said.target).name, said.indices or ())
    wrt = Entry(names.tensor(said.wrt.tensor).name, said.wrt.indices) if said.wrt else None
    right = _in_letters_of(op, said.right, names)
    parts = (left, *([wrt] if wrt else []), *_entries(right))
    op = spread(op, _written_out(op, parts))
    op, ones, lacks = _with_ones(op, parts, right, omitted)
    left, wrt = omitted.full(op, left), omitted.full(op, wrt) if wrt else None
    axes = tuple(_free_axes(op, (left, *([wrt] if wrt else []))))
    full = substitute(_all_full(op, right, omitted), ones)
    right = closed(op, full)
    common, values, assumed = with_common_symbols(op, free_names(right) - {b.name for b in axes}, _places(right))
    axes = tuple(Binder(b.name, b.extent.substitute(values)) for b in axes)
    made = (*(f"{n}=1" for n in ones), *assumed, *_outside(common, substitute(full, values)))
    notes = (*names.notes, *_valued(values), *_completed(op, parts, omitted))
    got = substitute(right, values)
    return Claim(said.kind, common, left, axes, got, wrt, made, tuple(ones), notes, lacking=lacks)


def _outside(op: Op, written: Expr) -> tuple[str, ...]:
    """What a claim takes for granted whose sums run beyond an axis."""
    return ("entries outside a tensor count as 0",) if overruns(op, written) else ()


def _valued(values: Mapping[str, Index]) -> tuple[str, ...]:
    """Which letter is read as which size or number."""
    return tuple(f"{name} is read as {show_index(value)}" for name, value in values.items())


def _completed(op: Op, parts: Iterable[Entry], omitted: Omitted) -> Iterator[str]:
    """Which entry is read as which, where an index counts samples and the others are left out."""
    for e in dict.fromkeys(parts) if isinstance(omitted, EveryChannel) else ():
        if e.indices and omitted.full(op, e) != e:
            yield f"{show(e)} is read as {show(omitted.full(op, e))}: the index counts samples"


def _identity(said: Written, op: Op, names: Names, omitted: Omitted) -> Claim:
    """Two expressions that are claimed to be equal wherever their free indices run."""
    sides = [_in_letters_of(op, e, names) for e in (said.left, said.right)]
    parts = tuple(e for side in sides for e in _entries(side))
    op = spread(op, _written_out(op, parts))
    op, ones, lacks = _with_ones(op, parts, Add(tuple(sides)), omitted)
    full = [substitute(_all_full(op, side, omitted), ones) for side in sides]
    left, right = (closed(op, side) for side in full)
    free = (free_names(left) | free_names(right)) - op.symbols
    axes = tuple(b for b in _axes_read(op, (left, right)) if b.name in free)
    unknown_names = free - {b.name for b in axes}
    common, values, assumed = with_common_symbols(op, unknown_names, _places(left) | _places(right))
    made = (*(f"{n}=1" for n in ones), *assumed, *_outside(common, substitute(Add(tuple(full)), values)))
    got, other = substitute(right, values), substitute(left, values)
    notes = (*names.notes, *_valued(values))
    return Claim(IDENTITY, common, Entry("", ()), axes, got, None, made, tuple(ones), notes, other, lacks)


def _with_ones(
    op: Op, parts: tuple[Entry, ...], right: Expr, omitted: Omitted
) -> tuple[Op, dict[str, Index], tuple[str, ...]]:
    """The operation at the extents that are 1 because axes are left out everywhere; what lacks those that are not.

    Raises: OperationError if they must not be 1.
    """
    absent = dict.fromkeys(n for e in parts for n in omitted.ones(op, e))
    kept = {n: i for n, i in written_extents(op, parts, right).items() if n in absent}
    ones = {n: index(1) for n in absent if n not in kept and n not in free_names(right)}
    single = replace(with_values(op, ones), settings=op.settings)
    broken = unmet(single)
    if broken is not None and unmet(op) is None:
        short = next(e for e in parts if any(True for _ in omitted.ones(op, e)))
        axes = ",".join(b.name for b in axes_of(op)[short.tensor])
        raise OperationError(f"tensor {short.tensor}: got {show(short)}, which leaves out axes that would have one"
                             f" value, where {op.name} requires otherwise; expected {short.tensor}[{axes}]; write all"
                             " its indices")  # fmt: skip
    return single, ones, tuple(dict.fromkeys(lacking(op, parts, kept)))


def _axes_read(op: Op, sides: Iterable[Expr]) -> tuple[Binder, ...]:
    """The indices that read an axis by themselves, each once, with its extent."""
    found: dict[str, Binder] = {}
    for side in sides:
        for e in _entries(side):
            for i, b in zip(e.indices, axes_of(op)[e.tensor], strict=True):
                if i.name is not None:
                    found.setdefault(i.name, Binder(i.name, b.extent))
    return tuple(found.values())


# -- letters -----------------------------------------------------------------------------------------------------------


def _in_letters_of(op: Op, e: Expr, names: Names) -> Expr:
    """The expression with the operation's names for tensors and cotangents."""
    e = _with_widths(e, names)
    found = {}
    for name in {r.tensor for r in _entries(e)}:
        stem = COTANGENT if name.startswith(COTANGENT) else ""
        found[name] = stem + names.tensor(name).name
    return retensor(e, found)


def _with_widths(e: Expr, names: Names) -> Expr:
    """The expression with the size d_k for an entry k of d, where there is no tensor d."""
    if isinstance(e, Entry) and len(e.indices) == 1 and e.indices[0].name and names.is_width(e.tensor):
        return val(index(f"{e.tensor}_{e.indices[0].name}"))
    return rebuild(e, tuple(_with_widths(p, names) for p in e.parts)) if e.parts else e


def _places(e: Expr) -> set[str]:
    """The names that stand in indices."""
    return {n for read in _entries(e) for i in read.indices for n in i.names()}


def _entries(e: Expr) -> Iterator[Entry]:
    """Every entry, those that are differentiated by included."""
    yield from reads(e)
    yield from (n.wrt for n in walk(e) if isinstance(n, D))


# -- axes --------------------------------------------------------------------------------------------------------------


def _written_out(op: Op, parts: Iterable[Entry]) -> tuple[str, ...]:
    """Names for the leading axes `...` of an operation where a tensor is written with more indices than axes."""
    axes, own = axes_of(op), {b.name for t in op.tensors for b in t.axes}
    for e in parts:
        more = len(e.indices) - len(axes[e.tensor])
        if more > 0 and any(b.name == "..." for b in axes[e.tensor]):
            found: list[str] = []
            for k, i in enumerate(e.indices[: more + 1]):
                found.append(fresh(i.name or f"l{k}", {*own, *found}))
            return tuple(found)
    return ()


def _all_full(op: Op, e: Expr, omitted: Omitted) -> Expr:
    """The expression with the indices that its entries lack."""
    parts = tuple(_all_full(op, p, omitted) for p in e.parts)
    e = e.with_parts(parts) if parts else e
    if isinstance(e, D):
        return D(e.expr, omitted.full(op, e.wrt))

    def inside(i: Index) -> Index:
        return i.substitute({}, lambda x: omitted.full(op, x))

    if isinstance(e, Entry):
        return omitted.full(op, Entry(e.tensor, tuple(inside(i) for i in e.indices)))
    return map_all_indices(e, inside) if not parts else e


def _free_axes(op: Op, parts: Iterable[Entry]) -> Iterator[Binder]:
    """The indices on the left side with the extents of their axes; numbers stand for one place each."""
    seen: set[str] = set()
    for e in parts:
        for i, b in zip(e.indices, axes_of(op)[e.tensor], strict=True):
            if i.constant is not None:
                continue
            if i.name is None or i.name in op.symbols:
                raise OperationError(f"left side: got the index {show(e)}, expected plain names that are no sizes, or"
                                     " numbers; move what is added to them to the right side")  # fmt: skip
            if i.name not in seen:
                seen.add(i.name)
                yield Binder(i.name, b.extent)
