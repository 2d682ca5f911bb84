"""Convolutions as networks use them: cross-correlations with stride, padding and dilation."""

from derive.catalogue.recipe import Argument, Recipe

RECIPES = (
    Recipe(
        name="conv2d",
        summary="cross-correlation of images with a bank of filters",
        law="""
            O[n,k,i,j] = sum[c,p,q](X[n,c,s_h*i+d_h*p-P_h,s_w*j+d_w*q-P_w]*F[k,c,p,q]) + b[k]
            X[n<N,c<C,h<H,w<W]; F[k<K,c<C,p<K_h,q<K_w]
            pad X.h by P_h, P_h; pad X.w by P_w, P_w
        """,
        tensors={"X": "input", "F": "weight", "b": "bias"},
        optional=frozenset({"b"}),
        arguments=(
            Argument("stride", ("s_h", "s_w"), 1, minimum=1, meaning="cells a window moves"),
            Argument("padding", ("P_h", "P_w"), 0, meaning="zeros on each side"),
            Argument("dilation", ("d_h", "d_w"), 1, minimum=1, meaning="cells between taps"),
        ),
        source="torch.nn.functional.conv2d",
    ),
)
