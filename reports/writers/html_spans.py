"""The smallest pieces of a page: words, formulas and program text, each escaped in the one place that can."""

from __future__ import annotations

from functools import partial

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from reports.document import Code, Emphasis, Inline, Link, Math, Spans, Strong
from reports.writers.mathml import MathError, formula
from reports.writers.printable import printable
from reports.writers.tex import without_focus

_NARROW = 16  # em


def safe(text: str) -> Markup:
    """Words as markup: escaped, and free of what a browser would obey."""
    return Markup("{}").format(printable(text))


def trusted(markup: str) -> Markup:
    """Markup that was made or checked by its producer: style sheets, MathML, highlighted programs, checked pictures."""
    return Markup(markup)  # noqa: S704 - the one place; nothing that a user wrote comes here unescaped or unchecked


def sentence(text: Spans) -> Markup:
    """A sentence as markup."""
    return Markup().join(map(_span, text))


def _span(span: Inline) -> Markup:
    match span:
        case Math():
            return _inline(span)
        case Code():
            return Markup("<code>{}</code>").format(safe(span.text))
        case Emphasis():
            return Markup("<em>{}</em>").format(safe(span.text))
        case Strong():
            return Markup("<strong>{}</strong>").format(safe(span.text))
        case Link():
            return Markup('<a href="{}">{}</a>').format(safe(span.target), safe(span.text))
        case _:
            return safe(span.text)


def _inline(math: Math) -> Markup:
    try:
        return trusted(formula(math.latex).mathml)
    except MathError:  # the reader gets the plain text, which says the same
        return Markup('<code class="formula">{}</code>').format(safe(math.plain))


def display(latex: str, plain: str, label: str = "", copied: str | None = None) -> Markup:
    """A formula on its own line, its label, and its TeX behind a word; `copied` is the TeX offered, if not `latex`."""
    number = Markup('<span class="eqno">({})</span>').format(safe(label)) if label else Markup()
    try:
        shown = formula(latex, display=True)
    except MathError:
        return Markup('<div class="equation"><div class="scroll"><code class="formula">{}</code></div>{}</div>').format(
            safe(plain), number
        )
    return Markup(
        '<div class="equation"><div class="scroll"{} style="--em:{}">{}</div>{}'
        '<details class="tex"><summary aria-label="TeX of this formula">TeX</summary><code>{}</code></details></div>'
    ).format(
        _focusable(shown.width),
        max(shown.width, 1.0),
        trusted(shown.mathml),
        number,
        safe(without_focus(copied or latex)),
    )


def _focusable(width: float) -> Markup:
    """What lets a keyboard scroll a line that may be wider than a telephone."""
    return Markup(' tabindex="0" role="group" aria-label="formula"') if width > _NARROW else Markup()


def highlighted(text: str, language: str) -> Markup:
    """Program text with its words, strings and comments marked; an unknown language is left unmarked."""
    source = printable(text).rstrip()
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return safe(source)
    return trusted(highlight(source, lexer, _formatter()).rstrip("\n"))


_formatter = partial(HtmlFormatter, nowrap=True)
