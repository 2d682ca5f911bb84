"""What a claim may mean where it leaves arguments out: any value, or torch's default; at ties, a convention."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.conventions import speaking, under, untied
from derive.expressions.build import rebuild
from derive.expressions.expr import ONE, Binder, Compare, Contract, Expr
from derive.expressions.index import Index, index
from derive.expressions.match import Unknowns, match
from derive.expressions.traversal import free_names, reads
from derive.language.show import show, show_index
from derive.operation import Op, Parameter, Value, with_values
from numeric.audit.claim_grammar import GRADIENT
from numeric.audit.claims import Claim
from numeric.audit.comparison import compare, differ
from numeric.audit.numbers import rounds, unrounded, whole_windows
from numeric.audit.right import over, right_side
from numeric.audit.verdict import Verdict

Defaults = Mapping[str, tuple[Parameter, ...]]
UNTIED = "no two cells of a window are equal"


@dataclass(frozen=True, slots=True)
class Reading:
    """A claim about an operation of fewer symbols: `right` is what its left side is there, under what is `made`.

    `guards` are hypotheses about sizes."""

    claim: Claim
    op: Op
    right: Expr
    made: tuple[str, ...] = ()
    guards: tuple[Expr, ...] = ()

    @property
    def axes(self) -> tuple[Binder, ...]:
        """The free indices."""
        return self.claim.axes

    def verdict(self) -> Verdict:
        """The claim compared with its right side."""
        return compare(self.op, self.axes, self.claim.got, self.right, self.guards)


def general(claim: Claim) -> Reading:
    """For all values of all arguments that are not set."""
    return Reading(claim, claim.op, right_side(claim, claim.op))


def by_default(claim: Claim, arguments: Defaults) -> Reading:
    """With torch's defaults for some arguments."""
    values: dict[str, Value] = {p.name: _default(p) for found in arguments.values() for p in found}
    op = with_values(claim.op, values)
    made = tuple(f"{argument}={_shown(claim.op, found[0].default)}" for argument, found in arguments.items())
    indices = {n: v for n, v in values.items() if isinstance(v, Index)}
    axes = tuple(Binder(b.name, b.extent.substitute(indices)) for b in claim.axes)
    claim = replace(claim, axes=axes)
    return Reading(claim, op, right_side(claim, op), made)


def _shown(op: Op, default: object) -> str:
    """A default for a reader; of one that is another argument's symbol, that argument."""
    return next((p.argument for p in op.parameters if p.name == default), str(default))


def _default(p: Parameter) -> Value:
    assert p.default is not None
    return p.default if isinstance(p.default, Fraction) else index(p.default)


def left_out(claim: Claim) -> Defaults:
    """The arguments that have a default and of which the claim has no symbol, with their parameters."""
    found: dict[str, tuple[Parameter, ...]] = {}
    for p in claim.op.parameters:
        if p.default is not None:
            found[p.argument] = (*found.get(p.argument, ()), p)
    return {a: ps for a, ps in found.items() if not claim.mentioned & {p.name for p in ps}}


def weakest(claim: Claim, under: Callable[[Reading], Reading] = lambda r: r) -> Reading | None:
    """The reading with the fewest defaults under which the claim is not refuted; None where there is none."""
    arguments = dict(left_out(claim))
    if _refuted(under(by_default(claim, arguments))):
        return None
    for argument in tuple(arguments):
        fewer = {a: ps for a, ps in arguments.items() if a != argument}
        if not _refuted(under(by_default(claim, fewer))):
            arguments = fewer
    return under(by_default(claim, arguments))


def _refuted(reading: Reading) -> bool:
    return differ(reading.op, reading.axes, reading.claim.got, reading.right, reading.guards)


def with_whole_windows(reading: Reading) -> Reading:
    """The same where every stride divides what it is to divide, if the claim does not round what it divides."""
    guards = whole_windows(reading.right)
    if rounds(reading.claim.got, guards):
        return reading
    made = tuple(f"{show_index(g.divisor)} divides {show_index(g.dividend)}" for g in guards)
    return replace(reading, right=unrounded(reading.right, guards), guards=guards, made=(*reading.made, *made))


def by_hypotheses(reading: Reading) -> Iterator[Reading]:
    """The same where the sums that an operation assumes to be 1, as those of probabilities, are 1 on both sides."""
    op, assumed = reading.op, reading.op.hypotheses
    got, right = (_assuming(op, e) for e in (reading.claim.got, reading.right))
    inputs = {t.name for t in op.inputs}
    guards = tuple(Compare("==", h, ONE) for h in assumed if {r.tensor for r in reads(h)} <= inputs)
    if guards or (got, right) != (reading.claim.got, reading.right):
        claim, made = replace(reading.claim, got=got), tuple(f"{show(h, bounds=False)} = 1" for h in assumed)
        yield replace(reading, claim=claim, right=right, guards=(*reading.guards, *guards), made=(*reading.made, *made))


def _assuming(op: Op, e: Expr) -> Expr:
    """The expression with 1 for every sum that the operation assumes to be 1."""
    for assumed in op.hypotheses:
        unknowns = Unknowns(free_names(assumed) - op.symbols)
        if isinstance(e, Contract) and match(assumed, e, unknowns) is not None:
            return ONE
    return rebuild(e, tuple(_assuming(op, p) for p in e.parts)) if e.parts else e


def by_convention(reading: Reading) -> Iterator[Reading]:
    """The same at kinks and ties as each author chooses who says something about the operation; then without ties."""
    for convention in speaking(reading.op):
        choice = convention.of(reading.op)
        assert choice is not None
        right = under(reading.op, reading.right, convention)
        if right != reading.right:
            yield replace(reading, right=right, made=(*reading.made, f"convention {convention.name}: {choice.says}"))
    claim = reading.claim
    masked = untied(reading.op, claim.left.tensor) if claim.kind == GRADIENT else None
    if masked is not None:
        yield replace(reading, right=over(reading.op, claim.left, masked), made=(*reading.made, UNTIED))
