"""Which of two tensors is the window of a convolution, and whether it stays inside: as told, or as the sizes demand."""

from __future__ import annotations

from derive.expressions.index import Index, index
from derive.language.latex.arrays import Array
from derive.language.latex.names import Vocabulary
from derive.language.latex.written_sizes import solved

_PROBE = 37  # larger than any window that is probed


def window_and_mode(
    words: Vocabulary, left: Array, right: Array, target: Array | None, told: str
) -> tuple[Array, Array, str]:
    """The image, the window, and `valid` or `full`; choices that the text left open are told in notes."""
    sizes = [_sizes(words, a) for a in (left, right, target)]
    mode = told if told in ("valid", "full") else _demanded(*sizes)
    if not told and mode == "full":
        words.notes.add("the sizes demand the full correlation: entries outside of the tensor are 0")
    if mode == "full" and left.window and not right.window:
        words.notes.add("the filter is the window, though it stands first")
        return right, left, mode
    first, second = sizes[0], sizes[1]
    if mode != "full" and first and second and all(a < b for a, b in zip(first, second, strict=True)):
        words.notes.add("the smaller tensor is the window, though it stands first")
        return right, left, "valid"
    return left, right, mode or "valid"


def _demanded(left: list[int] | None, right: list[int] | None, target: list[int] | None) -> str:
    if not left or not right or not target or not len(left) == len(right) == len(target):
        return "valid"
    return "full" if all(t == a + b - 1 for a, b, t in zip(left, right, target, strict=True)) else "valid"


def _sizes(words: Vocabulary, a: Array | None) -> list[int] | None:
    """The extents of the axes that a window slides over, at unit stride and without padding; None where unknown."""
    if a is None or not a.spatial:
        return None
    found = [_probed(words, e) for e in a.extents[len(a.extents) - a.spatial :]]
    return [f for f in found if f is not None] if None not in found else None


def _probed(words: Vocabulary, extent: Index | None) -> int | None:
    if extent is None:
        return None
    known: dict[str, Index] = {}
    if (op := words.op) is not None:
        plain = {p.name: index(1 if p.minimum or p.name[0] in "sd" else 0) for p in op.parameters}
        windows = {n for t in op.inputs if t.argument == "weight" for b in t.axes for n in b.extent.names()}
        known = {n: index(4 if n in windows else _PROBE) for n in op.symbols} | plain
        known |= {n: i.substitute(known) for n, i in solved(op, words.sizes).items()}
        known |= {n: i.substitute(known) for n, i in op.sizes}
    return extent.substitute(known).constant
