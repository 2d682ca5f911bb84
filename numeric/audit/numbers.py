"""Claims about numbers: a size, `I = floor((H + 2*P - K)/s) + 1`, or how many numbers are learned.

Every deck has letters of its own for these: those that the true formula has not are read by their role on that axis.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive.catalogue.learned import learned, parameter_count, volume
from derive.errors import OperationError
from derive.expressions.build import add, mul
from derive.expressions.expr import Div, Divides, Entry, Expr, Val, val
from derive.expressions.index import Atom, Composite, Index, divide, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names, walk
from derive.operation import Op
from derive.sizes import Sizing
from numeric.audit.claim_grammar import NUMBER, Written
from numeric.audit.claims import Claim
from numeric.audit.names import ARGUMENTS, unknown

COUNTED = {"parameters", "params", "parameter_count", "learned", "count", "weights"}
"""What the number of learned numbers is called."""

INPUT, WINDOW = "H W h w n N I L M i H_in W_in h_in w_in n_in in", "K k F f M m kernel_size kernel K_h K_w"
"""What an input's and a window's extent are called, whichever axis it is."""


def read_number(said: Written, op: Op) -> Claim:
    """A claim about a size or a count. Raises: OperationError for what the operation does not have."""
    if said.target in COUNTED:
        if parameter_count(op) is None:
            raise OperationError(f"{said.target}: got a count for {op.name}, which learns nothing; name a layer")
        return _claim(op, "parameters", said.right, {}, [])
    symbol = _size(said.target, op)
    letters, notes = _letters(said.right, op, symbol)
    notes += [f"{said.target} is read as {symbol}"] if said.target != symbol else []
    return _claim(op, symbol, said.right, letters, notes)


def _claim(op: Op, target: str, right: Expr, letters: dict[str, Index], notes: list[str]) -> Claim:
    got = substitute(right, letters)
    for name in sorted(free_names(got) - op.symbols):
        raise OperationError(unknown(op, name))
    return Claim(NUMBER, op, Entry(target, ()), (), got, notes=tuple(notes))


def _size(target: str, op: Op) -> str:
    """The size that a name means: its own, else that of the axis whose letter it has. Raises: OperationError."""
    sizes = dict(op.sizes)
    if target in sizes:
        return target
    if not sizes:
        raise OperationError(f"{target}: got a number that {op.name} does not derive, expected parameters or a tensor's"
                             " entry, such as O[i]; write an equation about a tensor")  # fmt: skip
    by_letter = {s.axis.name: s.symbol for s in op.sizings}
    return next((by_letter[c] for c in target.lower() if c in by_letter), next(iter(sizes)))


def _letters(right: Expr, op: Op, symbol: str) -> tuple[dict[str, Index], list[str]]:
    """What the letters stand for that the true size has not."""
    sizing = next((s for s in op.sizings if s.symbol == symbol), None)
    true = dict(op.sizes)[symbol].names()
    if sizing is None:
        return {}, []
    found: dict[str, Index] = {}
    for name in sorted(free_names(right) - true):
        meant = next((i for i in _roles(name, op, sizing) if i is not None and name != i.name), None)
        if meant is not None:
            found[name] = meant
    return found, [f"{n} is read as {i.name or i.constant}" for n, i in found.items()]


def _roles(name: str, op: Op, sizing: Sizing) -> Iterator[Index | None]:
    """What a letter may be on the axis of a size: an argument, the window's extent, the input's."""
    true = sizing.size.names()
    for argument, letters in ARGUMENTS.items():
        own = [p.name for p in op.parameters if p.argument == argument and p.name in true]
        if own and name in (argument, *letters.split()):
            yield index(own[0])
    windows = [i for i in _extents_of_windows(op, sizing) if i.names() <= true]
    if name in WINDOW.split() and windows:
        yield windows[0]
    if name in INPUT.split():
        yield sizing.axis.extent


def _extents_of_windows(op: Op, sizing: Sizing) -> Iterator[Index]:
    """The extents of the axes that move within the window of a size."""
    inside = sizing.access.names() - {sizing.output}
    yield from (b.extent for t in op.tensors for b in t.axes if b.name in inside)
    yield from (index(p.name) for p in op.parameters if p.argument == "kernel_size" and p.name in sizing.size.names())


# -- the right side ----------------------------------------------------------------------------------------------------


def number(op: Op, target: str) -> Expr:
    """What a size or the count is, in the operation's symbols."""
    count = parameter_count(op)
    return val(dict(op.sizes)[target] if target in dict(op.sizes) else count or index(0))


