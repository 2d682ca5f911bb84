"""What a caller passes: an operation's settings and a call's tensors, checked, refused with one clear error each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from derive.catalogue import with_symbols
from derive.errors import OperationError
from derive.expressions.expr import Binder, Compare, Contract, Entry, Expr, Num, Select, Val
from derive.expressions.index import Index, index
from derive.expressions.traversal import walk
from derive.operation import Op, Tensor
from numeric.backend import Array, Backend
from numeric.calling.binding import Value

INTEGERS = ("int64", "int32", "int16", "int8", "uint8")


def symbolic(law: str, settings: dict[str, Any]) -> tuple[Op, dict[str, Value]]:
    """The operation with symbols for its parameters, and the numbers that the settings give them.

    `derive.op` reads the settings, so its errors are the user's.
    """
    op, given = with_symbols(law, **settings)
    values: dict[str, Value] = {}
    for p in op.parameters:
        value = given.get(p.name)
        number = value.constant if isinstance(value, Index) else value
        if value is not None and number is None:
            raise OperationError(f"{op.name}: got {p.argument}={settings[p.argument]!r}, expected a number; kernels"
                                 " need numbers")  # fmt: skip
        if number is not None:
            values[p.name] = int(number) if number == int(number) else float(number)
    return op, values


def parameters(op: Op, settings: Mapping[str, Any]) -> dict[str, Value]:
    """Numbers for the parameters of an operation, by symbol or by torch's argument (one number, or one an axis)."""
    values: dict[str, Value] = {}
    for name, value in settings.items():
        symbols = [p.name for p in op.parameters if name in (p.name, p.argument)]
        each = tuple(value) if isinstance(value, tuple | list) else (value,) * len(symbols)
        if not symbols or len(each) != len(symbols):
            known = ", ".join(sorted({p.argument for p in op.parameters})) or "none: it has no parameter"
            raise OperationError(f"{op.name}: got setting {name}={value!r}, expected one of {known}, a number for each"
                                 f" of {len(symbols)} axes; change it")  # fmt: skip
        for symbol, number in zip(symbols, each, strict=True):
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise OperationError(f"{op.name}: got {name}={number!r}, expected a number; change it")
            values[symbol] = number
    return values


# -- tensors of a call -------------------------------------------------------------------------------------------------


def by_letter(op: Op, positional: tuple[Array, ...], named: Mapping[str, Array]) -> dict[str, Array]:
    arguments = ", ".join(t.argument for t in op.inputs)
    if len(positional) > len(op.inputs):
        raise OperationError(f"{op.name}: got {len(positional)} tensors, expected {arguments}; leave the rest out")
    found = {t.name: x for t, x in zip(op.inputs, positional, strict=False)}
    for name, x in named.items():
        tensor = op.tensor(name)
        if tensor.role != "input" or tensor.name in found:
            raise OperationError(f"{op.name}: got {name} {'twice' if tensor.name in found else ''}, expected each of"
                                 f" {arguments} once; pass inputs only")  # fmt: skip
        found[tensor.name] = x
    for t in op.inputs:
        if found.get(t.name) is None:
            if not t.optional:
                raise OperationError(f"{op.name}: got no {t.argument}, expected {arguments}; pass it")
            found.pop(t.name, None)
    for t in op.inputs:
        if t.name in found:
            refuse_other(op, t.argument, found[t.name])
    return {t.name: found[t.name] for t in op.inputs if t.name in found}


def refuse_other(op: Op, argument: str, x: object) -> None:
    if type(x).__module__.partition(".")[0] not in ("numpy", "torch") or not hasattr(x, "shape"):
        raise OperationError(
            f"{op.name}: {argument}: got a {type(x).__name__}, expected an array or a tensor; pass numpy.asarray(...)"
        )


def refuse_mixture(op: Op, users: Mapping[str, Array]) -> None:
    libraries = {type(x).__module__.partition(".")[0] for x in users.values()}
    if len(libraries) > 1:
        raise OperationError(f"{op.name}: got arrays of {' and '.join(sorted(libraries))}, expected one library;"
                             " convert them")  # fmt: skip


def common_dtype(op: Op, arrays: Backend, taken: Mapping[str, Array]) -> str:
    dtypes = {op.tensor(t).argument: arrays.dtype(x) for t, x in taken.items()}
    for t in op.inputs:
        if t.integer and dtypes[t.argument] not in INTEGERS:
            raise OperationError(f"{op.name}: {t.argument}: got {dtypes[t.argument]}, expected integers; pass labels as"
                                 " int64")  # fmt: skip
    reals = {a: d for a, d in dtypes.items() if not op.tensor(a).integer}
    allowed = arrays.dtypes
    for argument, dtype in reals.items():
        if dtype not in allowed:
            raise OperationError(f"{op.name}: {argument}: got {dtype}, expected {', '.join(allowed)}; convert it")
    if len(set(reals.values())) > 1:
        shown = ", ".join(f"{a} {d}" for a, d in reals.items())
        raise OperationError(f"{op.name}: got {shown}, expected one dtype; convert them")
    return next(iter(reals.values()))


def refuse_labels(op: Op, t: Tensor, arrays: Backend, labels: Array, size: int, ignored: int | None) -> None:
    """Raises: OperationError where labels leave the range of the index that a guard compares them with."""
    counted = labels if ignored is None else labels[labels != ignored]
    if math.prod(counted.shape) == 0:
        return
    low, high = arrays.extremes(counted)
    if low < 0 or high >= size:
        bad = low if low < 0 else high
        raise OperationError(f"{op.name}: {t.argument}: got the label {bad}, expected 0 to {size - 1}; fix the labels")


def label_extent(op: Op, t: Tensor) -> Index | None:
    """The extent of the index that a guard compares with the entries of `t`, or None where there is no such guard."""
    for e in op.equations:
        for found in _compared(e.body, op.tensor(e.target).axes, t.name):
            return found
    return None


def ignored_label(op: Op, t: Tensor) -> Index | None:
    """The label that the law leaves out: g where a guard says [T[n] != g]; or None."""
    for node in (n for e in op.equations for n in walk(e.body)):
        match node:
            case Compare("!=", Val(Index(((((Entry(tensor),)), 1),))), Val(g)) if tensor == t.name:
                return g
            case Compare("!=", Val(Index(((((Entry(tensor),)), 1),))), Num(value)) if tensor == t.name:
                return index(int(value))
    return None


def _compared(e: Expr, scope: tuple[Binder, ...], tensor: str) -> Iterator[Index]:
    if isinstance(e, Contract | Select):
        scope = (*scope, *e.binders)
    if isinstance(e, Compare) and e.op == "==" and isinstance(e.left, Val) and isinstance(e.right, Val):
        for name, label in ((e.left.index.name, e.right.index), (e.right.index.name, e.left.index)):
            if any(isinstance(a, Entry) and a.tensor == tensor for a in label.atoms()):
                yield from (b.extent for b in scope if b.name == name)
    for part in e.parts:
        yield from _compared(part, scope, tensor)
