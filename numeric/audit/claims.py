"""A claim in its writer's own letters, read as a claim about an operation: which tensor, which entries, which sizes.

A tensor that is written with fewer indices than it has lacks its leading ones: one sample, one channel. One that has
more has its leading axes `...` written out. Letters that the operation does not have are what its tensors and arguments
are called elsewhere; every such reading is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from derive.errors import OperationError
from derive.expressions.expr import Binder, D, Entry, Expr
from derive.expressions.index import ZERO, Index, index
from derive.expressions.substitution import fresh, retensor, substitute
from derive.expressions.traversal import all_names, free_names, map_all_indices, reads, walk
from derive.language.show import show
from derive.laws.law import COTANGENT
from derive.operation import Op, with_values
from numeric.audit.claim_grammar import GRADIENT, IDENTITY, Written
from numeric.audit.extents import axes_of, closed
from numeric.audit.names import Names, spread, with_common_symbols


@dataclass(frozen=True, slots=True)
class Claim:
    """`left = got` at all `axes`; left is an entry of a tensor, of its gradient, or is differentiated by `wrt`.

    An identity has an `other` side in place of a left one. `assumed` are hypotheses that the way of writing makes,
    `ones` the extents that are 1 by it, `notes` say what was read as what.
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

    @property
    def mentioned(self) -> frozenset[str]:
        """Every name on the right side."""
        return all_names(self.got)

    @property
    def title(self) -> str:
        """The left side as it is read."""
        shown = show(self.left)
        return f"d{shown}/d{show(self.wrt)}" if self.wrt else COTANGENT * (self.kind == GRADIENT) + shown


def read(said: Written, op: Op, names: Names) -> Claim:
    """A claim about entries of an operation's tensors. Raises: OperationError."""
    if said.kind == IDENTITY:
        return _identity(said, op, names)
    left = Entry(names.tensor(said.target).name, said.indices or ())
    wrt = Entry(names.tensor(said.wrt.tensor).name, said.wrt.indices) if said.wrt else None
    right = _in_letters_of(op, said.right, names)
    parts = (left, *([wrt] if wrt else []), *_entries(right))
    op = spread(op, _written_out(op, parts))
    lacking = tuple(dict.fromkeys(n for e in parts for n in _lacking(op, e)))
    ones = {n: index(1) for n in lacking}
    op = replace(with_values(op, ones), settings=op.settings)
    left, wrt = _full(op, left), _full(op, wrt) if wrt else None
    axes = tuple(_free_axes(op, (left, *([wrt] if wrt else []))))
    right = closed(op, substitute(_all_full(op, right), ones))
    common, values, assumed = with_common_symbols(op, free_names(right) - {b.name for b in axes})
    axes = tuple(Binder(b.name, b.extent.substitute(values)) for b in axes)
    made = (*(f"{n}=1" for n in lacking), *assumed)
    return Claim(said.kind, common, left, axes, substitute(right, values), wrt, made, lacking, tuple(names.notes))


def _identity(said: Written, op: Op, names: Names) -> Claim:
    """Two expressions that are claimed to be equal wherever their free indices run."""
    sides = [_in_letters_of(op, e, names) for e in (said.left, said.right)]
    parts = tuple(e for side in sides for e in _entries(side))
    op = spread(op, _written_out(op, parts))
    lacking = tuple(dict.fromkeys(n for e in parts for n in _lacking(op, e)))
    ones = {n: index(1) for n in lacking}
    op = replace(with_values(op, ones), settings=op.settings)
    left, right = (closed(op, substitute(_all_full(op, side), ones)) for side in sides)
    free = (free_names(left) | free_names(right)) - op.symbols
    axes = tuple(b for b in _axes_read(op, (left, right)) if b.name in free)
    unknown_names = free - {b.name for b in axes}
    common, values, assumed = with_common_symbols(op, unknown_names)
    made = (*(f"{n}=1" for n in lacking), *assumed)
    got, other = substitute(right, values), substitute(left, values)
    return Claim(IDENTITY, common, Entry("", ()), axes, got, None, made, lacking, tuple(names.notes), other)


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
    found = {}
    for name in {r.tensor for r in _entries(e)}:
        stem = COTANGENT if name.startswith(COTANGENT) else ""
        found[name] = stem + names.tensor(name).name
    return retensor(e, found)


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


def _lacking(op: Op, e: Entry) -> Iterator[str]:
    """The extents of the leading axes that an entry is written without. Raises: OperationError for too many indices."""
    axes = axes_of(op)[e.tensor]
    if len(e.indices) > len(axes):
        expected = f"{e.tensor}[{','.join(b.name for b in axes)}]" if axes else f"{e.tensor} without indices"
        raise OperationError(f"tensor {e.tensor}: got {len(e.indices)} indices in {show(e)}, expected {expected};"
                             " write it with the law's axes")  # fmt: skip
    for b in axes[: len(axes) - len(e.indices)]:
        if b.extent.name is None and b.extent.constant != 1:
            raise OperationError(f"tensor {e.tensor}: got {show(e)} without its axis {b.name}, expected it; write"
                                 f" {e.tensor}[{','.join(a.name for a in axes)}]")  # fmt: skip
        yield from [b.extent.name] if b.extent.name else []


def _full(op: Op, e: Entry) -> Entry:
    """The entry with 0 for the leading indices that it lacks."""
    return Entry(e.tensor, (ZERO,) * (len(axes_of(op)[e.tensor]) - len(e.indices)) + e.indices)


def _all_full(op: Op, e: Expr) -> Expr:
    """The expression with all entries so."""
    parts = tuple(_all_full(op, p) for p in e.parts)
    e = e.with_parts(parts) if parts else e
    if isinstance(e, D):
        return D(e.expr, _full(op, e.wrt))
    if isinstance(e, Entry):
        return _full(op, Entry(e.tensor, tuple(_inside(op, i) for i in e.indices)))
    return map_all_indices(e, lambda i: _inside(op, i)) if not parts else e


def _inside(op: Op, i: Index) -> Index:
    """An index with all entries in it so."""
    return i.substitute({}, lambda x: _full(op, x))


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
