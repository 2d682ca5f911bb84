"""Laws of differentiation, through every kind of node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from derive.checker.trees import (
    MINUS,
    ONE,
    ZERO,
    Instances,
    Tree,
    add,
    minus,
    mul,
    name,
    number,
    power,
    subsets,
    substitute,
)

if TYPE_CHECKING:
    from derive.checker.claim import Claim


def differentiation(node: Tree, after: Tree, claim: Claim) -> Instances:
    if node[0] != "d":
        return
    _, e, x = node
    # df/dX[a] = 0 where f does not read X
    if not claim.depends(e):
        yield "independent", after, ZERO, ()
    match e:
        # dX[i,j]/dX[a,b] = [i==a]*[j==b]
        case "entry", tensor, at if tensor == x[1]:
            deltas = (("compare", "==", ("val", i), ("val", a)) for i, a in zip(at, x[2], strict=True))
            yield "same tensor", after, mul(*deltas), ()
        # d(O[i])/dX[a] = [0<=i<I]*d(f(i))/dX[a] where O[i] = f(i), without a guard that holds plainly
        case "entry", tensor, at if tensor in claim.equations:
            body, held, facts = claim.unfold(tensor, at)
            guards = (("in", i, claim.extent(tensor, k)) for k, i in enumerate(at) if held[k] is None)
            yield "definition", after, mul(*guards, ("d", body, x)), facts
        # d(sum[i] f)/dX[a] = sum[i] df/dX[a]; d(f + g)/dX[a] = df/dX[a] + dg/dX[a]
        case "sum", over, f:
            yield "linearity", after, ("sum", over, ("d", f, x)), ()
        case "add", terms:
            yield "linearity", after, add(*(("d", t, x) for t in terms)), ()
        # d(max[p] f(p))/dX[a] = sum[p] [p==argmax[q] f(q)]*df(p)/dX[a]
        case "select", over, f:
            other = substitute(f, {p: name(f"{p}'") for p, _ in over})
            won = ("winner", tuple((f"{p}'", n) for p, n in over), other, tuple(name(p) for p, _ in over))
            tie = ("convention", "the first winner in row-major order takes the whole derivative")
            yield "selection", after, ("sum", over, mul(won, ("d", f, x))), (tie,)
        # d(cases(cond, f, g))/dX[a] = cases(cond, df/dX[a], dg/dX[a]), 0 where neither f nor g reads X
        case "cases", condition, f, g:
            yield "cases", after, ("cases", condition, ("d", f, x), ("d", g, x)), ()
            if not claim.depends(f) and not claim.depends(g):
                yield "cases", after, ZERO, ()
        # the derivative of a guard counts as 0
        case "compare" | "in" | "divides" | "winner", *_:
            yield "cases", after, ZERO, ()


def arithmetic(node: Tree, after: Tree, claim: Claim) -> Instances:
    match node:
        # d(f*g)/dX[a] = df/dX[a]*g + f*dg/dX[a]; d(c*f)/dX[a] = c*df/dX[a] where c does not read X
        case "d", ("mul", items), x:
            terms = (mul(*items[:k], ("d", f, x), *items[k + 1 :]) for k, f in enumerate(items))
            yield "product rule", after, add(*terms), ()
            for still in subsets([k for k, f in enumerate(items) if not claim.depends(f)]):
                rest = mul(*(f for k, f in enumerate(items) if k not in still))
                yield "constant factor", after, mul(*(items[k] for k in still), ("d", rest, x)), ()
        # d(f/g)/dX[a] = (df/dX[a])/g - f*(dg/dX[a])/g^2, where f does not read X without the first term
        case "d", ("div", f, g), x:
            first, second = ("div", ("d", f, x), g), minus(("div", mul(f, ("d", g, x)), power(g, 2)))
            yield "quotient rule", after, add(first, second) if claim.depends(f) else second, ()
            if not claim.depends(g):
                yield "constant factor", after, first, ()
        # d(f^n)/dX[a] = n*f^(n-1)*df/dX[a] where n does not read X
        case "d", ("pow", f, n), x if not claim.depends(n):
            less = ("num", n[1] - n[2], n[2]) if n[0] == "num" else add(n, MINUS)
            yield "power rule", after, mul(n, ("pow", f, less), ("d", f, x)), ()
        # d(f(u))/dX[a] = f'(u)*du/dX[a]
        case "d", ("fn", f, u), x:
            yield "chain rule", after, mul(DERIVATIVES[f](u), ("d", u, x)), ()
        # d(max(f,g))/dX[a] = [g<f]*df/dX[a] + [f<=g]*dg/dX[a]; likewise min, where f counts at a tie
        case "d", ("max" | "min" as kind, f, g), x:
            one, other = (("<", g, f), ("<=", f, g)) if kind == "max" else (("<=", f, g), ("<", g, f))
            sides = add(mul(("compare", *one), ("d", f, x)), mul(("compare", *other), ("d", g, x)))
            meet = f"where {kind}(f, g) meet, {'g' if kind == 'max' else 'f'}'s derivative counts"
            yield "maximum", after, sides, (("convention", meet),)


DERIVATIVES: dict[str, Callable[[Tree], Tree]] = {
    "exp": lambda z: ("fn", "exp", z),
    "log": lambda z: ("div", ONE, z),
    "sqrt": lambda z: ("div", ONE, mul(number(2), ("fn", "sqrt", z))),
    "sin": lambda z: ("fn", "cos", z),
    "cos": lambda z: minus(("fn", "sin", z)),
    "tanh": lambda z: add(ONE, minus(power(("fn", "tanh", z), 2))),
    "sigmoid": lambda z: mul(("fn", "sigmoid", z), add(ONE, minus(("fn", "sigmoid", z)))),
}
