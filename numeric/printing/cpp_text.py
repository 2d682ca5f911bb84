"""C++ text of loop programs: a line a statement, in the few words that the prelude defines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import prod

from derive.expressions.index import Atom, Composite, Index
from derive.expressions.index import index as as_index
from numeric.nests.statements import Begin, Block, If, Kind, Let, Load, Loop, Operand, Store, Update, Value

INDENT = "  "

WORTH = 1 << 17
"""How many turns of loops are worth waking other threads."""

Rule = Callable[..., str]


def lines(block: Block, depth: int = 1) -> Iterator[str]:
    """The lines of a block's statements."""
    margin = INDENT * depth
    for s in block.body:
        if not isinstance(s, Loop | If):
            yield f"{margin}{_STATEMENTS[type(s)](s)};"
            continue
        if isinstance(s, Loop) and s.parallel and not (isinstance(block, Loop) and block.parallel):
            yield f"{margin}#pragma omp parallel for if ({index(turns(s))} > {WORTH})"
        yield f"{margin}{_loop(s) if isinstance(s, Loop) else _if(s)} {{"
        yield from lines(s, depth + 1)
        yield f"{margin}}}"


def turns(s: Loop) -> Index:
    """How many turns the deepest loops inside a loop take in all; one whose extent varies counts once."""
    chain = _deepest(s)
    names = {inner.name for inner in chain}
    return prod((i for inner in chain for i in inner.stops[:1] if not i.names() & names), start=as_index(1))


def _deepest(s: Block) -> list[Loop]:
    """The longest chain of loops, each inside the one before."""
    within = max((_deepest(b) for b in s.body if isinstance(b, Block)), key=len, default=[])
    return [s, *within] if isinstance(s, Loop) else within


# -- statements --------------------------------------------------------------------------------------------------------


def _let(s: Let) -> str:
    return f"const {_type(s.target)} {s.target.name} = {_operation(s)}"


def _operation(s: Let) -> str:
    """The operation's text; operands that are one number for all lanes are spread where words take vectors alone."""
    whole = s.operation != "better" and (
        any(isinstance(o, Value) and o.kind == "integer" for o in s.operands)
        or all(isinstance(o, Index) for o in s.operands)
    )
    spread = s.target.lanes and (s.operation in _ALIKE or whole)
    found = [operand(o, "integer" if whole else "real", spread) for o in s.operands]
    if s.operation == "power":
        return _power(found[0], s.operands[1])
    if s.operation in _SIGNS:
        return f" {_SIGNS[s.operation]} ".join(found)
    return f"{_WORDS.get(s.operation, s.operation)}({', '.join(found)})"


def _power(base: str, exponent: Operand) -> str:
    assert isinstance(exponent, Fraction)
    if exponent.denominator == 1:
        word = f"power<{abs(exponent.numerator)}>({base})"
        return word if exponent >= 0 else f"1 / {word}"
    if abs(exponent) == Fraction(1, 2):
        return f"sqrt({base})" if exponent > 0 else f"1 / sqrt({base})"
    return f"pow({base}, {number(exponent)})"


def _load(s: Load) -> str:
    kind = _type(s.target)
    text = f"load<{kind}>({s.register} + {index(s.offset)})"
    return f"const {kind} {s.target.name} = " + (f"{_all(s.where)} ? {text} : {kind}{{}}" if s.where else text)


def _begin(s: Begin) -> str:
    kind = _type(s.target)
    start = {"zero": "{}", "lowest": f" = {kind}{{}} + LOWEST", "none": f" = {kind}{{}} - 1"}[s.start]
    return f"{kind} {s.target.name}{start}"


