"""A C++ file around the functions of loop programs: the prelude of one dtype, then functions that C can call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import wrap

from numeric.native.prelude import prelude
from numeric.nests.registers import Register
from numeric.nests.statements import Block, Store, flat
from numeric.printing.cpp_text import lines

SHORT = re.compile(r"[A-Za-z](_[a-z])?|dE_d[A-Z]")
"""Names that are no word of C++, no macro, and none that a loop program makes: those end with a digit."""

LONGEST = 116
"""How long a line of a function's head is."""


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Names of C++ for names that a user has given, each another: short ones stay, the others end with _."""
    found: dict[str, str] = {}
    for name in names:
        word = re.sub(r"\W", "_", name)
        if not SHORT.fullmatch(word):
            word += "_"
        while word in found.values():
            word += "_"
        found[name] = word
    return found


def module(functions: Iterable[str], dtype: str, width: int | None = None) -> str:
    """The text of a file, whose functions work on numbers of a dtype, in vectors of `width` lanes if it is given."""
    return "\n\n".join([prelude(dtype, width), 'extern "C" {', *functions, "}", "}"]) + "\n"


def function(name: str, registers: Sequence[Register], sizes: Sequence[tuple[str, str]], body: Block) -> str:
    """A function of arrays and sizes, (type, name) each; arrays that the body stores to may be changed."""
    stored = {s.register for s in flat(body) if isinstance(s, Store)}
    arrays = [_argument(r, r.name in stored) for r in {r.name: r for r in registers}.values()]
    arguments = ", ".join([*arrays, *(f"{kind} {size}" for kind, size in sizes)])
    head = wrap(f"void {name}({arguments}) {{", LONGEST, subsequent_indent="    ", break_long_words=False)
    return "\n".join([*head, *lines(body), "}"])


def _argument(r: Register, changed: bool) -> str:
    return f"{'' if changed else 'const '}{'Label' if r.kind == 'integer' else 'Real'}* __restrict {r.name}"
