"""Where torch rounds differently from the law: its own order of computing an output or a gradient."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from derive.catalogue import RECIPES
from derive.catalogue.axes import over
from derive.catalogue.recipe import NUMBER, PAIRS
from derive.expressions.expr import Expr
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.language.notation import parse_expr
from derive.operation import Op
from numeric.oracle.calls import is_torch


def _shares(n: int, divisor: str) -> str:
    """The gradient of an average, every share of a window divided before the sum."""
    return f"sum[{over(n, '{p}<{K}')}] dE/dO[n,c,{over(n, '({h}+{P}-{p})/{s}')}]/{divisor}"


def _averages() -> Iterator[tuple[tuple[str, ...], str]]:
    for n in (1, 2, 3):
        whole = ("None",) if n > 1 else ()
        yield ("X", f"avg_pool{n}d", "False", "True", *whole), _shares(n, f"({over(n, '{K}', '*')})")
        for words in product(("False", "True"), repeat=2) if n > 1 else ():
            yield ("X", f"avg_pool{n}d", *words), _shares(n, "D")


_REDUCTIONS, _TARGETS = ("mean", "sum", "none"), ("class", "probabilities")


def _entropies() -> Iterator[tuple[tuple[str, ...], str]]:
    """The gradients of cross_entropy: that of the log-softmax, then exp(L) times its sum over the classes."""
    flags = product((False, True), repeat=3)
    for (reduction, target), (weight, ignoring, smooth) in product(product(_REDUCTIONS, _TARGETS), flags):
        labels = target == "class"
        divided = "" if reduction != "mean" else "/R" if labels and (weight or ignoring) else "/N"
        cotangent = "dE/dO[n]" if reduction == "none" else "dE/dO"
        guard, spread = "[T[n]!=g]*" if ignoring else "", "*w[{0}]" if weight else ""
        one = "[{0}==T[n]]" if labels else "T[n,{0}]"
        share = f"({cotangent}{'*(1 - m)' if smooth else ''}{divided})*{one}{spread}"
        share += f" + ({cotangent}*(m/C){divided}){spread}" if smooth else ""
        words = ("given" if weight else "none", *(() if ignoring else ("none",)), *(() if smooth else ("0",)))
        text = f"exp(L[n,c])*sum[k<C] {guard}({share.format('k')}) - {guard}({share.format('c')})"
        yield ("X", "cross_entropy", reduction, target, *words), text


_SCALED = "X[n,c]*(w[c]/S[c]) + (b[c] - M[c]*(w[c]/S[c]))"
_GIVEN = "dE/dO[...,{0}]*w[{0}]"
_MEAN = f"(sum[k<C] {_GIVEN.format('k')})"
_TILT = f"({_MEAN}*M[...] - sum[k<C] {_GIVEN.format('k')}*X[...,k])/S[...]^3/C"

_ORDER: dict[tuple[str, ...], str] = {
    **dict(_averages()),
    ("X", "log_softmax"): "dE/dO[...,c] - exp(O[...,c])*sum[k<C] dE/dO[...,k]",
    **dict(_entropies()),
    ("O", "batch_norm", "False"): _SCALED,
    ("O", "batch_norm", "True"): _SCALED,
    ("O", "layer_norm"): "(X[...,c]/S[...] - M[...]/S[...])*w[c] + b[c]",
    ("w", "layer_norm"): "sum[...<L] dE/dO[...,c]*(X[...,c]/S[...] - M[...]/S[...])",
    ("X", "layer_norm"): f"{_GIVEN.format('c')}/S[...] + {_TILT}*X[...,c] - {_TILT}*M[...] - {_MEAN}/C/S[...]",
    ("X", "mse_loss", "mean"): "(2/L)*(X[...] - Y[...])*dE/dO",
    ("Y", "mse_loss", "mean"): "(2/L)*(Y[...] - X[...])*dE/dO",
}
"""How torch computes an output or a gradient where it rounds differently from the law: it enters the bound of a
comparison and nothing else. (Every share of a window divided before the sum; the exponential of the log-softmax in
place of the softmax; one factor and one summand for a normalisation; 2/L rounded first: torch's derivatives.yaml and
native kernels.)"""


def _words(op: Op) -> Iterator[str]:
    """The words that chose an operation's law, those that its settings do not tell included."""
    told = dict(op.settings)
    numbers = {p.name for p in op.parameters} | told.keys()
    for a in RECIPES[op.name].arguments:
        if a.varies and a.name in told:
            yield told[a.name]
        elif a.varies and not numbers & {*a.symbols_of(NUMBER), *a.symbols_of(PAIRS)}:
            yield str(a.default)


def order_of_torch(op: Op, name: str) -> Expr | None:
    """The output or a gradient in the order in which torch computes it, where that is not the law's own."""
    text = _ORDER.get((name, op.name, *_words(op))) if is_torch(op) else None
    scalars = frozenset(t.name for t in op.tensors if not t.axes)
    return substitute(parse_expr(text, scalars), _fixed(op)) if text else None


def _fixed(op: Op) -> dict[str, Index]:
    """The symbols that were set to whole numbers or to other symbols."""
    whole = ((n, int(v) if v.lstrip("-").isdigit() else v) for n, v in op.settings)
    return {n: index(v) for n, v in whole if isinstance(v, int) or v.isidentifier()}
