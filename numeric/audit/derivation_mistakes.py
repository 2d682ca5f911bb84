"""What was done wrong between two lines: small wrong rewritings of the former that give the latter, each with its name.

A diagnosis is never a guess: the rewriting is carried out, and its result equals the wrong line in every world tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, islice

from derive.errors import BackproofError
from derive.expressions.build import mul
from derive.expressions.expr import (
    GUARDS,
    MINUS_ONE,
    ONE,
    Add,
    Binder,
    Compare,
    Contract,
    D,
    Div,
    Entry,
    Expr,
    Fn,
    Mul,
    Num,
    Pow,
    Winner,
)
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import put, walk
from derive.language.show import show
from derive.laws.law import COTANGENT
from derive.meaning.denote import World
from derive.meaning.digits import real
from derive.meaning.exact import Number
from derive.meaning.integers import Array
from derive.operation import Op
from numeric.audit.canonical import same
from numeric.audit.derivation_reading import Reader
from numeric.audit.sides import Sides
from numeric.audit.small_worlds import generic, growing, telling
from numeric.audit.verdict import NO_MISTAKE
from numeric.mistakes import Mistake, wrong_formulas

CATALOGUE = 66
"""Mistakes beyond this number are general ones, which the slips below name more precisely."""

SMALL = 32
"""What entries are divided by where functions would saturate."""

MOST = 400
"""Rewritings tried of one line."""

Wrong = Iterator[tuple[str, Expr]]


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


def diagnosis(line: Line) -> str:
    """The mistake that leads from the line before to this one, in words."""
    tried: list[Expr] = []
    for sentence, wrong in islice(_explanations(line), MOST):
        if not any(same(wrong, t) for t in tried[-8:]) and _equal(line, wrong):
            return sentence
        tried.append(wrong)
    return NO_MISTAKE


def _explanations(line: Line) -> Wrong:
    """Everything that might have been done: what has a name of its own first, then slips of the pen."""
    yield "the sign of the whole line is wrong", mul((MINUS_ONE, line.before))
    for rule in SLOPES:
        yield from _everywhere(rule, line.before)
    named = list(_named(line))
    yield from ((mistake.sentence, wrong) for mistake, wrong in named if mistake.number <= CATALOGUE)
    yield from _derivatives(line)
    for rule in (*SLIPS, renamed(_names(line.before))):
        yield from _everywhere(rule, line.before)
    yield from _too_many(line)
    yield from ((mistake.sentence, wrong) for mistake, wrong in named if mistake.number > CATALOGUE)


def _equal(line: Line, wrong: Expr) -> bool:
    """Whether a rewriting has the wrong line's value wherever it is tried, which the line before has not."""
    return _agree(line, wrong, line.got)


def _agree(line: Line, a: Expr, b: Expr) -> bool:
    """Whether two expressions have the same values, `a` wherever `b` has one."""
    op = line.reader.op
    try:
        return Sides(op, line.axes, a, b).differ(_worlds(op)) is None
    except (BackproofError, ArithmeticError):
        return False


@lru_cache(maxsize=64)
def _worlds(op: Op) -> tuple[World, ...]:
    """The most telling sizes first: they part most rewritings from the line at once.

    Entries are small, as functions of large ones are 0 or 1 to every digit.
    """
    sizes = [*telling(op), *islice(growing(op), 1)]
    drawn = (w for known in sizes for w in islice(generic(op, known), 1))
    bends = any(isinstance(n, Fn) for e in op.equations for n in walk(e.body))
    return tuple(_small(op, w) if bends else w for w in drawn)


def _small(op: Op, world: World) -> World:
    labels = {t.name for t in op.tensors if t.integer}
    arrays = {
        name: a if name in labels else Array(a.shape, tuple(_less(v) for v in a.values))
        for name, a in world.arrays.items()
    }
    return replace(world, arrays=arrays, lift=real)


def _named(line: Line) -> Iterator[tuple[Mistake, Expr]]:
    """The catalogue's mistakes, where the equation is of a gradient with respect to an input."""
    left = line.left
    inputs = {t.name for t in line.reader.op.differentiable}
    if not isinstance(left, Entry) or left.tensor.removeprefix(COTANGENT) not in inputs:
        return
    axes = line.reader.tensors[left.tensor]
    at = {b.name: i for b, i in zip(axes, left.indices, strict=True)}
    try:
        for mistake, wrong in wrong_formulas(line.reader.op, left.tensor.removeprefix(COTANGENT)):
            yield mistake, line.reader.placed(wrong, at)
    except BackproofError:
        return


