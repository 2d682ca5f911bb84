"""Which of an operation's laws a user's kernel stands for, by the parameters that it takes, and how it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

from derive.catalogue import RECIPES, Argument
from derive.catalogue import op as build_op
from derive.catalogue.recipe import NUMBER, Recipe, Setting
from derive.catalogue.torch_arguments import torch_arguments
from derive.errors import OperationError
from derive.expressions.index import index
from derive.layout import AS_THE_LAW
from derive.operation import Op, Tensor, with_values
from numeric.checks.samples import Sample

ALIASES = {"input": ("x", "inp", "inputs", "image", "logits", "scores"), "bias": ("b", "beta"),
           "weight": ("w", "kernel", "filter", "gamma"), "target": ("t", "y", "label", "labels")}  # fmt: skip
"""Short names that people give to torch's arguments."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A kernel's kind, the parameter of each input, inputs that it holds itself, its settings, parameters in order.

    Inputs whose parameters have no default are `required`: no kernel is asked to do without them.
    """

    kind: str
    inputs: Mapping[str, str]
    held: tuple[str, ...]
    settings: frozenset[str]
    order: tuple[str, ...] = ()
    uniform: bool = False
    required: frozenset[str] = frozenset()

    def takes(self, tensor: Tensor) -> bool:
        """Whether an input is passed at all."""
        return tensor.argument in self.inputs or tensor.argument in self.held

    def passed(self, sample: Sample) -> dict[str, Setting]:
        """The settings of a sample that the kernel takes, by torch's names."""
        own = {n: v for n, v in settings_of(sample).items() if n in self.settings}
        return {n: one(v) for n, v in own.items()} if self.uniform else own


def one(value: Any) -> Any:
    """A setting that is the same along every axis as one number."""
    return value[0] if isinstance(value, tuple) and len({*value}) == 1 else value


def settings_of(sample: Sample) -> dict[str, Any]:
    """All settings of a sample as torch takes them; of one's own law, its parameters."""
    if sample.op.name not in RECIPES:
        return dict(sample.settings)
    numbers = {n: float(v) if isinstance(v, Fraction) else v for n, v in sample.names.items()}
    left = {a.name: _left(a) for a in RECIPES[sample.op.name].arguments}
    return {**left, **torch_arguments(sample.op, numbers), **sample.arranged.settings}


def _left(a: Argument) -> Any:
    """What torch has for an argument of which a law says nothing."""
    word = a.pick.value if a.pick is not None and a.symbols else a.default
    return None if word == "None" else int(word) if isinstance(word, str) and word.isdigit() else word


def short_names(tensor: Tensor) -> tuple[str, ...]:
    """The names under which people pass a tensor."""
    return (tensor.argument, tensor.name, tensor.name.lower(), *ALIASES.get(tensor.argument, ()))


def aliases(tensor: Tensor) -> tuple[str, ...]:
    """The names under which a gradient may be returned."""
    own = short_names(tensor)
    return (*own, *(f"{prefix}{n}" for n in own for prefix in ("grad_", "d", "d_")))


def settled(op: str | Op, given: Mapping[str, Setting], described: Mapping[str, Any]) -> dict[str, Setting]:
    """The settings that are given, and those that a layer says of itself.

    Raises: OperationError where they are not the same.
    """
    if isinstance(op, Op) or op not in RECIPES:
        return dict(given)
    known = {*(a.name for a in RECIPES[op].arguments), *RECIPES[op].layout.arguments} - {*described["takes"]}
    own = {n: tuple(v) if isinstance(v, list) else v for n, v in described.get("own", {}).items() if n in known}
    for n in own.keys() & given.keys():
        if _plainly(own[n]) != _plainly(given[n]):
            raise OperationError(f"--set {n}: got {given[n]}, expected {own[n]}, which the layer says of itself;"
                                 " leave it out, or name a layer that is made so")  # fmt: skip
    return {**own, **given}


def _plainly(value: Any) -> str:
    """A setting as text, the same for 1, 1.0, (1, 1) and a fraction of that value."""
    short = one(value)
    return str(float(short)) if isinstance(short, int | float | Fraction) else str(short)


