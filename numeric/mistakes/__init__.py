"""The mistakes that people make in gradients: what they are called, what they lead to, and which layer sees them."""

from derive.lazy import lazy_names

PUBLIC: dict[str, str] = {
    "BY_NUMBER": "numeric.mistakes.catalogue",
    "MISTAKES": "numeric.mistakes.catalogue",
    "Mistake": "numeric.mistakes.catalogue",
    "power": "numeric.mistakes.matrix",
    "suspects": "numeric.mistakes.formulas",
    "wrong_formulas": "numeric.mistakes.formulas",
}

__getattr__, __dir__ = lazy_names(__name__, PUBLIC)
__all__ = list(PUBLIC)
