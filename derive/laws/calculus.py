"""The laws of differentiation: the only calculus in the project, and it knows no operation."""

from __future__ import annotations

from fractions import Fraction

from derive.expressions.build import add, contract, div, mul, negate, power
from derive.expressions.expr import (
    ZERO,
    Add,
    Cases,
    Compare,
    Contract,
    D,
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
    delta,
)
from derive.expressions.functions import Z, derivative
from derive.expressions.index import index
from derive.expressions.substitution import rename_bound, substitute
from derive.expressions.traversal import all_names, reads
from derive.laws.law import Condition, Rewrite, Site, law
from derive.operation import Op


def depends(e: Expr, tensor: str, op: Op) -> bool:
    """Whether an expression reads a tensor, directly or through the operation's equations."""
    for read in reads(e):
        if read.tensor == tensor:
            return True
        equation = op.equation(read.tensor)
        if equation is not None and depends(equation.body, tensor, op):
            return True
    return False


@law("independent", "de/dX[a] = 0 where e does not read X")
def independent(node: Expr, site: Site) -> Expr | None:
    if isinstance(node, D) and not depends(node.expr, node.wrt.tensor, site.op):
        return ZERO
    return None


@law("definition", "d(O[i])/dX[a] = d(f(i))/dX[a] where O[i] = f(i)")
def definition(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Entry(tensor, indices), wrt) if tensor != wrt.tensor:
            equation = site.op.equation(tensor)
            if equation is None:
                return None
            body = substitute(equation.body, dict(zip(equation.names, indices, strict=True)))
            extents = [b.extent for b in site.op.tensor(tensor).axes]
            guards = [
                InRange(i, n)
                for i, n in zip(indices, extents, strict=True)
                if i.name is None or site.extent(i.name) != n
            ]
            return mul((*guards, D(body, wrt)))
    return None


@law("linearity", "d(f + g)/dX[a] = df/dX[a] + dg/dX[a]; d(sum[i] f)/dX[a] = sum[i] df/dX[a]")
def linearity(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Add(items), wrt):
            return add(D(t, wrt) for t in items)
        case D(Contract() as inner, wrt):
            clash = {b.name for b in inner.binders} & all_names(wrt)
            taken = all_names(wrt) | {b.name for b in site.binders}
            inner = rename_bound(inner, [b.name for b in inner.binders if b.name in clash], taken)
            return contract(inner.binders, D(inner.body, wrt))
    return None


@law("constant factor", "d(c*f)/dX[a] = c*df/dX[a]; d(f/c)/dX[a] = (df/dX[a])/c where c does not read X")
def constant_factor(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Mul(items), wrt):
            moving = [f for f in items if depends(f, wrt.tensor, site.op)]
            if len(moving) == len(items) or not moving:
                return None
            k = items.index(moving[0]) if len(moving) == 1 else -1
            if k >= 0:
                return mul((*items[:k], D(items[k], wrt), *items[k + 1 :]))
            return mul((*(f for f in items if f not in moving), D(mul(moving), wrt)))
        case D(Div(top, bottom), wrt) if not depends(bottom, wrt.tensor, site.op):
            return div(D(top, wrt), bottom)
    return None


@law("product rule", "d(f*g)/dX[a] = df/dX[a]*g + f*dg/dX[a]")
def product_rule(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Mul(items), wrt):
            return add(mul((*items[:k], D(f, wrt), *items[k + 1 :])) for k, f in enumerate(items))
    return None


@law("quotient rule", "d(f/g)/dX[a] = (df/dX[a])/g - f*(dg/dX[a])/g^2")
def quotient_rule(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Div(top, bottom), wrt):
            second = div(mul((top, D(bottom, wrt))), power(bottom, 2))
            if not depends(top, wrt.tensor, site.op):
                return negate(second)
            return add((div(D(top, wrt), bottom), negate(second)))
    return None


@law("power rule", "d(f^n)/dX[a] = n*f^(n-1)*df/dX[a] where n is a constant")
def power_rule(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Pow(base, n), wrt) if not depends(n, wrt.tensor, site.op):
            if isinstance(n, Num) and n.value.denominator == 1:
                less = power(base, int(n.value) - 1)
            else:
                less = Pow(base, add((n, Num(Fraction(-1)))))
            return mul((n, less, D(base, wrt)))
    return None


@law("chain rule", "d(f(u))/dX[a] = f'(u)*du/dX[a], f' as SymPy knows it")
def chain_rule(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Fn(name, arg), wrt):
            return mul((_at(derivative(name), arg), D(arg, wrt)))
    return None


def _at(e: Expr, z: Expr) -> Expr:
    """A scalar expression in z with an expression put in for z."""
    if isinstance(e, Val) and e.index == index(Z):
        return z
    return e.with_parts(tuple(_at(p, z) for p in e.parts)) if e.parts else e


@law("same tensor", "dX[i,j]/dX[a,b] = [i==a]*[j==b]")
def same_tensor(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Entry(tensor, indices), wrt) if tensor == wrt.tensor:
            return mul(delta(i, a) for i, a in zip(indices, wrt.indices, strict=True))
    return None


@law("maximum", "d(max(f,g))/dX[a] = [g<f]*df/dX[a] + [f<=g]*dg/dX[a]; likewise min, where f counts at a tie")
def maximum(node: Expr, site: Site) -> Rewrite | None:
    match node:
        case D(Maximum(f, g), wrt):
            after = add((mul((Compare("<", g, f), D(f, wrt))), mul((Compare("<=", f, g), D(g, wrt)))))
            return Rewrite(after, (Condition("convention", "where max(f, g) meet, g's derivative counts"),))
        case D(Minimum(f, g), wrt):
            after = add((mul((Compare("<=", f, g), D(f, wrt))), mul((Compare("<", g, f), D(g, wrt)))))
            return Rewrite(after, (Condition("convention", "where min(f, g) meet, f's derivative counts"),))
    return None


@law("selection", "d(max[p] f(p))/dX[a] = sum[p] [p==argmax[q] f(q)]*df(p)/dX[a]")
def selection(node: Expr, site: Site) -> Rewrite | None:
    match node:
        case D(Select() as inner, wrt):
            taken = all_names(wrt) | {b.name for b in site.binders}
            clash = [b.name for b in inner.binders if b.name in all_names(wrt)]
            inner = rename_bound(inner, clash, taken)
            names = [b.name for b in inner.binders]
            other = rename_bound(inner, names, taken | set(names))
            won = Winner(other.binders, other.body, tuple(index(n) for n in names))
            after = Contract(inner.binders, mul((won, D(inner.body, wrt))))
            tie = Condition("convention", "the first winner in row-major order takes the whole derivative")
            return Rewrite(after, (tie,))
    return None


@law("cases", "d(cases(cond, f, g))/dX[a] = cases(cond, df/dX[a], dg/dX[a]); d([cond])/dX[a] = 0")
def cases(node: Expr, site: Site) -> Expr | None:
    match node:
        case D(Cases(condition, f, g), wrt):
            if not depends(f, wrt.tensor, site.op) and not depends(g, wrt.tensor, site.op):
                return ZERO
            return Cases(condition, D(f, wrt), D(g, wrt))
        case D(Compare() | InRange() | Divides() | Winner(), _):
            return ZERO
    return None


CALCULUS = (
    independent,
    definition,
    linearity,
    constant_factor,
    power_rule,
    product_rule,
    quotient_rule,
    chain_rule,
    maximum,
    selection,
    cases,
    same_tensor,
)

__all__ = ["CALCULUS", "depends"]
