"""Where a deck is right about a network and where it is not: every printed line against the graph's own numbers.

A printed line is formulas and a value joined by `=`. It is right where the formulas have the derived value and the
value is that number, in full or rounded to the digits shown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from derive.errors import NotDerived
from derive.expressions.build import mul
from derive.expressions.expr import Binder, Entry, Expr
from derive.expressions.index import Index, index
from derive.language.notation import parse_expr, parse_index
from derive.meaning.linevalues import check_lines
from derive.networks.composition import Graph
from derive.networks.fitting import Shape, evaluate, product
from derive.networks.network import NETWORKS
from derive.networks.network_claims import CLAIMS, Claim
from derive.networks.one_law import one_law
from derive.sweep import gradient


class Verdict(Enum):
    """How a printed line fares, the worst first."""

    WRONG = "wrong"
    CUT = "cut off"
    CONVENTION = "right under a convention"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A claim, what was derived in its place, and what is to be said about it."""

    claim: Claim
    derived: str
    verdict: Verdict
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """A number that a claim can mean, what it counts, and whether that is a convention that has to be named."""

    value: int
    words: str = ""
    convention: bool = False


def errata(graph: Graph) -> tuple[Judgement, ...]:
    """A judgement for every claim about this network, in the order of the decks; none for one of other sizes.

    Raises: OperationError, NotationError for a claim that does not speak of this graph.
    """
    return tuple(judge(claim, graph) for claim in CLAIMS[graph.name]) if as_printed(graph) else ()


def as_printed(graph: Graph) -> bool:
    """Whether the decks speak of this very network: its layers and sizes are theirs; the batch is free."""
    if graph.name not in CLAIMS:
        return False
    theirs = NETWORKS[graph.name].build()
    return [(n.name, n.op) for n in graph.nodes] == [(n.name, n.op) for n in theirs.nodes] and all(
        _same_but_for_the_batch(graph.shapes[t], shape) for t, shape in theirs.shapes.items()
    )


def _same_but_for_the_batch(shape: Shape, theirs: Shape) -> bool:
    """A size that is a symbol in theirs is the batch."""
    return len(shape) == len(theirs) and all(t.constant is None or t == s for s, t in zip(shape, theirs, strict=True))


def judge(claim: Claim, graph: Graph) -> Judgement:
    """One claim against the graph."""
    return _KINDS[claim.what](claim, graph)


# -- numbers -----------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?([KM]?)")
_UNITS = {"": 1, "K": 10**3, "M": 10**6}


def _close(printed: str, value: int) -> Verdict | None:
    """Whether a printed number is this value: in full or rounded, cut off behind its last digit, or not at all."""
    match = _NUMBER.fullmatch(printed)
    if match is None:
        return None
    whole, digits, unit = match[1], match[2] or "", _UNITS[match[3]]
    last = Fraction(unit, 10 ** len(digits))
    shown = Fraction(int(whole + digits)) * last
    if shown == value or (unit > 1 and shown - last / 2 <= value < shown + last / 2):
        return Verdict.RIGHT
    return Verdict.CUT if unit > 1 and shown <= value < shown + last else None


def _rounded(printed: str, value: int) -> str:
    """The value as it would be printed with as many digits."""
    match = _NUMBER.fullmatch(printed)
    if match is None or not match[3]:
        return f"{value:,}"
    digits = len(match[2] or "")
    step = Fraction(_UNITS[match[3]], 10**digits)
    return f"{float((value + step / 2) // step * step / _UNITS[match[3]]):.{digits}f}{match[3]}"


def _sides(claim: Claim) -> tuple[list[tuple[str, int]], str]:
    """The printed formulas with their values, and the printed number: empty where only a formula stands there."""
    texts = [t.strip() for t in claim.printed.split("=")]
    number = texts.pop() if _NUMBER.fullmatch(texts[-1]) else ""
    values = [(t, evaluate(parse_index(t), {}).constant) for t in texts]
    return [(t, v) for t, v in values if v is not None], number


