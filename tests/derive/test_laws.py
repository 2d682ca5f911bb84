"""Every law by itself: what it gives, with equal value; where it must not apply; and wrong laws, which are refused."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest

from derive.catalogue import op
from derive.derivation import Derivation
from derive.errors import MeaningError, NotDerived
from derive.expressions.build import add, contract, div, factors, mul, negate, product
from derive.expressions.expr import (
    Add,
    Binder,
    Cases,
    Compare,
    Contract,
    D,
    Div,
    Entry,
    Expr,
    InRange,
    Maximum,
    Mul,
    Select,
    Winner,
    val,
)
from derive.expressions.index import Composite, Index, divide, index
from derive.expressions.substitution import rename_bound, substitute
from derive.expressions.traversal import map_indices
from derive.language.notation import parse_expr
from derive.language.show import show
from derive.laws.law import LAWS, Law, Rule, Site
from derive.laws.naming import NAMING
from derive.laws.stability import STABILITY
from derive.meaning.linevalues import assuming, check_lines
from derive.meaning.worlds import in_reals, worlds
from derive.operation import Op
from derive.rewrite import run
from derive.sweep import STAGES, chain_rule_start

CORRELATION = op("O[i] = sum[p<K] X[s*i+p]*F[p]")
LABELS = op("cross_entropy")
PROBABILITIES = op("cross_entropy", target="probabilities")
FREE = (Binder("a", index("H")),)
CENTRED = op("M[c] = (sum[n] X[n,c])/N; O[n,c] = X[n,c] - M[c]; X[n<N,c<C]")
INSIDE = (Binder("i", index("I")), Binder("p", index("K")))
CLASSES = (Binder("n", index("N")), Binder("c", index("C")))


class Case(NamedTuple):
    """A law with what it makes of an expression, and expressions to which it must not apply."""

    law: str
    before: str
    after: str
    not_to: Sequence[str]
    conditions: tuple[str, ...] = ()
    op: Op = CORRELATION
    free: tuple[Binder, ...] = FREE
    binders: tuple[Binder, ...] = INSIDE


CASES = [
    Case("independent", "d F[p]", "0", ["d X[i]", "d O[i]"]),
    Case("definition", "d O[i]", "d(sum[p] X[s*i+p]*F[p])/dX[a]", ["d X[i]", "d F[p]"]),
    Case("definition", "d O[i+1]", "[0<=i+1<I]*d(sum[p] X[s*i+s+p]*F[p])/dX[a]", []),
    Case("linearity", "d X[i] + F[p]", "d(X[i])/dX[a] + d(F[p])/dX[a]", ["d X[i]*F[p]", "d max[p<K] X[p]"]),
    Case("linearity", "d sum[a<K] X[a]", "sum[a1] d(X[a1])/dX[a]", []),
    Case("constant factor", "d F[p]*X[i]", "F[p]*d(X[i])/dX[a]", ["d X[p]*X[i]", "d F[p]*F[i]"]),
    Case("constant factor", "d X[i]/F[p]", "d(X[i])/dX[a]/F[p]", ["d X[i]/X[p]"]),
    Case("product rule", "d X[i]*X[p]", "d(X[i])/dX[a]*X[p] + X[i]*d(X[p])/dX[a]", ["d X[i]/X[p]"]),
    Case("quotient rule", "d X[i]/X[p]", "d(X[i])/dX[a]/X[p] - X[i]*d(X[p])/dX[a]/X[p]^2", ["d X[i]*X[p]"]),
    Case("quotient rule", "d F[p]/X[i]", "-F[p]*d(X[i])/dX[a]/X[i]^2", []),
    Case("power rule", "d X[i]^3", "3*X[i]^2*d(X[i])/dX[a]", ["d X[i]^X[p]", "d exp(X[i])"]),
    Case("chain rule", "d sin(X[i])", "cos(X[i])*d(X[i])/dX[a]", ["d X[i]", "d max(X[i], 0)"]),
    Case("same tensor", "d X[i]", "[i==a]", ["d F[i]", "d O[i]"]),
    Case(
        "maximum",
        "d max(X[i], F[p])",
        "[F[p]<X[i]]*d(X[i])/dX[a] + [X[i]<=F[p]]*d(F[p])/dX[a]",
        ["d max[p<K] X[p]"],
        ("convention",),
    ),
    Case(
        "maximum",
        "d min(X[i], F[p])",
        "[X[i]<=F[p]]*d(X[i])/dX[a] + [F[p]<X[i]]*d(F[p])/dX[a]",
        [],
        ("convention",),
    ),
    Case(
        "selection",
        "d max[q<K] X[i+q]",
        "sum[q] [q==argmax[q1] X[i+q1]]*d(X[i+q])/dX[a]",
        ["d sum[q<K] X[i+q]", "d max(X[i], 0)"],
        ("convention",),
    ),
    Case(
        "cases",
        "d cases(0<X[i], X[i], F[p])",
        "cases(0<X[i], d(X[i])/dX[a], d(F[p])/dX[a])",
        ["d max(X[i], 0)"],
    ),
    Case("cases", "d cases(0<X[i], F[p], 1)", "0", []),
    Case("cases", "d [0<X[i]]", "0", []),
    Case("cases", "d [p==argmax[q<K] X[q]]", "0", []),
    Case("zero branch", "cases(0<X[i], 1/X[i], 0)", "[0<X[i]]*(1/X[i])", ["cases(0<X[i], 0, X[i])", "[0<X[i]]*X[i]"]),
    Case("merge sums", "sum[q<I] sum[r<K] F[r]*X[q]", "sum[q,r] F[r]*X[q]", ["sum[q<I] sum[r<q] F[r]", "F[p]*X[i]"]),
    Case("merge sums", "F[p]*(sum[q<K] [q==i]*X[q])", "sum[q] F[p]*[q==i]*X[q]", ["F[p]*(sum[q<K] X[q])"]),
    Case("distribute", "F[p]*([i==a] + X[i])", "F[p]*[i==a] + F[p]*X[i]", ["F[p]*(X[i] + 1)"]),
    Case("contract a delta", "sum[q<K] [q==a]*F[q]", "[0<=a<K]*F[a]", ["sum[q<K] [q<=a]*F[q]", "[i==a]*F[i]"]),
    Case("contract a delta", "sum[q<K] [s*q+p==a]*F[q]", "[0<=((a-p)/s)<K]*F[(a-p)/s]", [], ("positive",)),
    Case("contract a delta", "sum[q<K] [2*q==a]*F[q]", "[0<=(a/2)<K]*F[a/2]", ["sum[q<K] [q*q==a]*F[q]"]),
    Case(
        "divide with a rest",
        "sum[q<I,r<K] [K*q+r==a]*X[q]*F[r]",
        "[0<=(a//K)<I]*X[a//K]*F[a%K]",
        [
            "sum[q<I,r<K] [K*q+2*r==a]*F[r]",
            "sum[q<I,r<K] [s*q+r==a]*F[r]",
            "sum[q<I,r<K] [K*q+r==a/2]*F[r]",
            "sum[q<I,r<K] [K*q+r==q*a]*F[r]",
            "sum[q<I,r<K] [K*q+r<=a]*F[r]",
            "sum[q<I,r<i] [i*q+r==a]*F[r]",
        ],
        ("positive",),
    ),
    Case("divide with a rest", "sum[q<I,r<K] [K*q+r==a]*X[K*q+r-s]", "[0<=(a//K)<I]*X[a-s]", [], ("positive",)),
    Case("divide with a rest", "sum[q<I,r<3,t<K] [a==3*q+r-1]*F[t]", "sum[t] [0<=((a+1)//3)<I]*F[t]", []),
    Case(
        "block by block",
        "sum[q<3*K] [q//K==a]*F[q%K]*X[q]",
        "sum[g,q] [g==a]*F[q]*X[g*K+q]",
        [
            "sum[q<3*K] [q==a]*F[q%K]",
            "sum[q<3*K] [q//s==a]*F[q]",
            "sum[q<3*K] [q//K<=a]*F[q]",
            "sum[q<3*K] [(q+1)//K==a]*F[q]",
            "sum[q<H] [q//K==a]*F[q]",
            "sum[q<K*i] [q//i==a]*F[q]",
        ],
        ("positive",),
    ),
    Case("block by block", "sum[q<K*H] [q%K==a]*X[q//K]", "sum[h,q] [q==a]*X[h]", [], ("positive",)),
    Case(
        "whole windows",
        "sum[n<H] X[n]*F[(n+1-i)/s]",
        "sum[x0] X[s*x0+i-1]*F[x0]",
        [
            "sum[n<H] X[n]*F[(n*n+1)/s]",
            "sum[n<H] X[n]*F[(2*n+1)/s]",
            "sum[n<H] X[n]*F[(n+i/K)/s]",
            "sum[n<K] X[n]*F[(n+1)/s]",
            "sum[n<H] X[n]*F[n+i]",
            "sum[n<H] X[n]*F[n+1]",
            "sum[n<H] X[n]*F[n+i-p]",
            "sum[n<H] X[n]*F[(n+1)/s]/F[n]",
            "sum[n<H] X[n+1]*F[(n+1)/s]",
        ],
        ("positive",),
    ),
    Case("whole windows", "sum[n<H] X[n]*X[n-i]", "sum[h] X[h+i]*X[h]", []),
    Case(
        "range",
        "[0<=q//K<3]",
        "1",
        ["[0<=q//s<3]", "[0<=(q+1)//K<3]", "[0<=q//K<2]"],
        ("range", "positive"),
        binders=(Binder("q", 3 * index("K")),),
    ),
    Case("mixed radix", "[i==a//K]*[p==a%K]*F[p]", "F[p]*[i*K+p==a]", ["[i==a//K]*[i==a%K]*F[p]"], ("range",)),
    Case(
        "clear a quotient",
        "[(a+p)/s==i]",
        "[a+p==s*i]",
        ["[a//s==i]", "[a/s<=i]", "[a/i==p]", "[a/s+1==i]", "[a==i]"],
        ("positive",),
    ),
    Case("clear a quotient", "[i==a/2]", "[a==2*i]", []),
    Case(
        "undo a division",
        "[0<=a/s<I]*X[s*(a/s)+p]*F[p]",
        "[0<=(a/s)<I]*X[a+p]*F[p]",
        [
            "X[s*(a/s)]*F[a/s]",
            "[0<=a//s<I]*X[s*(a/s)]",
            "[0<=a/s<I]*X[2*s*(a/s)]",
            "[0<=a/s<I]*X[a/s]",
            "[0<=a/s<I]*X[p*(a/s)]",
            "[0<=a/s<I]*(max[q<K] X[s*(a/s)+q])",
            "[0<=a/s<I]*(sum[a<H] X[s*(a/s)])",
        ],
    ),
    Case("range", "[0<=p<K]", "1", ["[0<=p+1<K]", "[0<=p-1<K]", "[0<=i<K]"], ("range",)),
    Case("range", "[0<=K-1-p<K]", "1", ["[0<=K-p<K]"], ("range",)),
    Case(
        "zero outside",
        "[0<=i-p<H]*X[i-p]",
        "X[i-p]",
        ["[0<=i-p<H]*F[i-p]", "[0<=i-p<H]*X[i]", "[0<=i-p<H]*(1 + X[i-p])", "[0<=i-p<H]*X[i-p]/F[p]"],
    ),
    Case(
        "labels",
        "[0<=T[n]<C]",
        "1",
        ["[0<=n<C]", "[0<=c<C]"],
        ("hypothesis",),
        LABELS,
        CLASSES,
        (),
    ),
    Case("fold", "sum[q<K] X[s*i+q]*F[q]", "O[i]", ["sum[q<K] X[s*i+s+q]*F[q]", "sum[q<K] X[i+q]*F[q]"]),
    Case(
        "fold",
        "sum[q<K,r<I] X[r]*F[q]*X[s*r+q]",
        "sum[r] X[r]*O[r]",
        [
            "sum[q<K,r<I] X[q]*F[q]*X[s*r+q]",
            "sum[q<I,r<I] X[r]*F[q]*X[s*r+q]",
            "sum[q<K,r<K] X[r]*F[q]*X[s*r+q]",
            "sum[q<K,r<I] X[r]*F[q]*X[r+q]",
        ],
    ),
    Case("pull out", "sum[q<K] F[i]*X[q]", "F[i]*sum[q] X[q]", ["sum[q<K] F[q]*X[q]", "sum[q<K] F[i]"]),
    Case(
        "deviations",
        "sum[c1<C,n1<N] X[n,c1]*(X[n1,c] - M[c])/N",
        "0",
        [
            "sum[n1<N] (X[n1,c] - M[c])^2",
            "sum[n1<N] X[n1,c]*(X[n1,c] - M[c])",
            "sum[n1<N] (X[n1,c] - M[c] - 1)",
            "sum[n1<N] (X[n1,c] + M[c])",
            "sum[n1<N] (X[n1,c] - M[n])",
            "sum[n1<N] (X[n1,c] - M[c+1])",
            "sum[n1<C] (X[n1,c] - M[c])",
            "sum[c1<C] (X[n,c1] - M[c])",
            "sum[c1<C] (X[n,c] - M[c])",
        ],
        (),
        CENTRED,
        CLASSES,
        (),
    ),
    Case("factor out", "F[p]*X[i] + F[p]*X[p]", "F[p]*(X[i] + X[p])", ["F[p] + X[i]", "F[p]*X[i]"]),
    Case("factor out", "-(X[i] - F[p])", "F[p] - X[i]", ["-(X[i] + F[p])"]),
    Case(
        "factor out",
        "(sum[q<K,r<I] F[q]*X[r]*F[r]) - (sum[r<I,t<K] F[t]*X[r]*X[t]) + X[i]",
        "sum[q,r] F[q]*X[r]*(F[r] - X[q]) + X[i]",
        [
            "(sum[q<K] F[q]*X[q]*F[i]) - (sum[r<I] F[r]*X[r]*X[i])",
            "(sum[q<K] F[q]*X[q]) - (sum[r<K] F[r]*F[2*r])",
            "(sum[q<K] F[q]*X[q]) - (sum[r<K] F[r]*X[r]*X[r+1]*F[i])",
            "X[i]*(sum[q<K] F[q]*X[q]*X[q+1]) - (sum[r<K] F[r]*X[r]*X[r+2])",
        ],
    ),
    Case("one quotient", "F[p]*(X[i]/X[p])", "F[p]*X[i]/X[p]", ["F[p]*X[i]", "F[p]/X[p]"]),
    Case(
        "complete the denominator",
        "F[p]/(1 + F[p])^2",
        "1/(1 + F[p]) - 1/(1 + F[p])^2",
        ["F[p]/(1 + F[p])", "X[i]/(1 + F[p])^2"],
    ),
    Case("reverse", "sum[q<K] X[a-q]*F[q]", "sum[q] X[a+1+q-K]*F[K-1-q]", ["sum[q<K] X[a+q]*F[q]", "sum[q<K] X[a-q]"]),
    Case(
        "introduce",
        "sum[q<K] X[a+1+q-K]*F[K-1-q]",
        "sum[q] X[a+1+q-K]*rot180_1d(F | K)[q]",
        ["sum[q<K] X[a+q]*F[q]", "sum[q<K] F[K-1-q]"],
    ),
    Case("unfold", "O[i]", "sum[p] X[s*i+p]*F[p]", ["X[i]", "sum[q<K] X[q]"]),
    Case("exponential", "exp(X[i] - F[p])", "exp(X[i])/exp(F[p])", ["exp(X[i] + F[p])", "sin(X[i] - F[p])"]),
    Case("logarithm", "log(X[i]^2/exp(F[p]))", "log(X[i]^2) - F[p]", ["log(2*exp(X[i]))", "log(2/X[i])"]),
    Case("cancel", "(X[i]/F[p])/(X[a]/F[p])", "X[i]/X[a]", ["X[i]/F[p]", "X[i]*F[p]/X[a]"]),
    Case("cancel", "X[i] - F[p] - (X[a] - F[p])", "X[i] - X[a]", ["X[i] - F[p] - X[a]"]),
    Case("name", "X[a]*(1 - X[a])", "logistic_slope(X)[a]", ["X[a]*(1 - X[i])", "X[a]*(2 - X[a])"]),
    Case("name", "sum[q<K] F[q]*X[a+q]", "correlation_1d(X, F | K,1,0)[a]", ["sum[q<K] F[q]*X[a-q]"]),
    Case(
        "hypothesis",
        "sum[c1<C] T[n,c1]",
        "1",
        ["sum[c1<C] P[n,c1]", "sum[n1<N] T[n1,c]"],
        ("hypothesis",),
        PROBABILITIES,
        CLASSES,
        (),
    ),
]


def expression(text: str, case: Case) -> Expr:
    """Notation; `d e` is the derivative of e with respect to the one entry X[a]."""
    if text.startswith("d "):
        return D(parse_expr(text[2:]), Entry("X", (index("a"),)))
    return parse_expr(text)


def every_case(test: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.parametrize("case", CASES, ids=[f"{c.law}: {c.before}" for c in CASES])(test)


def test_every_law_is_in_the_table_with_something_that_it_must_leave_alone():
    assert {c.law for c in CASES if c.not_to} == set(LAWS)
    assert {law.name for stage in (*STAGES, NAMING, STABILITY) for law in stage} == set(LAWS)


@every_case
def test_a_law_gives_what_its_statement_says_on_its_conditions(case: Case):
    found = LAWS[case.law](expression(case.before, case), Site(case.op, case.free, case.binders))
    assert found is not None
    assert show(found.after, bounds=False) == case.after
    assert tuple(dict.fromkeys(c.kind for c in found.conditions)) == case.conditions


@every_case
def test_a_law_leaves_a_near_miss_alone(case: Case):
    site = Site(case.op, case.free, case.binders)
    assert [text for text in case.not_to if LAWS[case.law](expression(text, case), site)] == []


def defined(e: Expr, op: Op, axes: tuple[Binder, ...], reals: bool) -> list[object]:
    """The values of an expression everywhere in the small worlds; None where it has none."""
    found: list[object] = []
    for small in worlds(op):
        world = in_reals(small, op) if reals else small
        for point in world.tuples(axes, {}):
            try:
                found.append(world.value(e, point))
            except MeaningError:
                found.append(None)
    return found


@every_case
def test_a_law_keeps_the_value_wherever_there_is_one(case: Case):
    before = expression(case.before, case)
    found = LAWS[case.law](before, Site(case.op, case.free, case.binders))
    assert found is not None
    own = assuming(case.op)
    reals = case.law == "logarithm"  # the prime field has exponentials, and no logarithms of them
    old, new = (defined(e, own, (*case.free, *case.binders), reals) for e in (before, found.after))
    assert any(v is not None for v in old)
    assert [(a, b) for a, b in zip(old, new, strict=True) if a is not None and a != b] == []


# -- wrong laws --------------------------------------------------------------------------------------------------------


def derive_with(own: Op, wrt: str, name: str, rule: Rule | None, every: bool = False) -> Derivation:
    """The derivation by the same engine with one law's rule replaced."""

    def mutated(law: Law) -> Law:
        return replace(law, rule=rule) if rule and law.name == name else law

    tensor = own.tensor(wrt)
    target, start = chain_rule_start(own, tensor.name)
    stages = [tuple(mutated(law) for law in stage) for stage in (*STAGES, NAMING)]
    d = Derivation(own, tensor, target, tensor.axes, start, tuple(run(start, stages, own, tensor.axes)))
    if every:
        check_lines(own, d.axes, d.lines, d.title, every=True)
    return d


