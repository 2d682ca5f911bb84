"""How long proofs take and what they end with, for `backproof bench prove`: every coefficient, and all sizes by z3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from derive.catalogue import names, op
from derive.derivation import Derivation
from derive.sweep import gradient
from numeric.proof.coefficients import Compared, compare
from numeric.proof.obligation import KINDS, Obligation
from numeric.proof.verdict import Counterexample
from numeric.prove import prove
from reports.document import Document, Prose, Table, spans

IMAGE, FILTER = 28, 5
SIZES = {"N": 1, "C": 1, "K": 1, "H": IMAGE, "W": IMAGE, "K_h": FILTER, "K_w": FILTER}
PROVED, REFUTED, UNKNOWN = "proved for all sizes", "refuted", "unknown"

Progress = Callable[[int, int], None]


def convolution() -> list[Derivation]:
    """The gradients of the cross-correlation of one image with one filter."""
    law = op("conv2d", stride=1, padding=0, dilation=1)
    return [gradient(law, t.name) for t in law.differentiable]


def coefficients() -> list[Compared]:
    """Every coefficient of every derivative of a full image with a filter, against the derived formulas."""
    return compare(convolution(), SIZES)


def proofs(advance: Progress) -> list[dict[str, Any]]:
    """Every gradient of the catalogue: its obligations by kind and verdict, those that are not proved, and seconds."""
    gradients = [gradient(op(name), t.name) for name in names() for t in op(name).differentiable]
    prove(gradients[0])  # what is loaded late is there before the clock runs
    rows = []
    for k, d in enumerate(gradients, 1):
        started = perf_counter()
        found = prove(d)
        rows.append({"gradient": d.title, "seconds": perf_counter() - started, **verdicts(found)})
        advance(k, len(gradients))
    return rows


def verdicts(found: Sequence[Obligation]) -> dict[str, Any]:
    """How obligations fared: a word for all of them, how many of each kind were proved, and the others in full."""
    left = [o for o in found if not o]
    word = REFUTED if any(isinstance(o.outcome, Counterexample) for o in left) else UNKNOWN if left else PROVED
    proved = Counter(o.kind for o in found if o)
    return {
        "verdict": word,
        "proved": {kind: proved[kind] for kind in KINDS if proved[kind]},
        "not_proved": [o.plain() for o in left],
    }


def plain(rounds: int, sympy: float, seconds: float, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What was measured, in milliseconds and over the import of SymPy."""
    compared = coefficients()
    return {
        "rounds": rounds,
        "import_sympy_ms": round(1000 * sympy, 1),
        "coefficients": {
            "image": f"{IMAGE}x{IMAGE}",
            "filter": f"{FILTER}x{FILTER}",
            "seconds": round(seconds, 4),
            "over_import_sympy": round(seconds / sympy, 3),
            "verdict": "every coefficient equal" if all(compared) else REFUTED,
            "derivatives": [
                {"by": c.tensor, "entries": c.entries, "coefficients": c.coefficients, "difference": c.difference}
                for c in compared
            ],
        },
        "gradients": [_timed(row, sympy) for row in rows],
        "obligations": sum(sum(r["proved"].values()) + len(r["not_proved"]) for r in rows),
        "proved": sum(sum(r["proved"].values()) for r in rows),
        "refuted": sum(o["verdict"] == REFUTED for r in rows for o in r["not_proved"]) + (not all(compared)),
    }


def _timed(row: dict[str, Any], sympy: float) -> dict[str, Any]:
    seconds = row["seconds"]
    return {**row, "seconds": round(seconds, 3), "over_import_sympy": round(seconds / sympy, 2)}


def document(found: dict[str, Any]) -> Document:
    """The same for a reader."""
    exact = found["coefficients"]
    rows = tuple(
        (spans(g["gradient"]), spans(str(sum(g["proved"].values()))), spans(g["verdict"]),
         spans(f"{1000 * g['seconds']:.0f}"), spans(f"{g['over_import_sympy']:.2f}"))
        for g in found["gradients"]
    )  # fmt: skip
    header = tuple(map(spans, ("gradient", "proved", "verdict", "ms", "times import sympy")))
    many = sum(d["coefficients"] for d in exact["derivatives"])
    said = (
        f"A {exact['image']} image with a {exact['filter']} filter: {exact['verdict']}, {many:,} of them, in"
        f" {exact['seconds']:.3f} seconds ({exact['over_import_sympy']:.2f} times import sympy)."
    )
    left = [Prose(spans(f"{g['gradient']}: {o['statement']}: {_why(o)}"))
            for g in found["gradients"] for o in g["not_proved"]]  # fmt: skip
    counts = f"{found['proved']} of {found['obligations']} obligations proved for all sizes, each asked of z3 now."
    return Document("Proofs", (Prose(spans(said)), Table(header, rows, spans(counts), "lrlrr"), *left))


def _why(o: dict[str, Any]) -> str:
    return o.get("reason") or ", ".join(f"{n} = {v}" for n, v in {**o["sizes"], **o["index"]}.items())
