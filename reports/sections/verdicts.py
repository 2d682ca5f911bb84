"""Verdict tables: what was proved, what was tested and on how much, in words that claim no more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
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

LAYERS = {
    0: "0 forward", 1: "1 steps", 2: "2 indices", 3: "3 algebra", 4: "4 exp, log", 5: "5 branches", 6: "6 kernels",
    7: "7 rounding", 8: "8 autograd", 9: "9 power",
}  # fmt: skip
_PROVING = frozenset((1, 2))  # layers whose "yes" holds for all sizes; the others speak about what they ran


def verdict_section(derivations: Sequence[Derivation], checks: Iterable[Check] = ()) -> Section:
    """The layers that need no kernel, for each derivation, then what `numeric.verify` found."""
    title = spans("What has been checked")
    rows = [row for d in derivations for row in (_steps(d), _values(d))]
    tested = [claim(c) for c in checks]
    if not tested:
        later = spans(
            "The kernels' layers did not speak here; ", Code("--verify"), " runs them against torch's autograd."
        )
        return Section(title, (Verdict(tuple(rows)), Prose(later)))
    return Section(title, (Verdict((*rows, *tested)),))


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


def claim(c: Check) -> Claim:
    """A verdict of `numeric` for a reader."""
    good = "proved" if c.layer in _PROVING else "tested"
    return Claim(spans(in_signs(c.claim)), LAYERS[c.layer], good if c else "refuted", _found(c), bool(c))


def _found(c: Check) -> Spans:
    cases = f"{c.cases} configuration{'s' * (c.cases != 1)}"
    if not c:
        where = f"at {list(c.index)}: {c.got!r} for {c.want!r}" if c.index or not c.detail else ""
        return spans(f"{where} (seed {c.seed})" if c.seed is not None else where, f" {c.detail}" if c.detail else "")
    if c.error == 0:
        return spans(f"{cases}, every number equal")
    shown = f"{c.error:.2g}" if math.isfinite(c.error) else "1"
    return spans(f"{cases}, the largest difference is {shown} of its bound")
