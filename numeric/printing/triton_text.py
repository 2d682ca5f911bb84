"""Triton text of loop programs: a program computes a block of entries, a lane each; conditions are masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from derive.expressions.index import Atom, Composite, Index
from numeric.nests.flat import Flat
from numeric.nests.statements import Begin, Block, If, Let, Load, Loop, Operand, Statement, Store, Update, Value
from numeric.printing.cpp_text import index

INDENT = "    "


def lines(flat: Flat) -> Iterator[str]:
    """The lines of a function's body: the lanes' indices, then the statements."""
    yield f"{INDENT}at = tl.program_id(0).to(INT) * BLOCK + tl.arange(0, BLOCK)"
    yield f"{INDENT}inside_array = at < count"
    if flat.digits:
        # lanes beyond the last entry compute that entry again, and store nothing
        yield f"{INDENT}rest = tl.minimum(at, count - 1)"
    for k, (name, extent) in enumerate(reversed(flat.digits), 1):
        last = k == len(flat.digits)
        yield f"{INDENT}{name} = rest" if last else f"{INDENT}{name} = rest % ({index(extent)})"
        if not last:
            yield f"{INDENT}rest = rest // ({index(extent)})"
    yield from _Printer({name for name, _ in flat.digits}).block(flat.body, 1, ())


class _Printer:
    """Prints statements; `spread` are the names that have a value in each lane.

    `zeros` are the conditions under which values were loaded, which are 0 where one is false.
    """

    def __init__(self, spread: set[str]) -> None:
        self.spread = spread
        self.zeros: dict[str, list[str]] = {}
        self.masks = 0

    def block(self, block: Block, depth: int, masks: tuple[str, ...]) -> Iterator[str]:
        """The lines of a block whose statements count where all masks hold."""
        margin = INDENT * depth
        for s in block.body:
            match s:
                case If():
                    yield f"{margin}{(mask := self.mask(s, masks))}"
                    yield from self.block(s, depth, (mask.split(" ")[0],))
                case Loop():
                    yield f"{margin}{self.loop(s)}"
                    yield from self.block(s, depth + 1, masks)
                case _:
                    yield f"{margin}{self.statement(s, masks)}"

    def loop(self, s: Loop) -> str:
        """The head of a loop: as many turns as the lane with most takes."""
        start, stop = _extreme("tl.maximum", s.starts), _extreme("tl.minimum", s.stops)
        if any(map(self.has_lanes, s.stops)):
            stop = f"tl.max({stop}, axis=0)"
        return f"for {s.name} in range({start}, {stop}{f', {s.step}' if s.step > 1 else ''}):"

    def mask(self, s: If, masks: tuple[str, ...]) -> str:
        """The conditions of a branch, and of those around it, as one mask."""
        found = [*masks, *(c.name for c in s.conditions)]
        name = f"mask_{self.masks}"
        self.masks += 1
        self.note(name, any(c in self.spread for c in found))
        return f"{name} = {' & '.join(found)}"

    def note(self, name: str, spread: bool) -> None:
        """Whether a name has a value in each lane."""
        if spread:
            self.spread.add(name)

    def statement(self, s: Statement, masks: tuple[str, ...]) -> str:
        match s:
            case Let():
                self.note(s.target.name, any(map(self.has_lanes, s.operands)))
                return f"{s.target.name} = {_operation(s)}"
            case Load():
                return self.load(s, masks)
            case Begin():
                self.spread.add(s.target.name)
                kind = "INT" if s.target.kind == "integer" else "REAL"
                start = {"zero": "0", "lowest": "LOWEST", "none": "-1"}[s.start]
                return f"{s.target.name} = tl.full([BLOCK], {start}, {kind})"
            case Update():
                where = _names(masks, s.where)
                return _update(s, [] if s.operation == "add" and self.vanish(s.operands, where) else where)
            case Store():
                stored = " & ".join(_names(("inside_array", *masks), s.where))
                return f"tl.store({s.register} + at, {operand(s.value)}, mask={stored})"
        raise NotImplementedError(s)

    def load(self, s: Load, masks: tuple[str, ...]) -> str:
        """A load; of one place for all lanes under a mask of lanes, a load of that place in each."""
        where = _names(masks, s.where)
        lanes = self.has_lanes(s.offset)
        of_lanes = any(m in self.spread for m in where)
        self.note(s.target.name, lanes or of_lanes)
        self.zeros[s.target.name] = where
        at = f"{s.register} + {index(s.offset)}" + (" + 0 * at" if of_lanes and not lanes else "")
        return f"{s.target.name} = tl.load({at}" + (f", mask={' & '.join(where)}, other=0)" if where else ")")

    def vanish(self, operands: Iterable[Operand], where: list[str]) -> bool:
        """Whether a product is 0 by itself where the conditions are false: all its factors are loaded under them."""
        return all(isinstance(o, Value) and self.zeros.get(o.name) == where for o in operands)

    def has_lanes(self, o: Operand) -> bool:
        if isinstance(o, Value):
            return o.name in self.spread
        return isinstance(o, Index) and any(map(self._atom_has_lanes, o.atoms()))

    def _atom_has_lanes(self, a: Atom) -> bool:
        if isinstance(a, Composite):
            return self.has_lanes(a.dividend) or self.has_lanes(a.divisor)
        return a in self.spread


def _names(masks: Iterable[str], where: Iterable[Value]) -> list[str]:
    return [*masks, *(c.name for c in where)]


def _extreme(word: str, found: tuple[Index, ...]) -> str:
    text = index(found[0])
    for i in found[1:]:
        text = f"{word}({text}, {index(i)})"
    return text


def _update(s: Update, where: list[str]) -> str:
    """An accumulator's new value; lanes where a mask is false keep the old one."""
    name = s.target.name
    if s.operation == "add":
        more = " * ".join(operand(o, bare=True) for o in s.operands)
        if not any(isinstance(o, Value) for o in s.operands):
            more = " * ".join(map(operand, s.operands))
        return f"{name} += tl.where({' & '.join(where)}, {more}, 0)" if where else f"{name} += {more}"
    (found,) = (operand(o) for o in s.operands)
    new = f"larger({found}, {name})" if s.operation == "maximum" else found
    if not where:
        return f"{name} = {new}"
    return f"{name} = tl.where({' & '.join(where)}, {new}, {name})"


