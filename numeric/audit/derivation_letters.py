"""What a text's letters say about its operation: tensors under other names, axes and arguments that are left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from derive.errors import OperationError
from derive.expressions.build import rebuild
from derive.expressions.expr import D, Entry, Expr, InRange, Num
from derive.expressions.functions import FUNCTIONS
from derive.expressions.index import Index, index
from derive.expressions.traversal import reads, walk
from derive.language.tokens import NAME
from derive.laws.law import COTANGENT
from derive.operation import Op, Tensor, with_values
from numeric.audit.names import Names, with_common_symbols

_READ = re.compile(rf"((?:dE/d)?{NAME})\[([^\[\]]*)\]")
_NAMES = re.compile(rf"{NAME}(?![\w(])")
_BRACKET = re.compile(r"\[[^\[\]]+\]")
_BARE = re.compile(rf"(?<!\w)({NAME})\b(?!\s*[\[(])")
_CALLED = re.compile(rf"(?<!\w)(dE/d|d|)({NAME})(?=\[)")
COUNTS = frozenset("nNmMdDkKBL")
"""What writers call the number of whatever they sum over."""
WORDS = {*FUNCTIONS, "sum", "max", "min", "argmax", "cases"}


def in_own_letters(side: str, op: Op, introduced: Iterable[str], notes: dict[str, None]) -> str:
    """A side with the operation's letters where it has others, such as x for X; names of the text's own stay."""
    known = {t.name for t in op.tensors} | WORDS | set(introduced)

    def own(found: re.Match[str]) -> str:
        before, name = found.groups()
        if name in known or before + name in known:
            return found[0]
        try:
            tensor = Names(op).tensor(name)
        except OperationError:
            return found[0]
        notes[f"{name} is read as {tensor.name}"] = None
        return before + tensor.name

    return _CALLED.sub(own, side)


def bare_names(text: str) -> set[str]:
    """The names that stand outside of all brackets of indices, without indices of their own."""
    outside, inner = "", text
    while inner != outside:
        outside, inner = inner, _BRACKET.sub("[]", inner)
    return set(_BARE.findall(outside))


def written_ranks(op: Op, sides: Iterable[str]) -> dict[str, int]:
    """The most indices that a text gives each tensor; of those it does not speak of, nothing."""
    found: dict[str, int] = {}
    ranks = {t.name: len(t.axes) for t in op.tensors}
    for side in sides:
        for name, inside in _READ.findall(side):
            name = name.removeprefix(COTANGENT).removeprefix("d") if name not in ranks else name
            if name in ranks:
                found[name] = max(found.get(name, 0), min(ranks[name], inside.count(",") + 1))
        for name in bare_names(side) & ranks.keys():
            found.setdefault(name, 0)
    return found


def with_defaults(op: Op, sides: Iterable[str]) -> tuple[Op, tuple[str, ...]]:
    """The operation with torch's defaults for the parameters that a text does not name, and what they are."""
    named = {n for side in sides for n in _NAMES.findall(side)}
    left = {p.name: p.default for p in op.parameters if p.name not in named and p.default is not None}
    values = {n: d if isinstance(d, Fraction) else index(d) for n, d in left.items()}
    count = Counter(p.argument for p in op.parameters if p.name in left)
    whole = {a for a, n in count.items() if n == max(Counter(p.argument for p in op.parameters).values())}
    shown = (
        f"{p.argument if p.argument in whole else p.name} = {left[p.name]}" for p in op.parameters if p.name in left
    )
    return with_values(op, values), tuple(dict.fromkeys(shown))


