"""`backproof list`: every operation with its law, its arguments and its conventions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from derive.catalogue import RECIPES, Argument, op
from derive.network import NETWORKS
from derive.operation import Op, show_equation
from derive.show import show_index
from reports.document import Code, Definition, Definitions, Document, Prose, Section, Source, Spans, spans
from reports.emit import emit, emit_json
from reports.options import FORMAT, JSON, OUTPUT


def run(
    operations: Annotated[list[str] | None, typer.Argument(help="Which ones; all of them if none is named.")] = None,
    format: Annotated[str | None, FORMAT] = None,
    output: Annotated[Path | None, OUTPUT] = None,
    json: Annotated[str | None, JSON] = None,
) -> None:
    """List the operations: law, arguments with torch's defaults, conventions."""
    ops = [op(name) for name in operations or RECIPES]
    if json is not None:
        emit_json({"operations": [_plain(o) for o in ops], "networks": list(NETWORKS)}, json)
    else:
        emit(_document(ops), format, output)


def _document(ops: list[Op]) -> Document:
    networks = Section(
        spans("Networks"),
        (Prose(spans("Derived whole, by the reverse sweep: ", Code(", ".join(NETWORKS)))),),
    )
    return Document("Operations", (*map(_section, ops), networks))


def _section(o: Op) -> Section:
    facts = [Definition(spans(Code(a.name)), _meaning(a)) for a in RECIPES[o.name].arguments]
    facts += [Definition(spans("convention"), spans(c)) for c in o.conventions]
    blocks = (Prose(spans(o.summary, "; ", Code(o.source))), Source("text", _law(o)))
    return Section(spans(Code(_signature(o))), (*blocks, Definitions(tuple(facts))) if facts else blocks)


def _law(o: Op) -> str:
    return "\n".join([*map(show_equation, o.equations), *(f"{name} = {show_index(size)}" for name, size in o.sizes)])


def _signature(o: Op) -> str:
    """`conv2d(input, weight, bias=None, stride=1, ...)`, as torch.nn.functional has it."""
    tensors = [t.argument + ("=None" if t.optional else "") for t in o.inputs]
    arguments = [a.name if (d := _default(a)) is None else f"{a.name}={d}" for a in RECIPES[o.name].arguments]
    return f"{o.name}({', '.join([*tensors, *arguments])})"


def _default(a: Argument) -> str | None:
    """torch's default as it is typed: a number, a choice, or the argument that it repeats."""
    if isinstance(a.default, tuple):
        return "kernel_size"
    return None if a.default is None and not a.choices else str(a.default)


def _meaning(a: Argument) -> Spans:
    symbols = f" ({', '.join(a.symbols)})" if a.symbols else ""
    return spans(a.meaning, symbols, f": {' | '.join(a.choices)}" if a.choices else "")


def _plain(o: Op) -> dict[str, Any]:
    return {
        "name": o.name,
        "summary": o.summary,
        "law": [show_equation(e) for e in o.equations],
        "sizes": {name: show_index(size) for name, size in o.sizes},
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
                "default": _default(a),
                "minimum": a.minimum if a.symbols else None,
                "choices": list(a.choices),
                "meaning": a.meaning,
            }
            for a in RECIPES[o.name].arguments
        ],
        "conventions": list(o.conventions),
        "source": o.source,
    }
