"""A failing test, ready to paste: a user's kernel called with small arrays, and the answer that it ought to give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric.audit.kernel.faults import NUMBERS, Fault
from numeric.audit.kernel.signatures import Signature
from numeric.audit.kernel.subjects import COTANGENT, EXPANDED, OUTPUT, STRIDED


def failing_test(fault: Fault, target: str, signature: Signature, found_at: Mapping[str, str], library: str) -> str:
    """A pytest module that fails for this kernel and passes for a right one."""
    module, _, name = target.rpartition(":")
    tensors = library == "torch"
    body = [*_arrays(fault, tensors), *_call(fault, name, signature, found_at), *_claim(fault, found_at)]
    heading = [
        "import numpy as np",
        *(["import torch"] if tensors else []),
        "",
        *_import(module, name),
        "",
        "",
        f"def test_{_identifier(name)}_{_identifier(fault.key or 'forward')}() -> None:",
    ]
    return "\n".join([*heading, *(f"    {line}" for line in body), ""])


def _import(module: str, name: str) -> list[str]:
    first = name.partition(".")[0]
    if not module.endswith(".py"):
        return [f"from {module} import {first}"]
    folder, _, file = module.rpartition("/")
    return [
        "import sys",
        "",
        f"sys.path.insert(0, {folder or '.'!r})",
        f"from {file.removesuffix('.py')} import {first}",
    ]


def _identifier(text: str) -> str:
    return "".join(c.lower() if c.isalnum() else "_" for c in text)


def _arrays(fault: Fault, tensors: bool) -> Iterator[str]:
    sample, dtype = fault.trial.sample, fault.trial.precision.name
    labels = {t.argument for t in sample.op.inputs if t.integer}
    for name, array in {COTANGENT: sample.cotangent, **sample.given}.items():
        kind = "int64" if name in labels else dtype
        made = _made(array, kind, fault.trial.way, name == COTANGENT)
        yield f"{name}_ = torch.from_numpy({made})" if tensors else f"{name}_ = {made}"


def _made(array: NDArray, dtype: str, way: str, cotangent: bool) -> str:
    if way == EXPANDED and cotangent:
        shape = ", ".join(map(str, array.shape))
        return f"np.lib.stride_tricks.as_strided(np.full(1, {_number(array.flat[0])}), ({shape},), (0,) * {array.ndim})"
    text = f"np.array({literal(array)}, dtype={dtype!r})"
    if 0 in array.shape or way != STRIDED or array.ndim == 0:
        return text
    return f"np.asfortranarray(np.repeat({text}, 2, axis=-1))[..., ::2]"


def literal(array: NDArray) -> str:
    """An array as nested lists of Python, whole numbers without a point."""
    return repr(_nested(array.tolist())).replace("'", "")


def _nested(values: Any) -> Any:
    return [_nested(v) for v in values] if isinstance(values, list) else _Literal(_number(values))


class _Literal(str):
    """A number's text; its `repr` is the text itself."""

    def __repr__(self) -> str:
        return str(self)


def _number(value: Any) -> str:
    x = float(value)
    if np.isfinite(x):
        return str(int(x)) if x.is_integer() and abs(x) < 2**53 else repr(x)
    return "np.nan" if np.isnan(x) else "np.inf" if x > 0 else "-np.inf"


def _call(fault: Fault, name: str, signature: Signature, found_at: Mapping[str, str]) -> Iterator[str]:
    sample = fault.trial.sample
    settings = {n: f"{v!r}" for n, v in signature.passed(sample).items()}
    given = {p: f"{a}_" if a in sample.given else "None" for a, p in signature.inputs.items()}
    if fault.kind == "changed":
        yield f"before = np.array({fault.key}_)"
    if signature.kind == "function":
        named = ", ".join(f"{p}={v}" for p, v in {**given, **settings}.items())
        call = f"{name}({COTANGENT}_, {named})"
        if fault.kind == "unsteady":
            yield f"first = np.array({call}{found_at.get(fault.key, '')})"
        yield f"found = {call}"
        return
    leaves = ", ".join(f"{t.argument}_" for t in sample.wrt)
    yield f"for leaf in ({leaves},):"
    yield "    leaf.requires_grad_()"
    if signature.kind == "torch.autograd.Function":
        yield f"output = {name}.apply({', '.join({**given, **settings}[p] for p in signature.order)})"
    else:
        held = ", ".join(f"{n!r}: {n}_" for n in signature.held)
        passed = ", ".join(f"{p!r}: {v}" for p, v in given.items())
        yield f"layer = {name}  # where it is a class, an instance of it"
        yield f"output = torch.func.functional_call(layer, {{{held}}}, (), {{{passed}}})"
    if fault.key != OUTPUT:
        yield f"(found,) = torch.autograd.grad(output, {fault.key}_, {COTANGENT}_)"


def _claim(fault: Fault, found_at: Mapping[str, str]) -> Iterator[str]:
    if fault.kind == "changed":
        yield f"assert np.array_equal(np.asarray({fault.key}_), before)"
        return
    if fault.kind == "unsteady":
        yield f"np.testing.assert_array_equal(np.asarray(found{found_at.get(fault.key, '')}), first)"
        return
    if fault.kind not in (*NUMBERS, "shape", "nothing") or fault.want is None:
        yield "assert found is not None"
        return
    value = "output.detach()" if fault.key == OUTPUT else f"found{found_at.get(fault.key, '')}"
    yield f"expected = np.array({literal(fault.want)})"
    if fault.bound is None or not fault.bound.any():
        yield f"np.testing.assert_array_equal(np.asarray({value}), expected)"
    else:
        yield f"rounding = np.array({literal(fault.bound)})"
        yield f"assert (np.abs(np.asarray({value}) - expected) <= rounding).all()"