def _judge_count(claim: Claim, counts: list[Count]) -> Judgement:
    """A claim about a number; the first of `counts` is the derived one."""
    derived = "; ".join(f"{c.value:,}{_with(c)}" for c in counts)
    formulas, printed = _sides(claim)
    for text, value in formulas:
        if all(value != c.value for c in counts):
            return Judgement(claim, derived, Verdict.WRONG, f"{text} is {value:,}")
        wrong = bool(printed) and _close(printed, value) is None
        if wrong:
            meant = next((c for c in counts if _close(printed, c.value) is not None), None)
            also = f"; {printed} is the number{_with(meant)}" if meant else ""
            return Judgement(claim, derived, Verdict.WRONG, f"{text} is {value:,}, not {printed}{also}")
    if formulas:
        counts = [c for c in counts if c.value == formulas[-1][1]]
    # what is right comes before what is only cut off
    fits = [(c, _close(printed, c.value) if printed else Verdict.RIGHT) for c in counts]
    for count, close in sorted(fits, key=lambda fit: fit[1] is not Verdict.RIGHT):
        if close is Verdict.RIGHT:
            verdict = Verdict.CONVENTION if count.convention else Verdict.RIGHT
            return Judgement(claim, derived, verdict, count.words if count.convention else "")
        if close is Verdict.CUT:
            rounded = _rounded(printed, count.value)
            return Judgement(claim, derived, close, f"{count.value:,}{_with(count)} rounds to {rounded}")
    return Judgement(claim, derived, Verdict.WRONG, f"it rounds to {_rounded(printed, counts[0].value)}")


def _with(count: Count) -> str:
    return f" {count.words}" if count.words else ""


def _number(i: Index) -> int:
    """The count for one sample: the batch, the one symbol of a network, is 1."""
    found = evaluate(i, dict.fromkeys(i.names(), index(1))).constant
    assert found is not None
    return found


# -- what a claim can be about -----------------------------------------------------------------------------------------


def _of_one_sample(graph: Graph, tensor: str) -> Shape:
    """The shape of a tensor without its batch."""
    return graph.shapes[tensor][0 if tensor in graph.parameters else 1 :]


def _parameters(claim: Claim, graph: Graph) -> Judgement:
    rows = [r for r in graph.table() if claim.of in ("", r.name)]
    whole = sum(_number(r.parameters) for r in rows)
    biases = sum(_number(graph.size(b)) for r in rows for b in _biases(graph, r.name))
    counts = [Count(whole, "with biases"), Count(whole - biases, "without biases", True)] if biases else [Count(whole)]
    found = _judge_count(claim, counts)
    if found.verdict is not Verdict.WRONG:
        return found
    more = f"the law gives {rows[0].formula}" if claim.of else _sum_of_rows(found, graph)
    return replace(found, remark=f"{found.remark}; {more}")


def _biases(graph: Graph, node: str) -> list[str]:
    n = graph.node(node)
    return [s for letter, s in n.feeds if s in graph.parameters and n.op.tensor(letter).optional]


def _sum_of_rows(total: Judgement, graph: Graph) -> str:
    """What the deck's own rows add up to."""
    deck = total.claim.place[:2]
    rows = [c for c in CLAIMS[graph.name] if c.what == "parameters" and c.of and c.place[:2] == deck]
    printed = [_NUMBER.fullmatch(c.printed.split("=")[-1].strip()) for c in rows]
    added = sum(Fraction(f"{m[1]}.{m[2] or 0}") * _UNITS[m[3]] for m in printed if m)
    return f"the printed rows add up to {_rounded(total.claim.printed, int(added))}"


def _side(claim: Claim, graph: Graph) -> Judgement:
    return _judge_count(claim, [Count(_number(graph.shapes[claim.of][-1]))])


