"""Realistic mistakes in gradients, each as the formula that someone who makes it would write."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from derive.expressions.expr import GUARDS, ZERO, Add, Compare, Contract, Div, Entry, Expr, InRange, Mul, Select, Winner
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import walk
from derive.language.notation import parse_expr

Change = Callable[[Expr], Expr]


@dataclass(frozen=True)
class Mistake:
    """A wrong gradient: its number in the catalogue of mistakes, its name, and the layer that must see it."""

    number: int
    name: str
    law: str
    wrt: str
    formula: str | Change
    layer: int = 6
    settings: dict[str, str] = field(default_factory=dict)

    def wrong(self, right: Expr) -> Expr:
        """The formula with the mistake in it."""
        return parse_expr(self.formula) if isinstance(self.formula, str) else self.formula(right)


def _dx(
    row: str = "(h+P_h-d_h*p)/s_h", column: str = "(w+P_w-d_w*q)/s_w", tap: str = "F[k,c,p,q]", front: str = ""
) -> str:
    return f"sum[k<K,p<K_h,q<K_w] {front}dE/dO[n,k,{row},{column}]*{tap}"


def _df(read: str = "X[n,c,s_h*i+d_h*p-P_h,s_w*j+d_w*q-P_w]", over: str = "n<N,i<I,j<J") -> str:
    return f"sum[{over}] dE/dO[n,k,i,j]*{read}"


CONVOLUTION = [
    Mistake(1, "filter not flipped", "conv2d", "X", _dx(tap="F[k,c,K_h-1-p,K_w-1-q]")),
    Mistake(2, "kernel transposed", "conv2d", "X", _dx(tap="F[k,c,q,p]")),
    Mistake(3, "stride forgotten", "conv2d", "X", _dx("h+P_h-d_h*p", "w+P_w-d_w*q")),
    Mistake(4, "dilation forgotten", "conv2d", "X", _dx("(h+P_h-p)/s_h", "(w+P_w-q)/s_w")),
    Mistake(5, "padding one too many", "conv2d", "X", _dx("(h+P_h+1-d_h*p)/s_h", "(w+P_w+1-d_w*q)/s_w")),
    Mistake(6, "padding as K-1-P twice", "conv2d", "X", _dx("(h+K_h-1-P_h-d_h*p)/s_h", "(w+K_w-1-P_w-d_w*q)/s_w")),
    Mistake(7, "no crop", "conv2d", "X", _dx("(h-d_h*p)/s_h", "(w-d_w*q)/s_w")),
    Mistake(10, "last output row dropped", "conv2d", "X", _dx(front="[h+P_h-d_h*p<s_h*(I-1)]*")),
    Mistake(11, "last tap dropped", "conv2d", "X", _dx().replace("p<K_h", "p<K_h-1")),
    Mistake(12, "scatter offset reversed", "conv2d", "X", _dx("(h-P_h+d_h*p)/s_h", "(w-P_w+d_w*q)/s_w")),
    Mistake(15, "divisibility test removed", "conv2d", "X", _dx("(h+P_h-d_h*p)//s_h", "(w+P_w-d_w*q)//s_w")),
    Mistake(20, "strides swapped", "conv2d", "X", _dx("(h+P_h-d_h*p)/s_w", "(w+P_w-d_w*q)/s_h")),
    Mistake(21, "paddings swapped", "conv2d", "X", _dx("(h+P_w-d_h*p)/s_h", "(w+P_h-d_w*q)/s_w")),
    Mistake(22, "dilations swapped", "conv2d", "X", _dx("(h+P_h-d_w*p)/s_h", "(w+P_w-d_h*q)/s_w")),
    Mistake(23, "channel axes swapped", "conv2d", "X", _dx(tap="F[c,k,p,q]")),
    Mistake(24, "assigned for accumulated", "conv2d", "X", _dx(front="[p==K_h-1]*[q==K_w-1]*")),
    Mistake(33, "divided by the strides", "conv2d", "X", f"({_dx()})/(s_h*s_w)"),
    Mistake(3, "stride forgotten", "conv2d", "F", _df("X[n,c,i+d_h*p-P_h,j+d_w*q-P_w]")),
    Mistake(4, "dilation forgotten", "conv2d", "F", _df("X[n,c,s_h*i+p-P_h,s_w*j+q-P_w]")),
    Mistake(10, "last output row dropped", "conv2d", "F", _df(over="n<N,i<I-1,j<J")),
    Mistake(26, "the first sample only", "conv2d", "F", _df(over="n<1,i<I,j<J")),
    Mistake(27, "flipped", "conv2d", "F", _df("X[n,c,s_h*i+d_h*(K_h-1-p)-P_h,s_w*j+d_w*(K_w-1-q)-P_w]")),
    Mistake(28, "transposed", "conv2d", "F", _df("X[n,c,s_h*i+d_h*q-P_h,s_w*j+d_w*p-P_w]")),
    Mistake(29, "divided by N", "conv2d", "F", f"({_df()})/N"),
    Mistake(30, "divided by N", "conv2d", "b", "(sum[n<N,i<I,j<J] dE/dO[n,k,i,j])/N"),
    Mistake(31, "mean over space", "conv2d", "b", "(sum[n<N,i<I,j<J] dE/dO[n,k,i,j])/(I*J)"),
    Mistake(32, "one row only", "conv2d", "b", "sum[n<N,j<J] dE/dO[n,k,0,j]"),
]


def _winner(e: Expr) -> Winner:
    return next(n for n in walk(e) if isinstance(n, Winner))


def _instead(old: Expr, new: Callable[[Winner], Expr]) -> Expr:
    """The formula with another expression in place of its winner."""

    def through(e: Expr) -> Expr:
        if isinstance(e, Winner):
            return new(e)
        return e.with_parts(tuple(through(p) for p in e.parts)) if e.parts else e

    return through(old)


def _last(w: Winner) -> Expr:
    mirrored = {b.name: b.extent - 1 - index(b.name) for b in w.binders}
    at = tuple(b.extent - 1 - i for b, i in zip(w.binders, w.at, strict=True))
    return Winner(w.binders, substitute(w.body, mirrored), at)


def _all(w: Winner) -> Expr:
    here = substitute(w.body, {b.name: i for b, i in zip(w.binders, w.at, strict=True)})
    return Compare("==", here, Select(w.binders, w.body))


def _split(e: Expr) -> Expr:
    """The shares [X is a winner]*g divided by the number of winners."""
    assert isinstance(e, Contract)
    assert isinstance(e.body, Mul)
    guards = tuple(f for f in e.body.items if isinstance(f, GUARDS))
    w = _winner(e)
    shares = tuple(_all(w) if f == w else f for f in e.body.items if f not in guards)
    return Contract(e.binders, Mul((*guards, Div(Mul(shares), _winners(w)))))


def _winners(w: Winner) -> Expr:
    renamed = tuple(replace(b, name=f"{b.name}t") for b in w.binders)
    body = substitute(w.body, {b.name: index(f"{b.name}t") for b in w.binders})
    return Contract(renamed, Mul((*_real(body), Compare("==", body, Select(w.binders, w.body)))))


def _real(body: Expr) -> tuple[Expr, ...]:
    assert isinstance(body, Entry)
    return tuple(InRange(i, index(n)) for i, n in zip(body.indices[2:], ("H", "W"), strict=True))


def _zero_padded(w: Winner) -> Expr:
    """A window that reaches over the edge has a 0 there, which beats what is not positive."""
    here = substitute(w.body, {b.name: i for b, i in zip(w.binders, w.at, strict=True)})
    corners = ({b.name: index(0) for b in w.binders}, {b.name: b.extent - 1 for b in w.binders})
    whole = tuple(guard for corner in corners for guard in _real(substitute(w.body, corner)))
    return Add((Mul((Compare("<", ZERO, here), w)), Mul((Compare("<=", here, ZERO), *whole, w))))


def _undilated(w: Winner) -> Expr:
    return Winner(w.binders, substitute(w.body, {"d_h": index(1), "d_w": index(1)}), w.at)


POOLING = [
    Mistake(36, "last winner", "max_pool2d", "X", lambda e: _instead(e, _last)),
    Mistake(37, "all winners", "max_pool2d", "X", lambda e: _instead(e, _all)),
    Mistake(38, "tie split equally", "max_pool2d", "X", _split),
    Mistake(39, "zero as pad value", "max_pool2d", "X", lambda e: _instead(e, _zero_padded)),
    Mistake(
        40,
        "overlap assigned",
        "max_pool2d",
        "X",
        lambda e: _instead(e, lambda w: Mul((parse_expr("[p<s_h]*[q<s_w]"), w))),
    ),
    Mistake(46, "dilation ignored in the winner's index", "max_pool2d", "X", lambda e: _instead(e, _undilated)),
    Mistake(
        40,
        "overlap assigned",
        "avg_pool2d",
        "X",
        "(sum[p<K_h,q<K_w] [p<s_h]*[q<s_w]*dE/dO[n,c,(h+P_h-p)/s_h,(w+P_w-q)/s_w])/(K_h*K_w)",
    ),
    Mistake(
        42, "wrong divisor", "avg_pool2d", "X", "(sum[p<K_h,q<K_w] dE/dO[n,c,(h+P_h-p)/s_h,(w+P_w-q)/s_w])/(K_h*K_h)"
    ),
]

ACTIVATIONS = [
    Mistake(47, "relu'(0) = 1", "relu", "X", "dE/dO[...]*[0<=X[...]]"),
    Mistake(47, "relu'(0) = 1/2", "relu", "X", "dE/dO[...]*[0<X[...]] + dE/dO[...]*[X[...]==0]/2"),
    Mistake(48, "s(1+s)", "sigmoid", "X", "dE/dO[...]*O[...]*(1 + O[...])", 7),
    Mistake(49, "1 - tanh", "tanh", "X", "dE/dO[...]*(1 - O[...])", 7),
    Mistake(49, "(1 - tanh)^2", "tanh", "X", "dE/dO[...]*(1 - O[...])^2", 7),
    Mistake(61, "the sum over classes forgotten", "softmax", "X", "O[...,c]*dE/dO[...,c]", 7),
    Mistake(61, "the sum of g instead of g*p", "softmax", "X", "O[...,c]*(dE/dO[...,c] - sum[k<C] dE/dO[...,k])", 7),
    Mistake(61, "without the sum of g", "log_softmax", "X", "dE/dO[...,c] - P[...,c]", 7),
]

PROBABILITIES = {"target": "probabilities"}
LOSSES = [
    Mistake(54, "1/N dropped", "cross_entropy", "X", "dE/dO*(P[n,c] - [T[n]==c])", 7),
    Mistake(55, "1/N twice", "cross_entropy", "X", "dE/dO*(P[n,c] - [T[n]==c])/(N*N)", 7),
    Mistake(56, "softmax without minus label", "cross_entropy", "X", "dE/dO*P[n,c]/N", 7),
    Mistake(60, "p - t for p*sum(t) - t", "cross_entropy", "X", "dE/dO*(P[n,c] - T[n,c])/N", 7, PROBABILITIES),
    Mistake(63, "sign of the target's gradient", "cross_entropy", "T", "dE/dO*L[n,c]/N", 7, PROBABILITIES),
    Mistake(54, "1/N dropped", "mse_loss", "X", "2*dE/dO*(X[...] - Y[...])"),
    Mistake(62, "without its 2", "mse_loss", "X", "dE/dO*(X[...] - Y[...])/L"),
    Mistake(63, "sign of the target's gradient", "mse_loss", "Y", "2*dE/dO*(X[...] - Y[...])/L"),
]

LINEAR = [
    Mistake(28, "weight transposed", "linear", "X", "sum[k<K] dE/dO[...,k]*W[c,k]"),
    Mistake(26, "the first sample only", "linear", "W", "dE/dO[0,k]*X[0,c]"),
    Mistake(64, "bias of the last sample only", "linear", "b", "dE/dO[L-1,k]"),
    Mistake(2, "column-major", "flatten", "X", "dE/dO[n,(w*H+h)*C+c]"),
    Mistake(63, "sign of one summand", "add", "Y", "-dE/dO[...]"),
]

MISTAKES = [*CONVOLUTION, *POOLING, *ACTIVATIONS, *LOSSES, *LINEAR]
