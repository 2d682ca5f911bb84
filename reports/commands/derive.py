"""`backproof derive`: the gradients of an operation, a law or a network, with every step."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from derive.lazy import LazyModule
from reports.document import Document
from reports.emit import emit, emit_json, emit_text
from reports.exits import GOOD, REFUTED
from reports.kept import kept
from reports.options import JSON, OUTPUT, SET
from reports.request import Request
from reports.writers.registry import format_of

if TYPE_CHECKING:
    from reports import derivations
else:
    derivations = LazyModule("reports.derivations")  # what was derived before is shown without it

CERTIFICATES = "json"
"""The format that is no document: what `derive.checker` reads."""

WHAT = typer.Argument(metavar="OP|LAW|NETWORK", help="A name of `backproof list`, or a line of notation.")
WRT = typer.Option(
    "--wrt", metavar="TENSOR", help="With respect to what: torch's name or the law's letter; again for more, else all."
)
SECOND = typer.Option(
    "--second", metavar="TENSOR", help="Differentiate the gradient by --wrt once more, by this; grad_output is dE/dO."
)
FORMAT = typer.Option("--format", metavar="FORMAT", help="text, md, html, ipynb, tex; json: the certificates.")
CONCRETE = typer.Option("--concrete", metavar="3x3,2x2", help="Write the entries out for tensors of these sizes.")
VERIFY = typer.Option("--verify", help="Run the kernels too, against torch's autograd.")
PROVE = typer.Option("--prove", help="Prove with z3, for all sizes, what the gradients and their kernels rest on.")
TABLE = typer.Option("--table", help="Of a network: only its sizes, parameters, work, and what decks print of them.")
BACKEND = typer.Option("--backend", metavar="NAME", help="Whose kernels are shown: numpy (if not given), torch or cpp.")
FRESH = typer.Option("--fresh", help="Derive it again, whatever was kept from an earlier run.")


def run(
    what: Annotated[str, WHAT],
    wrt: Annotated[list[str] | None, WRT] = None,
    second: Annotated[list[str] | None, SECOND] = None,
    set: Annotated[list[str] | None, SET] = None,
    format: Annotated[str | None, FORMAT] = None,
    output: Annotated[Path | None, OUTPUT] = None,
    concrete: Annotated[str | None, CONCRETE] = None,
    verify: Annotated[bool, VERIFY] = False,
    prove: Annotated[bool, PROVE] = False,
    table: Annotated[bool, TABLE] = False,
    backend: Annotated[str | None, BACKEND] = None,
    fresh: Annotated[bool, FRESH] = False,
    json: Annotated[str | None, JSON] = None,
) -> int:
    """Derive gradients, every step proved: of conv2d, of lenet, of "O[i] = sum[p] X[i+p]*F[p]".

    --format json writes certificates; `python -m derive.checker FILE` checks them by itself.
    """
    form = format_of(output or "-.txt", format).name
    asked = Request(
        what,
        tuple(wrt or ()),
        tuple(set or ()),
        concrete or "",
        verify,
        table,
        tuple(second or ()),
        prove,
        backend or "",
    )
    if json is not None:
        emit_json(derivations.table_data(asked), json)
        return GOOD
    again = fresh or verify or prove  # a verdict is about this run
    named = asdict(asked)
    if form == CERTIFICATES:
        emit_text(kept(["certificates", named], lambda: derivations.certificate_text(asked), again), output)
        return GOOD
    document = Document.from_json(kept(["document", named], lambda: derivations.document(asked).to_json(), again))
    emit(document, form, output)
    return REFUTED if document.tally().refuted else GOOD
