"""One writer a format; each reads the document model and nothing else."""

from derive.lazy import lazy_names

PUBLIC: dict[str, str] = {
    "FORMATS": "reports.writers.registry",
    "Format": "reports.writers.registry",
    "MissingTool": "reports.writers.registry",
    "WriteError": "reports.writers.registry",
    "format_of": "reports.writers.registry",
    "render": "reports.writers.output",
    "write": "reports.writers.output",
    "write_files": "reports.writers.output",
}

__getattr__, __dir__ = lazy_names(__name__, PUBLIC)
__all__ = list(PUBLIC)
