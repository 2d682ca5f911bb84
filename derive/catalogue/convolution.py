"""Convolutions as networks use them: cross-correlations with stride, padding, dilation and groups."""

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


def _conv(n: int) -> Recipe:
    return Recipe(
        name=f"conv{n}d",
        summary=f"cross-correlation of {('signals', 'images', 'volumes')[n - 1]} with a bank of filters",
        law=lambda kinds: _law(n, kinds),
        tensors={"X": "input", "F": "weight", "b": "bias"},
        optional={"b": 0},
        arguments=(
            Argument("stride", symbols(n, "s"), 1, minimum=1, meaning="cells a window moves"),
            Argument(
                "padding",
                symbols(n, "P"),
                0,
                choices=("valid", "same"),
                pairs=tuple(zip(symbols(n, "L"), symbols(n, "U"), strict=True)),
                meaning="zeros on each side; 'valid' none, 'same' as many as keep the size; or (below, above) an axis",
            ),
            Argument("dilation", symbols(n, "d"), 1, minimum=1, meaning="cells between taps"),
            Argument("groups", ("G",), 1, minimum=1, choices=("1",), meaning="groups of channels that do not mix"),
        ),
        conventions=lambda kinds: "an odd padding puts one zero more above" if kinds["padding"] == "same" else "",
        source=f"torch.nn.functional.conv{n}d",
        layout=Layout(batch="n"),
    )


RECIPES = tuple(_conv(n) for n in (1, 2, 3))
