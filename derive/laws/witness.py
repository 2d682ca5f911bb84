"""Proofs that an index is in range: its two bounds written as sums of products of what is known to be non-negative."""

from __future__ import annotations

from derive.expressions.index import Index, index
from derive.laws.law import Site

Witness = tuple[tuple[int, tuple[str, ...]], ...]


def in_range(e: Index, extent: Index, site: Site) -> tuple[Witness, Witness] | None:
    """Witnesses of 0 <= e and of e <= extent - 1, or None where none is found.

    A factor `x` stands for the value x >= 0 of a name, `x<N` for N - 1 - x >= 0 of an index in force, `x>=m` for
    x - m >= 0.
    """
    low = non_negative(e, site)
    high = non_negative(with_sizes(extent - 1 - e, site), site)
    return None if low is None or high is None else (low, high)


def non_negative(e: Index, site: Site) -> Witness | None:
    """`e` as a sum of products of non-negative factors with positive coefficients; None where none is found."""
    names = [n for n in sorted(e.names()) if site.extent(n) is not None]
    substitution: dict[str, Index] = {}
    slack: dict[str, str] = {}
    for n in names:
        parts = e.split(n)
        if parts is not None and any(c < 0 for _, c in parts[0].terms):
            extent = site.extent(n)
            assert extent is not None
            substitution[n] = extent - 1 - index(f"{n}<")
            slack[f"{n}<"] = f"{n}<{'N'}"
    e = e.substitute(substitution)
    e = _above_minima(e, site, slack)
    found: list[tuple[int, tuple[str, ...]]] = []
    for monomial, c in e.terms:
        if c < 0 or not all(isinstance(a, str) for a in monomial):
            return None
        if any(site.minimum(a) is None for a in monomial if isinstance(a, str) and a not in slack):
            return None
        found.append((c, tuple(slack.get(a, a) for a in monomial if isinstance(a, str))))
    return tuple(found)


def _above_minima(e: Index, site: Site, slack: dict[str, str]) -> Index:
    """Where a coefficient is negative only because of a constant, use x >= m of a parameter: x = m + (x - m)."""
    if all(c >= 0 for _, c in e.terms):
        return e
    for n in sorted(e.names()):
        least = site.minimum(n) if n not in slack else 0
        if least:
            e = e.substitute({n: index(f"{n}>") + least})
            slack[f"{n}>"] = f"{n}>={least}"
    return e


def with_sizes(e: Index, site: Site) -> Index:
    """Put in the sizes that the operation gives without a floor."""
    return e.substitute({n: i for n, i in site.op.sizes if all(isinstance(a, str) for a in i.atoms())})
