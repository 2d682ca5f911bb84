"""Every gradient of the catalogue, and of laws of one's own, written out; and what is refused."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from derive.catalogue import names, op, variants
from derive.catalogue.axes import over
from derive.checker import verdict
from derive.derivation import Derivation
from derive.errors import BackproofError, NotDerived, OperationError
from derive.expressions.expr import ZERO, Entry
from derive.expressions.index import index
from derive.language.notation import parse_expr
from derive.language.show import show
from derive.laws.law import HYPOTHESIS
from derive.meaning.denote import World, denote
from derive.meaning.integers import Array
from derive.meaning.linevalues import assuming, check_lines
from derive.operation import Op
from derive.sweep import gradient

ROOT = Path(__file__).parents[2]
STUFFED = "full convolution: dE/dO, stuffed with zeros, correlated with F rotated by 180 degrees"
FULL = "full convolution: dE/dO correlated with F rotated by 180 degrees"
CHANNEL_SUM = "sum of dE/dO over the samples and positions of each channel"
DILATED = "cross-correlation of X with dE/dO dilated by the stride"
CORRELATION = "cross-correlation of X with dE/dO"
ROUTING = "routing to the winning unit of each window of X"
EVENLY = "spreading dE/dO evenly over each window"
SIDE_BY_SIDE = {"kernel_size": 2, "stride": 2}
FIRST_WINNER = "the first winner in row-major order takes the whole derivative"
KINK = "where max(f, g) meet, g's derivative counts"
KINK_OF_MIN = "where min(f, g) meet, f's derivative counts"
OUTER = "outer product of dE/dO and X, summed over the rows"
MINUS_LABEL = "softmax P minus the one-hot label T"
ATTENTION = (
    "S[i,j] = sum[c] Q[i,c]*K[j,c]; U[i,j] = exp(S[i,j]); Z[i] = sum[j] U[i,j]; P[i,j] = U[i,j]/Z[i]; "
    "O[i,d] = sum[j] P[i,j]*V[j,d]"
)
TRANSPOSED = "O[k,i] = sum[c,p<R](X[c,(i+P-p)/s]*F[c,k,p]); X[c<C,h<H]; F[c<C,k<K,p<R]; size i touch"
GROUPED = "O[k,i] = sum[c<Cg,p](X[k//Kg*Cg+c,i+p]*F[k,c,p]); X[a<C,h<H]; F[k<K,c<Cg,p<R]"
STRIDED_3D = "O[i,j,k] = sum[p<A,q<B,r<G] X[s*i+p,s*j+q,s*k+r]*F[p,q,r]"
CORRELATION_3D = "O[i,j,k] = sum[p,q,r] X[i+p,j+q,k+r]*F[p,q,r]"
BILINEAR = "O[n,k] = sum[i,j] X[n,i]*A[k,i,j]*Y[n,j]"


class Row(NamedTuple):
    """A gradient as it is expected: the formula, what it is called, and what it rests on besides index ranges."""

    law: str
    settings: dict[str, Any]
    wrt: str
    formula: str
    name: str
    conditions: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.law[:32]} {self.settings or ''} by {self.wrt}"

    @property
    def operation(self) -> Op:
        return op(self.law, **self.settings)

    def derive(self) -> Derivation:
        return gradient(self.operation, self.wrt)


def windowed(n: int) -> list[Row]:
    """The gradients of the operations that slide a window over n axes."""
    p, i = over(n, "{p}"), over(n, "{i}")
    back, undilated = over(n, "({h}+{P}-{d}*{p})/{s}"), over(n, "({h}+{P}-{p})/{s}")
    area = over(n, "{K}", "*")
    sizes = zip(over(n, "({h}+{P}-{d}*{p})/{s}").split(","), over(n, "{i}").upper().split(","), strict=True)
    ranges = "*".join(reversed([f"[0<=({at})<{size}]" for at, size in sizes]))
    unpadded = over(n, "({h}-{p})/{s}")
    outputs = zip(unpadded.split(","), over(n, "{i}").upper().split(","), strict=True)
    unpadded_ranges = "*".join(reversed([f"[0<=({at})<{size}]" for at, size in outputs]))
    cell = over(n, "{s}*(({h}+{P}-{d}*{p})/{s})+{d}*{p}1-{P}")
    strides = tuple(over(n, "{s} >= 1").split(","))
    return [
        Row(f"conv{n}d", {}, "X", f"sum[k,{p}] dE/dO[n,k,{back}]*F[k,c,{p}]", STUFFED, strides),
        Row(f"conv{n}d", {}, "F", f"sum[n,{i}] dE/dO[n,k,{i}]*X[n,c,{over(n, '{s}*{i}+{d}*{p}-{P}')}]", DILATED, ()),
        Row(f"conv{n}d", {}, "b", f"sum[n,{i}] dE/dO[n,k,{i}]", CHANNEL_SUM, ()),
        Row(
            f"max_pool{n}d",
            {},
            "X",
            f"sum[{p}] {ranges}*dE/dO[n,c,{back}]*[{window(p)}==argmax[{over(n, '{p}1')}] X[n,c,{cell}]]",
            ROUTING,
            (FIRST_WINNER, *strides),
        ),
        Row(
            f"avg_pool{n}d",
            {},
            "X",
            f"(sum[{p}] dE/dO[n,c,{undilated}])/{f'({area})' if n > 1 else area}",
            EVENLY,
            strides,
        ),
        Row(
            f"lp_pool{n}d",
            {},
            "X",
            f"X[n,c,{over(n, '{h}')}]^(k - 1)*sum[{p}] {unpadded_ranges}"
            f"*dE/dO[n,c,{unpadded}]*[S[n,c,{unpadded}]!=0]*S[n,c,{unpadded}]^(1/k - 1)",
            "spreading dE/dO over each window",
            strides,
        ),
    ]


def transposed(n: int) -> list[Row]:
    """The gradients of transposed, grouped and true convolutions over n axes."""
    p, i, h = over(n, "{p}"), over(n, "{i}"), over(n, "{h}")
    read, back = over(n, "{s}*{h}+{d}*{p}-{P}"), over(n, "({h}+{P}-{d}*{p})/{s}")
    strides = tuple(over(n, "{s} >= 1").split(","))
    name, backward = f"conv_transpose{n}d", "dE/dO[n,(c//C)*K+k,"
    total = Row(name, {}, "b", f"sum[n,{i}] dE/dO[n,k,{i}]", CHANNEL_SUM, ())
    spread = "cross-correlation of dE/dO with X dilated by the stride"
    strided = "strided cross-correlation of dE/dO with F"
    blocks = ("K >= 1", "C >= 1")
    return [
        total,
        Row(name, {}, "X", f"sum[k,{p}] dE/dO[n,k,{read}]*F[c,k,{p}]", strided, strides),
        Row(name, {}, "F", f"sum[n,{h}] dE/dO[n,k,{read}]*X[n,c,{h}]", spread, strides),
        Row(
            name,
            {"groups": "G"},
            "X",
            f"sum[k,{p}] {backward}{read}]*F[c,k,{p}]",
            strided + ", within each group",
            (*strides, *blocks),
        ),
        Row(
            name,
            {"groups": "G"},
            "F",
            f"sum[n,{h}] {backward}{read}]*X[n,c,{h}]",
            spread,
            (*blocks, *strides),
        ),
        Row(
            f"conv{n}d",
            {"groups": "G"},
            "X",
            f"sum[k,{p}] {backward}{back}]*F[(c//C)*K+k,c%C,{p}]",
            STUFFED + ", within each group",
            (*blocks, *strides),
        ),
    ]


def flipped(n: int, mode: str, offset: str) -> list[Row]:
    """The gradients of a true convolution, which are cross-correlations."""
    name, p, h = f"convolve{n}d", over(n, "{p}"), over(n, "{h}")
    words = "cross-correlation of dE/dO with {}"
    return [
        Row(name, {"mode": mode}, "X", f"sum[{p}] dE/dO[{over(n, offset)}]*F[{p}]", words.format("F"), ()),
        Row(name, {"mode": mode}, "F", f"sum[{h}] dE/dO[{over(n, offset)}]*X[{h}]", words.format("X"), ()),
    ]


def window(indices: str) -> str:
    return f"({indices})" if "," in indices else indices


CATALOGUE = [
    *windowed(1),
    *windowed(3),
    *(row for n in (1, 2, 3) for row in transposed(n)),
    *(
        row
        for n in (1, 2)
        for mode, offset in (("full", "{h}+{p}"), ("same", "{h}+{p}-(({K}-1)//2)"), ("valid", "{h}+1+{p}-{K}"))
        for row in flipped(n, mode, offset)
    ),
    *(row for row in windowed(2) if row.law == "lp_pool2d"),
    Row(
        "conv2d",
        {},
        "X",
        "sum[k,p,q] dE/dO[n,k,(h+P_h-d_h*p)/s_h,(w+P_w-d_w*q)/s_w]*F[k,c,p,q]",
        STUFFED,
        (
            "s_h >= 1",
            "s_w >= 1",
        ),
    ),
    Row("conv2d", {}, "F", "sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,s_h*i+d_h*p-P_h,s_w*j+d_w*q-P_w]", DILATED, ()),
    Row("conv2d", {}, "b", "sum[n,i,j] dE/dO[n,k,i,j]", CHANNEL_SUM, ()),
    Row(
        "max_pool2d",
        {},
        "X",
        (
            "sum[p,q] [0<=((w+P_w-d_w*q)/s_w)<J]*[0<=((h+P_h-d_h*p)/s_h)<I]*dE/dO[n,c,(h+P_h-d_h*"
            "p)/s_h,(w+P_w-d_w*q)/s_w]*[(p,q)==argmax[p1,q1] X[n,c,s_h*((h+P_h-d_h*p)/s_h)+d_h*p1-P_h,s_w*"
            "((w+P_w-d_w*q)/s_w)+d_w*q1-P_w]]"
        ),
        ROUTING,
        (
            FIRST_WINNER,
            "s_h >= 1",
            "s_w >= 1",
        ),
    ),
    Row(
        "avg_pool2d",
        {},
        "X",
        "(sum[p,q] dE/dO[n,c,(h+P_h-p)/s_h,(w+P_w-q)/s_w])/(K_h*K_w)",
        EVENLY,
        (
            "s_h >= 1",
            "s_w >= 1",
        ),
    ),
    Row("linear", {}, "X", "sum[k] dE/dO[...,k]*W[k,c]", "W^T dE/dO, row by row", ()),
    Row("linear", {}, "W", "sum[...] dE/dO[...,k]*X[...,c]", OUTER, ()),
    Row("linear", {}, "b", "sum[...] dE/dO[...,k]", "", ()),
    Row("flatten", {}, "X", "dE/dO[n,c*H*W+h*W+w]", "", ()),
    Row("add", {}, "X", "dE/dO[...]", "", ()),
    Row("add", {}, "Y", "dE/dO[...]", "", ()),
    Row("relu", {}, "X", "dE/dO[...]*[0<X[...]]", "", (KINK,)),
    Row("sigmoid", {}, "X", "dE/dO[...]*O[...]*(1 - O[...])", "s(1-s) with s = O", ()),
    Row("tanh", {}, "X", "dE/dO[...]*(1 - O[...]^2)", "1 - tanh^2 with tanh = O", ()),
    Row("leaky_relu", {}, "X", "dE/dO[...]*([0<X[...]] + a*[X[...]<=0])", "", (KINK, KINK_OF_MIN)),
    Row("prelu", {}, "X", "dE/dO[n,c]*([0<X[n,c]] + a[c]*[X[n,c]<=0])", "", (KINK, KINK_OF_MIN)),
    Row("prelu", {}, "a", "sum[n] dE/dO[n,c]*min(X[n,c], 0)", "", ()),
    Row(
        "prelu",
        {"num_parameters": 1},
        "X",
        "dE/dO[...]*([0<X[...]] + (sum[k] a[k])*[X[...]<=0])",
        "",
        (KINK, KINK_OF_MIN),
    ),
    Row("prelu", {"num_parameters": 1}, "a", "sum[...] dE/dO[...]*min(X[...], 0)", "", ()),
    Row("elu", {}, "X", "dE/dO[...]*([0<X[...]] + a*exp(min(X[...], 0))*[X[...]<=0])", "", (KINK, KINK_OF_MIN)),
    Row("batch_norm", {}, "X", "dE/dO[n,c]*w[c]/S[c]", "", ()),
    Row("batch_norm", {}, "M", "-(w[c]*sum[n] dE/dO[n,c])/S[c]", "", ()),
    Row("batch_norm", {}, "V", "-(w[c]*sum[n] dE/dO[n,c]*Y[n,c])/(2*S[c]^2)", "", ()),
    Row("batch_norm", {}, "w", "sum[n] dE/dO[n,c]*Y[n,c]", "", ()),
    Row("batch_norm", {}, "b", "sum[n] dE/dO[n,c]", "", ()),
    Row(
        "batch_norm",
        {"training": True},
        "X",
        "w[c]*(dE/dO[n,c] - (sum[n1] dE/dO[n1,c])/N - (Y[n,c]*sum[n1] dE/dO[n1,c]*Y[n1,c])/N)/S[c]",
        "dE/dO less its mean and its part along Y",
        (),
    ),
    Row("batch_norm", {"training": True}, "w", "sum[n] dE/dO[n,c]*Y[n,c]", "", ()),
    Row("batch_norm", {"training": True}, "b", "sum[n] dE/dO[n,c]", "", ()),
    Row(
        "layer_norm",
        {},
        "X",
        (
            "(dE/dO[...,c]*w[c] - (sum[c1] dE/dO[...,c1]*w[c1])/C - (Y[...,c]*sum[c1] "
            "dE/dO[...,c1]*w[c1]*Y[...,c1])/C)/S[...]"
        ),
        "dE/dO scaled by w, less its mean and its part along Y",
        (),
    ),
    Row("layer_norm", {}, "w", "sum[...] dE/dO[...,c]*Y[...,c]", "", ()),
    Row("layer_norm", {}, "b", "sum[...] dE/dO[...,c]", "", ()),
    Row(
        "cross_entropy", {"weight": "given"}, "X", "dE/dO*w[T[n]]*(P[n,c] - [T[n]==c])/R", MINUS_LABEL, ("0 <= T < C",)
    ),
    Row(
        "cross_entropy",
        {"weight": "given"},
        "w",
        "dE/dO*(((sum[n] w[T[n]]*L[n,T[n]])*sum[n] [T[n]==c])/R - sum[n] [T[n]==c]*L[n,T[n]])/R",
        "",
        ("0 <= T < C",),
    ),
    Row(
        "cross_entropy",
        {"ignore_index": "g"},
        "X",
        "dE/dO*[T[n]!=g]*(P[n,c] - [T[n]==c])/R",
        MINUS_LABEL,
        ("0 <= T < C",),
    ),
    Row(
        "cross_entropy",
        {"ignore_index": -100, "weight": "given"},
        "X",
        "dE/dO*[T[n]!=-100]*w[T[n]]*(P[n,c] - [T[n]==c])/R",
        MINUS_LABEL,
        ("0 <= T < C",),
    ),
    Row(
        "cross_entropy",
        {"label_smoothing": "m"},
        "X",
        "dE/dO*(P[n,c]*sum[c1] Q[n,c1] - Q[n,c])/N",
        "softmax P minus Q",
        ("sum[c] Q[n,c] = 1",),
    ),
    Row(
        "cross_entropy",
        {"label_smoothing": "m", "weight": "given", "ignore_index": "g"},
        "X",
        "dE/dO*[T[n]!=g]*(P[n,c]*sum[c1] Q[n,c1] - Q[n,c])/R",
        "softmax P times the sum of Q, minus Q",
        (),
    ),
    Row(
        "cross_entropy",
        {"label_smoothing": "m", "weight": "given", "ignore_index": "g"},
        "w",
        (
            "-dE/dO*((1 - m)*sum[n] [T[n]!=g]*[c==T[n]]*L[n,c] + (m*sum[n] [T[n]!=g]*L[n,c])/C + (sum[n] "
            "[T[n]!=g]*[T[n]==c])*O)/R"
        ),
        "",
        (),
    ),
    Row(
        "cross_entropy",
        {"target": "probabilities", "weight": "given", "label_smoothing": "m"},
        "X",
        "dE/dO*(P[n,c]*sum[c1] Q[n,c1] - Q[n,c])/N",
        "softmax P times the sum of Q, minus Q",
        (),
    ),
    Row(
        "cross_entropy",
        {"target": "probabilities", "weight": "given", "label_smoothing": "m"},
        "T",
        "dE/dO*w[c]*L[n,c]*(m - 1)/N",
        "",
        (),
    ),
    Row(
        "cross_entropy",
        {"target": "probabilities", "weight": "given", "label_smoothing": "m"},
        "w",
        "-(dE/dO*sum[n] ((1 - m)*T[n,c] + m/C)*L[n,c])/N",
        "",
        (),
    ),
    Row("softmax", {}, "X", "O[...,c]*(dE/dO[...,c] - sum[c1] dE/dO[...,c1]*O[...,c1])", "", ()),
    Row("log_softmax", {}, "X", "dE/dO[...,c] - P[...,c]*sum[c1] dE/dO[...,c1]", "", ()),
    Row("cross_entropy", {}, "X", "dE/dO*(P[n,c] - [T[n]==c])/N", MINUS_LABEL, ("0 <= T < C",)),
    Row("mse_loss", {}, "X", "2*dE/dO*(X[...] - Y[...])/L", "", ()),
    Row("mse_loss", {}, "Y", "2*dE/dO*(Y[...] - X[...])/L", "", ()),
    Row(
        "conv2d",
        {"stride": 2, "padding": 1},
        "X",
        "sum[k,p,q] dE/dO[n,k,(h+1-d_h*p)/2,(w+1-d_w*q)/2]*F[k,c,p,q]",
        STUFFED,
        (),
    ),
    Row(
        "conv2d",
        {"stride": 2, "padding": 1},
        "F",
        "sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,2*i+d_h*p-1,2*j+d_w*q-1]",
        DILATED,
        (),
    ),
    Row("conv2d", {"stride": 2, "padding": 1}, "b", "sum[n,i,j] dE/dO[n,k,i,j]", CHANNEL_SUM, ()),
    Row(
        "conv2d",
        {"dilation": 2},
        "X",
        "sum[k,p,q] dE/dO[n,k,(h+P_h-2*p)/s_h,(w+P_w-2*q)/s_w]*F[k,c,p,q]",
        STUFFED,
        (
            "s_h >= 1",
            "s_w >= 1",
        ),
    ),
    Row("conv2d", {"dilation": 2}, "F", "sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,s_h*i+2*p-P_h,s_w*j+2*q-P_w]", DILATED, ()),
    Row("conv2d", {"dilation": 2}, "b", "sum[n,i,j] dE/dO[n,k,i,j]", CHANNEL_SUM, ()),
    Row(
        "conv2d", {"stride": 1, "padding": 0, "dilation": 1}, "X", "sum[k,p,q] dE/dO[n,k,h-p,w-q]*F[k,c,p,q]", FULL, ()
    ),
    Row(
        "conv2d",
        {"stride": 1, "padding": 0, "dilation": 1},
        "F",
        "sum[n,i,j] dE/dO[n,k,i,j]*X[n,c,i+p,j+q]",
        CORRELATION,
        (),
    ),
    Row("conv2d", {"stride": 1, "padding": 0, "dilation": 1}, "b", "sum[n,i,j] dE/dO[n,k,i,j]", CHANNEL_SUM, ()),
    Row(
        "max_pool2d",
        {"kernel_size": 3, "stride": 2, "padding": 1},
        "X",
        (
            "sum[p,q] [0<=((w+1-d_w*q)/2)<J]*[0<=((h+1-d_h*p)/2)<I]*dE/dO[n,c,(h+1-d_h*p)/2,(w+1-d_w*q)/2]*"
            "[(p,q)==argmax[p1,q1] X[n,c,2*((h+1-d_h*p)/2)+d_h*p1-1,2*((w+1-d_w*q)/2)+d_w*q1-1]]"
        ),
        ROUTING,
        (FIRST_WINNER,),
    ),
    Row(
        "max_pool2d",
        {"kernel_size": 2},
        "X",
        (
            "sum[p,q] [0<=((w+P_w-d_w*q)/s_w)<J]*[0<=((h+P_h-d_h*p)/s_h)<I]*dE/dO[n,c,(h+P_h-d_h*"
            "p)/s_h,(w+P_w-d_w*q)/s_w]*[(p,q)==argmax[p1,q1] X[n,c,s_h*((h+P_h-d_h*p)/s_h)+d_h*p1-P_h,s_w*"
            "((w+P_w-d_w*q)/s_w)+d_w*q1-P_w]]"
        ),
        ROUTING,
        (
            FIRST_WINNER,
            "s_h >= 1",
            "s_w >= 1",
        ),
    ),
    Row(
        "avg_pool2d",
        {"kernel_size": 2},
        "X",
        "1/4*sum[p,q] dE/dO[n,c,(h+P_h-p)/s_h,(w+P_w-q)/s_w]",
        EVENLY,
        (
            "s_h >= 1",
            "s_w >= 1",
        ),
    ),
    Row("avg_pool2d", {**SIDE_BY_SIDE, "padding": 0}, "X", "1/4*dE/dO[n,c,h//2,w//2]", EVENLY, ()),
    Row("avg_pool1d", {**SIDE_BY_SIDE, "padding": 1}, "X", "1/2*dE/dO[n,c,(h+1)//2]", EVENLY, ()),
    Row(
        "max_pool1d",
        {"stride": "M", "padding": 0, "dilation": 1},
        "X",
        "[0<=(h//M)<I]*dE/dO[n,c,h//M]*[h%M==argmax[p1] X[n,c,M*(h//M)+p1]]",
        ROUTING,
        (FIRST_WINNER, "M >= 1"),
    ),
    Row(
        "lp_pool1d",
        {**SIDE_BY_SIDE, "norm_type": 2},
        "X",
        "[0<=(h//2)<I]*dE/dO[n,c,h//2]*[S[n,c,h//2]!=0]*S[n,c,h//2]^(-1/2)*X[n,c,h]",
        "spreading dE/dO over each window",
        (),
    ),
    Row(
        "avg_pool1d",
        {"ceil_mode": True},
        "X",
        "sum[p] [0<=((h+P-p)/s)<I]*dE/dO[n,c,(h+P-p)/s]/R[(h+P-p)/s]",
        EVENLY,
        ("s >= 1",),
    ),
    Row(
        "avg_pool2d",
        {"count_include_pad": "False"},
        "X",
        (
            "sum[p,q] [0<=((w+P_w-q)/s_w)<J]*[0<=((h+P_h-p)/s_h)<I]*"
            "dE/dO[n,c,(h+P_h-p)/s_h,(w+P_w-q)/s_w]/R[(h+P_h-p)/s_h,(w+P_w-q)/s_w]"
        ),
        EVENLY,
        (
            "s_h >= 1",
            "s_w >= 1",
        ),
    ),
    Row(
        "cross_entropy",
        {"reduction": "sum", "target": "class"},
        "X",
        "dE/dO*(P[n,c] - [T[n]==c])",
        MINUS_LABEL,
        ("0 <= T < C",),
    ),
    Row(
        "cross_entropy",
        {"reduction": "none", "target": "class"},
        "X",
        "dE/dO[n]*(P[n,c] - [T[n]==c])",
        MINUS_LABEL,
        ("0 <= T < C",),
    ),
    Row(
        "cross_entropy",
        {"reduction": "mean", "target": "probabilities"},
        "X",
        "dE/dO*(P[n,c]*sum[c1] T[n,c1] - T[n,c])/N",
        "softmax P minus T",
        ("sum[c] T[n,c] = 1",),
    ),
    Row("cross_entropy", {"reduction": "mean", "target": "probabilities"}, "T", "-dE/dO*L[n,c]/N", "", ()),
    Row(
        "cross_entropy",
        {"reduction": "sum", "target": "probabilities"},
        "X",
        "dE/dO*(P[n,c]*sum[c1] T[n,c1] - T[n,c])",
        "softmax P minus T",
        ("sum[c] T[n,c] = 1",),
    ),
    Row("cross_entropy", {"reduction": "sum", "target": "probabilities"}, "T", "-dE/dO*L[n,c]", "", ()),
    Row(
        "cross_entropy",
        {"reduction": "none", "target": "probabilities"},
        "X",
        "dE/dO[n]*(P[n,c]*sum[c1] T[n,c1] - T[n,c])",
        "softmax P minus T",
        ("sum[c] T[n,c] = 1",),
    ),
    Row("cross_entropy", {"reduction": "none", "target": "probabilities"}, "T", "-dE/dO[n]*L[n,c]", "", ()),
    Row("mse_loss", {"reduction": "sum"}, "X", "2*dE/dO*(X[...] - Y[...])", "", ()),
    Row("mse_loss", {"reduction": "sum"}, "Y", "2*dE/dO*(Y[...] - X[...])", "", ()),
    Row("mse_loss", {"reduction": "none"}, "X", "2*dE/dO[...]*(X[...] - Y[...])", "", ()),
    Row("mse_loss", {"reduction": "none"}, "Y", "2*dE/dO[...]*(Y[...] - X[...])", "", ()),
]

OWN = [
    Row(BILINEAR, {}, "X", "sum[k,j] dE/dO[n,k]*A[k,i,j]*Y[n,j]", "", ()),
    Row(BILINEAR, {}, "A", "sum[n] dE/dO[n,k]*X[n,i]*Y[n,j]", "", ()),
    Row(BILINEAR, {}, "Y", "sum[k,i] dE/dO[n,k]*X[n,i]*A[k,i,j]", "", ()),
    Row("O[i,j] = X[i] - Y[j]", {}, "X", "sum[j] dE/dO[i,j]", "", ()),
    Row("O[i,j] = X[i] - Y[j]", {}, "Y", "-sum[i] dE/dO[i,j]", "", ()),
    Row("O = sum[i] X[i]*X[i]", {}, "X", "2*dE/dO*X[i]", "", ()),
    Row("O = sum[i] X[i,i]", {}, "X", "dE/dO*[i==i1]", "", ()),
    Row("O[i] = X[i]*X[i]", {}, "X", "2*dE/dO[i]*X[i]", "", ()),
    Row("O[i] = sum[p<K] X[s*i+p]*F[p]", {}, "X", "sum[p] dE/dO[(h-p)/s]*F[p]", STUFFED, ("s >= 1",)),
    Row("O[i] = sum[p<K] X[s*i+p]*F[p]", {}, "F", "sum[i] dE/dO[i]*X[s*i+x0]", DILATED, ()),
    Row(CORRELATION_3D, {}, "X", "sum[p,q,r] dE/dO[h-p,w-q,u-r]*F[p,q,r]", FULL, ()),
    Row(CORRELATION_3D, {}, "F", "sum[i,j,k] dE/dO[i,j,k]*X[i+p,j+q,k+r]", CORRELATION, ()),
    Row(STRIDED_3D, {}, "X", "sum[p,q,r] dE/dO[(h-p)/s,(w-q)/s,(u-r)/s]*F[p,q,r]", STUFFED, ("s >= 1",)),
    Row(STRIDED_3D, {}, "F", "sum[i,j,k] dE/dO[i,j,k]*X[s*i+x0,s*j+x1,s*k+x2]", DILATED, ()),
    Row(ATTENTION, {}, "Q", "sum[d,j] dE/dO[i,d]*K[j,c]*P[i,j]*(V[j,d] - O[i,d])", "", ()),
    Row(ATTENTION, {}, "K", "sum[i,d] dE/dO[i,d]*Q[i,c]*P[i,j]*(V[j,d] - O[i,d])", "", ()),
    Row(ATTENTION, {}, "V", "sum[i] dE/dO[i,d]*P[i,j]", "outer product of dE/dO and P, summed over the rows", ()),
    Row(TRANSPOSED, {}, "X", "sum[k,p] dE/dO[k,s*h+p-P]*F[c,k,p]", "", ("s >= 1",)),
    Row(TRANSPOSED, {}, "F", "sum[h] dE/dO[k,s*h+p-P]*X[c,h]", "", ("s >= 1",)),
    Row(GROUPED, {}, "X", "sum[k,p] dE/dO[k,h-p]*F[k,a-(k//Kg)*Cg,p]", "", ()),
    Row(GROUPED, {}, "F", "sum[i] dE/dO[k,i]*X[(k//Kg)*Cg+c,i+p]", "", ()),
    Row("O[i] = X[2*i]", {}, "X", "dE/dO[h/2]", "", ()),
    Row("O[i] = sum[p<K] X[2*i+p]^2", {}, "X", "2*X[h]*sum[p] dE/dO[(h-p)/2]", "spreading dE/dO over each window", ()),
    Row("O[i,p] = X[3*i+p]; size i = N; size p = 3", {}, "X", "sum[p] dE/dO[(h-p)/3,p]", "", ()),
    Row("O[i] = X[i+1] - X[i]", {}, "X", "dE/dO[i-1] - dE/dO[i]", "", ()),
    Row("O[i] = max(X[i], 0)*X[i]", {}, "X", "dE/dO[i]*([0<X[i]]*X[i] + max(X[i], 0))", "", (KINK,)),
]

ROWS = [*CATALOGUE, *OWN]


def rows(only: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", only, ids=[r.title for r in only])


def test_every_differentiable_input_of_every_operation_of_the_catalogue_is_in_the_table():
    wanted = {(name, t.name) for name in names() for t in op(name).differentiable}
    assert wanted <= {(r.law, r.wrt) for r in CATALOGUE}


def test_every_reduction_and_every_target_of_the_losses_is_in_the_table():
    found = {(r.law, *(dict(r.operation.settings).get(a) for a in ("reduction", "target"))) for r in CATALOGUE}
    reductions = ("mean", "sum", "none")
    assert {("cross_entropy", r, t) for r in reductions for t in ("class", "probabilities")} <= found
    assert {("mse_loss", r, None) for r in reductions} <= found


@rows(ROWS)
def test_the_formula_is_the_expected_one(row: Row):
    assert show(row.derive().formula, bounds=False) == row.formula


@rows(ROWS)
def test_the_result_is_called_by_its_name(row: Row):
    assert row.derive().name == row.name


@rows(ROWS)
def test_the_conditions_are_the_expected_ones_and_index_ranges(row: Row):
    found = row.derive().conditions
    assert tuple(dict.fromkeys(c.statement for c in found if c.kind != "range")) == row.conditions
    assert {c.kind for c in found} <= {"range", "positive", "convention", "hypothesis"}
    assert all(c.witness for c in found if c.kind == "range" and c.about[1].constant is None)


@rows(ROWS)
def test_the_formula_and_the_result_have_the_value_of_the_chain_rule_at_every_entry(row: Row):
    d = row.derive()
    assert check_lines(d.op, d.axes, (d.start, d.formula), d.title, every=True)
    assert check_lines(assuming(d.op), d.axes, (d.start, d.result), d.title, every=True)


SMALL = [r for r in ROWS if r.law in ("linear", "relu", "tanh", "softmax", "cross_entropy", "mse_loss", BILINEAR)]


@rows(SMALL)
def test_every_line_has_the_value_of_the_chain_rule_at_every_entry(row: Row):
    d = row.derive()
    assert check_lines(assuming(d.op), d.axes, d.lines, d.title, every=True)


# -- what is refused ---------------------------------------------------------------------------------------------------

REFUSED = [
    ("cross_entropy", "target", "cross_entropy: got wrt='target', which is integers, expected one of X; choose one"),
    ("cross_entropy", "P", "cross_entropy: got wrt='P', which is an intermediate, expected one of X; choose one"),
    ("softmax", "O", "softmax: got wrt='O', which is an output, expected one of X; choose one"),
    (
        "conv2d",
        "W",
        "conv2d: got tensor 'W', expected one of X (input), F (weight), b (bias); name an input of the law",
    ),
]


@pytest.mark.parametrize(("law", "wrt", "text"), REFUSED)
def test_what_has_no_gradient_is_refused_with_what_has_one(law: str, wrt: str, text: str):
    with pytest.raises(OperationError) as error:
        gradient(law, wrt)
    assert str(error.value) == text


def test_a_derivation_whose_steps_do_not_join_cannot_be_built():
    d = gradient("tanh", "input")
    with pytest.raises(NotDerived, match="does not start where the one before ends"):
        replace(d, steps=d.steps[1:])


def test_a_derivation_whose_move_gives_another_line_cannot_be_built():
    d = gradient("tanh", "input")
    moves = (replace(d.steps[0].moves[0], after=ZERO), *d.steps[0].moves[1:])
    with pytest.raises(NotDerived, match="does not give its line"):
        replace(d, steps=(replace(d.steps[0], moves=moves), *d.steps[1:]))


def test_a_derivation_that_ends_with_a_derivative_cannot_be_built():
    d = gradient("tanh", "input")
    with pytest.raises(NotDerived, match="no law applies to"):
        replace(d, steps=())


def wrong_last_line(d: Derivation, text: str) -> Derivation:
    """The derivation with one step more that ends in another line, as a broken law would."""
    line = parse_expr(text)
    move = replace(d.steps[-1].moves[-1], path=(), after=line, line=line)
    return replace(d, steps=(*d.steps, replace(d.steps[-1], before=d.result, after=line, moves=(move,))))


def test_a_derivation_whose_lines_differ_in_value_cannot_be_built():
    d = gradient("add", "input")
    assert wrong_last_line(d, "dE/dO[...]").result == Entry("dE/dO", (index("..."),))
    with pytest.raises(NotDerived, match=r"dE/dX of add: line .* where line 0 is"):
        wrong_last_line(d, "2*dE/dO[...]")


def test_a_derivation_from_which_an_index_escapes_cannot_be_built():
    d = gradient("add", "input")
    with pytest.raises(NotDerived, match="got free names j in the result"):
        wrong_last_line(d, "dE/dO[j]")


# -- where SymPy answers, silently, with something else ----------------------------------------------------------------


def at(formula: str | Derivation, point: dict[str, int], sizes: dict[str, int], **arrays: list[int]) -> object:
    """The value of a gradient at one entry; `G` stands for dE/dO."""
    held = {{"G": "dE/dO"}.get(n, n): Array((len(v),), tuple(v)) for n, v in arrays.items()}
    assert isinstance(formula, Derivation)
    return denote(formula.formula, World(sizes, held), point)


def test_an_entry_between_the_strides_has_no_gradient_where_sympy_reads_a_half():
    d = gradient(op("O[i] = X[2*i]"), "X")
    sizes = {"H": 5, "I": 3}
    assert [at(d, {"h": h}, sizes, G=[7, 8, 9]) for h in range(5)] == [7, 0, 8, 0, 9]
    i, o = sympy.symbols("i o", integer=True)
    g, end = sympy.IndexedBase("g"), sympy.Symbol("O", integer=True, positive=True)
    trap = sympy.Sum(sympy.KroneckerDelta(i, 2 * o) * g[o], (o, 0, end - 1)).doit()
    assert trap.subs({i: 1, end: 3}) == g[sympy.Rational(1, 2)]


def test_a_derivative_is_not_captured_by_a_sum_over_the_same_name():
    d = gradient(op("O[i] = sum[m<M] X[i+m]*F[m]; F[m<M]"), "F")
    sizes = {"H": 4, "M": 2, "I": 3}
    found = [at(d, {"m": m}, sizes, X=[1, 2, 3, 4], G=[1, 10, 100]) for m in range(2)]
    assert found == [1 * 1 + 2 * 10 + 3 * 100, 2 * 1 + 3 * 10 + 4 * 100]
    i, m = sympy.symbols("i m", integer=True)
    X, F = sympy.IndexedBase("X"), sympy.IndexedBase("F")
    trap = sympy.Sum(X[i + m] * F[m], (m, 0, 1)).diff(F[m]).doit()
    assert trap == X[i] + X[i + 1]  # the sum over both taps: no tap's derivative


def test_the_slope_of_relu_at_zero_is_zero_where_sympy_says_a_half():
    d = gradient("relu", "input")
    assert [at(d, {"...": k}, {"L": 3}, X=[-1, 0, 1], G=[5, 6, 7]) for k in range(3)] == [0, 0, 7]
    x = sympy.Symbol("x", real=True)
    assert sympy.Max(x, 0).diff(x).subs(x, 0) == sympy.Rational(1, 2)


def test_the_slope_of_relu_at_zero_is_one_where_zero_stands_first():
    d = gradient(op("O[...] = max(0, X[...])"), "X")
    assert [at(d, {"...": k}, {"L": 3}, X=[-1, 0, 1], G=[5, 6, 7]) for k in range(3)] == [0, 6, 7]


@pytest.mark.parametrize("name", ["prelu", "batch_norm", "cross_entropy"])
def test_all_laws_of_an_operation_have_certificates(name: str):
    for law in variants(name):
        for t in law.differentiable:
            assert verdict(gradient(law, t.name).certificate()).startswith(f"dE/d{t.name} of O in ")


# -- the same on every run ---------------------------------------------------------------------------------------------

SCRIPT = """
from derive.sweep import gradient
for law, wrt in (("conv2d", "X"), ("max_pool2d", "X"), ("cross_entropy", "X"), ("linear", "W")):
    print(gradient(law, wrt))
