"""Formulas on paper mean what the expressions mean: every node prints, and no print can be read in two ways."""

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import pytest

import derive
from derive.errors import MeaningError
from derive.expressions import expr
from derive.expressions.expr import Add, Apply, Binder, Contract, D, Div, Entry, Expr, Mul, Num, Pow, Val, Winner
from derive.expressions.index import divide, index
from derive.language.notation import parse_expr
from derive.meaning.denote import World, denote
from derive.meaning.integers import Array
from reports.mathematics.display_nodes import Focus, Known
from reports.mathematics.latex import LINE, latex, latex_index, latex_lines
from reports.mathematics.latex_nodes import NODES
from reports.mathematics.measure import width
from reports.mathematics.names import Names
from reports.writers.mathml import formula
from reports.writers.tex import tame


def entry(text: str) -> Entry:
    found = parse_expr(text)
    return found if isinstance(found, Entry) else Entry(text, ())


K_H = Names(frozenset({"X", "F", "O", "K_h", "s_h", "P_h", "d_h", "i", "p", "h"}))

# An expression, and its LaTeX.
PRINTED: list[tuple[Expr | str, str]] = [
    ("X[n,c]", "X_{n,c}"),
    ("X[n,s_h*i+d_h*p-P_h]", r"X_{n,\,s_{h} i + d_{h} p - P_{h}}"),
    ("dE/dO[n,k]", r"\frac{\partial E}{\partial O_{n,k}}"),
    ("dE/dO", r"\frac{\partial E}{\partial O}"),
    ("dE/dO[n,(h+P_h-d_h*p)/s_h]", r"\frac{\partial E}{\partial O_{n,\,\frac{h + P_{h} - d_{h} p}{s_{h}}}}"),
    ("sum[c<C,p<K_h] X[c]*F[p]", r"\sum_{c,p} X_{c}\,F_{p}"),
    ("sum[c<C] X[c] + b", r"\sum_{c} X_{c} + b"),
    ("sum[c<C] (X[c] + b)", r"\sum_{c} \left(X_{c} + b\right)"),
    ("(sum[c<C] X[c])*b", r"\left(\sum_{c} X_{c}\right)\,b"),
    ("b*sum[c<C] X[c]", r"b\,\sum_{c} X_{c}"),
    ("(a+b)*c", r"\left(a + b\right)\,c"),
    ("a-(b-c)", r"a - \left(b - c\right)"),
    ("-a*b", r"-a\,b"),
    (Mul((Num(Fraction(-1)), Pow(Num(Fraction(-2)), Num(Fraction(2))))), r"-\left(-2\right)^{2}"),
    (Pow(Mul((Num(Fraction(-1)), Num(Fraction(2)))), Num(Fraction(2))), r"\left(-2\right)^{2}"),
    ("(a/b)^2", r"\left(\frac{a}{b}\right)^{2}"),
    ("dE/dO^2", r"\left(\frac{\partial E}{\partial O}\right)^{2}"),
    ("(sum[c<C] X[c])/N", r"\frac{1}{N}\,\sum_{c} X_{c}"),
    ("dE/dO*(a-b)/N", r"\frac{\partial E}{\partial O}\,\frac{a - b}{N}"),
    ("exp(-X[i])", r"e^{-X_{i}}"),
    ("exp(sum[i<N] X[i])", r"\exp\left(\sum_{i} X_{i}\right)"),
    ("tanh(X[i])^2", r"\tanh\left(X_{i}\right)^{2}"),
    ("sigmoid(a+b)", r"\sigma\left(a + b\right)"),
    ("sqrt(a)", r"\sqrt{a}"),
    ("max(X[i], 0)", r"\max\left(X_{i},\,0\right)"),
    ("max(a, max(b, c))", r"\max\left(a,\,b,\,c\right)"),
    ("min(a, b)", r"\min\left(a,\,b\right)"),
    ("max[p<K] X[i+p]", r"\max_{p} X_{i + p}"),
    ("(max[p<K] X[p])*b", r"\left(\max_{p} X_{p}\right)\,b"),
    ("[i==a]*X[i]", r"\left[i = a\right]\,X_{i}"),
    ("[0<=i+p<N]", r"\left[0 \le i + p < N\right]"),
    ("[s | h-p]", r"\left[s \mid h - p\right]"),
    ("[c==T[n]]", r"\left[c = T_{n}\right]"),
    ("[a!=b]", r"\left[a \ne b\right]"),
    ("cases(a<b, a, b)", r"\begin{cases}a & \text{if } a < b \\ b & \text{otherwise}\end{cases}"),
    ("X[a//W,a%W]", r"X_{\left\lfloor\frac{a}{W}\right\rfloor,\,a \bmod W}"),
    ("X[(a//W)%H]", r"X_{\left\lfloor\frac{a}{W}\right\rfloor \bmod H}"),
    ("X[2*(a%W)]", r"X_{2 \left(a \bmod W\right)}"),
    ("X[c*H*W+h*W+w]", r"X_{W\,\left(c H + h\right) + w}"),
    ("X[h-d*K+d+d*p]", r"X_{h - d\,\left(K - 1 - p\right)}"),
    ("(N-1)*a", r"\left(N - 1\right)\,a"),
    ("2*a", r"2\,a"),
    ("a*2", r"a \cdot 2"),
    ("X[1,c1,K_h1]", "X_{1,c',K_{h}'}"),
    ("X_hat[alpha_1]", r"{X_{\mathrm{hat}}}_{\alpha_{1}}"),
    (Num(Fraction(-1, 2)), r"-\frac{1}{2}"),
    (Add((Val(index("a")), Num(Fraction(-1, 2)))), r"a - \frac{1}{2}"),
    (Winner((Binder("q", index("K")),), entry("X[q]"), (index("p"),)),
     r"\left[p = \operatorname*{argmax}_{q} X_{q}\right]"),
    (Winner((Binder("u", index("K")), Binder("v", index("K"))), entry("X[u,v]"), (index("p"), index("q"))),
     r"\left[(p,q) = \operatorname*{argmax}_{u,v} X_{u,v}\right]"),
    (D(entry("O[i]"), entry("X[h]")), r"\frac{\partial O_{i}}{\partial X_{h}}"),
    (D(Add((entry("O[i]"), entry("b"))), entry("X[h]")), r"\frac{\partial}{\partial X_{h}}\left(O_{i} + b\right)"),
    (Apply("rot180_2d", ("F",), (), (index("p"), index("q"))), r"\left(\operatorname{rot}_{180} F\right)_{p,q}"),
    (Apply("transposed_product", ("W", "dE/dO"), (index("K"),), (index("c"),)),
     r"\left(W^{\mathsf T} \frac{\partial E}{\partial O}\right)_{c}"),
    (Apply("unheard_of", ("A", "B"), (), (index("c"),)), r"\left(\operatorname{unheard} A,\,B\right)_{c}"),
    (Apply("winner_O", (), (), (index("i"),)), r"\left(\operatorname{winner} O\right)_{i}"),
    (Mul((Known(2), Known(-3), entry("X[i]"))), r"2 \cdot \left(-3\right) \cdot X_{i}"),
    (Mul((Known(-3), Known(2))), r"\left(-3\right) \cdot 2"),
    (Add((Mul((Known(-3), Known(2))), Known(-1))), r"\left(-3\right) \cdot 2 + \left(-1\right)"),
    (Known(0.66524096), "0.6652"),
    (Known(-0.00001), "0.0000"),
    (Add((entry("a"), Focus(Mul((Num(Fraction(-1)), entry("b")))))), r"a - \focus{b}"),
    (Mul((Focus(Contract((Binder("i", index("N")),), entry("X[i]"))), entry("b"))),
     r"\left(\focus{\sum_{i} X_{i}}\right)\,b"),
]  # fmt: skip


