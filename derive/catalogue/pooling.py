"""Pooling: one value from every window of every channel."""

from __future__ import annotations

from derive.catalogue.axes import over, symbols
from derive.catalogue.recipe import Argument, Kinds, Recipe


def _kernel(n: int) -> Argument:
    return Argument("kernel_size", symbols(n, "K"), None, minimum=1, meaning="cells in a window")


def _stride(n: int) -> Argument:
    return Argument("stride", symbols(n, "s"), symbols(n, "K"), minimum=1, meaning="cells a window moves")


def _padding(n: int) -> Argument:
    return Argument("padding", symbols(n, "P"), 0, meaning="cells added on each side")


def _half(n: int) -> str:
    return over(n, "[2*{P}<={K}]", "\n")


def _image(n: int) -> str:
    return f"X[n<N,c<C,{over(n, '{h}<{H}')}]; {over(n, 'pad X.{h} by {P}, {P}', '; ')}"


def _max_pool(n: int) -> Recipe:
    return Recipe(
        name=f"max_pool{n}d",
        summary="the largest value of every window",
        law=f"""
            O[n,c,{over(n, "{i}")}] = max[{over(n, "{p}<{K}")}] X[n,c,{over(n, "{s}*{i}+{d}*{p}-{P}")}]
            {_image(n)}
        """,
        tensors={"X": "input"},
        arguments=(
            _kernel(n),
            _stride(n),
            _padding(n),
            Argument("dilation", symbols(n, "d"), 1, minimum=1, meaning="cells between the cells of a window"),
        ),
        require=_half(n),
        conventions="ties: the first winner in row-major order takes the whole gradient\npadding never wins",
        source=f"torch.nn.functional.max_pool{n}d",
    )


_COUNTED = {
    "True": ("", "({size})"),
    "False": ("R[{outputs}] = sum[{window}] {guards}", "R[{outputs}]"),
}


def _average(n: int, kinds: Kinds) -> str:
    words = {
        "size": over(n, "{K}", "*"),
        "outputs": over(n, "{i}"),
        "window": over(n, "{p}<{K}"),
        "guards": over(n, "[0<={s}*{i}+{p}-{P}<{H}]", "*"),
    }
    count, divisor = (part.format(**words) for part in _COUNTED[kinds["count_include_pad"]])
    return f"""
        {count}
        O[n,c,{words["outputs"]}] = (sum[{words["window"]}] X[n,c,{over(n, "{s}*{i}+{p}-{P}")}])/{divisor}
        {_image(n)}
    """


def _avg_pool(n: int) -> Recipe:
    counted = Argument("count_include_pad", default=True, choices=("True", "False"), meaning="padding counts as cells")
    return Recipe(
        name=f"avg_pool{n}d",
        summary="the average of every window",
        law=lambda kinds: _average(n, kinds),
        tensors={"X": "input"},
        arguments=(_kernel(n), _stride(n), _padding(n), counted),
        require=_half(n),
        conventions="windows stay inside the padded input (ceil_mode=False)",
        source=f"torch.nn.functional.avg_pool{n}d",
    )


RECIPES = (*(_max_pool(n) for n in (1, 2, 3)), *(_avg_pool(n) for n in (1, 2, 3)))
