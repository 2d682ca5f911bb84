"""The right side of a claim: derived from the law, over the claim's own indices, and shown as its writer would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from derive.derivation import Derivation
from derive.errors import OperationError
from derive.expressions.build import mul, rebuild
from derive.expressions.expr import ZERO, Contract, D, Entry, Expr, InRange, Mul, Val, Winner
from derive.expressions.index import ZERO as FIRST
from derive.expressions.index import Composite, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import walk
from derive.language.show import show, show_atom, show_index
from derive.laws.law import COTANGENT
from derive.operation import Op
from derive.rewrite import run
from derive.sweep import STAGES, gradient
from numeric.audit.claim_grammar import DERIVATIVE, GRADIENT, NUMBER
from numeric.audit.claims import Claim
from numeric.audit.comparison import differ
from numeric.audit.jacobian import by_gradient
from numeric.audit.numbers import number


def right_side(claim: Claim, op: Op) -> Expr:
    """What the claim's left side is, in an operation that is the claim's with more or fewer numbers in it."""
    if claim.other is not None:
        return claim.other
    if claim.kind == NUMBER:
        return number(op, claim.left.tensor)
    if claim.kind == DERIVATIVE:
        return _derivative(claim, op)
    if claim.kind == GRADIENT:
        return over(op, claim.left, _gradient(op, claim.left.tensor))
    equation = op.equation(claim.left.tensor)
    if equation is None:
        raise OperationError(f"{claim.title}: got an input on the left side, expected what the law computes; claim"
                             f" {COTANGENT}{claim.title} or an equation of the law")  # fmt: skip
    return substitute(equation.body, dict(zip(equation.names, claim.left.indices, strict=True)))


def over(op: Op, left: Entry, formula: Expr) -> Expr:
    """A formula over the axes of a tensor, at the indices of an entry of it."""
    return substitute(formula, {b.name: i for b, i in zip(op.tensor(left.tensor).axes, left.indices, strict=True)})


def _gradient(op: Op, tensor: str) -> Expr:
    """dE/dT over T's axes; of the output it is the cotangent itself, of an intermediate it is as if that were given."""
    if tensor == op.output.name:
        return Entry(COTANGENT + tensor, tuple(index(b.name) for b in op.output.axes))
    found = derived(op, tensor).formula
    if op.tensor(tensor).role == "intermediate" and found == ZERO:
        raise OperationError(f"{COTANGENT}{tensor}: got an intermediate without which {op.name} computes"
                             f" {op.output.name}, expected another; give the law that you mean with --op")  # fmt: skip
    return found


def with_gradients(op: Op, e: Expr) -> Expr:
    """The expression with all gradients but the output's written out: they are no data. Raises: OperationError."""
    e = rebuild(e, tuple(with_gradients(op, p) for p in e.parts)) if e.parts else e
    computed = {COTANGENT + t.name: t.name for t in op.tensors if t.name != op.output.name}
    if not isinstance(e, Entry) or e.tensor not in computed:
        return e
    name = computed[e.tensor]
    return over(op, Entry(name, e.indices), _gradient(op, name))


def derived(op: Op, tensor: str) -> Derivation:
    """The derivation of dE/dT; an intermediate is an input of the equations behind it."""
    if op.tensor(tensor).role == "intermediate":
        tensors = tuple(replace(t, role="input") if t.name == tensor else t for t in op.tensors)
        equations = tuple(e for e in op.equations if e.target != tensor)
        op = replace(op, tensors=tensors, equations=equations, stable=())
    return gradient(op, tensor)


def _derivative(claim: Claim, op: Op) -> Expr:
    assert claim.wrt is not None
    start = D(claim.left, claim.wrt)
    steps = list(run(start, STAGES, op, claim.axes))
    return steps[-1].after if steps else start


# -- for a reader ------------------------------------------------------------------------------------------------------


def shown(claim: Claim, op: Op, e: Expr) -> str:
    """`left = right` as the claim is written, without the leading axes that it leaves out; of an identity one side."""
    if claim.kind == NUMBER:
        return f"{claim.left.tensor} = {_rounded(e)}"
    short = _short(op, claim)
    e = short(_simplest(claim, op, e))
    text = show(e, bounds=any(isinstance(n, Winner) for n in walk(e)))  # what a window's cells run over is read nowhere
    if claim.other is not None:
        return text
    left = show(short(claim.left))
    if claim.kind == GRADIENT:
        left = COTANGENT + left
    if claim.wrt is not None:
        left = f"d{left}/d{show(short(claim.wrt))}"
    return f"{left} = {text}"


def _simplest(claim: Claim, op: Op, e: Expr) -> Expr:
    """The right side without guards that change nothing, or a derivative in terms of outputs, if shorter and equal."""
    other = by_gradient(op, claim.left, claim.wrt, claim.axes) if claim.wrt else _unguarded(op, e)
    if other is None or len(show(other)) >= len(show(e)) or differ(op, claim.axes, other, e):
        return e
    return other


def _unguarded(op: Op, e: Expr) -> Expr:
    """The expression without the guards [0<=i<I] of products that read a tensor at i: beyond it, the entry is 0.

    What else the product reads may have no value there.
    """
    e = rebuild(e, tuple(_unguarded(op, p) for p in e.parts)) if e.parts else e
    if not isinstance(e, Mul):
        return e
    read = {
        (i, b.extent)
        for f in e.items
        if isinstance(f, Entry)
        for i, b in zip(f.indices, op.tensor(f.tensor.removeprefix(COTANGENT)).axes, strict=True)
    }
    return mul(f for f in e.items if not (isinstance(f, InRange) and (f.index, f.extent) in read))


def _rounded(e: Expr) -> str:
    """A size with floor(a/b) for a//b, as lecturers write it."""
    if not isinstance(e, Val):
        return show(e)
    floors = [a for a in e.index.atoms() if isinstance(a, Composite) and a.kind == "floor"]
    text = show(e)
    for a in floors:
        above, below = show_index(a.dividend), show_index(a.divisor, tight=True)
        text = text.replace(show_atom(a), f"floor(({above})/{below})")
    return text


def _short(op: Op, claim: Claim) -> Callable[[Expr], Expr]:
    """Takes off leading indices of extent 1 that are 0, where the claim leaves them out, and sums over one value."""
    bare = bool(claim.ones)

    def entry(e: Entry) -> Entry:
        axes = op.tensor(e.tensor.removeprefix(COTANGENT)).axes
        inner = [i.substitute({}, entry) for i in e.indices]
        while bare and inner and axes[len(axes) - len(inner)].extent == index(1) and inner[0] == FIRST:
            inner.pop(0)
        return Entry(e.tensor, tuple(inner))

    def short(e: Expr) -> Expr:
        if isinstance(e, Contract):
            e = _without_single(e)
        if isinstance(e, Entry):
            return entry(e)
        return rebuild(e, tuple(short(p) for p in e.parts)) if e.parts else e

    return short


def _without_single(e: Contract) -> Expr:
    """A sum without the indices that have one value."""
    single = {b.name: FIRST for b in e.binders if b.extent == index(1)}
    left = tuple(b for b in e.binders if b.name not in single)
    body = substitute(e.body, single)
    return Contract(left, body) if left else body