def _less(value: Number) -> Number:
    """A number divided, as a real one."""
    assert isinstance(value, int | Fraction)
    return real(Fraction(value) / SMALL)


def _too_many(line: Line) -> Wrong:
    """A factor, a term or a sum of the line that is not due: without it, it would be right."""
    for kind, what in ((Mul, "factor"), (Add, "term")):
        for path, node in _positions(line.got):
            if isinstance(node, kind):
                for k, item in enumerate(node.parts):
                    less = put(line.got, path, _without(node, k))
                    if _agree(line, less, line.before):
                        yield f"the {what} {_shown(item)} is one too many", line.got


# -- rules of the calculus, on the derivatives that the former line still has ------------------------------------------


def _derivatives(line: Line) -> Wrong:
    """The former line with one of its derivatives taken wrongly."""
    for path, node in _positions(line.former):
        if isinstance(node, Mul):
            for k, item in enumerate(node.items):
                if isinstance(item, D) and len(node.items) > 1:
                    sentence = f"the factor {_shown(item)} of the chain rule is missing"
                    yield from _meant(line, sentence, put(line.former, path, _without(node, k)))
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
                text = f"only the diagonal was kept: {_shown(d.expr)} depends on {_shown(d.wrt)} at other places too"
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


# -- slips of the pen, one rule a kind of node -------------------------------------------------------------------------


def _everywhere(rule: Callable[[Expr], Wrong], e: Expr) -> Wrong:
    for path, node in _positions(e):
        for sentence, wrong in rule(node):
            yield sentence, put(e, path, wrong)


def _positions(e: Expr, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Expr]]:
    yield path, e
    for k, part in enumerate(e.parts):
        yield from _positions(part, (*path, k))


def _without(node: Expr, k: int) -> Expr:
    left = tuple(p for m, p in enumerate(node.parts) if m != k)
    return left[0] if len(left) == 1 else node.with_parts(left)


def _shown(e: Expr) -> str:
    return show(e, bounds=False)


def _one_less(e: Expr) -> Expr:
    """1 - e."""
    return Add((ONE, mul((MINUS_ONE, e))))


_NOT_SIGMOID: tuple[tuple[str, Callable[[Expr], Expr]], ...] = (
    ("s*(1 + s)", lambda s: Mul((s, Add((ONE, s))))),
    ("s", lambda s: s),
    ("1 - s", _one_less),
    ("(1 - s)^2", lambda s: Mul((_one_less(s), _one_less(s)))),
    ("1 - s^2", lambda s: _one_less(Mul((s, s)))),
    ("s*(s - 1)", lambda s: Mul((MINUS_ONE, s, _one_less(s)))),
)
_NOT_TANH: tuple[tuple[str, Callable[[Expr], Expr]], ...] = (
    ("1 - t", _one_less),
    ("(1 - t)^2", lambda t: Mul((_one_less(t), _one_less(t)))),
    ("1 + t^2", lambda t: Add((ONE, Mul((t, t))))),
    ("t*(1 - t)", lambda t: Mul((t, _one_less(t)))),
)


def sigmoid_slope(e: Expr) -> Wrong:
    """s*(1 - s)."""
    for k, item in enumerate(e.items if isinstance(e, Mul) else ()):
        for m, s in enumerate(e.parts):
            if m != k and item == _one_less(s):
                rest = tuple(f for j, f in enumerate(e.parts) if j not in (k, m))
                yield f"the derivative of {_shown(s)} was left out", Mul(rest)
                for text, wrong in _NOT_SIGMOID:
                    yield f"the derivative of the sigmoid is s*(1 - s), not {text}", Mul((*rest, wrong(s)))


def tanh_slope(e: Expr) -> Wrong:
    """1 - t^2."""
    for square in e.items if isinstance(e, Add) else ():
        inner = square.items[-1] if isinstance(square, Mul) else None
        if isinstance(inner, Pow) and e == _one_less(inner) and inner.right == Num(Fraction(2)):
            for text, wrong in _NOT_TANH:
                yield f"the derivative of tanh is 1 - t^2, not {text}", wrong(inner.left)


def sign(e: Expr) -> Wrong:
    """A term with the other sign."""
    for k, item in enumerate(e.parts if isinstance(e, Add) else ()):
        flipped = mul((MINUS_ONE, item))
        yield f"the sign of {_shown(item)} is wrong", e.with_parts((*e.parts[:k], flipped, *e.parts[k + 1 :]))


