"""`backproof derive`: the gradients of an operation, a law or a network, with every step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import numeric
from derive.catalogue import op
from derive.composition import Graph
from derive.derivation import Derivation
from derive.lazy import LazyModule
from derive.network import NETWORKS
from derive.sweep import gradient
from reports.document import Document
from reports.emit import emit, emit_text
from reports.exits import GOOD, REFUTED, UsageError
from reports.narrate import derivation_report, provenance
from reports.options import OUTPUT, SET, network, settings
from reports.publish import CERTIFICATES, certificates

if TYPE_CHECKING:
    from reports import network_report as networks
else:
    networks = LazyModule("reports.network_report")  # an operation does not wait for the pictures of networks

WHAT = typer.Argument(metavar="OP|LAW|NETWORK", help="A name of `backproof list`, or a line of notation.")
WRT = typer.Option(
    "--wrt", metavar="TENSOR", help="With respect to what: torch's name or the law's letter; again for more, else all."
)
FORMAT = typer.Option("--format", metavar="FORMAT", help="text, md, html, ipynb, tex; json: the certificates.")
CONCRETE = typer.Option("--concrete", metavar="3x3,2x2", help="Write the entries out for tensors of these sizes.")
VERIFY = typer.Option("--verify", help="Run the kernels too, against torch's autograd.")
TABLE = typer.Option("--table", help="Of a network: only its shapes and parameters.")


def run(
    what: Annotated[str, WHAT],
    wrt: Annotated[list[str] | None, WRT] = None,
    set: Annotated[list[str] | None, SET] = None,
    format: Annotated[str | None, FORMAT] = None,
    output: Annotated[Path | None, OUTPUT] = None,
    concrete: Annotated[str | None, CONCRETE] = None,
    verify: Annotated[bool, VERIFY] = False,
    table: Annotated[bool, TABLE] = False,
) -> int:
    """Derive gradients, every step proved: of conv2d, of lenet, of "O[i] = sum[p] X[i+p]*F[p]".

    --format json writes certificates; `python -m derive.checker FILE` checks them by itself.
    """
    certified = format == CERTIFICATES or (format is None and output is not None and output.suffix == ".json")
    if what in NETWORKS:
        _refuse(concrete=concrete, verify=verify)
        graph = network(what, settings(set or ()))
        _known(graph, wrt or ())
        if certified:
            return _certificates(networks.derivations(graph.backward(wrt)), output)
        emit(_table(graph) if table else networks.network_report(graph, wrt), format, output)
        return GOOD
    _refuse(table=table)
    law = op(what, **settings(set or ()))
    derived = [gradient(law, name) for name in wrt or (t.name for t in law.differentiable)]
    if certified:
        return _certificates(derived, output)
    checks = numeric.verify(law) if verify else ()
    emit(derivation_report(derived, checks, concrete or ""), format, output)
    return GOOD if all(checks) else REFUTED


def _refuse(**given: object) -> None:
    """Raises: UsageError for an option that means nothing here."""
    for name, value in given.items():
        if value:
            where = "a network" if name == "table" else "an operation or a law"
            raise UsageError(f"--{name}: got it without {where}, expected it with one; leave it out")


def _known(graph: Graph, wanted: Iterable[str]) -> None:
    """Raises: UsageError for a tensor that the network does not have, or that is no number that can change."""
    tensors = [t for t in graph.shapes if t not in graph.integers and t != graph.nodes[-1].name]
    for name in wanted:
        if name not in tensors:
            raise UsageError(
                f"--wrt: got {name!r}, expected one of {', '.join(tensors)}; name a tensor of {graph.name}"
            )


def _certificates(derived: Sequence[Derivation], output: Path | None) -> int:
    emit_text(certificates(derived), output)
    return GOOD


def _table(graph: Graph) -> Document:
    return Document(graph.name, (networks.shape_table(graph),), provenance=provenance())
