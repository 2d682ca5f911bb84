"""A formula as Python that a student reads: one expression, with `read` for an entry and generators for sums."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Sequence
from typing import Any

from derive.errors import OperationError
from derive.expressions.build import factors, product, total
from derive.expressions.expr import (
    GUARDS,
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
from derive.expressions.index import Composite, Index, atom_index, index
from numeric.printing import python_text as py
from numeric.printing.python_text import ATOM, CHOICE, COMPARE, SIGN, Text
from reports.mathematics.names import COTANGENT

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


_TAKEN = frozenset((*keyword.kwlist, *dir(builtins), *HELPERS, "np", "torch", "Fraction", "v", "y"))


def identifier(name: str) -> str:
    """A tensor or index as an identifier, different ones differently: `dO` for `dE/dO`, `lambda_` for `lambda`."""
    plain = "l" if name == "..." else name.replace(COTANGENT, "d")
    return plain + "_" if plain in _TAKEN or plain.endswith("_") else plain


def expression(e: Expr) -> str:
    """The expression as Python. Raises: OperationError for a maximum of more than one entry."""
    return _python(e).within(CHOICE)


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
    return Text(identifier(str(atom)), ATOM, "number")


def _entry(e: Entry, function: str = "read") -> Text:
    if not e.indices:
        return Text(identifier(e.tensor), ATOM, "number")
    at = ", ".join(_index(i).within(CHOICE) for i in e.indices)
    return Text(f"{function}({identifier(e.tensor)}, {at})", ATOM, "number")


def _over(binders: Sequence[Binder]) -> str:
    """`for p, q in np.ndindex(2, 2)`."""
    extents = ", ".join(_index(b.extent).within(CHOICE) for b in binders)
    names = ", ".join(identifier(b.name) for b in binders)
    return f"for {names} in {'range' if len(binders) == 1 else 'np.ndindex'}({extents})"


def _sum(e: Contract) -> Text:
    """A sum on one line where that is short; else with a line for each factor."""
    condition, summed = _guarded(e.body)
    over = _over(e.binders) + (f" if {condition}" if condition else "")
    body = _python(summed).within(CHOICE)
    if len(body) <= WIDE:
        return Text(f"sum({body} {over})", ATOM, "number")
    items = [_python(p).within(SIGN) for p in summed.items] if isinstance(summed, Mul) else [body]
    inner = "\n        * ".join(items)
    return Text(f"sum(\n        {inner}\n        {over}\n    )", ATOM, "number")


def _guarded(e: Expr) -> tuple[str, Expr]:
    """The brackets that a product needs to have a value, as a condition, and the rest of it."""
    parts = factors(e)
    rest = product((f, n) for f, n in parts if not (isinstance(f, GUARDS) and n > 0))
    guards = [f for f, n in parts if isinstance(f, GUARDS) and n > 0]
    if not guards or total(rest):
        return "", e
    return " and ".join(_python(g).within(COMPARE) for g in guards), rest


def _product(e: Mul | Div) -> Text:
    condition, rest = _guarded(e)
    if condition:
        return Text(f"({_python(rest).within(CHOICE + 1)} if {condition} else 0)", ATOM, "number")
    if isinstance(e, Div):
        return py.divide(_python(e.left), _python(e.right))
    return py.multiply([_python(p) for p in e.items])


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
    names = ", ".join(identifier(b.name) for b in e.binders)
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
    Mul: _product,
    Div: _product,
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