def quotient_without_the_square(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Div(f, g), wrt):
            return add((div(D(f, wrt), g), negate(div(mul((f, D(g, wrt))), g))))
    return None


def product_without_the_second_term(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Mul((f, *rest)), wrt):
            return mul((D(f, wrt), *rest))
    return None


def maximum_strict_on_both_sides(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Maximum(f, g), wrt):
            return add((mul((Compare("<", g, f), D(f, wrt))), mul((Compare("<", f, g), D(g, wrt)))))
    return None


def selection_of_the_last_winner(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Select((b,), _) as inner, wrt):
            other = rename_bound(inner, [b.name], {b.name, "h", "i"})
            (turned,) = other.binders
            last = b.extent - 1 - index(turned.name)
            body = substitute(other.body, {turned.name: last})
            won = Winner(other.binders, body, (b.extent - 1 - index(b.name),))
            return Contract(inner.binders, mul((won, D(inner.body, wrt))))
    return None


def either_branch_taken(node: Expr, site: Site) -> Expr | None:
    return node.then if isinstance(node, Cases) else None


def delta_without_its_guard(node: Expr, site: Site) -> Expr | None:
    found = LAWS["contract a delta"](node, site)
    if found is None:
        return None
    kept = [f for f in factors(found.after) if not isinstance(f[0], InRange)]
    return product(kept) if not isinstance(found.after, Contract) else found.after


