"""What needs a reader: documents made from derivations and verdicts, their formats, and the command line."""

import sys
from importlib import import_module

from derive.lazy import lazy_names

PUBLIC: dict[str, str] = {
    "write": "reports.publish",
    "Document": "reports.document",
}

__getattr__, __dir__ = lazy_names(__name__, PUBLIC)
__all__ = list(PUBLIC)

if "IPython" in sys.modules:  # in a notebook, what is derived shows itself
    import_module("reports.notebooks").register()