def whole_windows(right: Expr) -> tuple[Divides, ...]:
    """Guards that every stride divides: then there is nothing to round."""
    quotients = _floors(right.index) if isinstance(right, Val) else ()
    return tuple(dict.fromkeys(Divides(q.divisor, q.dividend) for q in quotients))


def unrounded(e: Expr, guards: tuple[Divides, ...]) -> Expr:
    """The expression with a/b for a//b, and for -((-a)//b), where a guard says that b divides a."""
    if not isinstance(e, Val):
        return e.with_parts(tuple(unrounded(p, guards) for p in e.parts)) if e.parts else e
    known = {(g.divisor, a) for g in guards for a in (g.dividend, -g.dividend)}
    terms: list[Expr] = []
    for monomial, c in e.index.terms:
        match monomial:
            case (Composite("floor", a, b),) if (b, a) in known:
                terms.append(mul((val(c), Div(val(a), val(b)))))
            case _:
                terms.append(val(Index(((monomial, c),))))
    return add(terms)


def rounds(e: Expr, guards: tuple[Divides, ...]) -> bool:
    """Whether a quotient that a guard is about is rounded in an expression: then it is not said to be whole."""
    found = {q.divisor for node in walk(e) if isinstance(node, Val) for q in _floors(node.index)}
    return any(g.divisor in found for g in guards)


def _floors(i: Index) -> Iterator[Composite]:
    for atom in i.atoms():
        if isinstance(atom, Composite):
            yield from (atom,) if atom.kind == "floor" else ()
            yield from _floors(atom.dividend)


def suspects(op: Op, target: str, right: Expr) -> Iterator[tuple[str, Expr]]:
    """Wrong sizes and counts with what is said of them."""
    if target not in dict(op.sizes):
        yield "the biases were not counted", val(_without_bias(op))
        yield from ((f"the numbers of {t.name} alone were counted", val(volume(t))) for t in learned(op))
        return
    size = dict(op.sizes)[target]
    yield "the 1 that is added to the quotient is missing", val(size - 1)
    yield "there is 1 too many", val(size + 1)
    yield "the quotient was rounded up, not down", val(_rounded_up(size))
    for p in op.parameters:
        yield (
            f"{p.argument} was counted once, not on both sides",
            val(_once(size, p.name)),
        )
        if p.default is not None and p.name in size.names():
            yield f"{p.argument} was left out", substitute(right, {p.name: index(p.minimum)})


def _without_bias(op: Op) -> Index:
    return sum((volume(t) for t in learned(op) if t.argument != "bias"), index(0))


def _rounded_up(i: Index) -> Index:
    """An index with ceilings for floors: ceil(a/b) = (a + b - 1)//b."""
    known: dict[Atom, Index] = {q: divide("floor", q.dividend + q.divisor - 1, q.divisor) for q in _floors(i)}
    return i.put_in(known)


def _once(i: Index, name: str) -> Index:
    """An index in which 2*P is P, at any depth."""
    halved = Index(tuple((m, c // 2 if m == (name,) and c == 2 else c) for m, c in i.terms))
    known: dict[Atom, Index] = {q: divide("floor", _once(q.dividend, name), q.divisor) for q in _floors(i)}
    return halved.put_in(known)
