"""Someone's derivation, line by line: each line against the line before, so that the first wrong one is named.

A line with a new left side begins a new equation: it is compared with what the operation says of that left side, and
may be used from then on. A line that only follows from a wrong one is said to do so, and is not wrong itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from derive.errors import BackproofError
from derive.operation import Op
from numeric.audit.derivation_sheet import Sheet
from numeric.audit.derivation_subject import prepared
from numeric.audit.derivation_text import read
from numeric.audit.derivation_verdict import DerivationVerdict, LineVerdict

__all__ = ["DerivationVerdict", "LineVerdict", "check_text"]


def check_text(
    text: str, op: Op | str | None = None, settings: Mapping[str, Any] | None = None, where: str = "text"
) -> DerivationVerdict:
    """Judge a derivation; `op` and `settings` come before what the text's own header says.

    Lines of a header: `op: conv2d`, `set: stride=2`, `sizes: H=3, W=3`, `law: O[i] = ...` (again for more).

    Raises: BackproofError (NotationError, OperationError) with file and line where something cannot be read.
    """
    written = read(text, where)
    subject = prepared(written, op, settings or {})
    sheet = Sheet(subject.reader.op, subject.reader)
    found, given = [], list(subject.given)
    for step, statement in enumerate(subject.statements, 1):
        while given and given[0].number <= statement.link.number:
            sheet.suppose(given.pop(0))
        try:
            found.append(sheet.line(step, statement))
        except BackproofError as error:
            raise type(error)(f"{where}, line {statement.link.number}: {error}") from error
    return DerivationVerdict(
        where, subject.reader.op.name, tuple(found), subject.notes, subject.assumed, tuple(sorted(subject.unread))
    )