def _update(s: Update) -> str:
    name, chosen = s.target.name, bool(s.where) and s.target.lanes
    where = f"if ({_all(s.where)}) " if s.where and not chosen else ""
    if s.operation == "add":
        more = " * ".join(operand(o) for o in s.operands)
        return f"{name} += choose({_each(s.where)}, {more}, Reals{{}})" if chosen else f"{where}{name} += {more}"
    (found,) = (operand(o, s.target.kind, s.target.lanes) for o in s.operands)
    changed = f"larger({found}, {name})" if s.operation == "maximum" else found
    return f"{name} = choose({_each(s.where)}, {changed}, {name})" if chosen else f"{where}{name} = {changed}"


def _store(s: Store) -> str:
    text = f"store({s.register} + {index(s.offset)}, {operand(s.value)})"
    return f"if ({_all(s.where)}) {text}" if s.where else text


def _loop(s: Loop) -> str:
    start, stop = _extreme("most", s.starts), _extreme("least", s.stops)
    step = f"{s.name} += {s.step}" if s.step > 1 else f"++{s.name}"
    return f"for (Int {s.name} = {start}; {s.name} < {stop}; {step})"


def _if(s: If) -> str:
    return f"if ({_all(s.conditions)})"


def _all(conditions: Iterable[Value]) -> str:
    return " && ".join(c.name for c in conditions)


def _each(conditions: Iterable[Value]) -> str:
    """Whether all conditions hold, lane by lane."""
    return " & ".join(operand(c, "truth", True) for c in conditions)


def _extreme(word: str, found: tuple[Index, ...]) -> str:
    text = index(found[0])
    for i in found[1:]:
        text = f"{word}({text}, {index(i)})"
    return text


# -- values ------------------------------------------------------------------------------------------------------------


def _type(v: Value) -> str:
    return (_LANES if v.lanes else _SINGLE)[v.kind]


def operand(o: Operand, kind: Kind = "real", spread: bool = False) -> str:
    """A value, a number or an index; `spread` makes a vector of a single one: of its own kind, or of `kind`."""
    if isinstance(o, Value):
        return f"spread<{_LANES[o.kind]}>({o.name})" if spread and not o.lanes else o.name
    text = number(o) if isinstance(o, Fraction) else index(o)
    return f"spread<{_LANES[kind]}>({text})" if spread else text


def number(n: Fraction) -> str:
    """A rational constant, divided in double precision."""
    return f"Real({n.numerator})" if n.denominator == 1 else f"Real({n.numerator}. / {n.denominator})"


def index(i: Index) -> str:
    """An index as integer arithmetic."""
    text = ""
    for monomial, c in i.terms:
        parts = ([] if abs(c) == 1 and monomial else [str(abs(c))]) + [_atom(a) for a in monomial]
        text += (" - " if c < 0 else " + ") + "*".join(parts)
    text = text.removeprefix(" + ") or "0"
    text = "-" + text.removeprefix(" - ") if text.startswith(" - ") else text
    return f"({text})" if len(i.terms) > 1 or text.startswith("-") else text


def _atom(a: Atom) -> str:
    if isinstance(a, Composite):
        return f"{_QUOTIENTS[a.kind]}({index(a.dividend)}, {index(a.divisor)})"
    assert isinstance(a, str), a
    return a


_SINGLE: dict[Kind, str] = {"real": "Real", "integer": "Int", "truth": "bool"}
_LANES: dict[Kind, str] = {"real": "Reals", "integer": "Ints", "truth": "Truths"}
_QUOTIENTS = {"floor": "floor_div", "mod": "floor_mod", "min": "least"}
_ALIKE = {"choose", "maximum", "minimum", "and", "better"}
"""Operations whose operands are all vectors where the result is one."""

_SIGNS = {"add": "+", "multiply": "*", "divide": "/", "and": "&", **{o: o for o in ("==", "!=", "<", "<=")}}
_WORDS = {"maximum": "larger", "minimum": "smaller", "sum of lanes": "sum_of_lanes", "spread": "spread<Reals>"}
_STATEMENTS: dict[type, Rule] = {Let: _let, Load: _load, Begin: _begin, Update: _update, Store: _store}
