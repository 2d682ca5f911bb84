"""A computation by hand as cells of a notebook: NumPy and the formulas, then torch's autograd; no backproof."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from derive.catalogue import RECIPES
from derive.errors import OperationError
from derive.expr import (
    Add,
    Binder,
    Cases,
    Compare,
    Contract,
    Div,
    Divides,
    Entry,
    Expr,
    Fn,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Num,
    Pow,
    Select,
    Val,
    Winner,
)
from derive.index import Composite, Index, atom_index, index
from derive.show import show
from numeric import python_text as py
from numeric.python_text import ATOM, CHOICE, COMPARE, SIGN, Text
from reports.display_nodes import DIGITS, decimal
from reports.document import Source
from reports.friendly import Example
from reports.handwork import readable
from reports.names import COTANGENT
from reports.reduction import reduced

WIDE = 80  # characters of a line that a reader takes in
EXACT = "exact quotient"  # the name under which an exact quotient travels as an atom

HELPERS = {
    "read": '''def read(tensor, *at):
    """The entry at these indices; 0 between two entries and outside."""
    inside = all(k == int(k) and 0 <= k < n for k, n in zip(at, tensor.shape))
    return tensor[tuple(map(int, at))] if inside else 0
''',
    "cell": '''def cell(tensor, *at):
    """The entry at these indices; None outside, where there is nothing to choose."""
    inside = all(k == int(k) and 0 <= k < n for k, n in zip(at, tensor.shape))
    return tensor[tuple(map(int, at))] if inside else None
''',
    "winner": '''def winner(shape, value):
    """The first place, row by row, at which the largest value stands."""
    found = [(at, v) for at in np.ndindex(shape) if (v := value(*at)) is not None]
    return max(found, key=lambda pair: pair[1])[0] if found else None
''',
}


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
        arrays = [f"{_name(t)} = np.array({self.literal(t)})" for t in (*self.tensors, self.cotangent)]
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
            yield self.loop(_name(e.target), e.target, self.axes(e.target, e.names), reduced(e.body, self.at, e.target))

    def gradients(self) -> Iterator[str]:
        """One cell a gradient, which ends by comparing with the numbers shown."""
        for d in self.ex.derivations:
            target = d.target.tensor
            names = tuple(b.name for b in d.axes)
            text = self.loop(_name(target), target, self.axes(target, names), reduced(d.formula, self.at, target))
            yield f"{text}\n{self.agrees(_name(target), target, d.formula)}"

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
        text = _python(body).within(CHOICE)
        if not axes:
            return f"{comment}\n{name} = {text}\nprint({name})"
        names, shape = ", ".join(_name(n) for n, _ in axes), ", ".join(str(n) for _, n in axes)
        every = f"range({shape})" if len(axes) == 1 else f"np.ndindex({shape})"
        lines = [comment, f"{name} = np.zeros({shape if len(axes) == 1 else f'({shape})'})", f"for {names} in {every}:"]
        return "\n".join([*lines, f"    {name}[{names}] = {text}", f"print({name})"])

    # -- torch ---------------------------------------------------------------------------------------------------------

    def autograd(self) -> Iterator[str]:
        """The same gradients by torch's autograd, for operations that torch has a function for."""
        if not self.op.source.startswith("torch.") or self.op.name not in RECIPES:
            return
        lines = ["import torch", ""]
        for t in self.op.inputs:
            if t.name not in self.at.absent:
                kind = "" if t.integer else ", dtype=torch.float64, requires_grad=True"
                lines.append(f"{_tensor(t.name)} = torch.tensor({_name(t.name)}{kind})")
        lines.append(f"y = {self.call()}")
        lines.append(f"y.backward(torch.tensor({_name(self.cotangent)}, dtype=torch.float64).reshape(y.shape))")
        for d in self.ex.derivations:
            found = f"{_tensor(d.wrt.name)}.grad.numpy()"
            lines += [f"print({found})", self.agrees(found, d.target.tensor, d.formula)]
        yield "\n".join(lines)

    def call(self) -> str:
        """torch's function at these tensors and settings."""
        parts = [self.argument(t.name) for t in self.op.inputs]
        fixed = dict(self.op.settings)
        for a in RECIPES[self.op.name].arguments:
            if a.choices and a.name == "reduction":
                parts.append(f"reduction={fixed[a.name]!r}")
            elif a.choices == ("True", "False"):
                parts.append(f"{a.name}={fixed[a.name]}")
            elif not a.choices:
                values = [fixed.get(s, s) for s in a.symbols]
                numbers = [str(self.at.names.get(v, v)) for v in values]
                each = f"({', '.join(numbers)})"
                parts.append(f"{a.name}={numbers[0] if len(set(numbers)) == 1 else each}")
        function, _, inside = self.op.source.partition("(")
        extra = inside.rstrip(")") or _EXTRA.get(self.op.name, "")
        return f"{function}({', '.join([*parts, *([extra] if extra else [])])})"

    def argument(self, tensor: str) -> str:
        """A tensor in the shape that torch takes."""
        if tensor in self.at.absent:
            return "None"
        shape = self.at.shape(tensor)
        name = _tensor(tensor)
        return name if len(self.at.kept(tensor)) == len(shape) else f"{name}.reshape({', '.join(map(str, shape))})"


_EXTRA = {"softmax": "dim=-1", "log_softmax": "dim=-1"}


_TAKEN = frozenset((*keyword.kwlist, *dir(builtins), *HELPERS, "np", "torch", "Fraction", "v", "y"))


