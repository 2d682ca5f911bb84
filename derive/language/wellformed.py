"""What a law must be beyond its grammar: reads that exist, statements about something, indices inside their sums."""

from __future__ import annotations

from collections.abc import Mapping

from derive.errors import OperationError
from derive.expressions.expr import Entry
from derive.expressions.index import Index
from derive.expressions.traversal import binders_of, own_indices, reads, walk
from derive.language.notation import Law
from derive.language.show import show, show_index


def check_reads(law: Law) -> None:
    """Every equation reads inputs and earlier equations only."""
    targets = [e.target for e in law.equations]
    for e in law.equations:
        for read in reads(e.body):
            if read.tensor == e.target or read.tensor in targets[targets.index(e.target) :]:
                raise OperationError(
                    f"equation of {e.target}: got a read of {read.tensor}, expected only inputs and earlier equations;"
                    " put the equation that defines it first"
                )


def check_statements(law: Law, ranks: Mapping[str, int]) -> None:
    """Declarations, sizes and integer tensors are about something that the equations have."""
    targets = {e.target: e for e in law.equations}
    for tensor, axes in law.declarations.items():
        if tensor in targets and len(axes) != len(targets[tensor].names):
            raise OperationError(
                f"declaration of {tensor}: got {len(axes)} axes, expected {len(targets[tensor].names)} as in its"
                " equation; declare as many"
            )
    outputs = {n for e in law.equations for n in e.names}
    for name in law.sizes:
        if name not in outputs:
            raise OperationError(
                f"size {name}: got index {name}, expected one of {', '.join(sorted(outputs)) or 'none'};"
                " name an index of a left side"
            )
    for tensor in sorted(law.integers - (ranks.keys() - targets.keys())):
        raise OperationError(f"integer {tensor}: got tensor {tensor}, expected an input of the law; name one")


def check_scopes(law: Law, symbols: set[str]) -> None:
    """No name is an index here and a parameter there, and leading axes stand alone in a read."""
    for e in law.equations:
        bound = {*e.names, *(b.name for node in walk(e.body) for b in binders_of(node))}
        escaped = sorted(bound & symbols)
        if escaped:
            raise OperationError(
                f"index {escaped[0]} of {e.target}: got a use outside of its sum, expected none; sum[..] takes the"
                " product behind it and no more: put a sum in brackets, or rename one of the two"
            )
        for node in walk(e.body):
            for i in own_indices(node):
                if not _spread_alone(i, isinstance(node, Entry)):
                    raise OperationError(
                        f"equation of {e.target}: got '...' in {show_index(i)}, expected it alone in a read; '...'"
                        " stands for any number of leading axes"
                    )


def ranks_of(law: Law) -> dict[str, int]:
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


def _spread_alone(i: Index, in_read: bool) -> bool:
    """Whether `...` stands alone wherever it stands."""
    if i.name == "...":
        return in_read
    return all(
        atom != "..."
        if isinstance(atom, str)
        else all(_spread_alone(k, True) for k in atom.indices)
        if isinstance(atom, Entry)
        else _spread_alone(atom.dividend, False) and _spread_alone(atom.divisor, False)
        for atom in i.atoms()
    )
