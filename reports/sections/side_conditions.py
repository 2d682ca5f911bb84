"""Side conditions of a step in words: which bound follows from what, and what is assumed or agreed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from derive.derivation import Derivation, Step
from derive.expressions.index import Index, index
from derive.expressions.traversal import binders_of, walk
from derive.laws.law import Condition
from derive.operation import Op
from reports.document import Code, Inline, Math, Spans, spans
from reports.mathematics.latex import latex_index
from reports.mathematics.latex_index import brackets
from reports.mathematics.names import Names
from reports.mathematics.plaintext import in_signs, plaintext_index

Product = tuple[int, tuple[str, ...]]


def in_words(step: Step, d: Derivation, names: Names) -> tuple[Spans, ...]:
    """One sentence for all plain ranges of the step, then one for each other condition."""
    plain: list[Condition] = []
    others: list[Condition] = []
    for c in step.conditions:
        (plain if c.kind == "range" and c.about[0].name is not None else others).append(c)
    sentences = [_runs(plain, names)] if plain else []
    positive = [c for c in others if c.kind == "positive"]
    if positive:
        sentences.append(_positive(positive, d.op, names))
    extents = _extents(step, d)
    sentences += [_RULES[c.kind](c, d.op, names, extents) for c in others if c.kind != "positive"]
    return tuple(sentences)


def _extents(step: Step, d: Derivation) -> dict[str, Index]:
    """Over what every index in force runs."""
    bound = {b.name: b.extent for line in (step.before, step.after) for n in walk(line) for b in binders_of(n)}
    return bound | {b.name: b.extent for b in d.axes}


def _runs(conditions: Iterable[Condition], names: Names) -> Spans:
    ranges = [_range(c.about[0], c.about[1], names) for c in conditions]
    return spans(*_listed(ranges), ", the range" + (" of this index" if len(ranges) == 1 else "s of these indices"))


def _range(i: Index, extent: Index, names: Names) -> Math:
    return Math(
        rf"0 \le {latex_index(i, names)} < {latex_index(extent, names)}",
        f"0 ≤ {plaintext_index(i)} < {plaintext_index(extent)}",
    )


def _listed(items: Sequence[Inline]) -> list[Inline | str]:
    parts: list[Inline | str] = []
    for k, item in enumerate(items):
        parts += [", " if k < len(items) - 1 else " and ", item] if k else [item]
    return parts


def _positive(conditions: list[Condition], op: Op, names: Names) -> Spans:
    """Divisors that are at least 1, and which arguments they are."""
    symbols = [i for c in conditions for i in c.about]
    arguments = dict.fromkeys(p.argument for p in op.parameters for i in symbols if i.name == p.name)
    shown = [Math(rf"{latex_index(i, names)} \ge 1", f"{plaintext_index(i)} ≥ 1") for i in symbols]
    why = _listed([Code(a) for a in arguments]) or ["an extent"]
    return spans(*_listed(shown), " because ", *why, " is at least 1")


def _witnessed(c: Condition, op: Op, names: Names, extents: Mapping[str, Index]) -> Spans:
    """A range with its two bounds as sums of what cannot be negative."""
    i, extent = c.about
    whole = extent.substitute(dict(op.sizes))
    rest = Math(*(f"{a} - {b}" for a, b in zip(_both(whole - 1, names), _in_brackets(i, names), strict=True)))
    total = _sum_of(c.witness[1], names, extents)
    return spans(
        _range(i, extent, names), " because no term of ", Math(*_both(i, names)), " is negative, and none of ",
        Math(f"{rest.latex} = {total.latex}", f"{rest.plain} = {total.plain}"), " is",
    )  # fmt: skip


def _both(i: Index, names: Names) -> tuple[str, str]:
    return latex_index(i, names), plaintext_index(i)


def _in_brackets(i: Index, names: Names) -> tuple[str, str]:
    latex, plain = _both(i, names)
    return (brackets(latex), f"({plain})") if len(i.terms) > 1 else (latex, plain)


def _sum_of(products: Iterable[Product], names: Names, extents: Mapping[str, Index]) -> Math:
    """A witness as it is added up: `(C - 1 - c) H W + ...`."""
    terms = []
    for count, factors in products:
        read = [_in_brackets(_factor(f, extents), names) for f in factors]
        shown = ([(str(count), str(count))] if count != 1 or not read else []) + read
        terms.append((r"\,".join(x for x, _ in shown), "·".join(y for _, y in shown)))
    return Math(" + ".join(x for x, _ in terms) or "0", " + ".join(y for _, y in terms) or "0")


def _factor(factor: str, extents: Mapping[str, Index]) -> Index:
    """What a witness' factor stands for: `x` itself, `x<N` for N - 1 - x, `x>=m` for x - m."""
    if ">=" in factor:
        name, _, least = factor.partition(">=")
        return index(name) - int(least)
    if "<" in factor:
        name = factor.partition("<")[0]
        return extents[name] - 1 - index(name)
    return index(factor)


def _assumed(c: Condition, op: Op, names: Names, extents: Mapping[str, Index]) -> Spans:
    return spans("it is assumed that ", Code(in_signs(c.statement)))


def _agreed(c: Condition, op: Op, names: Names, extents: Mapping[str, Index]) -> Spans:
    return spans("convention: ", c.statement)


_RULES = {"range": _witnessed, "hypothesis": _assumed, "convention": _agreed}
