"""Public names resolved on first use (PEP 562), so that importing a room costs nothing that is not asked for."""

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


def lazy_names(package: str, table: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give a package's `__getattr__` and `__dir__` from one table: public name -> module that defines it."""

    def resolve(name: str) -> Any:
        if name not in table:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(table[name]), name)
        setattr(sys.modules[package], name, value)  # the next access finds it without coming here
        return value

    def listing() -> list[str]:
        return sorted({*vars(sys.modules[package]), *table})

    return resolve, listing


class LazyModule(ModuleType):
    """A module imported when an attribute is first read: most derivations need no SymPy and do not wait for it."""

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self.__name__), name)
