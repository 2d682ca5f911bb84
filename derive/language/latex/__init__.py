"""LaTeX as lecturers write it, read into the notation: a text, and notes on every choice that the reading made."""

from derive.language.latex.reading import Line, Reading, lines, looks_like_latex, to_notation
from derive.language.latex.written_sizes import solved

__all__ = ["Line", "Reading", "lines", "looks_like_latex", "solved", "to_notation"]
