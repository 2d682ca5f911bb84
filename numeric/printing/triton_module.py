"""A Triton module: the words that statements of loop programs are printed in, then the functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from numeric.nests.flat import Flat
from numeric.nests.registers import Register
from numeric.printing.triton_text import lines

LONGEST = 116
"""How long a line of a function's head is."""

UNBROKEN = "\N{NO-BREAK SPACE}"

CONSTANTS = ("BLOCK", "INT", "REAL", "LOWEST")
"""What a function is compiled for: lanes of a program, the types of indices and numbers, the least number."""

IMPORTS = """\
import triton
import triton.language as tl
"""

WORDS = '''
@triton.jit
def larger(a, b):
    """Of two values one of which is no number, that one, as in torch."""
    a, b = tl.broadcast(a, b)
    return tl.where((a > b) | (a != a), a, b)


@triton.jit
def smaller(a, b):
    a, b = tl.broadcast(a, b)
    return tl.where((a < b) | (a != a), a, b)


@triton.jit
def better(a, best, place):
    a, best = tl.broadcast(a, best)
    return (a > best) | (a != a) | (place < 0)


@triton.jit
def inside(at, extent):
    return (extent > at) & (at >= 0)


@triton.jit
def divides(divisor, dividend):
    return dividend % divisor == 0


@triton.jit
def least(a, b):
    return tl.minimum(a, b)


@triton.jit
def floor_div(a, b):
    quotient = a // b
    rest = a - quotient * b
    return tl.where((rest != 0) & ((rest < 0) != (b < 0)), quotient - 1, quotient)


@triton.jit
def floor_mod(a, b):
    return a - b * floor_div(a, b)


@triton.jit
def divide(a, b):
    """The quotient, rounded as IEEE says."""
    if b.dtype == tl.float32:
        return tl.div_rn(a, b)
    else:
        return a / b


@triton.jit
def sqrt(x):
    if x.dtype == tl.float32:
        return tl.sqrt_rn(x)
    else:
        return tl.sqrt(x)


@triton.jit
def power(x, n: tl.constexpr):
    y = x
    for _ in tl.static_range(n - 1):
        y = y * x
    return y


@triton.jit
def sigmoid(x):
    return divide(tl.full([], 1, x.dtype), 1 + exp(-x))
'''

OF_ONE = """

@triton.jit
def {0}(x):
    return libdevice.{0}(x)
"""

POW = """

@triton.jit
def pow(x, y):
    return libdevice.pow(x, y)

"""

FUNCTIONS = ("exp", "log", "tanh", "sin", "cos")
"""What the device's library computes; the interpreter takes these, and `pow`, from NumPy."""


def module(functions: Iterable[str], device: bool = True) -> str:
    """The text of a module; without a device it leaves the functions of real numbers to the interpreter."""
    own = ["from triton.language.extra import libdevice\n", *map(OF_ONE.format, FUNCTIONS), POW] if device else []
    return "\n".join([IMPORTS + "".join(own) + WORDS, *(f"\n{f}" for f in functions)]) + "\n"


def function(name: str, registers: Sequence[Register], sizes: Sequence[str], reals: Sequence[str], flat: Flat) -> str:
    """A function of arrays, the last of which it makes; of `settings`, real numbers in an array; of sizes."""
    arrays = [r.name for r in registers]
    constants = [f"{c}:{UNBROKEN}tl.constexpr" for c in CONSTANTS]
    numbers = [*sizes, "count"]
    head = f"def {name}({', '.join([*arrays, 'settings', *numbers, *constants])}):"
    return "\n".join([
        *wrap(f"@triton.jit(do_not_specialize={numbers})", LONGEST, subsequent_indent="    "),
        *(line.replace(UNBROKEN, " ") for line in wrap(head, LONGEST, subsequent_indent="    ")),
        *(f"    {n} = tl.cast({n}, INT)" for n in numbers),
        *(f"    {r} = tl.load(settings + {k})" for k, r in enumerate(reals)),
        *lines(flat),
    ])  # fmt: skip
