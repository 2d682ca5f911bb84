"""Verdict tables: what was proved, what was tested and on how much, in words that claim no more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from derive.derivation import Derivation
from derive.errors import CertificateError
from derive.expressions.expr import Entry, Fn
from derive.expressions.traversal import walk
from derive.meaning.linevalues import assuming, check_lines
from reports.document import Claim, Code, Math, Prose, Section, Spans, Verdict, spans
from reports.mathematics.latex import latex
from reports.mathematics.names import Names
from reports.mathematics.plaintext import in_signs, plaintext

if TYPE_CHECKING:
    from numeric.checks.checking import Check
    from numeric.proof.obligation import Obligation

LAYERS = {
    0: "0 forward", 1: "1 steps", 2: "2 indices", 3: "3 algebra", 4: "4 exp, log", 5: "5 branches", 6: "6 kernels",
    7: "7 rounding", 8: "8 autograd", 9: "9 power",
}  # fmt: skip
_WORDS = {1: "proved", 2: "proved", 3: "identity", 4: "identity"}
"""What a layer's "yes" is: for all sizes, over a prime field with a bound on chance, or on what it ran."""
_KERNELS = frozenset((0, 6, 7, 8))
_KINDS = {
    "relation": "law, deltas, formula and name relate the same indices",
    "inverse": "every delta is solved by one index, the one it is replaced by",
    "window": "no window is empty",
    "load": "every load of the kernel is inside its array",
    "store": "every store of the kernel is inside its array",
}


def verdict_section(
    derivations: Sequence[Derivation],
    checks: Iterable[Check] = (),
    proofs: Mapping[str, Sequence[Obligation]] = MappingProxyType({}),
) -> Section:
    """The layers that need no kernel, for each derivation, what z3 proved of it, then what was found of its kernels."""
    title = spans("What has been checked")
    rows = [row for d in derivations for row in (_steps(d), *_proofs(d, proofs.get(d.title, ())), _values(d))]
    found = list(checks)
    rows += map(claim, found)
    if any(c.layer in _KERNELS for c in found):
        return Section(title, (Verdict(tuple(rows)),))
    later = spans("The kernels' layers did not speak here; ", Code("--verify"), " runs them against torch's autograd.")
    return Section(title, (Verdict(tuple(rows)), Prose(later)))


def _target(d: Derivation) -> Math:
    target = Entry(d.target.tensor, ())
    return Math(latex(target, Names.of(d.op)), plaintext(target))


def _steps(d: Derivation) -> Claim:
    """The certificate is checked by a program that shares nothing with the one that derived it."""
    subject = spans(_target(d), f": each of the {len(d.steps)} steps follows from the one before by its law")
    try:
        d.certificate()
    except CertificateError as error:
        return Claim(subject, LAYERS[1], "refuted", spans(str(error)), False)
    moves = sum(len(s.moves) for s in d.steps)
    by = Code("derive.checker"), ", which shares no code with the deriver"
    return Claim(subject, LAYERS[1], "proved", spans(f"for all sizes: {moves} moves, re-checked by ", *by), True)


def _values(d: Derivation) -> Claim:
    """Every line is given its value, in small worlds."""
    agreed = check_lines(assuming(d.op) if d.op.hypotheses else d.op, d.axes, d.lines, d.title)
    layer = 4 if any(isinstance(n, Fn) for line in d.lines for n in walk(line)) else 3
    return Claim(
        spans(_target(d), f": all {len(d.lines)} lines have the same value"),
        LAYERS[layer], "tested", spans(f"exactly, {agreed} times, on sizes chosen to expose mistakes"), True,
    )  # fmt: skip


def _proofs(d: Derivation, found: Sequence[Obligation]) -> Iterator[Claim]:
    """What is proved for all sizes, a row for each kind; what is not, by itself."""
    for kind, said in _KINDS.items():
        proved = [o for o in found if o.kind == kind and o]
        if proved:
            assumed = dict.fromkeys(h for o in proved for h in o.plain()["hypotheses"])
            under = f", where {' and '.join(in_signs(h.strip('[]')) for h in assumed)}" if assumed else ""
            asked = spans(f"for all sizes{under}: {len(proved)} statement{'s' * (len(proved) != 1)}, asked of z3 now")
            yield Claim(spans(_target(d), f": {said}"), LAYERS[2], "proved", asked, True)
    for o in found:
        if not o:
            refuted = "sizes" in o.plain()
            word, detail = ("refuted", str(o.outcome)) if refuted else ("undecided", o.plain()["reason"])
            yield Claim(spans(in_signs(o.statement)), LAYERS[2], word, spans(detail), False if refuted else None)


def claim(c: Check) -> Claim:
    """A verdict of `numeric` for a reader."""
    good = _WORDS.get(c.layer, "tested")
    return Claim(spans(in_signs(c.claim)), LAYERS[c.layer], good if c else "refuted", _found(c), bool(c))


def _found(c: Check) -> Spans:
    cases = f"on {c.cases} configuration{'s' * (c.cases != 1)}"
    if not c:
        where = f"at {list(c.index)}: {c.got!r} for {c.want!r}" if c.index or not c.detail else ""
        return spans(f"{where} (seed {c.seed})" if c.seed is not None else where, f" {c.detail}" if c.detail else "")
    if c.error == 0:
        return spans(f"{cases}: every number equal")
    shown = f"{c.error:.2g}" if math.isfinite(c.error) else "1"
    return spans(f"{cases}: the largest difference is {shown} of its bound")
