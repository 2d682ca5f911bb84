"""What a writer means by a letter: tensors under other names, one letter for all axes, leading axes written out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from derive.errors import OperationError, did_you_mean
from derive.expressions.expr import Binder, Binding, Entry, Expr
from derive.expressions.index import Index, index
from derive.expressions.traversal import map_indices
from derive.laws.law import COTANGENT
from derive.operation import Op, Parameter, Tensor, with_values

SAMPLES = ("n", "...")
"""The leading axes that count samples."""

LETTERS = {
    "input": "X x A a I",
    "weight": "W w F f K k Theta theta",
    "bias": "b B",
    "target": "T t Y y",
    "output": "O o Y y Z z S s P p H h A a out",
}
"""What the tensors of an operation are called elsewhere, by torch's names."""

ARGUMENTS = {
    "stride": "s S stride",
    "padding": "P p pad padding",
    "dilation": "d D dilation",
    "kernel_size": "K k M F kernel_size",
    "negative_slope": "alpha a slope",
    "alpha": "alpha a",
    "eps": "eps epsilon",
}
"""What arguments are called elsewhere: one letter for all axes."""

COUNTS, WIDTHS = "N n m M B batch_size", "d D n"
"""What the number of samples is called, and the extent of a tensor's last axis: d, d_k of K, n_in of the input."""


@dataclass(slots=True)
class Names:
    """The tensors of an operation under any name; `notes` say which were read as which."""

    op: Op
    notes: dict[str, None] = field(default_factory=dict)

    @property
    def tensors(self) -> frozenset[str]:
        """Every name that a tensor may have."""
        letters = (n for t in self.op.tensors for n in LETTERS.get(t.argument, "").split())
        own = {n for t in self.op.tensors for n in (t.name, t.argument)}
        return frozenset(own | set(letters) | set(LETTERS["output"].split())) - {"d"}

    @property
    def scalars(self) -> frozenset[str]:
        """Names that are tensors where they stand without indices."""
        return frozenset(n for t in self.op.tensors for n in (t.name, t.argument)) - self.op.symbols

    def is_width(self, name: str) -> bool:
        """Whether a letter is that of an extent and of no tensor."""
        return name in WIDTHS.split() and next(self._called(name), None) is None

    def tensor(self, name: str) -> Tensor:
        """The tensor of a name or a cotangent's name. Raises: OperationError."""
        own = name.removeprefix(COTANGENT)
        found = next(iter(self._called(own)), None)
        if found is None:
            known = ", ".join(t.name for t in self.op.tensors)
            raise OperationError(
                f"tensor {own}: got a name that {self.op.name} does not have, expected one of {known}; write its letter"
            )
        if found.name != own:
            self.notes[f"{own} is read as {found.name}"] = None
        return found

    def _called(self, name: str) -> Iterator[Tensor]:
        tensors = self.op.tensors
        yield from (t for t in tensors if t.name == name)
        yield from (t for t in tensors if t.argument == name)
        yield from (t for t in tensors if t.name.lower() == name.lower())
        yield from (t for t in tensors if t.role == "input" and name in LETTERS.get(t.argument, "").split())
        yield from (t for t in tensors if t.role == "output" and name in LETTERS["output"].split())


# -- axes written out --------------------------------------------------------------------------------------------------


def spread(op: Op, names: Sequence[str]) -> Op:
    """The operation whose leading axes `...` are written out as these; an operation without such axes as it is."""
    extent = next((b.extent for t in op.tensors for b in t.axes if b.name == "..."), None)
    if extent is None or len(names) < 2 or extent.name is None:
        return op
    axes = tuple(Binder(n, index(f"N_{n}")) for n in names)
    size = index(1)
    for b in axes:
        size = size * b.extent
    values = {extent.name: size}

    def binders(found: Iterable[Binder]) -> tuple[Binder, ...]:
        return tuple(own for b in found for own in (axes if b.name == "..." else (b,)))

    def indices(found: Iterable[Index]) -> tuple[Index, ...]:
        return tuple(own for i in found for own in ([index(n) for n in names] if i.name == "..." else (i,)))

    def inside(e: Expr) -> Expr:
        e = e.with_parts(tuple(inside(p) for p in e.parts)) if e.parts else e
        if isinstance(e, Entry):
            e = Entry(e.tensor, indices(e.indices))
        elif isinstance(e, Binding):
            e = replace(e, binders=binders(e.binders))
        return map_indices(e, lambda i: i.substitute(values))

    def name_list(found: Iterable[str]) -> tuple[str, ...]:
        return tuple(own for n in found for own in (tuple(names) if n == "..." else (n,)))

    return replace(
        op,
        equations=tuple(replace(e, names=name_list(e.names), body=inside(e.body)) for e in op.equations),
        tensors=tuple(replace(t, axes=binders(t.axes)) for t in op.tensors),
        require=tuple(inside(r) for r in op.require),
        hypotheses=tuple(inside(h) for h in op.hypotheses),
        stable=(),
    )


