"""A size as a lecturer writes it, the constant last: `floor((H + 2*P - d*(K - 1) - 1)/s) + 1`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from derive.expressions.index import Atom, Composite, Index, index
from derive.language.show import show_index
from reports.document import Math

Name = Callable[[str], Math]

_COMPOSITES = {
    "floor": (r"\left\lfloor\frac{%s}{%s}\right\rfloor", "floor(%s/%s)"),
    "exact": (r"\frac{%s}{%s}", "%s/%s"),
    "mod": (r"%s \bmod %s", "%s mod %s"),
    "min": (r"\min\left(%s,\, %s\right)", "min(%s, %s)"),
}


def size_text(i: Index, name: Name) -> Math:
    """The size with `name` for each of its symbols, a number perhaps; nothing is worked out.

    What is multiplied by `K` and by -1 stands once: d*K - d is d*(K - 1).
    """
    groups, rest = _steps(i)
    terms = [(inner.terms[0][1] < 0, _group(n, inner, name)) for n, inner in groups]
    terms += [(c < 0, _product(atoms, abs(c), name)) for atoms, c in rest.terms if atoms]
    terms += [(c < 0, _product((), abs(c), name)) for atoms, c in rest.terms if not atoms]
    latex, plain = "", ""
    constants = sum(not atoms for atoms, _ in rest.terms)
    ordered = sorted(terms[: len(terms) - constants], key=lambda t: t[0]) + terms[len(terms) - constants :]
    for negative, term in ordered:
        sign = " - " if latex and negative else " + " if latex else "-" if negative else ""
        latex, plain = latex + sign + term.latex, plain + sign + term.plain
    return Math(latex or "0", plain or "0")


def _steps(i: Index) -> tuple[list[tuple[str, Index]], Index]:
    """The names that are multiplied by a size less one, with that factor (of either sign), and what is left."""
    groups: list[tuple[str, Index]] = []
    for n in dict.fromkeys(a for atoms, _ in i.terms for a in atoms if isinstance(a, str)):
        slope, rest = i.split(n) or (index(0), i)
        if len(slope.terms) == 2 and slope.constant is None:
            (first, one), (second, other) = sorted(slope.terms, key=lambda t: not t[0])
            if first and not second and one * other == -1:
                groups.append((n, Index(((first, one), (second, other)))))
                i = rest
    return groups, i


def _group(n: str, inner: Index, name: Name) -> Math:
    turned = size_text(-inner if inner.terms[0][1] < 0 else inner, name)
    return Math(rf"{name(n).latex} \left({turned.latex}\right)", f"{name(n).plain}*({turned.plain})")


def _product(atoms: Sequence[Atom], count: int, name: Name) -> Math:
    factors = [Math(str(count), str(count))] if count != 1 or not atoms else []
    factors += [_atom(a, name) for a in atoms]
    dot = r" \cdot " if any(f.latex.isdigit() for f in factors[1:]) else r" \, "
    return Math(dot.join(f.latex for f in factors), "*".join(f.plain for f in factors))


def _atom(a: Atom, name: Name) -> Math:
    if isinstance(a, Composite):
        above, below = size_text(a.dividend, name), size_text(a.divisor, name)
        latex, plain = _COMPOSITES[a.kind]
        tight = [f"({t})" if " " in t and a.kind != "min" else t for t in (above.plain, below.plain)]
        return Math(latex % (above.latex, below.latex), plain % tuple(tight))
    if isinstance(a, str):
        return name(a)
    text = show_index(Index((((a,), 1),)))
    return Math(text, text)