def rest_for_quotient(node: Expr, site: Site) -> Expr | None:
    found = LAWS["divide with a rest"](node, site)
    other = {"floor": "mod", "mod": "floor"}
    return found and exchanged(found.after, other)


def exchanged(e: Expr, kinds: dict[str, str]) -> Expr:
    """The expression with every quotient of one kind made one of another."""
    e = e.with_parts(tuple(exchanged(p, kinds) for p in e.parts)) if e.parts else e

    def turned(i: Index) -> Index:
        atoms = (a for m, _ in i.terms for a in m if isinstance(a, Composite))
        changed = [divide(kinds[a.kind], a.dividend, a.divisor) for a in atoms]
        return changed[0] if changed else i

    return map_indices(e, turned)


def quotient_cleared_on_one_side(node: Expr, site: Site) -> Expr | None:
    found = LAWS["clear a quotient"](node, site)
    return found and Compare("==", found.after.parts[0], node.parts[1])


def division_undone_without_the_rest(node: Expr, site: Site) -> Expr | None:
    found = LAWS["undo a division"](node, site)
    whole = Entry("X", (index("h"),))
    return found and mul(Entry("X", (index("h") - index("p"),)) if f == whole else f for f in found.after.parts)


def blocks_of_the_first_alone(node: Expr, site: Site) -> Expr | None:
    found = LAWS["block by block"](node, site)
    return found and substitute(found.after.body, {"g": index(0)})  # type: ignore[attr-defined]