# -- one letter for an argument ----------------------------------------------------------------------------------------


def with_common_symbols(
    op: Op, used: Iterable[str], places: Collection[str] = ()
) -> tuple[Op, dict[str, Index], tuple[str, ...]]:
    """The operation in which an argument has one letter for all axes, where `used` has such letters.

    Also what letters of sizes and of arguments that are set stand for, and which equalities are assumed. A name among
    the `places` stands in an index, where a size does not.
    Raises: OperationError for a name that is neither a size nor an argument.
    """
    values: dict[str, Index] = {}
    assumed: list[str] = []
    for name in sorted(set(used) - op.symbols):
        symbols = _argument(op, name)
        set_to = _settings(op, name)
        if symbols:
            op = _common(op, name, symbols)
            assumed += ["=".join(symbols)] if len(symbols) > 1 else []
        elif set_to is not None:
            values[name] = set_to
        elif name not in places and (size := _size(op, name)) is not None:
            values[name] = size
        else:
            raise OperationError(unknown(op, name))
    return op, values, tuple(assumed)


def _argument(op: Op, name: str) -> tuple[str, ...]:
    """The symbols of the argument that has this name or letter."""
    for p in op.parameters:
        if name in (p.argument, p.name.split("_")[0], *ARGUMENTS.get(p.argument, "").split()):
            return tuple(q.name for q in op.parameters if q.argument == p.argument)
    return ()


def _size(op: Op, name: str) -> Index | None:
    """The number of samples, or how many entries a vector has, under the usual letters; n is either.

    Of one sample alone nobody counts the samples: there N is not 1.
    """
    if any(name in LETTERS.get(t.argument, "").split() for t in op.inputs):
        return None
    first = op.inputs[0].axes
    counted = bool(first) and first[0].name in SAMPLES and first[0].extent.constant is None
    if name in COUNTS.split() and counted:
        return first[0].extent
    stem, _, below = name.partition("_")
    owner = {"": op.inputs[0].name, "in": op.inputs[0].name, "out": op.output.name}.get(below, below)
    known = next((t for t in op.tensors if t.name.lower() == owner.lower()), None)
    if stem not in WIDTHS.split() or known is None or not known.axes:
        return None
    return known.axes[-1].extent if known.axes[-1].name not in SAMPLES else None


def _settings(op: Op, name: str) -> Index | None:
    """The number that an argument of this name or letter was set to on all axes."""
    letters = next((a.split() for a in ARGUMENTS.values() if name in a.split()), [name])
    found = {v for n, v in op.settings if n.split("_")[0] in letters}
    number = found.pop() if len(found) == 1 else ""
    return index(int(number)) if number.isdigit() else None


def _common(op: Op, name: str, symbols: tuple[str, ...]) -> Op:
    first = next(p for p in op.parameters if p.name == symbols[0])
    common = with_values(op, {n: index(name) for n in symbols})
    own = Parameter(name, first.argument, first.default, first.minimum, first.real)
    return replace(common, parameters=(*common.parameters, own), settings=op.settings)


def unknown(op: Op, name: str) -> str:
    known = sorted(op.symbols)
    remedy = did_you_mean(name, known, "write it under a sum, or name a size of the operation")
    return (
        f"{name}: got a name that is neither on the left side, nor under a sum, nor a size of {op.name},"
        f" expected one of {', '.join(known) or 'none'}; {remedy}"
    )