"""


def test_a_derivation_is_the_same_text_under_every_hash_seed():
    texts = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(texts) == 1
    assert b"[contract a delta]" in texts.pop()


# -- laws nobody thought of --------------------------------------------------------------------------------------------

ATOMS = st.sampled_from(["X[i+1]", "X[2*i]", "X[2*i+1]", "X[i+2]", "Y[i+1]", "sum[p<K] (X[i+p]*F[p])", "2"])
TERMS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("({0[0]})*({0[1]})".format),
        st.tuples(inner, inner).map("({0[0]} + {0[1]})".format),
        inner.map("exp({})".format),
        inner.map("tanh({})".format),
        inner.map("max({}, 0)".format),
    ),
    max_leaves=3,
)
BODIES = st.one_of(TERMS, TERMS.map("max[q<R] ({} + W[i+q])".format))


def test_random_laws_are_derived_with_equal_lines_or_refused_in_words():
    found: dict[str, str] = {}

    @given(body=BODIES.filter(lambda text: "X" in text))
    def attempt(body: str) -> None:
        own = op(f"O[i] = {body}; size i = N")
        found[body] = ""
        try:
            assert gradient(own, "X").steps
        except BackproofError as error:
            found[body] = f"{type(error).__name__}: {error}"

    attempt()
    refused = {body: why for body, why in found.items() if why}
    assert all(re.fullmatch(r"NotDerived: dE/d\w+ of .+: .+|OperationError: .+", why) for why in refused.values())
    assert len(found) >= 50
    assert len(refused) * 50 <= len(found), refused


def test_a_hypothesis_is_used_only_after_the_formula():
    d = gradient(op("cross_entropy", target="probabilities"), "input")
    assert [s.law for s in d.steps].count(HYPOTHESIS) == 1
    assert "sum[c1] T[n,c1]" in show(d.formula, bounds=False)
    assert show(d.result, bounds=False) == "dE/dO*(P[n,c] - T[n,c])/N"
