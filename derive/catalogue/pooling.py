"""Pooling: one value from every window of every channel."""

from __future__ import annotations

from derive.catalogue.axes import over, symbols
from derive.catalogue.recipe import Argument, Kinds, Recipe
from derive.layout import Layout


def _kernel(n: int) -> Argument:
    return Argument("kernel_size", symbols(n, "K"), None, minimum=1, meaning="cells in a window")


def _stride(n: int) -> Argument:
    return Argument("stride", symbols(n, "s"), symbols(n, "K"), minimum=1, meaning="cells a window moves")


def _padding(n: int) -> Argument:
    return Argument("padding", symbols(n, "P"), 0, meaning="cells added on each side")


def _ceil_mode() -> Argument:
    return Argument("ceil_mode", default=False, choices=("False", "True"), meaning="windows may overhang the end")


def _half(n: int) -> str:
    return over(n, "[2*{P}<={K}]", "\n")


def _inside(n: int) -> str:
    """torch's volumes: an average refuses a window that is larger than the input, padding or not."""
    return over(n, "[{K}<={H}]", "\n") if n == 3 else ""


def _image(n: int, kinds: Kinds, padded: bool = True) -> str:
    """The input's axes, their padding, and the rule by which windows are counted."""
    halo = f"; {over(n, 'pad X.{h} by {P}, {P}', '; ')}" if padded else ""
    size = f"; {over(n, 'size {i} ceil', '; ')}" if kinds["ceil_mode"] == "True" else ""
    return f"X[n<N,c<C,{over(n, '{h}<{H}')}]{halo}{size}"


_OVERHANG = "a window that overhangs the end"


def _max_pool(n: int) -> Recipe:
    def law(kinds: Kinds) -> str:
        return f"""
            O[n,c,{over(n, "{i}")}] = max[{over(n, "{p}<{K}")}] X[n,c,{over(n, "{s}*{i}+{d}*{p}-{P}")}]
            {_image(n, kinds)}
        """

    return Recipe(
        name=f"max_pool{n}d",
        summary="the largest value of every window",
        law=law,
        tensors={"X": "input"},
        arguments=(
            _kernel(n),
            _stride(n),
            _padding(n),
            Argument("dilation", symbols(n, "d"), 1, minimum=1, meaning="cells between the cells of a window"),
            _ceil_mode(),
        ),
        require=_half(n),
        conventions="ties: the first winner in row-major order takes the whole gradient\n"
        "padding, and what overhangs the end, never wins\n"
        "NaN wins, and hands no gradient on (in torch the last NaN takes it)",
        source=f"torch.nn.functional.max_pool{n}d",
        layout=Layout(batch="n"),
    )


_COUNT = {
    ("True", "False"): "",
    ("True", "True"): "[{s}*{i}+{p}-{P}<{H}+{P}]",
    ("False", "False"): "[0<={s}*{i}+{p}-{P}<{H}]",
    ("False", "True"): "[0<={s}*{i}+{p}-{P}<{H}]",
}
"""(count_include_pad, ceil_mode) -> when a cell of a window counts; always, where nothing is said."""


def _average(n: int, kinds: Kinds) -> str:
    outputs, window, read = over(n, "{i}"), over(n, "{p}<{K}"), over(n, "{s}*{i}+{p}-{P}")
    counts = over(n, _COUNT[kinds["count_include_pad"], kinds["ceil_mode"]], "*").strip("*")
    count, divisor = f"R[{outputs}] = sum[{window}] {counts}", f"R[{outputs}]"
    if kinds.get("divisor_override", "None") != "None":
        count, divisor = "", "D"
    elif not counts:
        count, divisor = "", f"({over(n, '{K}', '*')})"
    return f"""
        {count}
        O[n,c,{outputs}] = (sum[{window}] X[n,c,{read}])/{divisor}
        {_image(n, kinds)}
    """


def _average_conventions(kinds: Kinds) -> str:
    if kinds.get("divisor_override", "None") != "None":
        return "every window is divided by divisor_override, whatever it holds"
    if kinds["count_include_pad"] == "False":
        return "a window is divided by the number of its cells inside the input; padding does not count"
    if kinds["ceil_mode"] == "True":
        return f"{_OVERHANG} is divided by the number of its cells inside the padded input"
    return "padding counts: every window is divided by all of its cells"


def _avg_pool(n: int) -> Recipe:
    counted = Argument("count_include_pad", default=True, choices=("True", "False"), meaning="padding counts as cells")
    divisor = Argument("divisor_override", ("D",), None, minimum=1, choices=("None",), meaning="what is divided by")
    return Recipe(
        name=f"avg_pool{n}d",
        summary="the average of every window",
        law=lambda kinds: _average(n, kinds),
        tensors={"X": "input"},
        arguments=(_kernel(n), _stride(n), _padding(n), _ceil_mode(), counted, *((divisor,) if n > 1 else ())),
        require=f"{_half(n)}\n{_inside(n)}",
        conventions=_average_conventions,
        source=f"torch.nn.functional.avg_pool{n}d",
        layout=Layout(batch="n"),
    )


def _power_average(n: int, kinds: Kinds) -> str:
    outputs, window, read = over(n, "{i}"), over(n, "{p}<{K}"), over(n, "{s}*{i}+{p}")
    count, total = "", f"sum[{window}] X[n,c,{read}]^k"
    if kinds["ceil_mode"] == "True":
        count = f"R[{outputs}] = sum[{window}] {over(n, '[{s}*{i}+{p}<{H}]', '*')}"
        total = f"{over(n, '{K}', '*')}*({total})/R[{outputs}]"
    return f"""
        {count}
        S[n,c,{outputs}] = {total}
        O[n,c,{outputs}] = cases(S[n,c,{outputs}] != 0, S[n,c,{outputs}]^(1/k), 0)
        {_image(n, kinds, padded=False)}
    """


def _lp_pool(n: int) -> Recipe:
    rescaled = f"{_OVERHANG} counts as if every cell held the average of those inside the input"
    return Recipe(
        name=f"lp_pool{n}d",
        summary="the k-th root of the sum of k-th powers of every window",
        law=lambda kinds: _power_average(n, kinds),
        tensors={"X": "input"},
        arguments=(
            Argument("norm_type", ("k",), None, minimum=1, real=True, positive=True, meaning="the power k"),
            _kernel(n),
            _stride(n),
            _ceil_mode(),
        ),
        require=_inside(n),
        conventions=lambda kinds: (
            "powers keep the sign of an odd k; a negative sum has no root: NaN\n"
            "where the sum is 0, so are the output and the gradient"
            + (f"\n{rescaled}" if kinds["ceil_mode"] == "True" else "")
        ),
        source=f"torch.nn.functional.lp_pool{n}d",
        layout=Layout(batch="n"),
    )


RECIPES = tuple(pool(n) for pool in (_max_pool, _avg_pool, _lp_pool) for n in (1, 2, 3))
