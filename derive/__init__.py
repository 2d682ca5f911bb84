"""What stays true on paper: operations, their meaning, and gradients derived with proof, without sizes or numbers."""

from derive.lazy import lazy_names

PUBLIC: dict[str, str] = {
    "op": "derive.catalogue",
    "gradient": "derive.sweep",
    "graph": "derive.networks.composition",
    "Graph": "derive.networks.composition",
    "Op": "derive.operation",
    "Derivation": "derive.derivation",
    "Step": "derive.derivation",
    "Law": "derive.laws.law",
}

__getattr__, __dir__ = lazy_names(__name__, PUBLIC)
__all__ = list(PUBLIC)
