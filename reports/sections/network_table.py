"""A network in tables: what every layer makes, owns and costs, how that is counted, and where the decks differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from derive.expressions.index import Index, index
from derive.language.show import show_index
from derive.networks.composition import Graph, Row
from derive.networks.fitting import evaluate
from derive.networks.network import DECKS, NETWORKS
from derive.networks.network_claims import CLAIMS
from derive.networks.network_errata import Judgement, Verdict, as_printed, errata, printed_formula
from reports.document import Block, Code, Document, Math, Prose, Section, Spans, Strong, Table, spans
from reports.mathematics.names import Names
from reports.mathematics.size_in_numbers import size_in_numbers
from reports.sections.law_section import math
from reports.sections.narrate import provenance
from reports.sections.network_figure import shape_in_words


def table_document(graph: Graph) -> Document:
    """The tables of a network alone."""
    found = NETWORKS.get(graph.name)
    subtitle = spans(f"{found.summary}; {found.source}") if found else ()
    return Document(graph.name, (shape_table(graph), counting(graph), *errata_sections(graph)), subtitle, provenance())


def table_data(graph: Graph) -> dict[str, Any]:
    """The same as plain data."""
    rows = graph.table()
    return {
        "network": graph.name,
        "rows": [_plain_row(r) for r in rows],
        "parameters": _number(graph.parameter_count),
        "multiply_adds": sum(_of_one_sample(r.multiply_adds) for r in rows),
        "claims": [_plain_judgement(j) for j in errata(graph)],
    }


# -- layers ------------------------------------------------------------------------------------------------------------


def shape_table(graph: Graph) -> Section:
    """Each node with its operation, its output's shape, its parameters and its work, as they follow from the laws."""
    rows = graph.table()
    header = tuple(map(spans, ("node", "operation", "output", "weights", "parameters", "multiply-adds")))
    work = sum(_of_one_sample(r.multiply_adds) for r in rows)
    total = (spans(Strong("total")), spans(""), spans(""), spans(""), _strong(graph.parameter_count), _strong(work))
    table = Table(header, (*map(_row, rows), total), align="llllrr")
    words = f"{_count(graph.parameter_count)} parameters in {len(graph.parameters)} tensors."
    symbols = {n for r in rows for n in r.multiply_adds.names()}
    per = Prose(spans(words, " Multiply-adds are those of one sample going forward." if symbols else ""))
    return Section(spans("The network"), (table, per))


def _row(r: Row) -> tuple[Spans, ...]:
    weights = ", ".join(shape_in_words(shape) for _, shape in r.weights)
    work = _of_one_sample(r.multiply_adds)
    return (
        spans(Code(r.name)), spans(Code(r.op) if "=" in r.op else r.op), spans(shape_in_words(r.shape)),
        spans(weights), spans(_count(r.parameters)), spans(f"{work:,}"),
    )  # fmt: skip


def counting(graph: Graph) -> Section:
    """The formulas behind sizes and parameters, with their numbers."""
    rows = [r for r in graph.table() if r.sizes or r.weights]
    header = tuple(map(spans, ("node", "size", "parameters")))
    return Section(spans("How they are counted"), (Table(header, tuple(map(_counted, rows))),))


def _counted(r: Row) -> tuple[Spans, ...]:
    sizes = [part for s in r.sizes for part in (", ", size_in_numbers(s))][1:]
    return spans(Code(r.name)), spans(*sizes), spans(*((_parameters(r),) if r.weights else ()))


def _parameters(r: Row) -> Math:
    """`6*1*5*5 + 6 = 156`."""
    count = _count(r.parameters)
    plain = r.formula if r.formula == count else f"{r.formula} = {count}"
    return Math(plain.replace("*", r" \cdot ").replace(",", "{,}"), plain)


def _count(number: Index) -> str:
    return f"{number.constant:,}" if number.constant is not None else show_index(number)


