"""The power of verification for a reader: the matrix of mutants and layers, who survives, what no layer alone sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.document import Block, Code, Items, Prose, Section, Spans, Table, Text, spans

SEES, LOOKS, SILENT = "x", ".", ""
LAYERS = {
    "0": "the law is the operation that torch means",
    "1": "the checker refuses the certificate",
    "2": "z3 refutes the formula, with the smallest sizes",
    "3": "no identity over the prime field",
    "4": "no identity over the prime field, exponentials free",
    "5": "every pattern of ties and zeros, up to four cells",
    "6": "kernels on integers, bit for bit; the adjoint identity",
    "7": "kernels on real data, within computed rounding bounds",
    "8": "torch's autograd",
}
"""What each layer does where it sees a mistake."""


def mutants_blocks(found: Mapping[str, Any]) -> tuple[Block, ...]:
    """What `numeric.mistakes.power` found: the counts, the layers, the survivors, then the whole matrix."""
    counts = f"{found['killed']:,} of {found['mutants']:,} mutants are seen, seed {found['seed']}."
    return (Prose(spans(counts)), _by_layer(found), Prose(spans(_redundant(found))), *_survivors(found), _matrix(found))


def _by_layer(found: Mapping[str, Any]) -> Table:
    """How many mutants each layer sees, of those that it looks at, and how many no other layer sees."""
    header = (spans("layer"), spans("how it sees a mistake"), spans("sees"), spans("of"), spans("alone"))
    rows = tuple(
        tuple(map(_cell, (n, LAYERS[n], one["killed"], one["killed"] + one["passed"], len(one["sole_killer"]))))
        for n, one in found["by_layer"].items()
    )
    caption = spans("Alone: but for autograd, which every mutant must be seen without.")
    return Table(header, rows, caption, "rlrrr")


def _cell(value: object) -> Spans:
    return spans(str(value))


def _redundant(found: Mapping[str, Any]) -> str:
    """The layers that see nothing alone."""
    if not found["redundant"]:
        return "Every layer sees something that no other sees."
    names = ", ".join(map(str, found["redundant"]))
    return (
        f"Redundant on these mutants, for they see none alone: layers {names}. Layers 2 to 4 prove what others test:"
        " that a formula is right at all sizes, or whatever the data."
    )


def _survivors(found: Mapping[str, Any]) -> Iterator[Block]:
    """Who survives, with the proof that there is nothing to see; and who is seen by autograd alone."""
    if found["survivors"]:
        lines = tuple(_survivor(s) for s in found["survivors"])
        yield Section(spans("Survivors"), (Items(lines),))
    if found["only_by_autograd"]:
        alone = tuple(spans(Code(name)) for name in found["only_by_autograd"])
        yield Section(spans("Seen by autograd alone"), (Items(alone),))


def _survivor(s: Mapping[str, Any]) -> Spans:
    if not s["equivalent"]:
        return spans(Code(s["name"]), ": seen by no layer, and not proved to be equal")
    return spans(Code(s["name"]), f": equivalent at all sizes: {s['proof']}")


def _matrix(found: Mapping[str, Any]) -> Section:
    """A row a mutant, a column a layer."""
    layers = list(found["by_layer"])
    header = (spans("mutant"), *(spans(n) for n in layers))
    rows = tuple((spans(Code(m["name"])), *(spans(Text(_mark(m, n))) for n in layers)) for m in found["matrix"])
    caption = spans(f"{SEES} sees the mistake, {LOOKS} looks and does not; where nothing stands, the layer is silent.")
    return Section(spans("Every mutant"), (Table(header, rows, caption, "l" + "c" * len(layers)),))


def _mark(m: Mapping[str, Any], layer: str) -> str:
    return SEES if layer in m["killed"] else LOOKS if int(layer) in m["passed"] else SILENT