def with_gradients(op: str | Op, meant: Sequence[Op]) -> frozenset[str]:
    """The arguments that get a gradient: torch has none for the statistics that a layer keeps."""
    constant = RECIPES[op].constant if not isinstance(op, Op) and op in RECIPES else frozenset()
    return frozenset(t.argument for law in meant for t in law.differentiable if t.name not in constant)


def of_its_sizes(meant: Sequence[Op], described: Mapping[str, Any]) -> list[Op]:
    """The laws at the sizes of the tensors that a layer holds; none where it holds none of theirs."""
    found = []
    for law in meant:
        held = ((t, described.get("shapes", {}).get(t.argument, ())) for t in law.inputs)
        each = [(b.extent.name, n) for t, shape in held if len(t.axes) == len(shape)
                for b, n in zip(t.axes, shape, strict=True)]  # fmt: skip
        sizes = {name: index(n) for name, n in each if name is not None}
        found += [replace(with_values(law, sizes), settings=law.settings)] if sizes else []
    return found


def laws(op: str | Op, given: Mapping[str, Setting], described: Mapping[str, Any]) -> list[Op]:
    """The laws that the kernel stands for: numbers that it takes are left open, others are set, or torch's default.

    Raises: OperationError, NotationError.
    """
    taken = frozenset(described["takes"])
    if isinstance(op, Op) or op not in RECIPES:
        own = op if isinstance(op, Op) else build_op(op, **given)
        return [own]
    recipe = RECIPES[op]
    layout = recipe.layout if taken | ({"dim"} & given.keys()) >= {*recipe.layout.arguments} else AS_THE_LAW
    rest = {n: v for n, v in given.items() if n not in recipe.layout.arguments}
    if unknown := [n for n in rest if n not in {a.name for a in recipe.arguments}]:
        build_op(op, **{unknown[0]: rest[unknown[0]]})  # refuses it in the catalogue's words
    varying = [list(_values(a, recipe, rest, taken)) for a in recipe.arguments]
    found = []
    for values in product(*varying):
        chosen = {a.name: v for a, v in zip(recipe.arguments, values, strict=True)}
        try:
            law = build_op(op, **{n: v for n, v in chosen.items() if v is not None})
        except OperationError:  # arguments that do not go together, as groups with a word for the padding
            if rest:
                raise
            continue
        found.append(replace(law, layout=layout if law.layout != AS_THE_LAW else AS_THE_LAW))
    return list({(law.equations, law.sizes): law for law in found}.values())


UNIFORM: Mapping[str, tuple[int, ...]] = {
    "kernel_size": (2, 3, 4, 3, 2, 4),
    "stride": (1, 2, 3, 2, 1, 3),
    "padding": (0, 1, 2, 0, 1, 1),
    "output_padding": (0, 1, 2, 0, 1, 0),
    "dilation": (1, 2, 1, 1, 2, 1),
}
"""Settings for a kernel that takes one number for all axes, one law a column."""


def uniform_laws(op: str | Op, given: Mapping[str, Setting], described: Mapping[str, Any]) -> list[Op]:
    """The laws for a kernel that takes one number for all axes; none where no argument has several.

    Raises: OperationError, NotationError.
    """
    if isinstance(op, Op) or op not in RECIPES:
        return []
    several = {a.name for a in RECIPES[op].arguments if len(a.symbols) > 1 and a.name in UNIFORM}
    names = sorted((several & {*described["takes"]}) - given.keys())
    found: list[Op] = []
    for column in zip(*(UNIFORM[n] for n in names), strict=True):
        with suppress(OperationError):  # numbers that do not go together, as a padding beyond half of the window
            found += laws(op, {**given, **dict(zip(names, column, strict=True))}, described)
    return found


