"""Kernels that are made for autograd: a torch.autograd.Function, or a torch.nn.Module with a backward of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from numeric.audit.kernel.subjects import (
    COTANGENT,
    INTERLEAVED,
    OUTPUT,
    Given,
    Refused,
    Subject,
    Unfit,
    arranged,
    as_array,
    changed,
    described,
    parameters,
    tupled,
)

Tensor = Any
Arrays = Mapping[str, NDArray]

SIZES: dict[str, Callable[[Arrays, Mapping[str, Any]], Any]] = {
    "in_channels": lambda a, s: a["input"].shape[-len(a["weight"].shape) + 1],
    "out_channels": lambda a, s: a["weight"].shape[0],
    "kernel_size": lambda a, s: a["weight"].shape[2:],
    "in_features": lambda a, s: a["weight"].shape[1],
    "out_features": lambda a, s: a["weight"].shape[0],
    "num_features": lambda a, s: a["input"].shape[1],
    "num_parameters": lambda a, s: a["weight"].size,
    "bias": lambda a, s: "bias" in a,
}
"""Arguments of torch's own layers that follow from the tensors; a class of a user's is made with those it asks for."""


NO_SETTINGS = {*SIZES, "weight"} - {"kernel_size"}
"""Arguments with which a layer is made that no operation has as a setting; a pooling's window is one."""


def subject_of(found: Any, name: str) -> Subject | None:
    """What a user's object is where it is made for autograd, else None."""
    if isinstance(found, torch.nn.Module) or (inspect.isclass(found) and issubclass(found, torch.nn.Module)):
        return Layer(found, name)
    if inspect.isclass(found) and issubclass(found, torch.autograd.Function):
        return AutogradFunction(found, name)
    return None


def settings_of(layer: Any) -> dict[str, Any]:
    """What a layer says of itself under the names of torch's arguments: numbers, words, tuples of numbers, its mode."""
    plain = {n: v for n, v in vars(layer).items() if isinstance(v, bool | int | float | str) or _numbers(v)}
    statistics = layer.training or getattr(layer, "running_mean", layer) is None
    return {**plain, "training": statistics}


def _numbers(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(n, int) for n in value)


def differentiated(arrays: Arrays, data: Mapping[str, Any], forward: Callable[[dict[str, Tensor]], Any]) -> Given:
    """The output of `forward` on tensors, and the gradients that autograd then asks the user's backward for.

    Interleaved with two others, a call is the second of three forwards and the last of their backwards: it is wrong if
    what is kept between them is that of the first or the last call, a stack, or a queue.
    """
    own = {n: arranged(a, data["way"], n == COTANGENT) for n, a in arrays.items()}
    before = {n: a.copy() for n, a in own.items()}
    interleaved = data["way"] == INTERLEAVED
    others = [_Forward(_other(before), data["wrt"], forward)] if interleaved else []
    call = _Forward(own, data["wrt"], forward)
    others += [_Forward(_other(before), data["wrt"], forward)] if interleaved else []
    output = call.output
    if not isinstance(output, torch.Tensor):
        raise Refused(f"got a {type(output).__name__} from forward, expected one tensor; return the output alone")
    found = {OUTPUT: as_array("the output", output)}
    if tuple(output.shape) != own[COTANGENT].shape:
        return Given(found, changed(before, own))
    for other in others:
        other.gradients()
    found |= {n: as_array(n, g) for n, g in call.gradients().items() if g is not None}
    return Given(found, changed(before, own), {}, "torch")


class _Forward:
    """A forward whose backward is still to come."""

    def __init__(self, arrays: Arrays, wrt: Sequence[str], forward: Callable[[dict[str, Tensor]], Any]) -> None:
        tensors = {n: torch.from_numpy(a) for n, a in arrays.items()}
        self.leaves = {n: tensors[n].requires_grad_() for n in wrt}
        self.cotangent = tensors[COTANGENT]
        self.output = forward(tensors)

    def gradients(self) -> dict[str, Tensor | None]:
        """The gradient of each leaf, None where there is none."""
        if not self.output.requires_grad:
            return dict.fromkeys(self.leaves)
        grads = torch.autograd.grad(self.output, list(self.leaves.values()), self.cotangent, allow_unused=True)
        return dict(zip(self.leaves, grads, strict=True))


def _other(arrays: Arrays) -> Arrays:
    """Other numbers of the same kind: backwards, and the half of each that is no label."""
    return {n: np.array(np.flip(a) / 2 if a.dtype.kind == "f" else np.flip(a), order="C") for n, a in arrays.items()}


