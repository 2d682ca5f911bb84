"""Gradients as identities over a prime field: exact at random points, for single laws and for whole networks."""

from derive.lazy import lazy_names

PUBLIC: dict[str, str] = {
    "check_network": "numeric.field.identity",
    "check_operation": "numeric.field.identity",
    "Field": "numeric.field.arithmetic",
}

__getattr__, __dir__ = lazy_names(__name__, PUBLIC)
__all__ = list(PUBLIC)