def expression(given: Expr | str) -> Expr:
    return parse_expr(given) if isinstance(given, str) else given


@pytest.mark.parametrize(("given", "text"), PRINTED, ids=[t for _, t in PRINTED])
def test_an_expression_prints_as_a_lecturer_writes_it(given: Expr | str, text: str) -> None:
    assert latex(expression(given), K_H) == text


@pytest.mark.parametrize("given", [g for g, _ in PRINTED], ids=[t for _, t in PRINTED])
def test_what_is_printed_is_a_formula_everywhere(given: Expr | str) -> None:
    text = latex(expression(given), K_H, limits=True)
    assert tame(text)
    assert formula(text, display=True).mathml.startswith("<math")


def test_every_node_prints() -> None:
    kinds = [k for k in (*vars(expr).values(), Focus, Known) if isinstance(k, type) and issubclass(k, Expr)]
    assert {k for k in kinds if not k.__name__.startswith("_")} - {Expr, expr.Binding} == set(NODES)


def test_limits_say_from_where_to_where_a_sum_runs() -> None:
    e = parse_expr("sum[c<C,p<K_h] X[c]*F[p]")
    assert latex(e, K_H, limits=True) == r"\sum_{c=0}^{C - 1}\sum_{p=0}^{K_{h} - 1} X_{c}\,F_{p}"
    assert latex(parse_expr("sum[p<3] F[p]"), limits=True) == r"\sum_{p=0}^{2} F_{p}"


