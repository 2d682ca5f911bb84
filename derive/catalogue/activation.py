"""Activations: one number in, one number out; and the softmaxes."""

from derive.catalogue.recipe import Recipe
from derive.layout import Layout

_LAST = "the class axis is the last one; dim moves another axis there"
_ALONG = Layout("* c *", star="...", dim=-1)

RECIPES = (
    Recipe(
        name="relu",
        summary="the positive part",
        law="O[...] = max(X[...], 0)",
        tensors={"X": "input"},
        conventions="relu'(0) = 0: where max(a, b) meet, b's derivative counts",
        source="torch.nn.functional.relu",
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
