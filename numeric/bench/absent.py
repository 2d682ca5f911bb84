"""Who cannot take part on this machine: told beside the results, never passed over."""

from __future__ import annotations

from derive.errors import OperationError


class Absent(OperationError):
    """A contestant that this machine lacks something for."""
