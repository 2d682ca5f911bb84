"""A failing test, ready to paste: a user's kernel called with small arrays, and the answer that it ought to give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric.audit.kernel.faults import NUMBERS, Fault, asked
from numeric.audit.kernel.signatures import Signature
from numeric.audit.kernel.subjects import COTANGENT, EXPANDED, INTERLEAVED, OUTPUT, STRIDED

OF_ONE = (*NUMBERS, "shape", "nothing", "unsteady")
"""Kinds of faults that are about one gradient."""


def failing_test(fault: Fault, target: str, signature: Signature, said: Mapping[str, Any], wrt: frozenset[str]) -> str:
    """A pytest module that fails for this kernel and passes for a right one; `said` is what a call told of itself."""
    module, _, name = target.rpartition(":")
    tensors = said.get("library", "numpy" if signature.kind == "function" else "torch") == "torch"
    body = [*_arrays(fault, tensors), *_call(fault, name, signature, said, wrt), *_claim(fault, tensors, wrt)]
    heading = [
        "import numpy as np",
        *(["import torch"] if tensors else []),
        "",
        *_import(module, name),
        "",
        "",
        f"def test_{_identifier(name)}_{_identifier(fault.key or 'forward')}() -> None:",
    ]
    return "\n".join([*heading, *(f"    {line}".rstrip() for line in body), ""])


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
    for name, array in {COTANGENT: sample.cotangent, **sample.given}.items():
        kind = "int64" if name in sample.op.labels else dtype
        made = _made(array, kind, fault.trial.way, name == COTANGENT)
        yield f"{name}_ = torch.from_numpy({made})" if tensors else f"{name}_ = {made}"


def _made(array: NDArray, dtype: str, way: str, cotangent: bool) -> str:
    if way == EXPANDED and cotangent:
        shape, one = ", ".join(map(str, array.shape)), f"np.full(1, {_number(array.flat[0])}, {dtype!r})"
        return f"np.lib.stride_tricks.as_strided({one}, ({shape},), (0,) * {array.ndim})"
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


def _call(fault: Fault, name: str, signature: Signature, said: Mapping[str, Any], wrt: frozenset[str]) -> Iterator[str]:
    """The lines that call the kernel; what they find is `found`."""
    if fault.kind == "changed":
        yield f"before = np.array({fault.key}_)"
    plain = signature.kind == "function"
    lines = list((_plain_call if plain else partial(_torch_call, wrt=wrt))(fault, name, signature, said))
    if fault.kind == "unsteady":
        yield from ("", "def call():", *(f"    {line}" for line in lines), "    return np.array(found)", "")
        yield "first, found = call(), call()"
    else:
        yield from lines


def _plain_call(fault: Fault, name: str, signature: Signature, said: Mapping[str, Any]) -> Iterator[str]:
    given = _given(fault, signature)
    named = ", ".join(f"{p}={v}" for p, v in given.items())
    missing = f".get({fault.key!r})" if fault.kind == "nothing" else ""
    at = said.get("found_at", {}).get(fault.key, missing) if fault.kind in OF_ONE else ""
    yield f"found = {name}({', '.join(filter(None, (f'{COTANGENT}_', named)))}){at}"


def _torch_call(
    fault: Fault, name: str, signature: Signature, said: Mapping[str, Any], wrt: frozenset[str]
) -> Iterator[str]:
    leaves = [f"{t.argument}_" for t in asked(fault.trial, wrt)]
    yield f"for leaf in ({', '.join(leaves)},):"
    yield "    leaf.requires_grad_()"
    layer = "" if signature.kind == "torch.autograd.Function" else said.get("made") or name
    if fault.trial.way == INTERLEAVED:
        yield from ([f"layer = {layer}"] if layer else [])
        yield from _interleaved(fault, _forward(fault, name, signature, said, "layer" if layer else ""))
    else:
        yield f"output = {_forward(fault, name, signature, said, layer)}"
    if fault.kind not in OF_ONE:
        yield f"found = torch.autograd.grad(output, [{', '.join(leaves)}], {COTANGENT}_)"
    elif fault.key == OUTPUT:
        yield "found = output.detach()"
    else:
        yield f"(found,) = torch.autograd.grad(output, {fault.key}_, {COTANGENT}_)"


def _forward(fault: Fault, name: str, signature: Signature, said: Mapping[str, Any], layer: str) -> str:
    """The forward of an autograd.Function, or of a layer where one is named."""
    given = _given(fault, signature)
    if not layer:
        return f"{name}.apply({', '.join(given[p] for p in signature.order)})"
    names = said.get("found_at", {})
    held = ", ".join(f"{names.get(n, n)!r}: {n}_" for n in signature.held)
    passed = ", ".join(f"{p!r}: {v}" for p, v in given.items() if p in signature.inputs.values())
    return f"torch.func.functional_call({layer}, {{{held}}}, (), {{{passed}}})"


def _interleaved(fault: Fault, forward: str) -> Iterator[str]:
    """The second of three forwards, and the backwards of the others, which have other numbers."""
    given = ", ".join(f"{n}_" for n in fault.trial.sample.given)
    return iter(
        f"""
def forward({given}):
    return {forward}

def other(t):
    flipped = t.detach().flip([*range(t.ndim)])
    return (flipped / 2 if t.is_floating_point() else flipped).requires_grad_(t.requires_grad)

first = forward(*map(other, ({given},)))
output = forward({given})
third = forward(*map(other, ({given},)))
first.backward(other({COTANGENT}_))
third.backward(other({COTANGENT}_))""".splitlines()
    )


def _given(fault: Fault, signature: Signature) -> dict[str, str]:
    """The inputs and settings of a call by parameter, as Python."""
    sample = fault.trial.sample
    inputs = {p: f"{a}_" if a in sample.given else "None" for a, p in signature.inputs.items()}
    return {**inputs, **{n: f"{v!r}" for n, v in signature.passed(sample).items()}}


def _claim(fault: Fault, tensors: bool, wrt: frozenset[str]) -> Iterator[str]:
    """The lines that a wrong kernel fails at."""
    if fault.kind == "changed":
        yield f"assert np.array_equal(np.asarray({fault.key}_{'.detach()' if tensors else ''}), before)"
    elif fault.kind == "unsteady":
        yield "np.testing.assert_array_equal(found, first)"
    elif fault.kind == "type":
        names = [t.argument for t in fault.trial.sample.wrt]
        yield f"names, wrt = {names!r}, {[n for n in names if n in wrt]!r}"
        yield "each = found if isinstance(found, tuple | list) else (found,)"
        yield "order = wrt if len(each) == len(wrt) else names"
        yield "gradients = found if isinstance(found, dict) else dict(zip(order, each, strict=True))"
        yield "assert {*wrt} <= {*gradients} <= {*names}"
        yield 'assert all(hasattr(g, "shape") and np.asarray(g).dtype.kind in "fiu" for g in map(gradients.get, wrt))'
    elif fault.kind not in OF_ONE or fault.want is None:
        yield "assert found is not None"
    else:
        yield f"expected = np.array({literal(fault.want)})"
        if fault.bound is None or not fault.bound.any():
            yield "np.testing.assert_array_equal(np.asarray(found), expected)"
        else:
            yield f"rounding = np.array({literal(fault.bound)})"
            yield "assert (np.abs(np.asarray(found) - expected) <= rounding).all()"