def _entries(claim: Claim, graph: Graph) -> Judgement:
    return _judge_count(claim, [Count(_number(product(_of_one_sample(graph, claim.of))))])


def _connected(claim: Claim, graph: Graph) -> Judgement:
    """The weights of a fully connected layer between the same tensors."""
    before = graph.node(claim.of).sources[0]
    weights, outputs = (product(_of_one_sample(graph, t)) for t in (before, claim.of))
    connected = _number(weights * outputs)
    return _judge_count(claim, [Count(connected, "without biases"), Count(connected + _number(outputs), "with biases")])


def _layers(claim: Claim, graph: Graph) -> Judgement:
    trained = sum(1 for r in graph.table() if r.weights)
    pooled = sum(1 for r in graph.table() if "pool" in r.op)
    counts = [Count(trained, "with weights", True), Count(trained + pooled, "counting poolings", True)]
    return _judge_count(claim, counts)


def _connected_layers(claim: Claim, graph: Graph) -> Judgement:
    return _judge_count(claim, [Count(sum(1 for r in graph.table() if r.op == "linear"))])


_BLOCKS = {"conv": "CONV", "pool": "POOL", "linear": "FC"}


def _order(claim: Claim, graph: Graph) -> Judgement:
    """The layers by their kinds; the last one and the softmax of the loss are one block of a deck."""
    kinds = [word for r in graph.table() for stem, word in _BLOCKS.items() if stem in r.op]
    derived = "-".join([*kinds[:-1], "SOFTMAX"])
    return Judgement(claim, derived, Verdict.RIGHT if derived == claim.printed else Verdict.WRONG)


def _shape(claim: Claim, graph: Graph) -> Judgement:
    """Decks write channels last."""
    own = [_number(n) for n in _of_one_sample(graph, claim.of)]
    derived = "x".join(map(str, own if claim.of in graph.parameters else [*own[1:], own[0]]))
    return Judgement(claim, derived, Verdict.RIGHT if derived == claim.printed else Verdict.WRONG)


def _names(claim: Claim, graph: Graph) -> Judgement:
    """The names of the layers with weights, in their order."""
    derived = [r.name for r in graph.table() if r.weights]
    printed = Counter(claim.printed.split())
    if claim.printed.casefold().split() == derived:
        return Judgement(claim, " ".join(derived), Verdict.RIGHT)
    remark = ", ".join(f"{count} layers are called {name}" for name, count in printed.items() if count > 1)
    return Judgement(claim, " ".join(derived), Verdict.WRONG, remark)


def printed_formula(claim: Claim, graph: Graph) -> Expr | None:
    """The formula that a claim about E or a gradient prints; None for another claim."""
    if _KINDS[claim.what] is not _formula:
        return None
    return parse_expr(claim.printed, frozenset(name for name, shape in graph.shapes.items() if not shape))


def _formula(claim: Claim, graph: Graph) -> Judgement:
    """A formula for E or for a gradient, valued beside the derived one in numbers of 100 digits."""
    law, printed = one_law(graph), printed_formula(claim, graph)
    assert printed is not None
    axes: tuple[Binder, ...] = ()
    derived: Expr = Entry(law.output.name, ())
    if claim.what == "gradient":
        d = gradient(law, claim.of)
        derived, axes = d.formula, d.axes
        printed = mul((Entry(f"dE/d{law.output.name}", ()), printed))
    try:
        check_lines(law, axes, (derived, printed), claim.place, reals=True)
    except NotDerived as error:
        return Judgement(claim, "another value", Verdict.WRONG, str(error))
    return Judgement(claim, "the same value", Verdict.RIGHT)


_KINDS: dict[str, Callable[[Claim, Graph], Judgement]] = {
    "parameters": _parameters,
    "side": _side,
    "entries": _entries,
    "fully connected": _connected,
    "layers": _layers,
    "fully connected layers": _connected_layers,
    "order": _order,
    "shape": _shape,
    "names": _names,
    "value": _formula,
    "gradient": _formula,
}
