"""Rules of the calculus applied wrongly: the former line with one of its derivatives taken as it must not be."""

from __future__ import annotations

from dataclasses import dataclass

from derive.errors import BackproofError
from derive.expressions.expr import (
    MINUS_ONE,
    ONE,
    Add,
    Binder,
    Contract,
    D,
    Div,
    Entry,
    Expr,
    Fn,
    Mul,
    Num,
    Pow,
)
from derive.expressions.substitution import substitute
from derive.expressions.traversal import put, walk
from numeric.audit.derivation_reading import Reader
from numeric.audit.derivation_slips import Wrong, positions, shown, without


@dataclass(frozen=True, slots=True)
class Line:
    """A wrong line: what it means (`got`), what it should (`before`), and both as written, `former` being what it was
    made from; `left` is the left side of the equation."""

    reader: Reader
    axes: tuple[Binder, ...]
    got: Expr
    before: Expr
    written: Expr
    former: Expr
    left: Expr


def wrong_derivatives(line: Line) -> Wrong:
    """The former line with one of its derivatives taken wrongly."""
    for path, node in positions(line.former):
        if isinstance(node, Mul):
            for k, item in enumerate(node.items):
                if isinstance(item, D) and len(node.items) > 1:
                    sentence = f"the factor {shown(item)} of the chain rule is missing"
                    yield from _meant(line, sentence, put(line.former, path, without(node, k)))
        if isinstance(node, Contract):
            for sentence, wrong in _diagonal(node):
                yield from _meant(line, sentence, put(line.former, path, wrong))
        if isinstance(node, D):
            for sentence, wrong in _slopes(line, node):
                yield from _meant(line, sentence, put(line.former, path, wrong))


def _diagonal(node: Contract) -> Wrong:
    """A sum over the outputs of which only the one at the input's own place is kept."""
    for d in walk(node.body):
        if not isinstance(d, D) or not isinstance(d.expr, Entry):
            continue
        for i, a in zip(reversed(d.expr.indices), reversed(d.wrt.indices), strict=False):
            left = tuple(b for b in node.binders if b.name != i.name)
            if len(left) < len(node.binders) and i.name and a != i:
                body = substitute(node.body, {i.name: a})
                text = f"only the diagonal was kept: {shown(d.expr)} depends on {shown(d.wrt)} at other places too"
                yield text, Contract(left, body) if left else body


def _meant(line: Line, sentence: str, wrong: Expr) -> Wrong:
    try:
        yield sentence, line.reader.meaning(wrong, line.axes)
    except BackproofError:
        return


def _slopes(line: Line, node: D) -> Wrong:
    """A derivative whose inner factor is forgotten, or with a term of the product rule left out."""
    inner = _unfolded(line, node.expr)
    if isinstance(inner, Mul):
        for k, item in enumerate(inner.items):
            if not isinstance(item, Num) and any(isinstance(n, Entry) for n in walk(item)):
                rest = tuple(D(f, node.wrt) if m == k else f for m, f in enumerate(inner.items))
                yield "the product rule has a term for each factor; one is missing", Mul(rest)
    if isinstance(inner, Pow) and isinstance(inner.right, Num):
        n, lower = inner.right, Pow(inner.left, Num(inner.right.value - 1))
        slope = D(inner.left, node.wrt)
        yield f"the derivative of f^{n.value} has the factor {n.value}", Mul((lower, slope))
        yield "the power rule lowers the exponent by one", Mul((n, inner, slope))
        yield "the factor f' of the chain rule is missing", Mul((n, lower))
    if isinstance(inner, Fn):
        yield f"the derivative of {inner.name} was left out", D(inner.arg, node.wrt)
        yield f"the derivative of {inner.name} is not {inner.name} itself", Mul((inner, D(inner.arg, node.wrt)))
    if isinstance(inner, Div) and any(isinstance(n, Entry) for n in walk(inner.right)):
        above, below = D(inner.left, node.wrt), D(inner.right, node.wrt)
        yield "the quotient rule was left out: numerator and denominator are derived apart", Div(above, below)
        gain, loss = Mul((above, inner.right)), Mul((inner.left, below))
        square = Pow(inner.right, Num(2 * ONE.value))
        yield "the quotient rule subtracts", Div(Add((gain, loss)), square)
        yield "the quotient rule was taken the wrong way round", Div(Add((loss, Mul((MINUS_ONE, gain)))), square)
        yield "the quotient rule divides by the square", Div(Add((gain, Mul((MINUS_ONE, loss)))), inner.right)


def _unfolded(line: Line, e: Expr) -> Expr:
    """What is differentiated, an entry of a computed tensor by its equation."""
    equation = line.reader.op.equation(e.tensor) if isinstance(e, Entry) else None
    if equation is None or not isinstance(e, Entry):
        return e
    return line.reader.placed(equation.body, dict(zip(equation.names, e.indices, strict=True)))
