"""The document of a network: its shapes and parameters, the reverse sweep, and every derivation that it uses."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from derive.derivation import Derivation
from derive.networks.composition import Cotangent, Graph, Use
from reports.document import Code, Document, Figure, Section, Spans, Table, spans
from reports.index import section
from reports.mathematics.named_results import title as named
from reports.mathematics.names import Names
from reports.sections.law_section import math
from reports.sections.narrate import derivation_report, provenance
from reports.sections.network_figure import network_figure
from reports.sections.network_table import counting, errata_sections, shape_table
from reports.sections.whole_network import whole_gradients, whole_sections


def network_report(graph: Graph, wanted: Collection[str] | None = None) -> Document:
    """The network's table, what each cotangent is made of, and the derivations, one section an operation."""
    sweep = graph.backward(wanted)
    derived = derivations(sweep)
    told = [section(derivation_report(group), collapsed=True) for group in _by_operation(derived)]
    tables = (shape_table(graph), counting(graph), *errata_sections(graph))
    whole = whole_sections(graph, wanted)
    blocks = (*tables, _picture(graph), *whole, _sweep(sweep), Section(spans("The derivations"), tuple(told)))
    subtitle = spans(f"{len(sweep)} cotangents from {len(derived)} derivations, each made once")
    return Document(f"The gradients of {graph.name}", blocks, subtitle, provenance())


def all_derivations(graph: Graph, wanted: Collection[str] | None = None) -> tuple[Derivation, ...]:
    """Every derivation that a network's page tells, once."""
    return (*whole_gradients(graph, wanted), *derivations(graph.backward(wanted)))


def derivations(sweep: Iterable[Cotangent]) -> tuple[Derivation, ...]:
    """Every derivation of a reverse sweep, once."""
    return tuple(dict.fromkeys(use.derivation for c in sweep for use in c.uses))


def _picture(graph: Graph) -> Section:
    caption = spans("Forward with the shapes of tensors, backward with their cotangents")
    figure = Figure(network_figure(graph), f"The graph of {graph.name}", caption)
    return Section(spans("Its graph"), (figure,), collapsed=True)


def _sweep(sweep: Iterable[Cotangent]) -> Section:
    """The chain rule over the graph: which node gives each tensor its cotangent, and by which result."""
    header = tuple(map(spans, ("cotangent of", "comes through", "operation", "as")))
    rows = tuple(_use(c.of, use) for c in sweep for use in c.uses)
    return Section(spans("The reverse sweep"), (Table(header, rows),))


def _use(tensor: str, use: Use) -> tuple[Spans, ...]:
    d = use.derivation
    names = Names.of(d.op)
    result = named(d, names) or spans(math(d.result, names))
    return spans(Code(tensor)), spans(Code(use.node.name)), spans(d.op.name), result


def _by_operation(derived: Iterable[Derivation]) -> list[tuple[Derivation, ...]]:
    groups: dict[object, list[Derivation]] = {}
    for d in derived:
        groups.setdefault(d.op, []).append(d)
    return [tuple(group) for group in groups.values()]