def _values(a: Argument, recipe: Recipe, given: Mapping[str, Setting], taken: frozenset[str]) -> Iterator[Setting]:
    """The values of one argument for which the kernel has to be right."""
    if a.name in given:
        yield given[a.name]
    elif a.name not in taken or (a.pick is not None and not a.symbols and a.name != "weight"):
        if a.default is None and not a.choices:
            raise OperationError(f"{recipe.name}: got no {a.name}, expected it: the kernel does not take it, and torch"
                                 f" has no default; give --set {a.name}=...")  # fmt: skip
        repeated = next((b.name for b in recipe.arguments if b.symbols == a.default), "")  # as a stride its window
        yield given.get(repeated, a.default)
    elif not a.symbols:
        yield from a.choices
    else:
        if str(a.default) in a.choices:
            yield a.default
        yield a.symbolic(NUMBER)


def calling(meant: Sequence[Op], described: Mapping[str, Any]) -> tuple[Signature, list[Op]]:
    """How the kernel is called, and those of the laws whose inputs it takes.

    Raises: OperationError for a parameter that is neither an input nor a setting, or inputs that suit no law.
    """
    names = list(described["takes"])
    if described["kind"] == "function":
        if not names:
            raise OperationError("--kernel: got a function of nothing, expected backward(grad_output, **inputs)")
        names = names[1:]
    tensors = list({t.argument: t for law in meant for t in law.inputs}.values())
    inputs = {t.argument: p for p in names if (t := _input(tensors, p)) is not None}
    settings = _settings(meant[0]) - {t.argument for t in tensors}
    _refuse_others(meant[0], tensors, settings, [p for p in described["required"] if p in names])
    if described["keywords"]:
        inputs |= {t.argument: t.argument for t in tensors if t.argument not in inputs}
    held = _held(tensors, inputs, described)
    there = {*inputs, *held}
    kept = [law for law in meant if all(t.optional or t.argument in there for t in law.inputs)]
    if not kept:
        missing = next(t for t in meant[0].inputs if not t.optional and t.argument not in there)
        raise OperationError(f"--kernel: got no parameter for {missing.argument}, expected the inputs of"
                             f" {meant[0].name}: {_listed(tensors)}; add it")  # fmt: skip
    taken = frozenset(n for n in names if n in settings)
    required = frozenset(argument for argument, p in inputs.items() if p in described["required"])
    return Signature(described["kind"], inputs, held, taken, tuple(names), required=required), kept


def _refuse_others(op: Op, tensors: Sequence[Tensor], settings: frozenset[str], required: Sequence[str]) -> None:
    for p in required:
        if _input(tensors, p) is None and p not in settings:
            known = f" or settings ({', '.join(sorted(settings))})" if settings else ""
            raise OperationError(f"--kernel: got the parameter {p!r}, expected inputs of {op.name}"
                                 f" ({_listed(tensors)}){known}; rename it, or give it a default")  # fmt: skip


def _input(tensors: Sequence[Tensor], parameter: str) -> Tensor | None:
    """The input that a parameter's name means."""
    exact = next((t for t in tensors if parameter in (t.argument, t.name)), None)
    return exact or next((t for t in tensors if parameter.lower() in short_names(t)), None)


def _settings(op: Op) -> frozenset[str]:
    if op.name in RECIPES:
        recipe = RECIPES[op.name]
        return frozenset({*(a.name for a in recipe.arguments), *recipe.layout.arguments})
    return frozenset(p.argument for p in op.parameters)


def _held(tensors: Sequence[Tensor], inputs: Mapping[str, str], described: Mapping[str, Any]) -> tuple[str, ...]:
    """The inputs that a layer has as parameters or buffers; of a class, which will be made with them, None says that
    it is not known which, and those that are not optional are asked for all the same."""
    if "held" not in described:
        return ()
    rest = [t for t in tensors if t.argument not in inputs]
    own, made = described["held"], described.get("made", False)
    if own is None:
        return tuple(t.argument for t in rest)
    kept = (t for t in rest if (made and not t.optional) or not {*own}.isdisjoint(short_names(t)))
    return tuple(t.argument for t in kept)


def _listed(tensors: Sequence[Tensor]) -> str:
    return ", ".join(t.argument for t in tensors)
