"""One line of a computation by hand: symbols, the numbers put in, the value; nothing is shown that was not checked."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from derive.expressions.build import rebuild
from derive.expressions.expr import GUARDS, ONE, ZERO, Add, Cases, D, Entry, Expr, Mul, Num, Val
from derive.meaning.digits import Digits
from derive.meaning.exact import Number
from derive.networks.expansion import expand
from derive.networks.instance import Place
from reports.by_hand.concrete import ordered
from reports.by_hand.friendly import Example
from reports.document import Equation, Math
from reports.mathematics.display_nodes import Known
from reports.mathematics.latex import LINE, latex, room, rows
from reports.mathematics.measure import width
from reports.mathematics.names import COTANGENT, Names
from reports.mathematics.plaintext import plaintext


def readable(value: Number) -> int | Fraction | float:
    """A value as it is shown: whole numbers and fractions in full, others as decimals."""
    if isinstance(value, int | Fraction | float):
        return value
    assert isinstance(value, Digits)
    whole = int(value.value.to_integral_value())
    return whole if value == whole else float(value.value)


def numeral(value: Number) -> Math:
    """A value in a sentence or a table."""
    shown = Known(readable(value))
    return Math(latex(shown), plaintext(shown).strip("()"))


def worth(e: Expr, ex: Example) -> Number:
    """The value of an expression over entries."""
    return ex.world.value(e, {})


def put_in(e: Expr, ex: Example) -> Expr:
    """The expression with a number for every entry, 1 or 0 for every bracket, and the branch that is taken."""
    if isinstance(e, (Entry, Val, *GUARDS)):
        return Known(readable(worth(e, ex)))
    if isinstance(e, Cases):
        return put_in(e.then if worth(e.condition, ex) == 1 else e.other, ex)
    return e.with_parts(tuple(put_in(p, ex) for p in e.parts)) if e.parts else e


def computed(
    left: Entry, formula: Expr, point: dict[str, int], ex: Example, names: Names, first: Expr | None = None
) -> Equation:
    """`left = symbols = numbers = value` for one entry of a formula, after a line `first` of the chain rule.

    The symbols are the formula written out; that they have its value is checked here.
    """
    symbols = ordered(expand(formula, ex.at, point))
    value = worth(symbols, ex)
    if value != ex.world.value(formula, point):
        raise AssertionError(f"{plaintext(left)}: the written-out line is not worth what the formula is")
    told = [line for line in (first, symbols) if line is not None and not isinstance(line, Num)]
    lines = [ex.at.shown(line) for line in told]
    if told and not isinstance(symbols, Entry):
        lines.append(put_in(symbols, ex))
    result = numeral(value)
    relation = "=" if isinstance(readable(value), int | Fraction) else r"\approx"
    return chain(ex.at.shown(left), lines, result, relation, names)


def chain(left: Expr, lines: Sequence[Expr], result: Math, relation: str, names: Names) -> Equation:
    """`left = line = line = result`, on one line where that is short enough, else under each other."""
    texts = [latex(line, names) for line in lines]
    start = latex(left, names)
    plain_relation = "≈" if relation != "=" else "="
    plain_lines = [*map(plaintext, lines)]
    one = " = ".join([start, *texts]) + f" {relation} {result.latex}"
    if width(one) <= LINE:
        return Equation(one, " = ".join([plaintext(left), *plain_lines]) + f" {plain_relation} {result.plain}")
    shown = [row for line in lines for row in _under(line, names)] + [f"& {relation} {result.latex}"]
    shown[0] = start + " " + shown[0]
    indent = " " * len(plaintext(left))
    plain = [f"{indent} = {line}" for line in plain_lines] + [f"{indent} {plain_relation} {result.plain}"]
    plain[0] = plaintext(left) + plain[0][len(indent) :]
    under_each_other = r" \\ ".join(row.replace("& ", rf"& {room(row)}\displaystyle ", 1) for row in shown)
    return Equation(rf"\begin{{array}}{{rl}}\displaystyle {under_each_other}\end{{array}}", "\n".join(plain))


def _under(line: Expr, names: Names) -> list[str]:
    first, *others = rows(line, names)
    return [f"& = {first}", *(rf"& \qquad {row}" for row in others)]


# -- partial derivatives -----------------------------------------------------------------------------------------------


def partial(gradient: Expr, output: str, place: Place) -> Expr:
    """The derivative of one output entry, read off a written-out gradient: the cotangent is 1 there and 0 elsewhere."""
    if isinstance(gradient, Entry) and gradient.tensor == f"{COTANGENT}{output}":
        return ONE if tuple(i.constant for i in gradient.indices) == place else ZERO
    if not gradient.parts:
        return gradient
    return rebuild(gradient, tuple(partial(p, output, place) for p in gradient.parts))


def chain_rule(ex: Example, output: str, wrt: Entry, gradient: Expr) -> Expr | None:
    """`sum of dE/dO[a] * dO[a]/dX[b]` over the outputs that depend on the entry; None where it says nothing new."""
    places = [a for a in ex.at.places(output) if partial(gradient, output, a) != ZERO]
    if len(places) < 2:
        return None
    terms = [Mul((ex.at.entry(f"{COTANGENT}{output}", a), D(ex.at.entry(output, a), wrt))) for a in places]
    return Add(tuple(terms))