def windows_that_do_not_move(node: Expr, site: Site) -> Expr | None:
    found = LAWS["whole windows"](node, site)
    return found and substitute(found.after, {"s": index(1)})


def any_guard_dropped(node: Expr, site: Site) -> Expr | None:
    if not isinstance(node, Mul):
        return None
    kept = [f for f in factors(node) if not isinstance(f[0], InRange)]
    return product(kept)


def radix_the_wrong_way_round(node: Expr, site: Site) -> Expr | None:
    found = LAWS["mixed radix"](node, site)
    return None if found is None else substitute(found.after, {"h": index("w"), "w": index("h")})


def factor_with_a_lost_term(node: Expr, site: Site) -> Expr | None:
    found = LAWS["factor out"](node, site)
    if found is None or not isinstance(node, Add):
        return None
    return node.items[0]


def pulled_out_of_what_depends(node: Expr, site: Site) -> Expr | None:
    match node:
        case Contract(binders, Mul(items)):
            cotangent = [f for f in items if isinstance(f, Entry) and f.tensor == "dE/dO"]
            return mul((*cotangent, contract(binders, mul(f for f in items if f not in cotangent))))
    return None


def reversed_one_too_far(node: Expr, site: Site) -> Expr | None:
    found = LAWS["reverse"](node, site)
    if found is None or not isinstance(found.after, Contract):
        return None
    (b,) = found.after.binders
    return Contract((b,), substitute(found.after.body, {b.name: index(b.name) + 1}))