def lost(e: Expr) -> Wrong:
    """A term, a factor or a divisor left out."""
    if isinstance(e, Add):
        for k, item in enumerate(e.items):
            yield f"the term {_shown(item)} was lost", _without(e, k)
    if isinstance(e, Mul) and len(e.items) > 1:
        for k, item in enumerate(e.items):
            yield _lost_factor(item), _without(e, k)
    if isinstance(e, Div):
        yield f"the divisor {_shown(e.right)} was lost", e.left
        yield f"it was multiplied by {_shown(e.right)} where it is a divisor", Mul((e.left, e.right))
        yield f"it was divided by {_shown(e.right)} once too often", Div(e, e.right)


def _lost_factor(item: Expr) -> str:
    if item == MINUS_ONE:
        return "a minus sign was lost"
    if isinstance(item, Winner):
        return "the gradient goes to the winner of a window only"
    if isinstance(item, GUARDS):
        return f"the condition {_shown(item)} was lost"
    return f"the factor {_shown(item)} was lost"


def sums(e: Expr) -> Wrong:
    """A sum left out, or some of its indices."""
    for k, b in enumerate(e.binders if isinstance(e, Contract) else ()):
        assert isinstance(e, Contract)
        left = (*e.binders[:k], *e.binders[k + 1 :])
        yield f"the sum over {b.name} was lost", Contract(left, e.body) if left else e.body


def conditions(e: Expr) -> Wrong:
    """A condition the other way round."""
    if isinstance(e, Compare):
        sentence = f"the condition {_shown(e)} is the wrong way round"
        yield sentence, _one_less(e)
        yield sentence, Compare(e.op, e.right, e.left)


def powers(e: Expr) -> Wrong:
    """An exponent forgotten, or off by one."""
    if isinstance(e, Pow) and isinstance(e.right, Num):
        yield f"the exponent {_shown(e.right)} was lost", e.left
        for more in (1, -1):
            yield f"the exponent of {_shown(e.left)} is off by one", Pow(e.left, Num(e.right.value + more))


def indices(e: Expr) -> Wrong:
    """Indices of a read exchanged, mirrored, shifted, or taken for another."""
    if not isinstance(e, Entry):
        return
    for k, m in combinations(range(len(e.indices)), 2):
        swapped = list(e.indices)
        swapped[k], swapped[m] = swapped[m], swapped[k]
        yield _misread(e, swapped)
    for k, i in enumerate(e.indices):
        for other in _neighbours(i):
            yield _misread(e, [*e.indices[:k], other, *e.indices[k + 1 :]])
    if len(e.indices) > 1:
        for mirrored in _mirrored(e.indices):
            yield _misread(e, mirrored)


def _names(e: Expr) -> list[str]:
    """The indices of a line, free and bound."""
    return sorted({i.name for n in walk(e) if isinstance(n, Entry) for i in n.indices if i.name})


def _misread(e: Entry, at: Iterable[Index]) -> tuple[str, Expr]:
    wrong = Entry(e.tensor, tuple(at))
    return f"{_shown(wrong)} stands where {_shown(e)} is due", wrong


def _neighbours(i: Index) -> Iterator[Index]:
    """An index with one of its terms of the other sign, or left out, and those next to it."""
    for k, (monomial, c) in enumerate(i.terms):
        yield Index((*i.terms[:k], (monomial, -c), *i.terms[k + 1 :]))
        if len(i.terms) > 1:
            yield Index((*i.terms[:k], *i.terms[k + 1 :]))
        if c not in (1, -1):
            yield Index((*i.terms[:k], (monomial, 1), *i.terms[k + 1 :]))
    yield i + 1
    yield i - 1


def _mirrored(at: tuple[Index, ...]) -> Iterator[list[Index]]:
    """All indices with their second terms mirrored at once, as of a filter that was not flipped; or without them."""
    if any(len(i.terms) > 1 for i in at):
        yield [Index((i.terms[0], *((m, -c) for m, c in i.terms[1:]))) if i.terms else i for i in at]
        yield [Index(i.terms[:1]) for i in at]


def renamed(line_names: Iterable[str]) -> Callable[[Expr], Wrong]:
    """One name of an index for another."""
    names = tuple(line_names)

    def rule(e: Expr) -> Wrong:
        for k, i in enumerate(e.indices if isinstance(e, Entry) else ()):
            for name in names:
                if i.name is not None and i.name != name:
                    assert isinstance(e, Entry)
                    yield _misread(e, [*e.indices[:k], index(name), *e.indices[k + 1 :]])

    return rule


SLOPES: tuple[Callable[[Expr], Wrong], ...] = (sigmoid_slope, tanh_slope)
SLIPS: tuple[Callable[[Expr], Wrong], ...] = (lost, sign, sums, conditions, powers, indices)

__all__ = ["Line", "diagnosis"]
