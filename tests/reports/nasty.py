"""Text that some format would obey if it were not escaped, and a document with such a text in every place."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

from reports.document import Document, Figure, Link
from tests.reports.specimen import specimen

NASTY = [
    "<script>alert(1)</script>",
    "</style></title></textarea><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "]]><!--",
    "&lt;b&gt; &amp; &#60;",
    "javascript:alert(1)",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "$x$ $$y$$ \\(z\\) \\[w\\]",
    "`code` ``` ~~~",
    "a|b|c",
    "*bold* _under_ **x** __y__ ~~z~~",
    "# heading",
    "- item",
    "1. item",
    "---",
    "===",
    "> quote",
    "\\input{/etc/passwd}",
    "\\end{document}\\write18{rm}",
    "\\end{verbatim}",
    "}{}{",
    "%comment",
    "^^5cinput",
    "\x1b[31mred\x07",
    "\x00\x08",
    "a\u202eb",
    "line\nline",
    "tab\tx",
    "{{ template }} {% x %}",
    "',\"'",
]


def nasty_document(text: str) -> Document:
    """The specimen with `text` in place of every string that a user can choose."""
    document: Document = _filled(specimen(), text)
    return document


def _filled(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(_filled(item, text) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"kind", "align", "link", "language"} if not isinstance(value, Figure | Link) else {"svg", "target"}
        return replace(
            value, **{f.name: _filled(getattr(value, f.name), text) for f in fields(value) if f.name not in kept}
        )
    return value
