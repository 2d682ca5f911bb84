"""Every law of a certificate by the family that knows its instances.

A family yields, for each of its laws and for every way in which it could lead from `node` to `after`: the law's name,
two expressions that must be equal then, and the facts that this rests on.
"""

from __future__ import annotations

from derive.checker.differentiation import arithmetic, differentiation
from derive.checker.guards import divisions, guards
from derive.checker.indexed import indexed, means, reindexed
from derive.checker.names import names
from derive.checker.quotients import quotients
from derive.checker.sums import sums

FAMILIES = {
    differentiation: "independent, same tensor, definition, linearity, selection, cases",
    arithmetic: "product rule, constant factor, quotient rule, power rule, chain rule, maximum",
    sums: "merge sums, pull out, distribute, factor out",
    indexed: "contract a delta, divide with a rest, reverse",
    reindexed: "block by block, whole windows",
    means: "deviations",
    guards: "range, mixed radix, zero outside, zero branch",
    divisions: "undo a division, clear a quotient",
    quotients: "one quotient, complete the denominator, exponential, logarithm, cancel",
    names: "fold, unfold, name, introduce, labels, hypothesis",
}
LAWS = {law: family for family, laws in FAMILIES.items() for law in laws.split(", ")}