# -- operations --------------------------------------------------------------------------------------------------------


def _operation(s: Let) -> str:
    if s.operation == "power":
        assert isinstance(s.operands[1], Fraction)
        return _power(operand(s.operands[0]), s.operands[1])
    if s.operation == "number":
        (o,) = s.operands
        return f"tl.cast({operand(o)}, REAL)"
    # a literal takes the type of what it is combined with; where there is nothing, or in a function, it has its own
    bare = s.operation in _BARE and any(isinstance(o, Value | Index) for o in s.operands)
    found = [operand(o, bare) for o in s.operands]
    if s.operation in _SIGNS:
        return f" {_SIGNS[s.operation]} ".join(found)
    return f"{_WORDS.get(s.operation, s.operation)}({', '.join(found)})"


def _power(base: str, exponent: Fraction) -> str:
    if exponent.denominator == 1 and exponent:
        word = f"power({base}, {abs(exponent.numerator)})"
        return word if exponent > 0 else f"divide({_full(Fraction(1))}, {word})"
    if abs(exponent) == Fraction(1, 2):
        return f"sqrt({base})" if exponent > 0 else f"divide({_full(Fraction(1))}, sqrt({base}))"
    return f"pow({base}, {_full(exponent)})" if exponent else _full(Fraction(1))


def operand(o: Operand, bare: bool = False) -> str:
    """A value, a number of the dtype (or a bare literal), or an index."""
    if isinstance(o, Value):
        return o.name
    if isinstance(o, Index):
        return index(o)
    return _literal(o) if bare else _full(o)


def _full(n: Fraction) -> str:
    return f"tl.full([], {_literal(n)}, REAL)"


def _literal(n: Fraction) -> str:
    """A rational constant, divided in double precision."""
    text = str(n.numerator) if n.denominator == 1 else f"({n.numerator} / {n.denominator})"
    return f"({text})" if text.startswith("-") else text


_SIGNS = {"add": "+", "multiply": "*", "and": "&", **{o: o for o in ("==", "!=", "<", "<=")}}
_BARE = {"add", "multiply", "==", "!=", "<", "<="}
_WORDS = {"maximum": "larger", "minimum": "smaller", "choose": "tl.where"}
