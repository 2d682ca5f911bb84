"""The chain rule through a whole network, written out to the end: for networks small enough to be one law on paper."""

from __future__ import annotations

from collections.abc import Collection

from derive.derivation import Derivation
from derive.expressions.build import rebuild
from derive.expressions.expr import ONE, Entry, Expr
from derive.networks.composition import Graph
from derive.networks.one_law import one_law
from derive.sweep import gradient
from reports.document import Block, Prose, Section, spans
from reports.index import section
from reports.mathematics.names import COTANGENT, Names
from reports.sections.law_section import equality, law_equation
from reports.sections.narrate import derivation_report

MOST_NODES = 10


def whole_sections(graph: Graph, wanted: Collection[str] | None = None) -> tuple[Section, ...]:
    """The network as one law, and the gradient of E in one line; none where its tensors are called by words."""
    derived = whole_gradients(graph, wanted)
    if not derived:
        return ()
    law = derived[0].op
    names = Names.of(law)
    blocks: list[Block] = [Prose(spans("Its layers one after another are one law:"))]
    blocks += [law_equation(e, names, limits=False) for e in law.equations]
    blocks.append(Prose(spans("The chain rule through all of them, carried out to the end:")))
    loss = f"{COTANGENT}{law.output.name}"
    blocks += [equality(d.target, _without(loss, d.formula), names) for d in derived]
    blocks.append(section(derivation_report(derived), collapsed=True))
    return (Section(spans("The whole network as one law"), tuple(blocks)),)


def whole_gradients(graph: Graph, wanted: Collection[str] | None = None) -> tuple[Derivation, ...]:
    """A derivation through all layers for each parameter that is wanted, where the network is that small."""
    if len(graph.nodes) > MOST_NODES or any(len(name.rstrip("0123456789")) != 1 for name in graph.shapes):
        return ()
    law = one_law(graph)
    return tuple(gradient(law, p) for p in graph.parameters if wanted is None or p in wanted)


def _without(loss: str, e: Expr) -> Expr:
    """The expression with 1 for dE/dE."""
    if isinstance(e, Entry):
        return ONE if e.tensor == loss else e
    return rebuild(e, tuple(_without(loss, p) for p in e.parts)) if e.parts else e