def _name(name: str) -> str:
    """A tensor or index as an identifier, different ones differently: `dO` for `dE/dO`, `lambda_` for `lambda`."""
    plain = "l" if name == "..." else name.replace(COTANGENT, "d")
    return plain + "_" if plain in _TAKEN or plain.endswith("_") else plain


def _tensor(name: str) -> str:
    """The torch tensor of a tensor."""
    return f"t_{name}"


# -- expressions -------------------------------------------------------------------------------------------------------


def _python(e: Expr) -> Text:
    return _RULES[type(e)](e)


def _index(i: Index) -> Text:
    return py.integer(_with_quotients(i), _atom)


def _with_quotients(i: Index) -> Index:
    """The index with every exact quotient as an atom of its own: Python has to keep its rest."""
    total = index(0)
    for monomial, c in i.terms:
        term = index(c)
        for atom in monomial:
            if isinstance(atom, Composite) and atom.kind == "exact":
                term = term * atom_index(Entry(EXACT, (atom.dividend, atom.divisor)))
            else:
                term = term * Index((((atom,), 1),))
        total = total + term
    return total


def _atom(atom: object) -> Text:
    if isinstance(atom, Entry):
        if atom.tensor == EXACT:
            a, b = (_index(i).within(CHOICE) for i in atom.indices)
            return Text(f"Fraction({a}, {b})", ATOM, "number")
        return _entry(atom)
    return Text(_name(str(atom)), ATOM, "number")


def _entry(e: Entry, function: str = "read") -> Text:
    if not e.indices:
        return Text(_name(e.tensor), ATOM, "number")
    at = ", ".join(_index(i).within(CHOICE) for i in e.indices)
    return Text(f"{function}({_name(e.tensor)}, {at})", ATOM, "number")


def _over(binders: Sequence[Binder]) -> str:
    """`for p, q in np.ndindex(2, 2)`."""
    extents = ", ".join(_index(b.extent).within(CHOICE) for b in binders)
    names = ", ".join(_name(b.name) for b in binders)
    return f"for {names} in {'range' if len(binders) == 1 else 'np.ndindex'}({extents})"


def _sum(e: Contract) -> Text:
    """A sum on one line where that is short; else with a line for each factor."""
    body = _python(e.body).within(CHOICE)
    if len(body) <= WIDE:
        return Text(f"sum({body} {_over(e.binders)})", ATOM, "number")
    factors = [_python(p).within(SIGN) for p in e.body.items] if isinstance(e.body, Mul) else [body]
    inner = "\n        * ".join(factors)
    return Text(f"sum(\n        {inner}\n        {_over(e.binders)}\n    )", ATOM, "number")


def _cells(e: Expr) -> str:
    """The body of a maximum, None outside. Raises: OperationError for a body that is more than one entry."""
    if not isinstance(e, Entry):
        raise OperationError("a notebook: got a maximum of more than one entry, expected X[...]; read the page instead")
    return _entry(e, "cell").text


def _select(e: Select) -> Text:
    return Text(f"max(v {_over(e.binders)} if (v := {_cells(e.body)}) is not None)", ATOM, "number")


def _winner(e: Winner) -> Text:
    shape = ", ".join(_index(b.extent).within(CHOICE) for b in e.binders)
    at = ", ".join(_index(i).within(CHOICE) for i in e.at)
    names = ", ".join(_name(b.name) for b in e.binders)
    comma = "," * (len(e.binders) == 1)
    found = f"winner(({shape}{comma}), lambda {names}: {_cells(e.body)})"
    return Text(f"int({found} == ({at}{comma}))", ATOM, "number")


def _in_range(e: InRange) -> Text:
    return Text(
        f"(0 <= {_index(e.index).within(COMPARE + 1)} < {_index(e.extent).within(COMPARE + 1)})", ATOM, "number"
    )


def _divides(e: Divides) -> Text:
    return Text(f"int(({_index(e.dividend).text}) % ({_index(e.divisor).text}) == 0)", ATOM, "number")


def _compare(e: Compare) -> Text:
    return Text(f"int({py.compare(e.op, _python(e.left), _python(e.right)).text})", ATOM, "number")


def _call(function: str, *parts: Expr) -> Text:
    return Text(f"{function}({', '.join(_python(p).within(CHOICE) for p in parts)})", ATOM, "number")


def _function(e: Fn) -> Text:
    if e.name == "sigmoid":
        return Text(f"(1/(1 + np.exp(-({_python(e.arg).text}))))", ATOM, "number")
    return _call(f"np.{e.name}", e.arg)


def _cases(e: Cases) -> Text:
    a, c, b = (_python(p).within(CHOICE) for p in (e.then, e.condition, e.other))
    return Text(f"({a} if {c} else {b})", ATOM, "number")


_RULES: dict[type, Callable[[Any], Text]] = {
    Num: lambda e: py.number(e.value),
    Val: lambda e: _index(e.index),
    Entry: _entry,
    Add: lambda e: py.add([_python(p) for p in e.items]),
    Mul: lambda e: py.multiply([_python(p) for p in e.items]),
    Div: lambda e: py.divide(_python(e.left), _python(e.right)),
    Pow: lambda e: py.power(_python(e.left), _python(e.right)),
    Fn: _function,
    Maximum: lambda e: _call("max", e.left, e.right),
    Minimum: lambda e: _call("min", e.left, e.right),
    Compare: _compare,
    InRange: _in_range,
    Divides: _divides,
    Cases: _cases,
    Contract: _sum,
    Select: _select,
    Winner: _winner,
}