def _strong(number: Index | int) -> Spans:
    return spans(Strong(f"{number:,}" if isinstance(number, int) else _count(number)))


def _number(i: Index) -> int | str:
    return show_index(i) if i.constant is None else i.constant


def _of_one_sample(i: Index) -> int:
    """The count where the batch, the one symbol of a network, is 1."""
    return evaluate(i, dict.fromkeys(i.names(), index(1))).constant or 0


def _plain_row(r: Row) -> dict[str, Any]:
    return {
        "node": r.name,
        "operation": r.op,
        "output": [_number(n) for n in r.shape],
        "sizes": [size_in_numbers(s).plain for s in r.sizes],
        "weights": {name: [_number(n) for n in shape] for name, shape in r.weights},
        "formula": r.formula,
        "parameters": _number(r.parameters),
        "multiply_adds": _of_one_sample(r.multiply_adds),
    }


# -- decks -------------------------------------------------------------------------------------------------------------


_PRINTED = "What the decks print"
_OTHER = "It is about this network with its default settings; with these it is another one, and nothing is judged."


def errata_sections(graph: Graph) -> tuple[Section, ...]:
    """What the decks print about the network, what is not right first; none where they print nothing."""
    if graph.name in CLAIMS and not as_printed(graph):
        return (Section(spans(_PRINTED), (Prose(spans(_OTHER)),)),)
    found = errata(graph)
    if not found:
        return ()
    counts = Counter(j.verdict for j in found)
    told = ", ".join(f"{counts[v]} {v.value}" for v in reversed(Verdict) if counts[v])
    blocks: list[Block] = [Prose(spans(f"{len(found)} printed lines: {told}."))]
    blocks += [Prose(spans(text)) for text in _mixtures(found)]
    for verdict in Verdict:
        group = [j for j in found if j.verdict is verdict]
        if group:
            title = verdict.value[:1].upper() + verdict.value[1:]
            blocks.append(Section(spans(title), (_judged(group, graph),), collapsed=verdict is Verdict.RIGHT))
    decks = sorted({j.claim.place[:2] for j in found})
    blocks.append(Prose(spans(" ".join(f"{d}: {DECKS[d]}." for d in decks))))
    return (Section(spans(_PRINTED), tuple(blocks)),)


def _judged(found: Sequence[Judgement], graph: Graph) -> Table:
    remarks = any(j.remark for j in found)
    header = ("slide", "about", "printed", "derived", *(("because",) if remarks else ()))
    rows = []
    for j in found:
        about = (f"{j.claim.what} of ", Code(j.claim.of) if j.claim.of else "the network")
        formula = printed_formula(j.claim, graph)
        printed = Code(j.claim.printed) if formula is None else math(formula, Names())
        cells = (printed, j.derived, *((j.remark,) if remarks else ()))
        rows.append((spans(f"{j.claim.place[:2]}: {j.claim.slide}"), spans(*about), *map(spans, cells)))
    return Table(tuple(map(spans, header)), tuple(rows))


def _mixtures(found: Sequence[Judgement]) -> list[str]:
    """Where one deck counts the biases of some layers and leaves out those of others."""
    told = []
    for deck in sorted({j.claim.place[:2] for j in found}):
        counted = [
            j for j in found if j.claim.place[:2] == deck and j.claim.what == "parameters" and "bias" in j.derived
        ]
        with_, without = ([j.claim.of for j in counted if j.verdict is v] for v in (Verdict.RIGHT, Verdict.CONVENTION))
        if with_ and without:
            told.append(f"{deck} counts the biases of {_list(with_)} and leaves out those of {_list(without)}.")
    return told


def _list(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _plain_judgement(j: Judgement) -> dict[str, str]:
    c = j.claim
    return {"place": c.place, "slide": c.slide, "of": c.of, "what": c.what, "printed": c.printed,
            "derived": j.derived, "verdict": j.verdict.value, "remark": j.remark}  # fmt: skip
