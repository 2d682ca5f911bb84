"""Sums, products, quotients and powers as values, of numbers and of whole tensors."""

from __future__ import annotations

from fractions import Fraction

from derive.expressions.expr import Contract, Expr, Pow, val
from derive.expressions.index import index
from derive.expressions.substitution import fresh
from derive.language.latex.arrays import (
    JACOBIAN,
    Array,
    Indices,
    added,
    multiplied,
    names_in,
    open_binder,
    times,
    together,
    transposed,
)
from derive.language.latex.functions import TWO, divided, negated
from derive.language.latex.leaves import Leaves
from derive.language.latex.modes import window_and_mode
from derive.language.latex.nodes import Call, Indexed, Number, Power, Product, Ratio, Terms, Transposed
from derive.language.latex.setting import Value
from derive.language.latex.sliding import correlated


class Products(Leaves):
    """Reads what signs of arithmetic stand between."""

    def terms(self, node: Terms) -> Value:
        def build(parts: list[Expr]) -> Expr:
            return added([p if s > 0 else negated(p) for s, p in zip(node.signs, parts, strict=True)])

        return together([self.of(i) for i in node.items], build)

    def product(self, node: Product) -> Value:
        if node.sign == "mod":
            return val(self.integers.of(node, self.env))
        if node.sign == "/":
            return together([self.of(node.left), self.of(node.right)], lambda p: divided(p[0], p[1]))
        read = self.tensorial if node.sign == "corr" or node.mode else self.of
        left, right = read(node.left), read(node.right)
        if node.sign == "*" and any(isinstance(v, Array) and v.spatial for v in (left, right)):
            left, right = self.tensorial(node.left), self.tensorial(node.right)
        if not isinstance(left, Array) or not isinstance(right, Array):
            if node.sign == "corr" or node.mode:
                self.fail(node, "a convolution of numbers", "of whole tensors", "name the operation, or write the sum")
            return together([left, right], multiplied)
        if node.sign == "odot":
            return together([left, right], multiplied)
        chained = self.chained(left, right)
        if chained is not None:
            return chained
        if node.sign in ("corr", "*", "otimes") and left.spatial and right.spatial:
            return self.convolution(left, right, node.sign == "*", node.mode)
        return times(left, transposed(right) if node.sign == "otimes" else right, self.choices.literal)

    def chained(self, left: Array, right: Array) -> Array | None:
        """dE/dO times dO/dF: the sum over all entries of O."""
        for cotangent, inner in ((left, right), (right, left)):
            n = len(cotangent.labels)
            if inner.name == JACOBIAN and n and inner.labels[:n] == cotangent.labels:
                return self.chain(cotangent, inner)
        return None

    def chain(self, cotangent: Array, inner: Array) -> Array:
        n = len(cotangent.labels)

        def at(i: Indices) -> Expr:
            names: list[str] = []
            for x in cotangent.labels:
                names.append(fresh(x, {*names_in(i), *names}))
            above = tuple(index(x) for x in names)
            body = multiplied([cotangent.at(above), inner.at((*above, *i))])
            return Contract(tuple(open_binder(x) for x in names), body)

        self.words.notes.add("the product with a derivative of the output sums over all entries of the output")
        return Array(inner.labels[n:], inner.extents[n:], at, inner.spatial)

    def convolution(self, left: Array, right: Array, star: bool, told: str) -> Array:
        turn = star and self.choices.star == "convolution"
        image, window, mode = window_and_mode(self.words, left, right, self.target, told)
        kind = "convolution of mathematics" if turn else "cross-correlation"
        self.words.notes.add(f"the sign of convolution is read as the {mode} {kind}")
        return correlated(image, window, mode, turn)

    def ratio(self, node: Ratio) -> Value:
        return together([self.of(node.top), self.of(node.bottom)], lambda p: divided(p[0], p[1]))

    def power(self, node: Power) -> Value:
        norm = node.base.base if isinstance(node.base, Indexed) else node.base
        squared = isinstance(node.exponent, Number) and node.exponent.value == Fraction(2)
        if isinstance(norm, Call) and norm.name == "norm" and squared:
            return self.square_norm(norm)
        return together([self.of(node.base), self.of(node.exponent)], lambda p: Pow(p[0], p[1]))

    def square_norm(self, node: Call) -> Expr:
        """The sum of the squares of all entries."""
        inner = self.of(node.arguments[0])
        if not isinstance(inner, Array):
            return Pow(inner, TWO)
        places = tuple(index(x) for x in inner.labels)
        return Contract(tuple(open_binder(x) for x in inner.labels), Pow(inner.at(places), TWO))

    def transposed(self, node: Transposed) -> Value:
        inner = self.of(node.base)
        return transposed(inner) if isinstance(inner, Array) else inner
