"""Why kernels may compute a softmax shifted by its maximum: the shifted equations equal the law's, whatever the shift.

The proof treats the shift M as any tensor at all, so the maximum is only one choice of many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from derive.derivation import Step, check_joins
from derive.errors import NotDerived
from derive.expressions.build import add, div, factors, negate, negative, product
from derive.expressions.expr import Add, Binder, Div, Entry, Expr, Fn, Mul, Num
from derive.expressions.index import index
from derive.expressions.match import Unknowns, match
from derive.expressions.substitution import substitute
from derive.expressions.traversal import walk
from derive.language.notation import Equation
from derive.language.show import show
from derive.laws.law import Site, law
from derive.laws.presentation import pull_out
from derive.meaning.linevalues import check_lines
from derive.operation import Op, Tensor
from derive.rewrite import run

STABILITY_STAGE = "stability"


@law("unfold", "O[i] = f(i) where the operation says O[i] = f(i)", STABILITY_STAGE)
def unfold(node: Expr, site: Site) -> Expr | None:
    if not isinstance(node, Entry) or (equation := site.op.equation(node.tensor)) is None:
        return None
    axes = site.op.tensor(node.tensor).axes
    if any(i.name is None or site.extent(i.name) != b.extent for i, b in zip(node.indices, axes, strict=True)):
        return None  # out of range the entry is 0 and the body may not be
    return substitute(equation.body, dict(zip(equation.names, node.indices, strict=True)))


@law("exponential", "exp(a - b) = exp(a)/exp(b)", STABILITY_STAGE)
def exponential(node: Expr, site: Site) -> Expr | None:
    match node:
        case Fn("exp", Add(terms)) if 0 < sum(map(negative, terms)) < len(terms):
            less = [negate(t) for t in terms if negative(t)]
            return div(Fn("exp", add(t for t in terms if not negative(t))), Fn("exp", add(less)))
    return None


@law("logarithm", "log(a/exp(b)) = log(a) - b", STABILITY_STAGE)
def logarithm(node: Expr, site: Site) -> Expr | None:
    match node:
        case Fn("log", Div(a, Fn("exp", b))):
            return add((Fn("log", a), negate(b)))
    return None


@law("cancel", "(a/c)/(b/c) = a/b where c is not 0; a - (b - c) = a - b + c and a - a = 0", STABILITY_STAGE)
def cancel(node: Expr, site: Site) -> Expr | None:
    if isinstance(node, Div) and any(isinstance(p, Div) for p in node.parts):
        return product(factors(node))
    if isinstance(node, Add):
        return _collected(node)
    return None


def _collected(node: Add) -> Expr | None:
    terms = [u for t in node.items for u in _opened(t)]
    for k, t in enumerate(terms):
        if negate(t) in terms:
            m = terms.index(negate(t))
            return add(u for j, u in enumerate(terms) if j not in (k, m))
    return None


def _opened(t: Expr) -> list[Expr]:
    """The terms of -(a - b): -a and b."""
    match t:
        case Mul((Num() as c, Add(inner))) if c.value == -1:
            return [negate(u) for u in inner]
    return [t]


STABILITY = (unfold, exponential, pull_out, logarithm, cancel)


@dataclass(frozen=True, slots=True)
class Proof:
    """`target`, as computed, equals `target`, as the law says: start = ... = end, each step one law."""

    op: Op
    target: Entry
    axes: tuple[Binder, ...]
    start: Expr
    steps: tuple[Step, ...]
    goal: Expr

    def __post_init__(self) -> None:
        check_joins(self.title, self.start, self.steps)
        if match(self.goal, self.lines[-1], Unknowns(frozenset())) is None:
            raise NotDerived(f"{self.title}: got {show(self.lines[-1], False)}, expected {show(self.goal, False)}")
        logarithms = any(isinstance(n, Fn) and n.name == "log" for line in self.lines for n in walk(line))
        check_lines(self.op, self.axes, (*self.lines, self.goal), self.title, reals=logarithms)

    @property
    def title(self) -> str:
        """`P of softmax does not depend on the shift`."""
        return f"{self.target.tensor} of {self.op.name} does not depend on the shift"

    @property
    def lines(self) -> tuple[Expr, ...]:
        """Every line, the start first."""
        return (self.start, *(s.after for s in self.steps))


@lru_cache(maxsize=64)
def shift_proofs(op: Op) -> dict[str, Proof]:
    """The tensors that do not depend on the shift of `op.stable`, each with its proof; none where nothing is shifted.

    A backward pass may read these and no others among those that the operation computes.
    """
    shift = next((s for s in op.stable if op.equation(s.target) is None), None)
    if shift is None:
        return {}
    computed = _with_shift(op, tuple(s for s in op.stable if s != shift), shift)
    plain = _with_shift(op, op.equations, shift)
    proofs = {}
    for e in op.equations:
        try:
            proofs[e.target] = _prove(computed, plain, op.tensor(e.target))
        except NotDerived:
            continue  # such as the exponentials themselves: they do depend on it
    return proofs


def _prove(computed: Op, plain: Op, tensor: Tensor) -> Proof:
    target = Entry(tensor.name, tuple(index(b.name) for b in tensor.axes))
    steps = tuple(run(target, (STABILITY,), computed, tensor.axes))
    goal = [target, *(s.after for s in run(target, (STABILITY,), plain, tensor.axes))][-1]
    return Proof(computed, target, tensor.axes, target, steps, goal)


def _with_shift(op: Op, equations: tuple[Equation, ...], shift: Equation) -> Op:
    """The operation under these equations, its shift being an input: any tensor of that shape."""
    extents = {b.name: b for t in op.tensors for b in t.axes}
    free = Tensor(shift.target, tuple(extents[n] for n in shift.names), "input", shift.target)
    return replace(op, equations=equations, tensors=(*op.tensors, free), stable=())
