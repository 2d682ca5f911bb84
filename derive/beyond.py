"""What a law cannot say: each is refused in one sentence with what to write instead, before anything is derived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from derive.errors import OperationError
from derive.expressions.expr import Binding, D, Entry, Expr, Fn, Mul, Pow
from derive.expressions.index import Index
from derive.expressions.traversal import entries, reads, walk
from derive.language.notation import Equation, Law, SizeRule
from derive.language.show import show, show_index
from derive.operation import Op, Tensor


def check_in_notation(law: Law) -> None:
    """A law has no recursion, no extent that data decide, no derivative, no loose index. Raises: OperationError."""
    for e in law.equations:
        _refuse_recursion(e)
        _refuse_derivatives(e)
        _refuse_own_places(e)
        _refuse_loose_indices(e, e.body, frozenset(e.names))
    for where, extent in _extents(law):
        _refuse_data(where, extent)
    for tensor, axes in law.declarations.items():
        for b in axes:
            if b.extent.constant is not None and b.extent.constant < 1:
                raise OperationError(
                    f"declaration of {tensor}: got {b.name}<{b.extent.constant}, expected an extent of at least 1;"
                    " change it"
                )


def check_inputs(tensors: Iterable[Tensor], output: str) -> None:
    """A law reads no tensor of the name that its own output's gradient has. Raises: OperationError."""
    if any(t.role == "input" and t.name == f"dE/d{output}" for t in tensors):
        raise OperationError(
            f"tensor dE/d{output}: got the name of the law's own output gradient, expected another; rename it"
        )


def check_gradients(op: Op) -> None:
    """A law has an input that its output can change with. Raises: OperationError."""
    if not op.differentiable:
        whole = f" other than the integers {', '.join(t.name for t in op.inputs)}" if op.inputs else ""
        raise OperationError(
            f"{op.name}: got no input{whole}, expected one that the output changes with; read a tensor such as X[i], or"
            " a number declared as scalar x"
        )


def tensor_in_exponent(op: Op) -> str:
    """Why a power has no derivative here, and what to write instead; empty where no exponent holds a tensor."""
    for e in op.equations:
        for node in walk(e.body):
            if isinstance(node, Pow) and (tensor := next(reads(node.right), None)) is not None:
                return (
                    f"; equation of {e.target}: got {show(tensor)} in an exponent, expected a constant there; write"
                    f" exp({show(Mul((node.right, Fn('log', node.left))))})"
                )
    return ""


def _refuse_recursion(e: Equation) -> None:
    for read in reads(e.body):
        if read.tensor == e.target:
            raise OperationError(
                f"equation of {e.target}: got a read of {show(read)}, which is {e.target} itself, expected only inputs"
                " and earlier equations; a recursion, or a loop until something converges, has no law: write its"
                " steps as equations of their own"
            )


def _refuse_derivatives(e: Equation) -> None:
    for node in walk(e.body):
        if isinstance(node, D):
            raise OperationError(
                f"equation of {e.target}: got the derivative {show(node)}, expected a formula without one; derivatives"
                " are what derive.gradient finds"
            )


def _refuse_own_places(e: Equation) -> None:
    """A tensor holds numbers or places, never both in one read."""
    for node in reads(e.body):
        if any(inner.tensor == node.tensor for i in node.indices for inner in entries(i)):
            raise OperationError(
                f"equation of {e.target}: got {show(node)}, which reads {node.tensor} for numbers and for places,"
                " expected integers in a tensor of their own; read the places from another tensor"
            )


def _refuse_loose_indices(e: Equation, node: Expr, bound: frozenset[str]) -> None:
    """A small letter that is the whole index of a read is bound by a sum or stands on the left side."""
    if isinstance(node, Binding):
        bound |= {b.name for b in node.binders}
    for i in node.indices if isinstance(node, Entry) else ():
        if i.name is not None and i.name not in bound and i.name[0].islower():
            raise OperationError(
                f"index {i.name} of {e.target}: got {show(node)} with {i.name} neither on the left side nor under a"
                f" sum, expected one of them; write sum[{i.name}] before the product that it runs through, or a"
                " capital letter for one fixed place"
            )
    for part in node.parts:
        _refuse_loose_indices(e, part, bound)


def _extents(law: Law) -> Iterator[tuple[str, Index]]:
    """Every extent that is written down, and where."""
    for e in law.equations:
        for node in walk(e.body):
            if isinstance(node, Binding):
                yield from ((f"index {b.name} of {e.target}", b.extent) for b in node.binders)
    for tensor, axes in law.declarations.items():
        yield from ((f"declaration of {tensor}: axis {b.name}", b.extent) for b in axes)
    for name, size in law.sizes.items():
        yield f"size {name}", size.more if isinstance(size, SizeRule) else size


def _refuse_data(where: str, extent: Index) -> None:
    for read in entries(extent):
        raise OperationError(
            f"{where}: got an extent with {show(read)} in {show_index(extent)}, expected one that no data decide; let"
            f" the index run over a fixed extent and guard its terms, such as sum[p] [p<{show(read)}]*..."
        )
