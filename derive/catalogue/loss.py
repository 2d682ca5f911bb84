"""Losses: what training makes small."""

from derive.catalogue.recipe import Argument, Kinds, Recipe
from derive.layout import Layout

_REDUCTION = Argument("reduction", default="mean", choices=("mean", "sum", "none"), meaning="how samples are combined")
_TARGET = Argument(
    "target", default="class", choices=("class", "probabilities"), picked_by="T", meaning="labels or distributions"
)

_SOFTMAX = "U[n,c] = exp(X[n,c]); Z[n] = sum[c] U[n,c]; P[n,c] = U[n,c]/Z[n]; L[n,c] = X[n,c] - log(Z[n]);"
_SHIFTED = (
    "M[n] = max[c] X[n,c]; U[n,c] = exp(X[n,c] - M[n]); Z[n] = sum[c] U[n,c]; P[n,c] = U[n,c]/Z[n];"
    " L[n,c] = X[n,c] - M[n] - log(Z[n]);"
)
_SHARES = {
    "class": ("[c==T[n]]", "X[n<N,c<C]; T[n<N]; integer T"),
    "probabilities": ("T[n,c]", "X[n<N,c<C]; T[n<N,c<C]"),
}
_REDUCED = {"mean": "O = -(sum[n,c] {})/N", "sum": "O = -(sum[n,c] {})", "none": "O[n] = -(sum[c] {})"}


def _cross_entropy(softmax: str, kinds: Kinds) -> str:
    share, declared = _SHARES[kinds["target"]]
    return f"{softmax} {_REDUCED[kinds['reduction']].format(f'{share}*L[n,c]')}; {declared}"


_MSE = {
    "mean": "O = (sum[...] (X[...] - Y[...])^2)/L; X[...<L]; Y[...<L]",
    "sum": "O = sum[...] (X[...] - Y[...])^2",
    "none": "O[...] = (X[...] - Y[...])^2",
}

RECIPES = (
    Recipe(
        name="cross_entropy",
        summary="softmax and negative log-likelihood in one",
        law=lambda kinds: _cross_entropy(_SOFTMAX, kinds),
        stable=lambda kinds: _cross_entropy(_SHIFTED, kinds),
        hypotheses=lambda kinds: "sum[c<C] T[n,c]" if kinds["target"] == "probabilities" else "",
        tensors={"X": "input", "T": "target"},
        arguments=(_REDUCTION, _TARGET),
        conventions=lambda kinds: "labels are in range: 0 <= T[n] < C" if kinds["target"] == "class" else "",
        source="torch.nn.functional.cross_entropy",
        layout=Layout("n? c *", star="n"),
    ),
    Recipe(
        name="mse_loss",
        summary="the mean squared difference",
        law=lambda kinds: _MSE[kinds["reduction"]],
        tensors={"X": "input", "Y": "target"},
        arguments=(_REDUCTION,),
        source="torch.nn.functional.mse_loss",
    ),
)
