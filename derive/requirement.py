"""What an operation requires of its numbers, told in torch's names where numbers break it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from derive.errors import OperationError
from derive.expressions.expr import Expr
from derive.expressions.traversal import free_names
from derive.language.show import show
from derive.meaning.denote import World, denote
from derive.meaning.exact import Number
from derive.operation import Op

_NAME = re.compile(r"[A-Za-z]\w*")


def refuse_violations(op: Op, numbers: Mapping[str, Number]) -> None:
    """Raises: OperationError where a requirement whose symbols all have numbers does not hold."""
    for guard in op.require:
        names = free_names(guard)
        if names <= numbers.keys() and denote(guard, World(numbers, {})) != 1:
            raise OperationError(_told(op, guard, {n: numbers[n] for n in sorted(names)}))


def _told(op: Op, guard: Expr, numbers: Mapping[str, Number]) -> str:
    """`max_pool2d: got kernel_size=2, padding=2, expected 2*padding<=kernel_size; change kernel_size or padding`."""
    arguments = {p.name: p.argument for p in op.parameters}
    got = {arguments.get(n, n): f"{arguments[n]}={v}" if n in arguments else f"{n} = {v}" for n, v in numbers.items()}
    fixed = [f"{n}={value}" for n, value in op.settings if n not in arguments and not got]
    expected = _NAME.sub(lambda m: arguments.get(m[0], m[0]), show(guard).strip("[]"))
    values = ", ".join(fixed or got.values()) or "its numbers"
    return f"{op.name}: got {values}, expected {expected}; change {' or '.join(got) or 'its settings'}"
