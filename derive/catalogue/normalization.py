"""Normalisations: deviations from a mean, divided by their spread, then scaled and shifted."""

from __future__ import annotations

from fractions import Fraction

from derive.catalogue.recipe import Argument, Kinds, Recipe
from derive.layout import Layout

_EPS = Argument(
    "eps", ("e",), Fraction(1, 100_000), minimum=1, real=True, positive=True, meaning="keeps the spread from being 0"
)
_TRAINING = Argument(
    "training",
    default=False,
    choices=("False", "True"),
    meaning="whether mean and variance are those of this batch",
)

_AFFINE = {"w": 1, "b": 0}
_BATCH = """
    S[c] = sqrt(V[c] + e)
    Y[n,c] = (X[n,c] - M[c])/S[c]
    O[n,c] = w[c]*Y[n,c] + b[c]
    X[n<N,c<C]
"""
_STATISTICS = "M[c] = (sum[n] X[n,c])/N; V[c] = (sum[n] (X[n,c] - M[c])^2)/N"
_LAYER = """
    M[...] = (sum[c] X[...,c])/C
    V[...] = (sum[c] (X[...,c] - M[...])^2)/C
    S[...] = sqrt(V[...] + e)
    Y[...,c] = (X[...,c] - M[...])/S[...]
    O[...,c] = w[c]*Y[...,c] + b[c]
    X[...<L,c<C]
"""
_CONVENTIONS = {
    "True": "n runs over samples and places; the variance is the biased one, divided by N\n"
    "running statistics are not this operation's output: torch updates them beside it",
    "False": "n runs over samples and places; torch gives running statistics no gradient, the law does",
}


def _batch(kinds: Kinds) -> str:
    return f"{_STATISTICS if kinds['training'] == 'True' else ''}{_BATCH}"


RECIPES = (
    Recipe(
        name="batch_norm",
        summary="every channel with mean 0 and variance 1 over the batch, then scaled and shifted",
        law=_batch,
        tensors={"X": "input", "M": "running_mean", "V": "running_var", "w": "weight", "b": "bias"},
        optional=_AFFINE,
        constant=frozenset({"M", "V"}),
        arguments=(_TRAINING, _EPS),
        require=lambda kinds: "[2<=N]" if kinds["training"] == "True" else "",
        conventions=lambda kinds: _CONVENTIONS[kinds["training"]],
        source="torch.nn.functional.batch_norm",
        layout=Layout("n c *", star="n"),
    ),
    Recipe(
        name="layer_norm",
        summary="every sample with mean 0 and variance 1 over its last axes, then scaled and shifted",
        law=_LAYER,
        tensors={"X": "input", "w": "weight", "b": "bias"},
        optional=_AFFINE,
        arguments=(_EPS,),
        conventions="c runs over the normalised axes together; the variance is the biased one, divided by C",
        source="torch.nn.functional.layer_norm",
        layout=Layout("... *", star="c", shape="normalized_shape"),
    ),
)
