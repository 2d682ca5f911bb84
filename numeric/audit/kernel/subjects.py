"""A user's kernel as something to be called with arrays: what it takes, what it gave back, what it changed.

A plain function is `backward(grad_output, **inputs)`, on NumPy arrays or on torch's tensors, and returns its gradients:
a dict by name, a tuple in the order of the inputs, or a single array. What needs torch is in `torch_subjects`.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import CodeType, ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from numeric.audit.kernel.wire import LARGEST_MESSAGE

COTANGENT, OUTPUT = "grad_output", ""
"""The names of the cotangent among the arrays of a call, and of the output among those of an answer."""

LARGEST_ARRAY = LARGEST_MESSAGE // 8
"""Bytes of a result: all of them fit into a message."""

PLAIN, STRIDED, EXPANDED, INTERLEAVED = "plain", "strided", "expanded", "interleaved"
OWN = os.path.dirname(__file__)


class Refused(Exception):
    """What cannot be called as a kernel, or what it gives is no gradient; in one sentence."""


class Unfit(Refused):
    """What cannot be judged as it is named, as a single gradient that may be any of several."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a call gave: arrays by torch's argument, arguments that it changed in place, where each array was found.

    Of a layer, `found_at` are its own names of the tensors that it holds, and `made` is the Python that makes it.
    """

    arrays: Mapping[str, NDArray]
    changed: tuple[str, ...]
    found_at: Mapping[str, str] = field(default_factory=dict)
    library: str = "numpy"
    made: str = ""


class Subject(Protocol):
    """A user's kernel."""

    @property
    def described(self) -> dict[str, Any]:
        """Its kind, and the parameters that it takes: plain data."""

    def call(self, data: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> Given:
        """One call. Raises: Refused for a result that is none; whatever the kernel raises."""


def subject_of(found: Any, name: str) -> Subject:
    """What a user's object is called as. Raises: Refused."""
    if "torch" in sys.modules:
        own: Subject | None = import_module("numeric.audit.kernel.torch_subjects").subject_of(found, name)
        if own is not None:
            return own
    if inspect.isclass(found) or not callable(found):
        raise Refused(f"{name}: got a {type(found).__name__}, expected a function backward(grad_output, **inputs), a"
                      " torch.autograd.Function or a torch.nn.Module; name one of these")  # fmt: skip
    return Function(found, name)


def parameters(function: Callable[..., Any], name: str) -> list[inspect.Parameter]:
    """The parameters of a function. Raises: Refused where they are not told."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise Refused(f"{name}: got a function that tells no parameters, expected one with a signature; wrap it in"
                      " a function of Python") from None  # fmt: skip


def described(kind: str, taken: Sequence[inspect.Parameter]) -> dict[str, Any]:
    """The plain data of a signature."""
    variable = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    named = [p for p in taken if p.kind not in variable]
    return {
        "kind": kind,
        "takes": [p.name for p in named],
        "required": [p.name for p in named if p.default is inspect.Parameter.empty],
        "keywords": any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken),
    }


def tupled(value: Any) -> Any:
    """A setting as torch takes it: a list, which is all that JSON has, as a tuple."""
    return tuple(map(tupled, value)) if isinstance(value, list) else value


def arranged(array: NDArray, way: str, cotangent: bool) -> NDArray:
    """The same numbers in other memory: contiguous, as a view with gaps, or as one number seen many times."""
    if way == EXPANDED and cotangent:
        return as_strided(np.array(array.reshape(-1)[:1]), array.shape, (0,) * array.ndim)
    if way != STRIDED or array.ndim == 0:
        return np.array(array, order="C")
    gaps = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan if array.dtype.kind == "f" else 0, order="F")
    view = gaps.astype(array.dtype, order="F")[..., ::2]
    view[...] = array
    return view


def changed(before: Mapping[str, NDArray], after: Mapping[str, NDArray]) -> tuple[str, ...]:
    """The names under which there are other numbers than before."""
    return tuple(n for n, a in before.items() if not np.array_equal(a, after[n], equal_nan=a.dtype.kind == "f"))


# -- a plain function --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Function:
    """`backward(grad_output, **inputs)`; `libraries` are those whose arrays it may take, the likeliest first."""

    function: Callable[..., Any]
    name: str
    libraries: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.libraries = libraries(self.function)

    @property
    def described(self) -> dict[str, Any]:
        return described("function", parameters(self.function, self.name))

    def call(self, data: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> Given:
        """Raises: Refused; what the function raises on arrays of the library that it most likely takes."""
        first, *others = self.libraries
        try:
            found = self._called(first, data, arrays)
        except Refused:
            raise
        except Exception:
            for other in others:
                try:
                    found = self._called(other, data, arrays)
                except Exception:  # noqa: S112  # the first refusal is the one to tell
                    continue
                self.libraries = [other]
                return found
            raise
        self.libraries = [first]
        return found

    def _called(self, library: str, data: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> Given:
        own = {n: arranged(a, data["way"], n == COTANGENT) for n, a in arrays.items()}
        before = {n: a.copy() for n, a in own.items()}
        tensors = {n: place(a, library) for n, a in own.items()}
        inputs = {parameter: tensors.get(argument) for argument, parameter in data["inputs"].items()}
        settings = {n: tupled(v) for n, v in data["settings"].items()}
        returned = self.function(tensors[COTANGENT], **inputs, **settings)
        found = list(gradients(returned, data))
        arrays_ = {name: as_array(name, g) for name, _, g in found if g is not None}
        return Given(arrays_, changed(before, own), {name: at for name, at, _ in found}, library)


def place(array: NDArray, library: str) -> Any:
    """An array as one of a library that shares its memory."""
    return import_module("numeric.audit.kernel.torch_subjects").tensor(array) if library == "torch" else array


def libraries(function: Callable[..., Any]) -> list[str]:
    """Whose arrays a function takes, the likeliest first: those of the library that it, or else its module, names."""
    inner = inspect.unwrap(function)
    there = getattr(inner, "__globals__", {})
    own = [there[n] for n in _names(getattr(inner, "__code__", None)) if n in there]
    for values in ([*own, *getattr(inner, "__annotations__", {}).values()], list(there.values())):
        named = {library for v in values if (library := _library(v)) in ("numpy", "torch")}
        if len(named) == 1:
            return ["torch", "numpy"] if named == {"torch"} else ["numpy", "torch"][: 1 + ("torch" in sys.modules)]
    return ["numpy", "torch"] if "torch" in sys.modules else ["numpy"]


def _names(code: CodeType | None) -> Iterator[str]:
    """The global names in a function's code, and in that of the functions inside it."""
    if code is not None:
        yield from code.co_names
        for part in code.co_consts:
            yield from _names(part if isinstance(part, CodeType) else None)


def _library(value: Any) -> str:
    """The library that a value comes from."""
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return name.partition(".")[0] if isinstance(name, str) else ""


def gradients(returned: Any, data: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The gradients of what a function returned: argument, place in the result as Python, value. Raises: Refused."""
    wrt, inputs = list(data["wrt"]), list(data["inputs"])
    if isinstance(returned, Mapping):
        yield from _of_dict(returned, data)
    elif isinstance(returned, tuple | list):
        names = next((n for n in (wrt, data["differentiable"], inputs) if len(n) == len(returned)), None)
        if names is None:
            raise Refused(f"got a {type(returned).__name__} of {len(returned)}, expected the gradients with respect to"
                          f" {', '.join(wrt)}, in this order; or return a dict by name")  # fmt: skip
        yield from ((n, f"[{k}]", g) for k, (n, g) in enumerate(zip(names, returned, strict=True)) if n in wrt)
    elif len(wrt) == 1 and returned is not None:
        yield wrt[0], "", returned
    elif hasattr(returned, "shape"):
        raise Unfit(f"got one gradient, a {type(returned).__name__}, expected a dict or a tuple of those with"
                           f" respect to {', '.join(wrt)}; return them all, or have the one judged alone:"
                           f" {' or '.join(f'--wrt {n}' for n in wrt)}")  # fmt: skip
    else:
        raise Refused(f"got {_a(returned)}, expected a dict or a tuple of the gradients with respect to"
                      f" {', '.join(wrt)}; return them")  # fmt: skip


def _of_dict(returned: Mapping[Any, Any], data: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    known = {alias: argument for argument, aliases in data["aliases"].items() for alias in aliases}
    for name, g in returned.items():
        if name not in known:
            raise Refused(f"got a gradient under the name {name!r}, expected {', '.join(data['aliases'])}; rename it")
        if known[name] in data["wrt"]:
            yield known[name], f"[{name!r}]", g


def as_array(name: str, value: Any) -> NDArray:
    """A result as an array of real numbers. Raises: Refused for anything else."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.numpy() if "bfloat16" not in str(value.dtype) else value.float().numpy()
    if not isinstance(value, np.ndarray | np.number | int | float) or isinstance(value, bool):
        raise Refused(f"got {_a(value)} for {name}, expected an array or a tensor; return one")
    if (size := np.asarray(value).nbytes) > LARGEST_ARRAY:
        raise Refused(
            f"got an array of {size >> 20:,} MiB for {name}, expected one in the shape of {name}; return that"
        )
    array = np.array(value)
    if array.dtype.kind not in "fiu":
        raise Refused(f"got an array of {array.dtype} for {name}, expected real numbers; return those")
    return array


def _a(value: Any) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}"


def where(error: BaseException) -> str:
    """The file and line of a user's code at which an exception was raised, without its folder."""
    found, at = "", error.__traceback__
    while at is not None:
        file = at.tb_frame.f_code.co_filename
        if not file.startswith((OWN, "<frozen")) and "site-packages" not in file:
            found = f"{os.path.basename(file)}:{at.tb_lineno}"
        at = at.tb_next
    return found