def _grown(leaves: list[Expr]) -> list[Expr]:
    """Every expression of one more level."""
    i = (Binder("i", index("N")),)
    two = [kind(pair) for kind in (Add, Mul) for pair in product(leaves, leaves)]
    quotients = [Div(a, b) for a, b in product(leaves, leaves)]
    powers = [Pow(a, Num(Fraction(2))) for a in leaves]
    return leaves + two + quotients + powers + [Contract(i, a) for a in leaves]


def ambiguities(expressions: list[Expr], printed: Callable[[Expr], str]) -> list[tuple[str, Expr, Expr]]:
    """Pairs of expressions that print alike and do not mean the same."""
    seen: dict[str, tuple[Expr, object]] = {}
    found = []
    for e in expressions:
        try:
            value = denote(e, WORLD, {"i": 1})
        except MeaningError:
            continue
        text = printed(e)
        other, old = seen.setdefault(text, (e, value))
        if old != value:
            found.append((text, other, e))
    return found


WORLD = World({"N": 3, "a": 7}, {"X": Array((3,), (2, 5, 11)), "b": Array((), (13,))})
LEAVES: list[Expr] = [entry("X[i]"), entry("b"), Num(Fraction(-2)), Mul((Num(Fraction(-1)), entry("b")))]


def test_no_two_expressions_of_different_meaning_print_alike() -> None:
    expressions = _grown(_grown(LEAVES))
    assert len(expressions) > 10_000
    assert ambiguities(expressions, latex) == []


def test_without_brackets_prints_are_ambiguous() -> None:
    found = ambiguities(_grown(_grown(LEAVES)), lambda e: re.sub(r"\\left\(|\\right\)", "", latex(e)))
    assert len(found) > 10


def test_indices_take_a_shared_name_out() -> None:
    op = derive.op("conv2d")
    rows = dict(op.sizes)["I"]
    assert latex_index(rows, Names.of(op)) == (
        r"\left\lfloor\frac{H + 2 P_{h} - d_{h}\,\left(K_{h} - 1\right) - 1}{s_{h}}\right\rfloor + 1"
    )
    assert latex_index(divide("min", index("a"), index("b"))) == r"\min\left(a,\,b\right)"


def test_long_lines_end_between_factors() -> None:
    d = derive.gradient("max_pool2d", "input")
    lines = [latex_lines(line, Names.of(d.op)) for line in d.lines]
    assert any(r"\begin{array}" in line for line in lines)
    for line in lines:
        assert tame(line)
        assert formula(line, display=True).mathml
        for row in line.removeprefix(r"\begin{array}{l}").split(r" \\ "):
            assert width(row) <= 1.5 * LINE


def test_names_that_differ_look_different() -> None:
    names = Names(frozenset({"...", "x1", "x_1", "s_h", "gamma", "Xhat", "l1"}))
    shown = [names[n] for n in ("...", "x1", "x_1", "s_h", "s_h1", "gamma", "gamma1", "Xhat", "l1", "c", "c1", "c12")]
    assert len(set(shown)) == len(shown)
    assert names["..."] == r"\ell"
    assert names["s_h1"] == "s_{h}'"
    assert names["Xhat"] == r"\mathrm{Xhat}"


def test_copies_of_the_leading_axes_are_copies_of_their_sign() -> None:
    assert Names(frozenset({"...", "k"}))["l1"] == r"\ell'"
    assert Names(frozenset({"...", "l"}))["l1"] == "l'"
