"""What `backproof derive` is asked for, made: a document, or the certificates, of an operation, a law or a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numeric
from derive.beyond import check_gradients
from derive.catalogue import op
from derive.derivation import Derivation
from derive.errors import did_you_mean
from derive.lazy import LazyModule
from derive.networks.composition import Graph
from derive.networks.network import NETWORKS
from derive.operation import Op
from derive.second import operation_of
from derive.sweep import gradient
from reports.document import Document
from reports.exits import UsageError
from reports.networks import network
from reports.options import settings
from reports.publish import certificates
from reports.request import Request
from reports.sections.kernel_section import BACKEND, LANGUAGES
from reports.sections.narrate import derivation_report

if TYPE_CHECKING:
    from numeric import prove as prover
    from numeric.field import identity as fields
    from reports.sections import network_report as networks
    from reports.sections import network_table as tables
else:
    prover = LazyModule("numeric.prove")  # nothing waits for z3 that does not ask it
    fields = LazyModule("numeric.field.identity")
    tables = LazyModule("reports.sections.network_table")
    networks = LazyModule("reports.sections.network_report")  # an operation does not wait for the pictures of networks


def document(r: Request) -> Document:
    """The document that a request asks for. Raises: BackproofError for what does not fit."""
    if r.what in NETWORKS:
        _refuse(
            "an operation or a law",
            concrete=r.concrete,
            verify=r.verify,
            second=r.second,
            prove=r.prove,
            backend=r.backend,
        )
        graph = _graph(r)
        if r.table:
            return tables.table_document(graph)
        return networks.network_report(graph, r.wrt or None)
    if r.table:
        remedy = did_you_mean(r.what, NETWORKS, "leave --table out")
        raise UsageError(f"--table: got {r.what[:60]!r}, expected one of {', '.join(NETWORKS)}; {remedy}")
    if r.backend and r.backend not in LANGUAGES:
        raise UsageError(f"--backend: got {r.backend!r}, expected one of {', '.join(LANGUAGES)}; choose one")
    law = _law(r)
    derived = _gradients(law, r)
    checks = [*(fields.check_operation(law) if r.prove else ()), *(numeric.verify(law) if r.verify else ())]
    proofs = {d.title: prover.prove(d) for d in derived} if r.prove else {}
    return derivation_report(derived, checks, r.concrete, proofs, r.backend or BACKEND)


def certificate_text(r: Request) -> str:
    """The certificates that a request asks for, as JSON. Raises: BackproofError for what does not fit."""
    _refuse("a document", concrete=r.concrete, verify=r.verify, table=r.table, prove=r.prove, backend=r.backend)
    if r.what in NETWORKS:
        _refuse("an operation or a law", second=r.second)
        return certificates(networks.all_derivations(_graph(r), r.wrt or None))
    return certificates(_gradients(_law(r), r))


def table_data(r: Request) -> dict[str, Any]:
    """The tables of a network as plain data. Raises: BackproofError for what does not fit."""
    if r.what not in NETWORKS or not r.table:
        raise UsageError("--json: got it without --table of a network, expected it there; use --format json for the"
                         " certificates")  # fmt: skip
    return tables.table_data(_graph(r))


def _refuse(where: str, **given: object) -> None:
    """Raises: UsageError for an option that means nothing here."""
    for name, value in given.items():
        if value:
            raise UsageError(f"--{name}: got it without {where}, expected it with one; leave it out")


def _law(r: Request) -> Op:
    """What is differentiated: the operation, or for a second derivative its gradient. Raises: UsageError."""
    law = op(r.what, **settings(r.set))
    check_gradients(law)
    if not r.second:
        return law
    if len(r.wrt) != 1:
        raise UsageError(f"--second: got it with {len(r.wrt)} times --wrt, expected it with one; name what the first"
                         " derivative is taken by")  # fmt: skip
    return operation_of(gradient(law, r.wrt[0]))


def _gradients(law: Op, r: Request) -> Sequence[Derivation]:
    return [gradient(law, name) for name in r.second or r.wrt or (t.name for t in law.differentiable)]


def _graph(r: Request) -> Graph:
    graph = network(r.what, settings(r.set))
    _known(graph, r.wrt)
    return graph


def _known(graph: Graph, wanted: Iterable[str]) -> None:
    """Raises: UsageError for a tensor that the network does not have, or that is no number that can change."""
    tensors = [t for t in graph.shapes if t not in graph.integers and t != graph.nodes[-1].name]
    for name in wanted:
        if name not in tensors:
            known = ", ".join(tensors)
            raise UsageError(f"--wrt: got {name!r}, expected one of {known}; name a tensor of {graph.name}")
