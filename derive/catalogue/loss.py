"""Losses: what training makes small."""

from derive.catalogue.recipe import Argument, Recipe

_REDUCTION = Argument("reduction", default="mean", choices=("mean", "sum", "none"), meaning="how samples are combined")
_TARGET = Argument("target", default="class", choices=("class", "probabilities"), meaning="labels or distributions")

_SOFTMAX = "U[n,c] = exp(X[n,c]); Z[n] = sum[c] U[n,c]; P[n,c] = U[n,c]/Z[n]; L[n,c] = X[n,c] - log(Z[n]);"
_SHIFTED = (
    "M[n] = max[c] X[n,c]; U[n,c] = exp(X[n,c] - M[n]); Z[n] = sum[c] U[n,c]; P[n,c] = U[n,c]/Z[n];"
    " L[n,c] = X[n,c] - M[n] - log(Z[n]);"
)
_CROSS_ENTROPY = {
    ("mean", "class"): "O = -(sum[n,c] [c==T[n]]*L[n,c])/N; X[n<N,c<C]; T[n<N]; integer T",
    ("sum", "class"): "O = -(sum[n,c] [c==T[n]]*L[n,c]); X[n<N,c<C]; T[n<N]; integer T",
    ("none", "class"): "O[n] = -(sum[c] [c==T[n]]*L[n,c]); X[n<N,c<C]; T[n<N]; integer T",
    ("mean", "probabilities"): "O = -(sum[n,c] T[n,c]*L[n,c])/N; X[n<N,c<C]; T[n<N,c<C]",
    ("sum", "probabilities"): "O = -(sum[n,c] T[n,c]*L[n,c]); X[n<N,c<C]; T[n<N,c<C]",
    ("none", "probabilities"): "O[n] = -(sum[c] T[n,c]*L[n,c]); X[n<N,c<C]; T[n<N,c<C]",
}

RECIPES = (
    Recipe(
        name="cross_entropy",
        summary="softmax and negative log-likelihood in one",
        law={choice: f"{_SOFTMAX} {law}" for choice, law in _CROSS_ENTROPY.items()},
        stable={choice: f"{_SHIFTED} {law}" for choice, law in _CROSS_ENTROPY.items()},
        hypotheses={(r, "probabilities"): "sum[c<C] T[n,c]" for r in _REDUCTION.choices},
        tensors={"X": "input", "T": "target"},
        arguments=(_REDUCTION, _TARGET),
        conventions=("labels are in range: 0 <= T[n] < C",),
        source="torch.nn.functional.cross_entropy",
    ),
    Recipe(
        name="mse_loss",
        summary="the mean squared difference",
        law={
            ("mean",): "O = (sum[...] (X[...] - Y[...])^2)/L; X[...<L]; Y[...<L]",
            ("sum",): "O = sum[...] (X[...] - Y[...])^2",
            ("none",): "O[...] = (X[...] - Y[...])^2",
        },
        tensors={"X": "input", "Y": "target"},
        arguments=(_REDUCTION,),
        source="torch.nn.functional.mse_loss",
    ),
)
