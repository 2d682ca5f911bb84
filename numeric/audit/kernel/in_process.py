"""A user's kernel called in this very process, as a test of its own does: a crash or an endless loop is the test's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numeric.audit.kernel.subjects import Refused, Subject, subject_of
from numeric.audit.kernel.wire import Message
from numeric.audit.kernel.worker import answered


@dataclass(slots=True)
class InProcess:
    """A function, autograd.Function or layer that answers here."""

    function: Callable[..., Any]
    name: str
    _subject: Subject | None = None

    def ask(self, message: Message) -> Message:
        """The answer to a message."""
        if self._subject is None:
            try:
                self._subject = subject_of(self.function, self.name)
            except Refused as error:
                return Message({"outcome": "refused", "text": str(error)})
        if message.data["ask"] == "load":
            return Message({"outcome": "loaded", **self._subject.described})
        return answered(self._subject, message)


def named(function: Any) -> str:
    """`pkg.mod:name`, as a failing test imports it."""
    own = function if hasattr(function, "__qualname__") else type(function)
    return f"{own.__module__}:{own.__qualname__}"