def deviation_of_any_entry(node: Expr, site: Site) -> Expr | None:
    centred = isinstance(node, Contract) and any(isinstance(f, Add) for f, _ in factors(node.body))
    return val(0) if centred else None


MUTANTS: dict[str, tuple[Rule, str, str]] = {
    "quotient rule": (quotient_without_the_square, "O[i] = Y[i]/X[i]", "X"),
    "product rule": (product_without_the_second_term, "O[i] = X[i]*tanh(X[i])", "X"),
    "maximum": (maximum_strict_on_both_sides, "O[i] = max(X[i], X[i])", "X"),
    "selection": (selection_of_the_last_winner, "O[i] = max[p<9] X[i+p]", "X"),
    "zero branch": (either_branch_taken, "O[i] = cases(0 < X[i], X[i]^2, 0)", "X"),
    "contract a delta": (delta_without_its_guard, "O = sum[p<K] X[2*p+1]; X[h<H]", "X"),
    "divide with a rest": (rest_for_quotient, "O[i] = sum[p<3] X[3*i+p]*F[p]", "X"),
    "clear a quotient": (quotient_cleared_on_one_side, "O[i] = sum[p<K] X[(i-p)/2]*F[p]; X[h<H]; size i touch", "X"),
    "undo a division": (division_undone_without_the_rest, "O[i] = sum[p<K] X[2*i+p]^2", "X"),
    "zero outside": (any_guard_dropped, "O[i] = sum[p<K] X[2*p+1,3*i+1]; X[h<H,w<W]", "X"),
    "block by block": (blocks_of_the_first_alone, "O[k] = sum[c<C] X[k//K*C+c]*F[k,c]; X[c<G*C]; F[k<G*K,c<C]", "X"),
    "whole windows": (windows_that_do_not_move, "O[i] = sum[p<K] X[(i-p)/s]*F[p]; F[p<K]; size i touch", "F"),
    "mixed radix": (radix_the_wrong_way_round, "O[a] = X[a//W,a%W]; X[h<H,w<W]; size a = H*W", "X"),
    "factor out": (factor_with_a_lost_term, "O[i] = X[i]*sin(X[i])", "X"),
    "pull out": (pulled_out_of_what_depends, "O[i,j] = X[i]^2*Y[j]", "X"),
    "reverse": (reversed_one_too_far, "O[i] = sum[p<K] X[i+p]*F[p]", "X"),
    "deviations": (
        deviation_of_any_entry,
        "M[c] = (sum[n] X[n,c])/N; V[c] = (sum[n] (X[n,c] - M[c])^2)/N; O[n,c] = X[n,c]*V[c]; X[n<N,c<C]",
        "X",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_engine_of_these_tests_derives_with_the_right_law(name: str):
    _, law, wrt = MUTANTS[name]
    assert name in {s.law for s in derive_with(op(law), wrt, name, None, every=True).steps}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_derivation_with_a_wrong_law_is_refused(name: str):
    rule, law, wrt = MUTANTS[name]
    with pytest.raises(NotDerived, match=r"line \d+ is .* where line 0 is|got free names"):
        derive_with(op(law), wrt, name, rule, every=True)


def test_every_stage_has_a_wrong_law():
    for stage in (*STAGES, NAMING):
        assert {law.name for law in stage} & set(MUTANTS)


def test_an_entry_folded_where_its_index_is_out_of_range_has_another_value():
    own = op("O[i] = exp(X[i])")
    axes, past = (Binder("i", own.output.axes[0].extent),), index("i") + 1
    body = own.equations[0].body
    there = substitute(body, {"i": past})
    assert LAWS["fold"](there, Site(own, axes, ())) is None
    assert LAWS["fold"](body, Site(own, axes, ())) is not None
    with pytest.raises(NotDerived, match="line 1 is"):
        check_lines(own, axes, (there, Entry("O", (past,))), "a fold out of range", every=True)


def test_a_guard_beside_no_read_of_its_own_is_no_1():
    own = CORRELATION
    guard = InRange(index("a") - 1, index("H"))
    with pytest.raises(NotDerived, match="line 1 is"):
        check_lines(own, FREE, (guard, val(1)), "a guard dropped", every=True)
