"""Pictures as SVG text: the same bytes every time, readable on light and dark grounds and in print."""

from derive.lazy import lazy_names

PUBLIC: dict[str, str] = {
    "Bar": "reports.figures.bars",
    "Edge": "reports.figures.graph",
    "Node": "reports.figures.graph",
    "computational_graph": "reports.figures.graph",
    "confusion_matrix": "reports.figures.confusion",
    "convolution": "reports.figures.windows",
    "digits": "reports.figures.images",
    "filters": "reports.figures.images",
    "limited_bars": "reports.figures.bars",
    "training_curve": "reports.figures.curve",
}

__getattr__, __dir__ = lazy_names(__name__, PUBLIC)
__all__ = list(PUBLIC)
