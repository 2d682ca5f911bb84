"""Convolutions: the cross-correlations of networks, their transposes, and true convolution with a flipped filter."""

from __future__ import annotations

from derive.catalogue.axes import over, symbols
from derive.catalogue.recipe import NUMBER, PAIRS, Argument, Kinds, Recipe
from derive.layout import Layout

_READ = {
    "valid": "{s}*{i}+{d}*{p}",
    "same": "{i}+{d}*{p}-{d}*({K}-1)//2",
    NUMBER: "{s}*{i}+{d}*{p}-{P}",
    PAIRS: "{s}*{i}+{d}*{p}-{L}",
}
_SIZE = {
    "valid": "",
    "same": "size {i} = {H}",
    NUMBER: "pad X.{h} by {P}, {P}",
    PAIRS: "pad X.{h} by {L}, {U}",
}
_CHANNELS = {
    "1": ("c", "X[n<N,c<C,{axes}]; F[k<K,c<C,{taps}]"),
    NUMBER: ("k//K*C+c", "X[n<N,c<G*C,{axes}]; F[k<G*K,c<C,{taps}]"),
}


def _law(n: int, kinds: Kinds) -> str:
    """`O[n,k,i] = sum[c,p](X[n,c,s*i+d*p-P]*F[k,c,p]) + b[k]`; K and C count the channels of one group."""
    channel, declared = _CHANNELS[kinds["groups"]]
    axes, taps = over(n, "{h}<{H}"), over(n, "{p}<{K}")
    read, tap = over(n, _READ[kinds["padding"]]), over(n, "{p}")
    return f"""
        O[n,k,{over(n, "{i}")}] = sum[c,{tap}](X[n,{channel},{read}]*F[k,c,{tap}]) + b[k]
        {declared.format(axes=axes, taps=taps)}
        {over(n, _SIZE[kinds["padding"]], "; ")}
    """


_DATA = {1: "signals", 2: "images", 3: "volumes"}
_TENSORS = {"X": "input", "F": "weight", "b": "bias"}


def _moves(n: int) -> Argument:
    return Argument("stride", symbols(n, "s"), 1, minimum=1, meaning="cells a window moves")


def _spread(n: int) -> Argument:
    return Argument("dilation", symbols(n, "d"), 1, minimum=1, meaning="cells between taps")


_GROUPS = Argument("groups", ("G",), 1, minimum=1, choices=("1",), meaning="groups of channels that do not mix")


def _conv(n: int) -> Recipe:
    return Recipe(
        name=f"conv{n}d",
        summary=f"cross-correlation of {_DATA[n]} with a bank of filters",
        law=lambda kinds: _law(n, kinds),
        tensors=_TENSORS,
        optional={"b": 0},
        arguments=(
            _moves(n),
            Argument(
                "padding",
                symbols(n, "P"),
                0,
                choices=("valid", "same"),
                pairs=tuple(zip(symbols(n, "L"), symbols(n, "U"), strict=True)),
                meaning="zeros on each side; 'valid' none, 'same' as many as keep the size; or (below, above) an axis",
            ),
            _spread(n),
            _GROUPS,
        ),
        conventions=lambda kinds: "an odd padding puts one zero more above" if kinds["padding"] == "same" else "",
        source=f"torch.nn.functional.conv{n}d",
        layout=Layout(batch="n"),
    )


_UNGROUPED = ("c", "c,k", "X[n<N,c<C,{axes}]; F[c<C,k<K,{taps}]; b[k<K]")
_GROUPED = ("k//K*C+c", "k//K*C+c,k%K", "X[n<N,c<G*C,{axes}]; F[c<G*C,k<K,{taps}]; b[k<G*K]")


def _law_transposed(n: int, kinds: Kinds) -> str:
    """`O[n,k,i] = sum[c,p](X[n,c,(i+P-d*p)/s]*F[c,k,p]) + b[k]`; K and C count the channels of one group."""
    channel, pair, declared = _UNGROUPED if kinds["groups"] == "1" else _GROUPED
    axes, taps = over(n, "{h}<{H}"), over(n, "{p}<{K}")
    read, tap = over(n, "({i}+{P}-{d}*{p})/{s}"), over(n, "{p}")
    return f"""
        O[n,k,{over(n, "{i}")}] = sum[c<C,{tap}](X[n,{channel},{read}]*F[{pair},{tap}]) + b[k]
        {declared.format(axes=axes, taps=taps)}
        {over(n, "size {i} touch - {P} + {A}", "; ")}
    """


def _conv_transpose(n: int) -> Recipe:
    return Recipe(
        name=f"conv_transpose{n}d",
        summary=f"transposed convolution of {_DATA[n]}: every cell stamps a filter, a stride apart",
        law=lambda kinds: _law_transposed(n, kinds),
        tensors=_TENSORS,
        optional={"b": 0},
        arguments=(
            _moves(n),
            Argument("padding", symbols(n, "P"), 0, meaning="cells that are cut off on each side"),
            Argument("output_padding", symbols(n, "A"), 0, meaning="cells that are added above"),
            _GROUPS,
            _spread(n),
        ),
        require=over(n, "[{A}<max({s},{d})]", "\n"),
        conventions="the weight has the input's channels first: F[c,k,p]",
        source=f"torch.nn.functional.conv_transpose{n}d",
        layout=Layout(batch="n"),
    )


_FLIPPED = {
    "full": ("{i}-{p}", "size {i} touch"),
    "same": ("{i}+({K}-1)//2-{p}", "size {i} = {H}"),
    "valid": ("{i}+{K}-1-{p}", ""),
}


def _law_flipped(n: int, kinds: Kinds) -> str:
    """`O[i] = sum[p] X[i-p]*F[p]`, cut as the mode says."""
    read, size = _FLIPPED[kinds["mode"]]
    return f"""
        O[{over(n, "{i}")}] = sum[{over(n, "{p}")}] X[{over(n, read)}]*F[{over(n, "{p}")}]
        X[{over(n, "{h}<{H}")}]; F[{over(n, "{p}<{K}")}]
        {over(n, size, "; ")}
    """


def _convolve(n: int) -> Recipe:
    return Recipe(
        name=f"convolve{n}d",
        summary=f"true convolution of {_DATA[n].removesuffix('s')} and filter, which is flipped",
        law=lambda kinds: _law_flipped(n, kinds),
        tensors={"X": "input", "F": "weight"},
        arguments=(
            Argument(
                "mode",
                default="full",
                choices=("full", "same", "valid"),
                meaning="all overlaps, as many as the input has cells, or those of the whole filter",
            ),
        ),
        conventions=lambda kinds: (
            "of the full output the first (kernel-1)//2 cells of each axis and the last kernel//2 are cut off: with"
            " an even filter one cell more at the end, where indices are highest"
            if kinds["mode"] == "same"
            else ""
        ),
        source="scipy.signal.convolve" + ("2d" if n == 2 else ""),
    )


RECIPES = (
    *(_conv(n) for n in (1, 2, 3)),
    *(_conv_transpose(n) for n in (1, 2, 3)),
    *(_convolve(n) for n in (1, 2)),
)
