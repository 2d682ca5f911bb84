"""What the names in a result mean, as equations with the letters that a lecturer would choose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from derive.derivation import Derivation
from derive.expressions.expr import Apply, Binder, Contract, Entry, Expr
from derive.expressions.index import Index, index
from derive.expressions.substitution import fresh, substitute
from derive.expressions.traversal import all_names, walk
from derive.laws.definitions import definition
from derive.operation import Op
from reports.document import Equation, Inline, Math, Spans, spans
from reports.mathematics.latex import latex
from reports.mathematics.names import Names
from reports.mathematics.plaintext import plaintext
from reports.sections.law_section import equality

_LETTERS = {"p": "pqr", "i": "ijl", "h": "hwd"}  # of a definition's index: one an axis
_POSITIONS = "uvxyz"
_COTANGENT = re.compile(r"dE/d[A-Za-z]\w*")


def meanings(e: Expr, op: Op, names: Names) -> Iterator[Equation]:
    """One equation for each named result in an expression, and for those that their definitions use."""
    waiting = list(dict.fromkeys(_plain(n) for n in walk(e) if isinstance(n, Apply)))
    told: set[str] = set()
    while waiting:
        entry = waiting.pop(0)
        if entry.definition in told:
            continue
        told.add(entry.definition)
        body = _lettered(definition(entry.definition, op).unfold(entry))
        yield equality(entry, body, names)
        waiting += [_plain(n) for n in walk(body) if isinstance(n, Apply)]


def title(d: Derivation, names: Names) -> Spans:
    """The proved name of a result in words, cotangents as formulas; empty where it has no name of its own."""
    parts: list[Inline | str] = []
    end = 0
    for m in _COTANGENT.finditer(d.name):
        cotangent = Entry(m[0], ())
        parts += [d.name[end : m.start()], Math(latex(cotangent, names), plaintext(cotangent))]
        end = m.end()
    parts.append(d.name[end:])
    return spans(*(p for p in parts if p))


def _plain(e: Apply) -> Apply:
    """The entry at indices that are names: what is defined is the tensor, not its value at one place."""
    taken = {n for a in e.arguments for n in a.names()} | {i.name for i in e.indices if i.name}
    at: list[Index] = []
    for i in e.indices:
        letter = i.name or fresh(next(p for p in _POSITIONS if p not in taken), taken)
        taken.add(letter)
        at.append(index(letter))
    return replace(e, indices=tuple(at))


def _lettered(e: Expr) -> Expr:
    """The body of a definition with p, q for p0, p1, where those letters are free."""
    if not isinstance(e, Contract):
        return e
    taken = all_names(e)
    new: dict[str, str] = {}
    for b in e.binders:
        letters, axis = _LETTERS.get(b.name[0], ""), b.name[1:]
        letter = letters[int(axis)] if axis.isdigit() and int(axis) < len(letters) else b.name
        new[b.name] = b.name if letter in taken else letter
    binders = tuple(Binder(new[b.name], b.extent) for b in e.binders)
    return Contract(binders, substitute(e.body, {old: index(n) for old, n in new.items()}))
