"""From a law's text to an operation: reads checked, extents settled, what is left are parameters."""

from __future__ import annotations

from dataclasses import replace

from derive.errors import OperationError
from derive.extents import Extents
from derive.notation import Law, parse
from derive.operation import Op, Parameter
from derive.show import show
from derive.symbols import divisors, divisors_in, free_symbols
from derive.traversal import reads


def from_text(text: str, name: str = "") -> Op:
    """An operation from its law in notation. Raises: NotationError, OperationError."""
    law = parse(text)
    _check_names(law)
    ranks = _ranks(law)
    extents = Extents(law, ranks)
    tensors = tuple(extents.tensor(t) for t in ranks)
    equations = tuple(replace(e, body=extents.close(e.body)) for e in law.equations)
    sizes = tuple(extents.sizes.items())
    used = {n for t in tensors for b in t.axes for n in b.extent.names()} | {n for n, _ in sizes}
    symbols = [n for n in free_symbols(equations, sizes) if n not in used]
    dividing = {n for _, size in sizes for n in divisors(size)} | {n for e in equations for n in divisors_in(e.body)}
    parameters = tuple(Parameter(n, n, minimum=int(n in dividing)) for n in symbols)
    return Op(name or law.equations[-1].target, equations, tensors, sizes, parameters)


def _check_names(law: Law) -> None:
    targets = [e.target for e in law.equations]
    for e in law.equations:
        for read in reads(e.body):
            if read.tensor == e.target or read.tensor in targets[targets.index(e.target) :]:
                raise OperationError(
                    f"equation of {e.target}: got a read of {read.tensor}, expected only inputs and earlier equations;"
                    " put the equation that defines it first"
                )


def _ranks(law: Law) -> dict[str, int]:
    """Every tensor with its number of axes: inputs in order of reading, then the equations' targets."""
    ranks: dict[str, int] = {t: len(axes) for t, axes in law.declarations.items()}
    targets = {e.target: len(e.names) for e in law.equations}
    for e in law.equations:
        for read in reads(e.body):
            known = targets.get(read.tensor, ranks.setdefault(read.tensor, len(read.indices)))
            if known != len(read.indices):
                raise OperationError(
                    f"tensor {read.tensor}: got {len(read.indices)} indices in {show(read)}, expected {known};"
                    " give every read the same number of indices"
                )
    return {**{t: r for t, r in ranks.items() if t not in targets}, **targets}
