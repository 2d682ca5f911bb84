"""Affine maps and the bookkeeping between layers."""

from derive.catalogue.recipe import Recipe

RECIPES = (
    Recipe(
        name="linear",
        summary="an affine map of the last axis",
        law="O[...,k] = sum[c](X[...,c]*W[k,c]) + b[k]",
        tensors={"X": "input", "W": "weight", "b": "bias"},
        optional={"b": 0},
        source="torch.nn.functional.linear",
    ),
    Recipe(
        name="flatten",
        summary="all axes but the first in one, row-major",
        law="O[n,a] = X[n,a//W//H,a//W%H,a%W]; X[n<N,c<C,h<H,w<W]; size a = C*H*W",
        tensors={"X": "input"},
        source="torch.flatten(start_dim=1)",
    ),
    Recipe(
        name="add",
        summary="the sum of two tensors of one shape",
        law="O[...] = X[...] + Y[...]",
        tensors={"X": "input", "Y": "other"},
        source="torch.add",
    ),
)
