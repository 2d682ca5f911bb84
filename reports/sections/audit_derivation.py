"""The verdict on somebody's derivation for a reader: every line with its mark, the first wrong one with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os.path import commonpath, relpath
from pathlib import Path

from numeric.audit.derivation import DerivationVerdict, LineVerdict
from numeric.audit.verdict import REFUTED, UNDECIDED, plain_number
from reports.document import (
    Block,
    Callout,
    Code,
    Definition,
    Definitions,
    Document,
    Items,
    Prose,
    Source,
    Spans,
    Strong,
    Table,
    spans,
)

UNREADABLE = "unreadable"
OK, WRONG, FOLLOWS, OPEN = "ok", "WRONG", "follows", "open"


def derivation_document(found: DerivationVerdict) -> Document:
    """One derivation on a page."""
    headline = f"{found.verdict}: {found.hypothesis}" if found.hypothesis else found.verdict
    return Document(found.where, tuple(_blocks(found)), spans(headline))


def overview_document(found: Sequence[DerivationVerdict], unread: Sequence[tuple[str, str]]) -> Document:
    """Many derivations: a row each, then what is said of those that are wrong, and of those that cannot be read."""
    above = commonpath([*(str(Path(one.where).parent) for one in found), *(str(Path(w).parent) for w, _ in unread)])
    rows = [_row(one, above) for one in found]
    rows += [(spans(Code(relpath(w, above))), spans(UNREADABLE), spans(""), spans(said)) for w, said in unread]
    counts = {word: sum(one.verdict == word for one in found) for word in dict.fromkeys(one.verdict for one in found)}
    counts |= {UNREADABLE: len(unread)} if unread else {}
    told = ", ".join(f"{n} {word}" for word, n in counts.items())
    header = (spans("derivation"), spans("verdict"), spans("wrong lines"), spans("mistake, or what is assumed"))
    blocks: list[Block] = [Table(header, tuple(rows), align="llrl"), Prose(spans(f"{len(rows)} derivations: {told}."))]
    return Document("Derivations", tuple(blocks))


def _row(one: DerivationVerdict, above: str) -> tuple[Spans, ...]:
    first = one.first
    number = ", ".join(map(str, one.wrong_lines))
    said = first.verdict.diagnosis if first else one.hypothesis
    return (spans(Code(relpath(one.where, above))), spans(one.verdict), spans(number), spans(said))


def _blocks(found: DerivationVerdict) -> Iterator[Block]:
    width = max(len(x.notation) for x in found.lines)
    yield Source("text", "\n".join(_marked(x, min(width, 96)) for x in found.lines))
    if found.first:
        yield Callout(
            "warning", spans("The first wrong line is line ", Strong(str(found.first.line))), _reason(found.first)
        )
    if len(found.wrong_lines) > 1:
        others = ", ".join(map(str, found.wrong_lines[1:]))
        yield Prose(spans(f"Wrong as well: line {others}; each was compared with the line before it."))
    if found.notes:
        yield Items(tuple(spans(n) for n in found.notes))


def _marked(x: LineVerdict, width: int) -> str:
    """A line of the derivation with its number and its mark; a row that goes on is indented."""
    text = x.notation if not x.notation.startswith("=") else f"    {x.notation}"
    return f"{x.line:>4}  {text:<{width}}  {_mark(x)}"


def _mark(x: LineVerdict) -> str:
    if x.follows:
        return f"{FOLLOWS} from line {x.follows}"
    if x.verdict.verdict == UNDECIDED:
        return OPEN
    assumed = f" if {x.verdict.hypothesis}" if x.verdict.hypothesis else ""
    return WRONG if x.verdict.verdict == REFUTED else OK + assumed


def _reason(x: LineVerdict) -> tuple[Block, ...]:
    """Where the line differs from what it was compared with, both values, the mistake, and what is right."""
    against = f"line {x.against}" if x.against else "the operation"
    rows = [Definition(spans("the line"), spans(Code(x.text)))]
    w = x.verdict.witness
    if w is not None:
        sizes = ", ".join(f"{n}={v}" for n, v in w.sizes.items())
        at = ", ".join(f"{n}={v}" for n, v in w.index.items())
        rows.append(Definition(spans("sizes"), spans(Code(sizes))))
        rows += [Definition(spans("entry"), spans(Code(at)))] if at else []
        rows.append(Definition(spans("this line"), spans(Code(str(plain_number(w.got))))))
        rows.append(Definition(spans(against), spans(Code(str(plain_number(w.expected))))))
    rows.append(Definition(spans("mistake"), spans(x.verdict.diagnosis)))
    rows.append(Definition(spans("right"), spans(Code(x.verdict.right))))
    return (Definitions(tuple(rows)),)
