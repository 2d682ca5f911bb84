"""The document of a network: its shapes and parameters, the reverse sweep, and every derivation that it uses."""

from __future__ import annotations

from collections.abc import Iterable

from derive.composition import Cotangent, Graph, Use
from derive.derivation import Derivation
from derive.index import Index
from derive.show import show_index
from reports.document import Code, Document, Figure, Prose, Section, Spans, Table, spans
from reports.index import section
from reports.law_section import math
from reports.named_results import title as named
from reports.names import Names
from reports.narrate import derivation_report, provenance
from reports.network_figure import network_figure, shape_in_words


def network_report(graph: Graph, wanted: Iterable[str] | None = None) -> Document:
    """The network's table, what each cotangent is made of, and the derivations, one section an operation."""
    sweep = graph.backward(wanted)
    derived = derivations(sweep)
    told = [section(derivation_report(group), collapsed=True) for group in _by_operation(derived)]
    blocks = (shape_table(graph), _picture(graph), _sweep(sweep), Section(spans("The derivations"), tuple(told)))
    subtitle = spans(f"{len(sweep)} cotangents from {len(derived)} derivations, each made once")
    return Document(f"The gradients of {graph.name}", blocks, subtitle, provenance())


def derivations(sweep: Iterable[Cotangent]) -> tuple[Derivation, ...]:
    """Every derivation of a reverse sweep, once."""
    return tuple(dict.fromkeys(use.derivation for c in sweep for use in c.uses))


def shape_table(graph: Graph) -> Section:
    """Each node with its operation, its output's shape and its own parameters, as they follow from the laws."""
    rows = [
        (spans(Code(row.name)), spans(row.op), spans(shape_in_words(row.shape)), spans(_count(row.parameters)))
        for row in graph.table()
    ]
    header = tuple(map(spans, ("node", "operation", "output", "parameters")))
    total = Prose(spans(f"{_count(graph.parameter_count)} parameters in {len(graph.parameters)} tensors."))
    return Section(spans("The network"), (Table(header, tuple(rows), align="lllr"), total))


def _count(number: Index) -> str:
    return f"{number.constant:,}" if number.constant is not None else show_index(number)


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
