"""Objects that show themselves in a notebook: one mixin that turns a document into the four types frontends ask for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from reports.writers.registry import FORMATS, MissingTool

# A frontend shows the richest type it knows; each is rendered only when asked for or when no choice is given.
_TYPES = {"text/plain": "text", "text/markdown": "md", "text/latex": "tex", "text/html": "html"}


class Shown:
    """Gives `_repr_mimebundle_` to a class that has `document()`."""

    __slots__ = ()

    def document(self) -> Any:
        """The `reports.document.Document` that is shown."""
        raise NotImplementedError

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None, **_: Any
    ) -> dict[str, str]:
        """The document in each type that the frontend wants and this machine can make."""
        bundle = {}
        document = self.document()
        for mime, name in _TYPES.items():
            if (include and mime not in include) or (exclude and mime in exclude):
                continue
            try:
                bundle[mime] = FORMATS[name].writer().fragment(document)
            except MissingTool:  # the next best type is shown instead
                continue
        return bundle