@dataclass(frozen=True, slots=True)
class AutogradFunction:
    """A torch.autograd.Function: `apply` takes the parameters of `forward` after its context, in order."""

    function: Any
    name: str

    @property
    def _taken(self) -> list[inspect.Parameter]:
        found = parameters(self.function.forward, self.name)
        own_context = self.function.setup_context is not torch.autograd.Function.setup_context
        return found if own_context else found[1:]

    @property
    def described(self) -> dict[str, Any]:
        return described("torch.autograd.Function", self._taken)

    def call(self, data: Mapping[str, Any], arrays: Arrays) -> Given:
        """Raises: Refused; what the function raises."""
        inputs = {parameter: argument for argument, parameter in data["inputs"].items()}
        settings = {n: tupled(v) for n, v in data["settings"].items()}

        def forward(tensors: dict[str, Tensor]) -> Any:
            values = [self._value(p, inputs, settings, tensors) for p in self._taken]
            return self.function.apply(*values)

        return differentiated(arrays, data, forward)

    @staticmethod
    def _value(
        p: inspect.Parameter, inputs: Mapping[str, str], settings: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> Any:
        if p.name in inputs:
            return tensors.get(inputs[p.name])
        return settings.get(p.name, None if p.default is inspect.Parameter.empty else p.default)


@dataclass(frozen=True, slots=True)
class Layer:
    """A torch.nn.Module, or the class of one, which is made anew for each call with the settings that it takes.

    `forward` gets the inputs that it names; the others take the place of the parameters and buffers of their names.
    """

    layer: Any
    name: str

    @property
    def described(self) -> dict[str, Any]:
        kind = "torch.nn.Module"
        if isinstance(self.layer, torch.nn.Module):
            held = {n: list(t.shape) for n, t in (*self.layer.named_parameters(), *self.layer.named_buffers())}
            own = described(kind, parameters(self.layer.forward, self.name))
            return {**own, "held": [*held], "shapes": held, "own": settings_of(self.layer)}
        own = described(kind, parameters(self.layer.forward, self.name)[1:])
        made = described(kind, [p for p in parameters(self.layer, self.name) if p.name not in NO_SETTINGS])
        return {
            **own,
            "takes": [*own["takes"], *made["takes"], "training"],
            "required": [*own["required"], *(n for n in made["required"] if n not in SIZES)],
            "held": self._held_when_made(),
            "made": True,
        }

    def _held_when_made(self) -> list[str] | None:
        """What a class holds when it is made with sizes of 1; None where that is not how it is made."""
        asked = {p.name for p in parameters(self.layer, self.name)}
        try:
            layer = self.layer(**{n: 1 for n in SIZES if n in asked})
        except Exception:  # it takes other settings, or checks them
            return None
        return [n for n, _ in (*layer.named_parameters(), *layer.named_buffers())]

    def call(self, data: Mapping[str, Any], arrays: Arrays) -> Given:
        """Raises: Refused; what the layer raises."""
        layer, made = self._made({n: tupled(v) for n, v in data["settings"].items()}, arrays)
        names = self._names(layer, data, arrays)

        def forward(tensors: dict[str, Tensor]) -> Any:
            held = {own: tensors[n] for n, own in names.items()}
            passed = {parameter: tensors.get(argument) for argument, parameter in data["inputs"].items()}
            return torch.func.functional_call(layer, held, (), passed)

        return replace(differentiated(arrays, data, forward), made=made, found_at=names)

    @staticmethod
    def _names(layer: Any, data: Mapping[str, Any], arrays: Arrays) -> dict[str, str]:
        """The layer's own name of each tensor that it holds, by torch's argument. Raises: Unfit."""
        known = dict((*layer.named_parameters(), *layer.named_buffers()))
        found = {}
        for n in (n for n in data["held"] if n in arrays):
            own = next((a for a in (n, *data["aliases"].get(n, ())) if a in known), None)
            if own is None:
                raise Unfit(f"got a layer without {n}, expected it as a parameter or an argument of forward; rename it,"
                            " or where it has none name an instance of the class")  # fmt: skip
            found[n] = own
        return found

    def _made(self, settings: Mapping[str, Any], arrays: Arrays) -> tuple[Any, str]:
        """The layer, and the Python that makes it."""
        name, dtype = self.name.rpartition(":")[2], str(arrays[COTANGENT].dtype)
        if isinstance(self.layer, torch.nn.Module):
            return deepcopy(self.layer).to(getattr(torch, dtype)), f"{name}.to(torch.{dtype})"
        training = settings.get("training", True)
        asked = {p.name for p in parameters(self.layer, self.name)}
        wanted = {n: size for n, size in SIZES.items() if n in asked and n not in settings}
        sizes = {n: size(arrays, settings) for n, size in wanted.items()}
        given = {**sizes, **{n: v for n, v in settings.items() if n in asked}}
        mode = "" if training else ".eval()"
        made = f"{name}({', '.join(f'{n}={v!r}' for n, v in given.items())}){mode}.to(torch.{dtype})"
        return self.layer(**given).train(training).to(getattr(torch, dtype)), made


def tensor(array: NDArray) -> Tensor:
    """An array as a tensor that shares its memory."""
    return torch.from_numpy(array)
