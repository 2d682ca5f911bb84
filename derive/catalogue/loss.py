"""Losses: what training makes small."""

from derive.catalogue.recipe import NUMBER, Argument, Kinds, Pick, Recipe
from derive.layout import Layout

_REDUCTION = Argument("reduction", default="mean", choices=("mean", "sum", "none"), meaning="how samples are combined")
_CHOICES = (
    _REDUCTION,
    Argument(
        "target",
        default="class",
        choices=("class", "probabilities"),
        pick=Pick("T", "floats", "probabilities"),
        meaning="labels or distributions",
    ),
    Argument(
        "weight",
        default="none",
        choices=("none", "given"),
        pick=Pick("w", "floats", "given"),
        meaning="whether classes have weights",
    ),
    Argument(
        "ignore_index",
        ("g",),
        default="none",
        minimum=-100,
        choices=("none",),
        pick=Pick("T", "negative labels", -100),
        meaning="the label that does not count; torch's -100 where labels are negative",
    ),
    Argument("label_smoothing", ("m",), 0, real=True, choices=("0",), meaning="what all classes share of a label"),
)

_SOFTMAX = "U[n,c] = exp(X[n,c]); Z[n] = sum[c] U[n,c]; P[n,c] = U[n,c]/Z[n]; L[n,c] = X[n,c] - log(Z[n])"
_SHIFTED = (
    "M[n] = max[c] X[n,c]; U[n,c] = exp(X[n,c] - M[n]); Z[n] = sum[c] U[n,c]; P[n,c] = U[n,c]/Z[n];"
    " L[n,c] = X[n,c] - M[n] - log(Z[n])"
)


def _cross_entropy(softmax: str, kinds: Kinds) -> str:
    """The parts of the law, one a line: softmax, smoothed or weighted shares Q, the divisor R of a mean, the loss."""
    labels, weighted = kinds["target"] == "class", kinds["weight"] == "given"
    smooth, ignoring = kinds["label_smoothing"] == NUMBER, labels and kinds["ignore_index"] == NUMBER
    share = "[c==T[n]]" if labels else "T[n,c]"
    outside = ("[T[n]!=g]",) if ignoring else ()  # of the sum over classes: what depends on the sample alone
    counted = (*outside, *(("w[T[n]]",) if labels and weighted else ()))
    own = f"((1 - m)*{share} + m/C)" if smooth else share
    if smooth or (weighted and not labels):
        shares, share, factors = f"Q[n,c] = {'w[c]*' if weighted else ''}{own}", "Q[n,c]", outside
    else:
        shares, factors = "", counted
    count = f"R = sum[n] {'*'.join(counted)}" if counted and kinds["reduction"] == "mean" else ""
    loss = _REDUCED[kinds["reduction"]].format("*".join((*factors, share, "L[n,c]")), "R" if count else "N")
    declared = "T[n<N]; integer T" if labels else "T[n<N,c<C]"
    return "\n".join((softmax, shares, count, loss, f"X[n<N,c<C]; {declared}", "w[c<C]" if weighted else ""))


_REDUCED = {"mean": "O = -(sum[n,c] {})/{}", "sum": "O = -(sum[n,c] {})", "none": "O[n] = -(sum[c] {})"}


def _sums_to_one(kinds: Kinds) -> str:
    """Distributions are assumed to; labels do once they are smoothed, and weights take it from both."""
    assumed = ["sum[c<C] T[n,c]"] if kinds["target"] == "probabilities" and kinds["weight"] == "none" else []
    return "\n".join([*assumed, *(["sum[c<C] Q[n,c]"] if _smoothed_alone(kinds) else [])])


def _smoothed_alone(kinds: Kinds) -> bool:
    return kinds["label_smoothing"] == NUMBER and kinds["weight"] == "none"


def _conventions(kinds: Kinds) -> str:
    if kinds["target"] == "probabilities":
        return "a mean divides by the number of samples, whatever the weights"
    ignoring = kinds["ignore_index"] == NUMBER
    found = ["labels other than g are in range: 0 <= T[n] < C" if ignoring else "labels are in range: 0 <= T[n] < C"]
    if kinds["weight"] == "given" and kinds["reduction"] == "mean":
        found.append("a mean divides by the sum of the weights of its labels")
    if ignoring and kinds["reduction"] == "mean":
        found.append("where every label is ignored, the mean is 0/0 and every gradient is 0")
    return "\n".join(found)


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
        require=lambda kinds: "[0<=m]\n[m<=1]" if kinds["label_smoothing"] == NUMBER else "",
        hypotheses=_sums_to_one,
        tensors={"X": "input", "T": "target", "w": "weight"},
        optional={"w": 1},
        constant=frozenset({"w"}),
        arguments=_CHOICES,
        conventions=_conventions,
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
