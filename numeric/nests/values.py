"""Writes the values of expressions as statements: by partial evaluation, each value once where it is in force.

Names that are numbers are put in, guards that are decided disappear, reads outside are 0. What is left is a straight
line of loads and arithmetic for each turn of the loops around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction

from derive.expressions.build import above_and_below
from derive.expressions.expr import (
    GUARDS,
    Add,
    Binding,
    Cases,
    Compare,
    Div,
    Divides,
    Entry,
    Expr,
    Fn,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Num,
    Pow,
    Val,
    Winner,
)
from derive.expressions.index import Atom, Index, index
from derive.expressions.traversal import entries
from numeric.nests.facts import Facts, as_index, whole
from numeric.nests.guards import has_labels, labels, of_data, whole_guard
from numeric.nests.positions import as_position
from numeric.nests.registers import Register
from numeric.nests.statements import Block, If, Kind, Let, Load, Operand, Value

ZERO_VALUE = Fraction(0)


@dataclass(frozen=True, slots=True)
class Term:
    """A quotient of products: guards that indices alone decide, truths that data decide, factors and divisors."""

    guards: tuple[Expr, ...]
    truths: tuple[Expr, ...]
    factors: tuple[Expr, ...]
    divisors: tuple[Expr, ...] = ()

    @property
    def values(self) -> tuple[Expr, ...]:
        """Everything that is computed where the guards hold."""
        return (*self.truths, *self.factors, *self.divisors)


@dataclass(slots=True)
class Writer:
    """The statements written so far, the innermost block last, and the values in force in each block."""

    registers: Mapping[str, Register]
    facts: Facts
    unroll: int
    reduce: Callable[[Writer, list[Binding]], None]
    blocks: list[Block] = field(default_factory=lambda: [Block()])
    known: list[dict[Expr, Operand]] = field(default_factory=lambda: [{}])
    holding: list[frozenset[Expr]] = field(default_factory=lambda: [frozenset()])
    used: dict[str, int] = field(default_factory=dict)

    # -- statements ------------------------------------------------------------------------------------------------

    def name(self, stem: str) -> str:
        """A new name: stem_0, stem_1, ...; all end with a digit, and no name of a register or a size does."""
        stem = "".join(c for c in stem if c.isalnum() or c == "_").strip("0123456789_") or "l"
        self.used[stem] = self.used.get(stem, -1) + 1
        return f"{stem}_{self.used[stem]}"

    @contextmanager
    def inside(self, block: Block, holding: Iterable[Expr] = ()) -> Iterator[None]:
        """Statements go into a block where some guards hold; what is named there is forgotten after it.

        An empty block is left out.
        """
        self.blocks.append(block)
        self.known.append({})
        self.holding.append(self.holding[-1] | frozenset(holding))
        yield
        self.holding.pop()
        self.known.pop()
        self.blocks.pop()
        if block.body:
            self.blocks[-1].body.append(block)

    @contextmanager
    def only_if(self, guards: Iterable[Expr]) -> Iterator[None]:
        """Statements that run only where guards hold; no block where there is none."""
        guards = [g for g in guards if g not in self.holding[-1]]
        if not guards:
            yield
            return
        with self.inside(If(conditions=tuple(self.condition(g) for g in guards)), guards):
            yield

    def let(self, key: Expr | None, kind: Kind, operation: str, *operands: Operand, lanes: bool | None = None) -> Value:
        """A named value; it has lanes where an operand has."""
        spread = any(isinstance(o, Value) and o.lanes for o in operands) if lanes is None else lanes
        found = Value(self.name({"real": "v", "integer": "k", "truth": "t"}[kind]), kind, spread)
        self.blocks[-1].body.append(Let(found, operation, operands))
        if key is not None:
            self.known[-1][key] = found
        return found

    def find(self, e: Expr) -> Operand | None:
        """The value of an expression that is in force."""
        return next((known[e] for known in reversed(self.known) if e in known), None)

    # -- expressions -----------------------------------------------------------------------------------------------

    def reductions(self, exprs: Iterable[Expr]) -> None:
        """Write the outermost sums and maxima of expressions, those of one shape together."""
        groups: dict[object, list[Binding]] = {}
        for found in dict.fromkeys(b for e in exprs for b in self._outermost(e)):
            groups.setdefault((type(found), tuple(b.extent for b in found.binders)), []).append(found)
        for group in groups.values():
            self.reduce(self, group)

    def _outermost(self, e: Expr) -> Iterator[Binding]:
        if self.find(e) is not None:
            return
        if isinstance(e, Winner):
            e = as_position(e).right
        if isinstance(e, Mul | Div):
            term = self.term(e)
            parts: tuple[Expr, ...] = () if term is None else term.values
        elif isinstance(e, Binding):
            yield e
            return
        else:
            parts = e.parts
        for p in parts:
            yield from self._outermost(p)

    def term(self, e: Expr) -> Term | None:
        """An expression as a product, decided guards left out; None where it is 0."""
        guards: dict[Expr, None] = {}
        truths: list[Expr] = []
        found: list[Expr] = []
        above, divisors = above_and_below(e)
        for f in above:
            if isinstance(f, Entry):
                read = self.read(f)
                if read is None:
                    return None
                f, conditions = read
                found.append(f)
            elif isinstance(f, GUARDS) and not of_data(f):
                conditions = [f]
            else:
                (truths if isinstance(f, Compare | Winner) else found).append(f)
                continue
            for g in conditions:
                settled = self.settled(g)
                if settled is None:
                    return None
                guards |= dict.fromkeys(settled)
        by_indices = tuple(g for g in guards if not has_labels(g))
        return Term(by_indices, (*(g for g in guards if has_labels(g)), *truths), tuple(found), tuple(divisors))

    def read(self, e: Entry) -> tuple[Entry, list[Expr]] | None:
        """A read at whole indices, and the guards for being in range; None where it is 0."""
        indices, guards = [], list[Expr]()
        for i, extent in zip(e.indices, self.registers[e.tensor].extents, strict=True):
            found = whole(i, self.facts)
            if found is None:
                return None
            indices.append(found[0])
            guards += [*found[1], InRange(found[0], extent)]
        return Entry(e.tensor, tuple(indices)), guards

    def settled(self, guard: Expr) -> list[Expr] | None:
        """The undecided guards that a guard is; None where it never holds."""
        parts = whole_guard(guard, self.facts)
        if parts is None:
            return None
        decisions = [(g, True if g in self.holding[-1] else self.facts.decided(g)) for g in parts]
        return None if any(d is False for _, d in decisions) else [g for g, d in decisions if d is not True]

    def value(self, e: Expr) -> Operand:
        """The value of an expression whose sums and maxima are written."""
        found = self.find(e)
        return _RULES[type(e)](self, e) if found is None else found

    def real(self, e: Expr) -> Operand:
        """A value as a number: truths are 1 and 0."""
        found = self.value(e)
        if isinstance(found, Value) and found.kind != "real":
            return self.let(None, "real", "number", found)
        return found

    def product(self, term: Term, key: Expr | None = None) -> Operand:
        """The value of a product whose guards by indices hold around it."""
        found = self._multiplied(term.factors)
        if term.divisors:
            found = self.let(None, "real", "divide", found, self._multiplied(term.divisors))
        plain = len(term.factors) == 1 and not term.truths and not term.divisors
        if term.truths:
            found = self.let(None, "real", "choose", self.both(term.truths), found, ZERO_VALUE)
        if key is not None and not plain:
            self.known[-1][key] = found
        return found

    def _multiplied(self, found: tuple[Expr, ...]) -> Operand:
        numbers = [self.real(f) for f in found] or [Fraction(1)]
        return numbers[0] if len(numbers) == 1 else self.let(None, "real", "multiply", *numbers)

    def both(self, truths: Iterable[Expr]) -> Value:
        """Whether all hold."""
        found = [self.condition(t) for t in truths]
        return found[0] if len(found) == 1 else self.let(None, "truth", "and", *found)

    def condition(self, e: Expr) -> Value:
        """A guard or comparison as a truth."""
        found = self.value(e)
        assert isinstance(found, Value), e
        return found

    def index(self, i: Index) -> Index:
        """An index in which labels are names."""
        labels: dict[Atom, Index] = {a: self.name_of_label(a) for a in entries(i)}
        return i.put_in(labels) if labels else i

    def name_of_label(self, e: Entry) -> Index:
        found = self.value(e)
        assert isinstance(found, Value)
        return index(found.name)


def _guarded(w: Writer, e: Mul | Div) -> Operand:
    """A product under guards that the loops decide: chosen, not branched, where it stands inside arithmetic."""
    term = w.term(e)
    if term is None:
        return ZERO_VALUE
    return w.product(Term((), (*term.guards, *term.truths), term.factors, term.divisors), e)


def _entry(w: Writer, e: Entry) -> Operand:
    read = w.read(e)
    settled = None if read is None else [w.settled(g) for g in read[1]]
    if read is None or settled is None or any(s is None for s in settled):
        return ZERO_VALUE
    where = tuple(dict.fromkeys(g for s in settled for g in s or ()))
    if (found := w.find(read[0])) is not None and not where:
        return found
    register = w.registers[e.tensor]
    conditions = tuple(w.condition(g) for g in where)
    offset = register.offset(tuple(w.index(i) for i in read[0].indices))
    target = Value(w.name({"real": "x", "integer": "k", "truth": "t"}[register.kind]), register.kind, register.lanes)
    w.blocks[-1].body.append(Load(target, register.name, offset, conditions))
    w.known[-1][e] = target
    return target


def _compare(w: Writer, e: Compare) -> Operand:
    if isinstance(e.left, Val | Num) and isinstance(e.right, Val | Num) and not of_data(e):
        sides = (w.index(as_index(e.left)), w.index(as_index(e.right)))
        return w.let(e, "truth", e.op, *sides, lanes=labels_in_lanes(w, e))
    return w.let(e, "truth", e.op, w.real(e.left), w.real(e.right))


def _in_range(w: Writer, e: InRange) -> Operand:
    return w.let(e, "truth", "inside", w.index(e.index), w.index(e.extent), lanes=labels_in_lanes(w, e))


def _divides(w: Writer, e: Divides) -> Operand:
    return w.let(e, "truth", "divides", w.index(e.divisor), w.index(e.dividend), lanes=labels_in_lanes(w, e))


def labels_in_lanes(w: Writer, e: Expr) -> bool:
    """Whether a guard is decided lane by lane: by labels that lie in lanes."""
    return any(w.registers[a.tensor].lanes for a in labels(e))


def _cases(w: Writer, e: Cases) -> Operand:
    return w.let(e, "real", "choose", w.both(above_and_below(e.condition)[0]), w.real(e.then), w.real(e.other))


def _winner(w: Writer, e: Winner) -> Operand:
    found = as_position(e)
    position = w.value(found.right)
    assert isinstance(found.left, Val | Num)
    return w.let(e, "truth", "==", w.index(as_index(found.left)), position)


def _pow(w: Writer, e: Pow) -> Operand:
    if isinstance(e.right, Num):
        return w.let(e, "real", "power", w.real(e.left), e.right.value)
    return w.let(e, "real", "pow", w.real(e.left), w.real(e.right))


_RULES: dict[type, Callable[..., Operand]] = {
    Num: lambda w, e: e.value,
    Val: lambda w, e: w.let(e, "real", "number", w.index(e.index), lanes=labels_in_lanes(w, e)),
    Entry: _entry,
    Mul: _guarded,
    Add: lambda w, e: w.let(e, "real", "add", *map(w.real, e.items)) if e.items else ZERO_VALUE,
    Div: _guarded,
    Pow: _pow,
    Maximum: lambda w, e: w.let(e, "real", "maximum", w.real(e.left), w.real(e.right)),
    Minimum: lambda w, e: w.let(e, "real", "minimum", w.real(e.left), w.real(e.right)),
    Fn: lambda w, e: w.let(e, "real", e.name, w.real(e.arg)),
    Compare: _compare,
    InRange: _in_range,
    Divides: _divides,
    Cases: _cases,
    Winner: _winner,
}
