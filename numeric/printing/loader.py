"""Turns the text of a printed plan into functions: the only place where text is executed, and only text of ours."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from numeric.printing.printer import Source


def load(source: Source) -> Mapping[str, Callable[..., Any]]:
    """The functions of a printed plan, by result."""
    names = namespace(source.text)
    return {result: names[signature.name] for result, signature in source.functions.items()}


@lru_cache(maxsize=256)
def namespace(text: str) -> dict[str, Any]:
    """What a module of ours defines."""
    name = f"<kernel {sha256(text.encode()).hexdigest()[:12]}>"
    # tracebacks and debuggers show the lines
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    names: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), names)  # noqa: S102 -- printed by us from a plan, never a user's text
    return names
