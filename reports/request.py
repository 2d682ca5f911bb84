"""What `backproof derive` is asked for, as plain data: it names what was kept from an earlier run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """What is derived, with respect to what, and what is shown of it."""

    what: str
    wrt: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    concrete: str = ""
    verify: bool = False
    table: bool = False
    second: tuple[str, ...] = ()
    prove: bool = False
    backend: str = ""
