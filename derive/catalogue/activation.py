"""Activations: one number in, one number out; and the softmaxes."""

from fractions import Fraction

from derive.catalogue.recipe import Argument, Pick, Recipe
from derive.layout import Layout

_LAST = "the class axis is the last one; dim moves another axis there"
_ALONG = Layout("* c *", star="...", dim=-1)

_SLOPES = {
    "channels": "O[n,c] = max(X[n,c], 0) + a[c]*min(X[n,c], 0)",
    "1": "O[...] = max(X[...], 0) + (sum[k] a[k])*min(X[...], 0); a[k<1]",
}

RECIPES = (
    Recipe(
        name="relu",
        summary="the positive part",
        law="O[...] = max(X[...], 0)",
        tensors={"X": "input"},
        conventions="relu'(0) = 0: where max(a, b) meet, b's derivative counts; max(0, X) is relu with relu'(0) = 1",
        source="torch.nn.functional.relu",
    ),
    Recipe(
        name="leaky_relu",
        summary="the positive part, and a little of the negative one",
        law="O[...] = max(X[...], 0) + a*min(X[...], 0)",
        tensors={"X": "input"},
        arguments=(
            Argument("negative_slope", ("a",), Fraction(1, 100), minimum=-2, real=True, meaning="slope below 0"),
        ),
        conventions="leaky_relu'(0) = a: at 0 the negative slope counts",
        source="torch.nn.functional.leaky_relu",
    ),
    Recipe(
        name="prelu",
        summary="the positive part, and of the negative one as much as is learned",
        law=lambda kinds: _SLOPES[kinds["num_parameters"]],
        tensors={"X": "input", "a": "weight"},
        arguments=(
            Argument(
                "num_parameters",
                default="channels",
                choices=("channels", "1"),
                pick=Pick("a", "one entry", "1"),
                meaning="one slope for every channel, or one for all",
            ),
        ),
        conventions="prelu'(0) is the slope: at 0 the negative side counts",
        source="torch.nn.functional.prelu",
        layout=Layout("n c *", star="n"),
    ),
    Recipe(
        name="elu",
        summary="the positive part, and below 0 an exponential that levels off",
        law="O[...] = max(X[...], 0) + a*(exp(min(X[...], 0)) - 1)",
        tensors={"X": "input"},
        arguments=(Argument("alpha", ("a",), Fraction(1), real=True, meaning="minus the limit far below 0"),),
        conventions="elu'(0) = a: at 0 the exponential counts",
        source="torch.nn.functional.elu",
    ),
    Recipe(
        name="sigmoid",
        summary="the logistic function",
        law="O[...] = 1/(1 + exp(-X[...]))",
        tensors={"X": "input"},
        source="torch.sigmoid",
    ),
    Recipe(
        name="tanh",
        summary="the hyperbolic tangent",
        law="O[...] = tanh(X[...])",
        tensors={"X": "input"},
        source="torch.tanh",
    ),
    Recipe(
        name="softmax",
        summary="exponentials divided by their sum",
        law="U[...,c] = exp(X[...,c]); Z[...] = sum[c] U[...,c]; O[...,c] = U[...,c]/Z[...]",
        stable="M[...] = max[c] X[...,c]; U[...,c] = exp(X[...,c] - M[...]); Z[...] = sum[c] U[...,c];"
        " O[...,c] = U[...,c]/Z[...]",
        tensors={"X": "input"},
        conventions=_LAST,
        layout=_ALONG,
        source="torch.nn.functional.softmax",
    ),
    Recipe(
        name="log_softmax",
        summary="the logarithm of softmax",
        law="U[...,c] = exp(X[...,c]); Z[...] = sum[c] U[...,c]; P[...,c] = U[...,c]/Z[...];"
        " O[...,c] = X[...,c] - log(Z[...])",
        stable="M[...] = max[c] X[...,c]; U[...,c] = exp(X[...,c] - M[...]); Z[...] = sum[c] U[...,c];"
        " P[...,c] = U[...,c]/Z[...]; O[...,c] = X[...,c] - M[...] - log(Z[...])",
        tensors={"X": "input"},
        conventions=_LAST,
        layout=_ALONG,
        source="torch.nn.functional.log_softmax",
    ),
)
