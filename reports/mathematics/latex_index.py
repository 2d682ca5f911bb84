"""Index expressions and sizes as LaTeX: positive terms first, a name that several terms share taken out of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from derive.expressions.expr import Entry
from derive.expressions.index import Atom, Composite, Index
from reports.mathematics.names import Names

EntryText = Callable[[Entry], str]


def brackets(text: str) -> str:
    """Round brackets that grow with what they hold."""
    return rf"\left({text}\right)"


def index_text(i: Index, names: Names, entry: EntryText) -> str:
    """An index expression as LaTeX; `entry` prints an entry of an integer tensor inside it."""
    shared, rest = _shared(i)
    alone = len(i.terms) == 1
    terms = [(c < 0, _monomial(m, abs(c), alone, names, entry)) for m, c in rest.terms]
    if shared:
        name, inner = shared
        turned = _turned(inner)
        group = names[name] + r"\," + brackets(index_text(-inner if turned else inner, names, entry))
        terms.insert(0, (turned, group))
    text = ""
    for minus, term in sorted(terms, key=lambda t: t[0]):
        text += ((" - " if text else "-") if minus else " + " if text else "") + term
    return text or "0"


def _monomial(atoms: Sequence[Atom], count: int, alone: bool, names: Names, entry: EntryText) -> str:
    """One term without its sign; a quotient that stands alone needs no brackets."""
    if alone and count == 1 and len(atoms) == 1:
        return _atom(atoms[0], names, entry)[0]
    factors = [str(count)] if count != 1 or not atoms else []
    for atom in atoms:
        text, simple = _atom(atom, names, entry)
        factors.append(text if simple else brackets(text))
    # upright words keep their distance
    return (r"\," if any(f.startswith("\\math") for f in factors) else " ").join(factors)


def _atom(atom: Atom, names: Names, entry: EntryText) -> tuple[str, bool]:
    """A name, an entry or a composite, and whether it stands beside a factor without brackets."""
    if isinstance(atom, str):
        return names[atom], True
    if isinstance(atom, Entry):
        return entry(atom), True
    a, b = (index_text(i, names, entry) for i in (atom.dividend, atom.divisor))
    if atom.kind == "mod":
        one, other = (t if _single(i) else brackets(t) for t, i in ((a, atom.dividend), (b, atom.divisor)))
        return rf"{one} \bmod {other}", False
    return _COMPOSITES[atom.kind].format(a, b), True


_COMPOSITES = {
    "floor": r"\left\lfloor\frac{{{0}}}{{{1}}}\right\rfloor",
    "exact": r"\frac{{{0}}}{{{1}}}",
    "min": r"\min\left({0},\,{1}\right)",
}


def _single(i: Index) -> bool:
    """Whether an index is one name, number, entry or quotient."""
    if len(i.terms) != 1 or i.constant is not None:
        return i.constant is not None and i.constant >= 0
    (atoms, c), *_ = i.terms
    return c == 1 and len(atoms) == 1 and not (isinstance(atoms[0], Composite) and atoms[0].kind == "mod")


def _shared(i: Index) -> tuple[tuple[str, Index] | None, Index]:
    """The name that most terms share, if two do, with what it multiplies; and the other terms."""
    counts: dict[str, int] = {}
    for atoms, _ in i.terms:
        for atom in dict.fromkeys(a for a in atoms if isinstance(a, str)):
            counts[atom] = counts.get(atom, 0) + 1
    name = max(counts, key=counts.__getitem__, default="")
    parts = i.split(name) if counts.get(name, 0) > 1 else None
    return ((name, parts[0]), parts[1]) if parts else (None, i)


def _turned(i: Index) -> bool:
    """Whether an expression in brackets reads better with the other sign: K - 1 - p and not p + 1 - K."""
    of_extents = [c for atoms, c in i.terms if any(isinstance(a, str) and a[0].isupper() for a in atoms)]
    return max(of_extents or [c for _, c in i.terms]) < 0
