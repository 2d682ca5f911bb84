"""A computation by hand as cells of a notebook: NumPy and the formulas, then torch's autograd; no backproof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from derive.catalogue import RECIPES
from derive.catalogue.torch_arguments import torch_arguments
from derive.expressions.expr import Expr
from derive.language.show import show
from reports.by_hand.friendly import Example
from reports.by_hand.handwork import readable
from reports.by_hand.reduction import reduced
from reports.document import Source
from reports.mathematics.display_nodes import DIGITS, decimal
from reports.mathematics.names import COTANGENT
from reports.mathematics.python_expressions import HELPERS, expression, identifier


def cells(ex: Example) -> tuple[Source, ...]:
    """The numbers, every equation of the law, every gradient with the values that were found, and autograd."""
    writer = _Writer(ex)
    body = [*writer.law(), *writer.gradients()]
    return tuple(Source("python", text, runnable=True) for text in (writer.data(), *body, *writer.autograd()))


class _Writer:
    """Writes the cells of one example; `name` of a tensor is its letter, `dO` its gradient."""

    def __init__(self, ex: Example) -> None:
        self.ex, self.at, self.op = ex, ex.at, ex.at.op
        self.tensors = [t.name for t in self.op.inputs if t.name not in self.at.absent]
        self.cotangent = f"{COTANGENT}{self.op.output.name}"

    def data(self) -> str:
        """The imports, the numbers, and the helpers that the formulas use."""
        used = "\n".join([*self.law(), *self.gradients()])
        lines = ["import numpy as np"]
        if "Fraction(" in used:
            lines.insert(0, "from fractions import Fraction\n")
        arrays = [f"{identifier(t)} = np.array({self.literal(t)})" for t in (*self.tensors, self.cotangent)]
        helpers = [text for name, text in HELPERS.items() if f"{name}(" in used]
        return "\n".join([*lines, "", *arrays, *(f"\n\n{h.rstrip()}" for h in helpers)])

    def literal(self, tensor: str) -> str:
        """The numbers of a tensor over its shown axes, as nested lists."""
        return self.nested(tensor, lambda place: self.ex.world.value(self.at.entry(tensor, place), {}))

    def nested(self, tensor: str, value: Callable[[tuple[int, ...]], Any], text: Callable[[Any], str] = str) -> str:
        """Something for every place of a tensor, as nested lists."""
        kept, shape = self.at.kept(tensor), self.at.shape(tensor)

        def inner(axis: int, place: tuple[int, ...]) -> str:
            if axis == len(shape):
                return text(readable(value(place)))
            items = [inner(axis + 1, (*place, k)) for k in range(shape[axis])]
            return f"[{', '.join(items)}]" if axis in kept else items[0]

        return inner(0, ())

    def law(self) -> Iterator[str]:
        """One cell an equation."""
        for e in self.op.equations:
            yield self.loop(
                identifier(e.target), e.target, self.axes(e.target, e.names), reduced(e.body, self.at, e.target)
            )

    def gradients(self) -> Iterator[str]:
        """One cell a gradient, which ends by comparing with the numbers shown."""
        for d in self.ex.derivations:
            target = d.target.tensor
            names = tuple(b.name for b in d.axes)
            text = self.loop(identifier(target), target, self.axes(target, names), reduced(d.formula, self.at, target))
            yield f"{text}\n{self.agrees(identifier(target), target, d.formula)}"

    def agrees(self, name: str, target: str, formula: Expr) -> str:
        """An assertion that an array holds the numbers of this page."""

        def value(place: tuple[int, ...]) -> Any:
            return self.ex.world.value(formula, self.at.point(target, place))

        if self.ex.whole:
            shown = self.nested(target, value, lambda v: str(v if v == int(v) else float(v)))
            return f"assert np.array_equal({name}, {shown})"
        return f"assert np.array_equal(np.round({name}, {DIGITS}), {self.nested(target, value, decimal)})"

    def axes(self, tensor: str, names: Sequence[str]) -> list[tuple[str, int]]:
        """The shown axes: name and extent."""
        shape = self.at.shape(tensor)
        return [(names[k], shape[k]) for k in self.at.kept(tensor)]

    def loop(self, name: str, shown: str, axes: list[tuple[str, int]], body: Expr) -> str:
        """`name[i,j] = body` for all i, j."""
        left = f"{shown}[{','.join(n for n, _ in axes)}]" if axes else shown
        comment = f"# {left} = {show(body, bounds=False)}"
        text = expression(body)
        if not axes:
            return f"{comment}\n{name} = {text}\nprint({name})"
        names, shape = ", ".join(identifier(n) for n, _ in axes), ", ".join(str(n) for _, n in axes)
        every = f"range({shape})" if len(axes) == 1 else f"np.ndindex({shape})"
        lines = [comment, f"{name} = np.zeros({shape if len(axes) == 1 else f'({shape})'})", f"for {names} in {every}:"]
        return "\n".join([*lines, f"    {name}[{names}] = {text}", f"print({name})"])

    # -- torch ---------------------------------------------------------------------------------------------------------

    def autograd(self) -> Iterator[str]:
        """The same gradients by torch's autograd, for operations that torch has a function for."""
        if not self.op.source.startswith("torch.") or self.op.name not in RECIPES:
            return
        constant = RECIPES[self.op.name].constant
        lines = ["import torch", ""]
        for t in self.op.inputs:
            if t.name not in self.at.absent:
                slope = "" if t.name in constant else ", requires_grad=True"
                kind = "" if t.integer else f", dtype=torch.float64{slope}"
                lines.append(f"{_tensor(t.name)} = torch.tensor({identifier(t.name)}{kind})")
        lines.append(f"y = {self.call()}")
        lines.append(f"y.backward(torch.tensor({identifier(self.cotangent)}, dtype=torch.float64).reshape(y.shape))")
        for d in (d for d in self.ex.derivations if d.wrt.name not in constant):
            found = f"{_tensor(d.wrt.name)}.grad.numpy()"
            lines += [f"print({found})", self.agrees(found, d.target.tensor, d.formula)]
        yield "\n".join(lines)

    def call(self) -> str:
        """torch's function at these tensors and settings."""
        parts = self.positional()
        for name, value in torch_arguments(self.op, self.at.names).items():
            same = isinstance(value, tuple) and len(set(value)) == 1
            parts.append(f"{name}={value[0] if same else value!r}")
        function, _, inside = self.op.source.partition("(")
        along = "" if self.op.layout.dim is None else f"dim={self.op.layout.dim}"
        extra = inside.rstrip(")") or along
        return f"{function}({', '.join([*parts, *([extra] if extra else [])])})"

    def positional(self) -> list[str]:
        """The tensors in torch's order, None for those that the law does not read; a shape stands after the first."""
        recipe = RECIPES[self.op.name]
        read = {t.name for t in self.op.inputs} - self.at.absent
        needed = [k for k, t in enumerate(recipe.tensors) if t in read or t not in recipe.optional]
        parts = [self.argument(t) if t in read else "None" for t in recipe.tensors][: needed[-1] + 1]
        if self.op.layout.shape:
            last = self.op.inputs[0].axes[-1].extent
            parts.insert(1, f"[{self.at.names[last.name or '']}]")
        return parts

    def argument(self, tensor: str) -> str:
        """A tensor in the shape that torch takes."""
        shape = self.at.shape(tensor)
        name = _tensor(tensor)
        return name if len(self.at.kept(tensor)) == len(shape) else f"{name}.reshape({', '.join(map(str, shape))})"


def _tensor(name: str) -> str:
    """The torch tensor of a tensor."""
    return f"t_{name}"
