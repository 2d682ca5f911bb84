"""What the machine at hand can do, as its compiler sees it."""

from __future__ import annotations

from functools import cache

from numeric.native.compiler import compiler
from numeric.nests.cost import Machine

VECTORS = (
    ("__AVX512F__", Machine(bytes=64, accumulators=28)),
    ("__AVX__", Machine(bytes=32, accumulators=12)),
    ("__aarch64__", Machine(bytes=16, accumulators=28)),
)
"""The widest vectors first: a macro that the compiler defines, and the registers of 64, 32 or 16 bytes it then has."""
PLAIN = Machine(bytes=16, accumulators=12)


@cache
def machine() -> Machine:
    """The vectors of this machine. Raises: NoCompiler."""
    defined = compiler().identity
    return next((m for macro, m in VECTORS if f"#define {macro} " in defined), PLAIN)
