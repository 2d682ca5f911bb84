"""A size formula with its numbers put in, as a lecturer writes it: `floor((227 + 2*0 - 11)/4) + 1 = 55`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from derive.index import Atom, Composite, Index
from derive.show import show_index
from derive.size_formula import SizeFormula
from reports.document import Math

_BRACKETS = {
    "floor": (r"\left\lfloor\frac{%s}{%s}\right\rfloor", "floor(%s/%s)"),
    "exact": (r"\frac{%s}{%s}", "%s/%s"),
    "mod": (r"%s \bmod %s", "%s mod %s"),
    "min": (r"\min(%s, %s)", "min(%s, %s)"),
}


def size_in_numbers(s: SizeFormula) -> Math:
    """`formula = size`."""
    values = {n: show_index(v) for n, v in s.values}
    formula, size = _sum(s.formula, values), show_index(s.size)
    if formula.plain == size:
        return formula
    return Math(f"{formula.latex} = {size}", f"{formula.plain} = {size}")


def _sum(i: Index, values: Mapping[str, str]) -> Math:
    """Positive terms, negative terms, and the constant last."""
    ordered = sorted(i.terms, key=lambda t: (not t[0], t[1] < 0))
    latex, plain = "", ""
    for atoms, count in ordered:
        term = _product(atoms, abs(count), values)
        sign = " - " if latex and count < 0 else " + " if latex else "-" if count < 0 else ""
        latex, plain = latex + sign + term.latex, plain + sign + term.plain
    return Math(latex or "0", plain or "0")


def _product(atoms: Sequence[Atom], count: int, values: Mapping[str, str]) -> Math:
    factors = [Math(str(count), str(count))] if count != 1 or not atoms else []
    factors += [_atom(a, values) for a in atoms]
    return Math(r" \cdot ".join(f.latex for f in factors), "*".join(f.plain for f in factors))


def _atom(a: Atom, values: Mapping[str, str]) -> Math:
    if isinstance(a, Composite):
        above, below = _sum(a.dividend, values), _sum(a.divisor, values)
        latex, plain = _BRACKETS[a.kind]
        tight = f"({above.plain})" if " " in above.plain and a.kind != "min" else above.plain
        return Math(latex % (above.latex, below.latex), plain % (tight, below.plain))
    text = values.get(a, a) if isinstance(a, str) else show_index(Index((((a,), 1),)))
    return Math(text, text)
