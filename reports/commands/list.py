"""`backproof list`: every operation with its law, its arguments and its conventions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from derive.catalogue import FAMILIES, RECIPES, op, variants
from derive.catalogue.learned import parameter_count
from derive.catalogue.limits import LIMITS
from derive.language.show import show_index
from derive.networks.network import NETWORKS
from derive.operation import Op, show_equation
from reports import listing
from reports.document import Document
from reports.emit import emit, emit_json
from reports.exits import UsageError
from reports.options import FORMAT, JSON, OUTPUT
from reports.sections.law_section import kinks

LIMITED = typer.Option("--limits", help="What torch takes and the notation does not, and why.")
SHOWN = typer.Option("--examples", help="Operations of one's own that come with the project.")


def run(
    operations: Annotated[list[str] | None, typer.Argument(help="Which ones, in full; else all, in short.")] = None,
    limits: Annotated[bool, LIMITED] = False,
    examples: Annotated[bool, SHOWN] = False,
    format: Annotated[str | None, FORMAT] = None,
    output: Annotated[Path | None, OUTPUT] = None,
    json: Annotated[str | None, JSON] = None,
) -> None:
    """List the operations: law, arguments with torch's defaults, conventions; or one in full."""
    asked = [word for word, given in (("NAME", operations), ("--limits", limits), ("--examples", examples)) if given]
    if len(asked) > 1:
        raise UsageError(f"list: got {' and '.join(asked)}, expected one of them; ask for one after the other")
    ops = [op(name) for name in operations or RECIPES]
    if json is not None:
        emit_json(_limits() if limits else {"examples": listing.ideas()} if examples else _operations(ops), json)
    else:
        emit(_document(ops if operations else [], limits, examples), format, output)


def _document(ops: list[Op], limited: bool, shown: bool) -> Document:
    if limited or shown:
        return listing.limits() if limited else listing.examples()
    return listing.in_full(ops) if ops else listing.overview()


def _limits() -> dict[str, Any]:
    return {
        "limits": [
            {
                "operations": list(limit.operations),
                "asked": limit.asked,
                "reason": limit.reason,
                "instead": limit.instead,
                "refusal": limit.refusal,
            }
            for limit in LIMITS
        ]
    }


def _operations(ops: list[Op]) -> dict[str, Any]:
    families = {family: list(names) for family, names in FAMILIES.items()}
    return {"operations": [_plain(o) for o in ops], "families": families, "networks": list(NETWORKS)}


def _plain(o: Op) -> dict[str, Any]:
    learned = parameter_count(o)
    return {
        "name": o.name,
        "summary": o.summary,
        **_law(o),
        "other_laws": [{"settings": dict(v.settings), **_law(v)} for v in variants(o.name)][1:],
        "tensors": [
            {
                "name": t.name,
                "argument": t.argument,
                "role": t.role,
                "axes": {b.name: show_index(b.extent) for b in t.axes},
                "integer": t.integer,
                "optional": t.optional,
            }
            for t in o.tensors
        ],
        "arguments": [
            {
                "name": a.name,
                "symbols": list(a.symbols),
                "default": listing.default(a),
                "minimum": a.minimum if a.symbols else None,
                "choices": list(a.choices),
                "meaning": a.meaning,
            }
            for a in RECIPES[o.name].arguments
        ],
        "layout": list(o.layout.arguments),
        "learned": None if learned is None else show_index(learned),
        "conventions": list(o.conventions or kinks(o)),
        "source": o.source,
    }


def _law(o: Op) -> dict[str, Any]:
    return {
        "law": [show_equation(e) for e in o.equations],
        "sizes": {name: show_index(size) for name, size in o.sizes},
    }