def without_absent(op: Op, sides: Iterable[str]) -> tuple[Op, tuple[str, ...]]:
    """The operation without the optional tensors that a text does not name, such as a bias."""
    named = {n.removeprefix("dE").removeprefix("/").removeprefix("d") for side in sides for n in _NAMES.findall(side)}
    named |= {n for side in sides for n in _NAMES.findall(side)}
    absent = {t.name: t.absent for t in op.tensors if t.optional and t.name not in named}
    equations = tuple(replace(e, body=_absent(e.body, absent)) for e in op.equations)
    tensors = tuple(t for t in op.tensors if t.name not in absent)
    return replace(op, equations=equations, tensors=tensors, stable=()) if absent else op, tuple(absent)


def _absent(e: Expr, absent: Mapping[str, int]) -> Expr:
    if isinstance(e, Entry) and e.tensor in absent:
        return Num(Fraction(absent[e.tensor]))
    return rebuild(e, tuple(_absent(p, absent) for p in e.parts)) if e.parts else e


def existing(op: Op, sides: Iterable[Expr]) -> Op:
    """The operation at sizes at which every entry that is written with numbers for indices exists."""
    axes = {name: t.axes for t in op.tensors for name in (t.name, COTANGENT + t.name)}
    guards: dict[Expr, None] = {}
    for read in (r for side in sides for r in every_read(side)):
        for i, b in zip(read.indices, axes.get(read.tensor, ()), strict=False):
            if i.constant and i.constant > 0 and b.extent.constant is None:
                guards[InRange(i, b.extent)] = None
    return replace(op, require=(*op.require, *guards)) if guards else op


def counts(op: Op, unknown: Iterable[str]) -> dict[str, Index]:
    """What numbers of other names are: that of the operation's one extent, where there is one only."""
    extents = {n for t in op.tensors for b in t.axes for n in b.extent.names()} - {n for n, _ in op.sizes}
    names = {n for n in unknown if n in COUNTS}
    return {names.pop(): index(extents.pop())} if len(names) == len(extents) == 1 else {}


def with_argument_letters(op: Op, unknown: Iterable[str]) -> tuple[Op, dict[str, Index], list[str], list[str]]:
    """The operation with a text's letters for arguments, what those are that are set, what the text assumes by them,
    and the names that are none and count nothing."""
    values: dict[str, Index] = {}
    assumed: list[str] = []
    others: list[str] = []
    for name in unknown:
        try:
            op, found, equal = with_common_symbols(op, [name])
        except OperationError:
            others += [] if name in COUNTS else [name]
            continue
        values |= found
        assumed += equal
    return op, values, assumed, others


def with_constants(op: Op, names: Iterable[str]) -> Op:
    """The operation beside numbers of these names, which may have any value."""
    own = tuple(Tensor(n, (), "input", n) for n in names)
    return replace(op, tensors=(*op.tensors, *own)) if own else op


def at_sizes(op: Op, sizes: Mapping[str, int]) -> Op:
    """The operation at given sizes, those that follow from them put in too. Raises: OperationError for another name."""
    for name in sizes:
        if name not in op.symbols or name in {n for n, _ in op.sizes}:
            known = ", ".join(sorted(op.symbols - {n for n, _ in op.sizes}))
            raise OperationError(f"sizes: got {name}, expected one of {known}; name a size of {op.name}")
    fixed = with_values(op, {n: index(v) for n, v in sizes.items()})
    return with_values(fixed, {n: i for n, i in fixed.sizes if i.constant is not None})


def narrowed(op: Op, ranks: Mapping[str, int]) -> tuple[Op, tuple[str, ...]]:
    """The operation with extent 1 for the leading axes that are left out, and the symbols of those extents."""
    dropped: dict[str, Index] = {}
    for t in op.tensors:
        written = ranks.get(t.name)
        for b in t.axes[: len(t.axes) - written] if written is not None else ():
            if b.extent.name:
                dropped[b.extent.name] = index(1)
    return with_values(op, dropped), tuple(sorted(dropped))


def every_read(e: Expr) -> Iterator[Entry]:
    """Every entry, those that one differentiates by included."""
    yield from reads(e)
    for node in walk(e):
        if isinstance(node, D):
            yield node.wrt
