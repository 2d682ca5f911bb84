"""C++ text of loop programs: a line a statement, in a small table of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction

from derive.expressions.index import Atom, Composite, Index
from numeric.nests.statements import Begin, Block, If, Let, Load, Loop, Operand, Statement, Store, Update, Value

INDENT = "  "


def lines(block: Block, depth: int = 1) -> Iterator[str]:
    """The lines of a block's statements."""
    for s in block.body:
        yield from _RULES[type(s)](s, depth)


def _line(text: str, depth: int) -> Iterator[str]:
    yield INDENT * depth + text


def _let(s: Let, depth: int) -> Iterator[str]:
    return _line(f"const {_type(s.target)} {s.target.name} = {_operation(s)};", depth)


def _operation(s: Let) -> str:
    whole = any(isinstance(o, Value) and o.kind == "integer" for o in s.operands) or all(
        isinstance(o, Index) for o in s.operands
    )
    spread = s.target.lanes and (s.operation in _ALIKE or whole)
    found = [operand(o, spread, "Ints" if whole else "Reals") for o in s.operands]
    if s.operation == "power":
        return _power(found[0], s.operands[1], s.target.lanes)
    if s.operation in _INFIX:
        return _INFIX[s.operation].join(found)
    word = _WORDS.get(s.operation, s.operation)
    return f"{word}({', '.join(found)})"


def _power(base: str, exponent: Operand, lanes: bool) -> str:
    assert isinstance(exponent, Fraction)
    if exponent.denominator == 1:
        return f"power<{abs(exponent.numerator)}>({base})" if exponent >= 0 else f"1 / power<{-exponent.numerator}>({base})"
    if exponent.denominator == 2:
        root = f"sqrt({base})"
        n = exponent.numerator
        return {1: root, -1: f"1 / {root}"}.get(n, f"pow({base}, {operand(exponent, lanes)})")
    return f"pow({base}, {operand(exponent, lanes)})"


def _load(s: Load, depth: int) -> Iterator[str]:
    text = f"load<{_type(s.target)}>({s.register} + {index(s.offset)})"
    if s.where:
        text = f"{_all(s.where)} ? {text} : {_type(s.target)}{{}}"
    return _line(f"const {_type(s.target)} {s.target.name} = {text};", depth)


def _begin(s: Begin, depth: int) -> Iterator[str]:
    start = {"zero": "{}", "lowest": f" = {_type(s.target)}{{}} + LOWEST", "none": f" = {_type(s.target)}{{}} - 1"}[s.start]
    return _line(f"{_type(s.target)} {s.target.name}{start};", depth)


def _update(s: Update, depth: int) -> Iterator[str]:
    name, found = s.target.name, [operand(o, s.target.lanes, "Ints" if s.target.kind == "integer" else "Reals") for o in s.operands]
    if s.operation == "add":
        text = f"{name} += {' * '.join(operand(o) for o in s.operands)}"
    elif s.operation == "maximum":
        text = f"{name} = larger({found[0]}, {name})"
    else:
        text = f"{name} = {found[0]}"
    if not s.where:
        return _line(f"{text};", depth)
    if any(w.lanes for w in s.where):
        left, right = text.split(" = ", 1)
        return _line(f"{left} = choose({s.where[0].name}, {right}, {name});", depth)
    return _line(f"if ({_all(s.where)}) {text};", depth)


def _store(s: Store, depth: int) -> Iterator[str]:
    return _line(f"store({s.register} + {index(s.offset)}, {operand(s.value)});", depth)


def _loop(s: Loop, depth: int) -> Iterator[str]:
    start, stop = _extreme("max", s.starts), _extreme("min", s.stops)
    if s.parallel:
        yield from _line("#pragma omp parallel for", depth)
    yield from _line(f"for (Int {s.name} = {start}; {s.name} < {stop}; ++{s.name}) {{", depth)
    yield from lines(s, depth + 1)
    yield from _line("}", depth)


def _if(s: If, depth: int) -> Iterator[str]:
    yield from _line(f"if ({_all(s.conditions)}) {{", depth)
    yield from lines(s, depth + 1)
    yield from _line("}", depth)


def _all(conditions: Iterable[Value]) -> str:
    return " && ".join(c.name for c in conditions)


def _extreme(word: str, found: tuple[Index, ...]) -> str:
    text = index(found[0])
    for i in found[1:]:
        text = f"std::{word}<Int>({text}, {index(i)})"
    return text


def _type(v: Value) -> str:
    return {"real": "Reals" if v.lanes else "Real", "integer": "Ints" if v.lanes else "Int", "truth": "Truths" if v.lanes else "bool"}[v.kind]


def operand(o: Operand, spread: bool = False, lanes: str = "Reals") -> str:
    """A value, a number or an index; `spread` makes a vector of a single one."""
    if isinstance(o, Value):
        return f"spread<{_LANES[o.kind]}>({o.name})" if spread and not o.lanes else o.name
    text = number(o) if isinstance(o, Fraction) else index(o)
    return f"spread<{lanes}>({text})" if spread else text


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
        word = {"floor": "floor_div", "mod": "floor_mod", "min": "std::min<Int>"}[a.kind]
        return f"{word}({index(a.dividend)}, {index(a.divisor)})"
    assert isinstance(a, str), a
    return a


_LANES = {"real": "Reals", "integer": "Ints", "truth": "Truths"}
_ALIKE = {"choose", "maximum", "minimum", "and"}
_INFIX = {"add": " + ", "multiply": " * ", "divide": " / ", "and": " & ", **{o: f" {o} " for o in ("==", "!=", "<", "<=")}}
_WORDS = {"maximum": "larger", "minimum": "smaller", "number": "number", "sum of lanes": "sum_of_lanes"}
_RULES: dict[type, Callable[..., Iterator[str]]] = {
    Let: _let,
    Load: _load,
    Begin: _begin,
    Update: _update,
    Store: _store,
    Loop: _loop,
    If: _if,
}
