"""From what a formula says to expressions of the notation, entry by entry; one method a kind of node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derive.expressions.expr import Contract, D, Entry, Expr, Fn, Maximum, Minimum, Select, Val, val
from derive.expressions.index import index
from derive.language.latex.arrays import (
    Array,
    diagonal,
    multiplied,
    together,
)
from derive.language.latex.functions import applied, extreme, slope, softmax
from derive.language.latex.guards import Guards
from derive.language.latex.letters import is_entrywise
from derive.language.latex.matrices import explicit
from derive.language.latex.nodes import (
    Binding,
    Bound,
    Call,
    Choice,
    Guard,
    Indexed,
    Matrix,
    Node,
    Number,
    Partial,
    Power,
    Product,
    Ratio,
    Relation,
    Run,
    Symbol,
    Terms,
    Transposed,
    Tuple,
    walk,
)
from derive.language.latex.products import Products
from derive.language.latex.setting import Value
from derive.language.latex.sliding import rotated
from derive.language.latex.symbols import LECTURE

MAX_COPIES = 4
_COPYING = ("softmax", "abs", "cosh", "sinh", "sech", "sign")  # written out, their argument stands there twice


class Values(Products, Guards):
    """Reads values. Raises: NotationError; Misfit where whole tensors do not fit in this setting."""

    def of(self, node: Node) -> Value:
        return _RULES[type(node)](self, node)

    def indexed(self, node: Indexed) -> Value:
        base = self.of(node.base)
        if isinstance(node.base, Call) and node.base.name == "norm":
            return base
        if not isinstance(base, Array):
            self.fail(node, "an index on one number", "one on a tensor", "name the operation, or index a name")
        indices = self.integers.entry_indices(self.words.split(node.subs, len(base.labels)), self.env)
        if len(indices) not in (len(base.labels), base.spatial) and (base.spatial or len(indices) > len(base.labels)):
            self.fail(node, f"{len(indices)} indices", f"{len(base.labels)}", "give every axis its index")
        return base.at(indices)

    # -- binding -------------------------------------------------------------------------------------------------------

    def binding(self, node: Binding) -> Value:
        if node.sign not in ("sum", "max"):
            self.fail(node, f"{node.sign} over an index", "a sum or a maximum", r"write -\max_{p} (-X_p)")
        if not node.bounds:
            return self.without_limits(node)
        with self.bound(node.bounds) as binders:
            letters = dict(self.lettered)
            guards = [g for r in node.guards for g in self.relation(r)]
            body = together([*guards, self.of(node.body)], multiplied) if guards else self.of(node.body)
        for b in binders:
            self.agrees(node, letters.get(b.name, ""), b.name, body)
        kind = Contract if node.sign == "sum" else Select
        return body.map(lambda e: kind(binders, e)) if isinstance(body, Array) else kind(binders, body)

    def agrees(self, node: Binding, letter: str, name: str, body: Value) -> None:
        """Raises: NotationError where a letter is the limit of sums over axes that are not of one length."""
        if letter and isinstance(body, Expr) and self.limits is not None and self.limits.differ(letter, name, body):
            self.fail(
                node, f"{letter} as the limit of the sum over {name}, and of one over another axis",
                "one letter for one size", f"leave the limits out: \\sum_{{{name}}}",
            )  # fmt: skip

    def without_limits(self, node: Binding) -> Value:
        """A sum without limits runs over the indices that only it uses, or over all axes that the left side lacks."""
        inner = [s for s in walk(node.body) if isinstance(s, Symbol)]
        indices = [i for s in inner for i in self.words.split(s.subs, None) if isinstance(i, Symbol) and not i.subs]
        names = dict.fromkeys(i.name for i in indices if i.name not in self.env and i.name[0].islower())
        if names:
            self.words.notes.add(f"the sum without limits runs over {', '.join(names)}")
            bounds = tuple(Bound(node.at, n) for n in names)
            return self.binding(Binding(node.at, node.sign, bounds, node.body, node.guards))
        body = self.of(node.body)
        if not isinstance(body, Array) or node.sign != "sum":
            self.fail(node, "a sign without indices", "an index below it", r"write \sum_{i}")
        self.words.notes.add("the sum without limits runs over every axis that the left side lacks")
        return Array(body.labels, body.extents, body.at, body.spatial, loose=frozenset(body.labels))

    # -- functions -----------------------------------------------------------------------------------------------------

    def call(self, node: Call) -> Value:
        if node.primes > 1:
            self.fail(node, "a second derivative", "at most a first one", "write it out")
        if node.name in ("floor", "ceil"):
            return val(self.integers.of(node, self.env))
        if node.name in ("conv", "full"):
            return self.conv(node)
        if node.name.startswith(LECTURE):
            return self.own_function(node)
        copied = node.primes > 0 or node.name in _COPYING
        self.copies += copied
        if self.copies > MAX_COPIES:
            self.fail(node, "functions in functions", f"at most {MAX_COPIES} levels", "name an intermediate value")
        arguments = [(self.tensorial if node.name == "rot180" else self.of)(a) for a in node.arguments]
        self.copies -= copied
        if node.name in ("max", "min"):
            kind = Maximum if node.name == "max" else Minimum
            return together(arguments, lambda p: extreme(kind, p))
        if len(arguments) != 1:
            self.fail(node, f"{len(arguments)} arguments", f"one argument of {node.name}", "write one")
        match node.name:
            case "rot180":
                return self.turned(node, arguments[0])
            case "diag":
                return self.diagonal(node, arguments[0])
            case "softmax":
                return self.softmax(node, arguments[0])
            case "norm":
                return Fn("sqrt", self.square_norm(node))
        return (
            self.slope(node, arguments[0]) if node.primes else together(arguments, lambda p: applied(node.name, p[0]))
        )

    def own_function(self, node: Call) -> Value:
        """`f(x)` and `f'(x)` where an operation computes f of each number: its output, and that by its input."""
        letter, op = node.name.removeprefix(LECTURE), self.words.op
        x = self.of(node.arguments[0]) if op is not None and len(node.arguments) == 1 else None
        read = x.at(tuple(index(b) for b in x.labels)) if isinstance(x, Array) else x
        if op is None or not is_entrywise(op) or not isinstance(read, Entry) or read.tensor != op.inputs[0].name:
            self.fail(
                node, repr(letter), "a function that is known here", r"name it: \tanh, \sigma, \operatorname{ReLU}"
            )
        self.words.notes.add(f"{letter} is read as the function that {op.name} computes of each number")
        name = op.output.name

        def build(parts: list[Expr]) -> Expr:
            (at,) = parts
            assert isinstance(at, Entry)
            return D(Entry(name, at.indices), at) if node.primes else Entry(name, at.indices)

        return together([x if x is not None else read], build)

    def slope(self, node: Call, argument: Value) -> Value:
        leading = self.leading

        def build(parts: list[Expr]) -> Expr:
            if leading and node.name == "relu" and isinstance(parts[0], Entry):
                return D(applied("relu", parts[0]), parts[0])
            found = slope(node.name, parts[0])
            if found is None:
                self.fail(
                    node, f"the derivative of {node.name}", "that of exp, log, tanh, sigmoid or relu", "write it out"
                )
            return found

        self.words.notes.add(f"the derivative of {node.name} is written out")
        return together([argument], build)

    def conv(self, node: Call) -> Value:
        arguments = [self.tensorial(a) for a in node.arguments]
        left, right = arguments if len(arguments) == 2 else (None, None)
        if not isinstance(left, Array) or not isinstance(right, Array):
            self.fail(node, f"{len(arguments)} arguments", "two whole tensors", r"write \operatorname{conv}(X, F)")
        return self.convolution(left, right, False, "full" if node.name == "full" else node.mode)

    def turned(self, node: Call, value: Value) -> Value:
        if not isinstance(value, Array):
            self.fail(node, "a turned number", "a whole tensor", "name the operation, so that its axes are known")
        return rotated(value)

    def diagonal(self, node: Call, value: Value) -> Value:
        if not isinstance(value, Array):
            self.fail(node, "a diagonal of a number", "of a whole vector", "write p_i [i = j]")
        return diagonal(value)

    def softmax(self, node: Call, value: Value) -> Value:
        if node.primes:
            self.fail(node, "a derivative of softmax", "its entries", "write the Jacobian with indices")
        if isinstance(value, Val) and value.index.name and self.words.op is None:
            name = value.index.name
            return Array(("i",), (None,), lambda i: softmax(lambda j: Entry(name, j), i))
        if isinstance(value, Entry) and value.indices:
            return softmax(lambda i: Entry(value.tensor, i), value.indices)
        if not isinstance(value, Array):
            self.fail(node, "softmax of one number", "of a vector", "name the operation, or write softmax(z)_i")
        return Array(
            value.labels, value.extents, lambda i: softmax(value.at, i), 0, value.rows, value.columns, value.loose
        )

    def matrix(self, node: Matrix) -> Value:
        if len(node.rows) == 1 and len(node.rows[0]) == 1:
            return self.of(node.rows[0][0])
        cells = [[self.scalar(c) for c in row] for row in node.rows]
        found = explicit(cells, self.words.op)
        entries = [c for row in cells for c in row if isinstance(c, Entry)]
        if entries and found.name != "matrix":  # the last index on each axis tells its extent, turned or transposed
            ends = [max(i.constant or 0 for i in axis) + 1 for axis in zip(*(e.indices for e in entries), strict=True)]
            self.words.learn_sizes(entries[0].tensor, ends)
        return found

    def tuple(self, node: Tuple) -> Value:
        self.fail(node, "several values in brackets", "one value", "write one equation for each")

    def bare_relation(self, node: Relation) -> Value:
        self.fail(node, "a relation", "a value", "put it in square brackets: [i = j]")


_RULES: dict[type, Callable[[Values, Any], Value]] = {
    Number: Values.number, Symbol: Values.symbol, Run: Values.run, Terms: Values.terms, Product: Values.product,
    Ratio: Values.ratio, Power: Values.power, Transposed: Values.transposed, Indexed: Values.indexed,
    Binding: Values.binding, Call: Values.call, Partial: Values.partial, Guard: Values.guard, Choice: Values.choice,
    Matrix: Values.matrix, Tuple: Values.tuple, Relation: Values.bare_relation,
}  # fmt: skip
