"""From a law's text to an operation: reads checked, extents settled, what is left are parameters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from derive.beyond import check_in_notation, check_inputs
from derive.language.extents import Extents
from derive.language.notation import parse
from derive.language.symbols import divisors, divisors_in, free_symbols, steps_in
from derive.language.wellformed import check_reads, check_scopes, check_statements, ranks_of
from derive.operation import Op, Parameter, Tensor


def from_text(text: str, name: str = "") -> Op:
    """An operation from its law in notation. Raises: NotationError, OperationError."""
    law = parse(text)
    check_in_notation(law)
    check_reads(law)
    ranks = ranks_of(law)
    check_statements(law, ranks)
    extents = Extents(law, ranks)
    tensors = tuple(extents.tensor(t) for t in ranks)
    equations = tuple(replace(e, body=extents.close(e.body)) for e in law.equations)
    sizes = tuple(extents.sizes.items())
    used = {n for t in tensors for b in t.axes for n in b.extent.names()} | {n for n, _ in sizes}
    symbols = [n for n in free_symbols(equations, sizes) if n not in used]
    dividing = {n for _, size in sizes for n in divisors(size)} | {n for e in equations for n in divisors_in(e.body)}
    dividing |= {n for e in equations for n in steps_in(e.body)}
    # `size h = H` leaves H to the user, as no input has an axis of that extent
    chosen = sorted(_names(tensors, given=False) - _names(tensors, given=True) - {n for n, _ in sizes})
    chosen += _open(tensors, {*symbols, *chosen}, [*free_symbols(equations, ()), *sorted(used)])
    parameters = tuple(Parameter(n, n, minimum=int(n in dividing)) for n in symbols)
    parameters += tuple(Parameter(n, n, minimum=1) for n in chosen if n not in symbols)
    check_scopes(law, {*used, *symbols})
    own = name or law.equations[-1].target
    check_inputs(tensors, law.equations[-1].target)
    return Op(own, equations, tensors, sizes, parameters, sizings=tuple(extents.sizings))


def _open(tensors: tuple[Tensor, ...], known: set[str], order: Iterable[str]) -> list[str]:
    """Symbols that must be given, the first in `order` first: no input has an axis from which they follow.

    An axis of G*K cells gives one of the two where the other is known.
    """
    extents = [b.extent for t in tensors if t.role == "input" for b in t.axes]
    found: list[str] = []
    while left := [(e, e.names() - known) for e in extents if e.names() - known]:
        follows = {n for e, names in left if len(names) == 1 for n in names if e.split(n) is not None}
        if not follows:
            found.append(next(n for n in order if any(n in names for _, names in left)))
        known |= follows or {found[-1]}
    return found


def _names(tensors: tuple[Tensor, ...], given: bool) -> set[str]:
    """The symbols in the extents of inputs, or of what the law computes."""
    return {n for t in tensors if (t.role == "input") == given for b in t.axes for n in b.extent.names()}
