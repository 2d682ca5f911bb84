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
    namespace = _namespace(source.text)
    return {result: namespace[signature.name] for result, signature in source.functions.items()}


@lru_cache(maxsize=256)
def _namespace(text: str) -> Mapping[str, Any]:
    name = f"<kernel {sha256(text.encode()).hexdigest()[:12]}>"
    # tracebacks and debuggers show the lines
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), namespace)  # noqa: S102 -- printed by us from a plan, never a user's text
    return namespace
