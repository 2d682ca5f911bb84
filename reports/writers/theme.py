"""The look of pages: one style sheet for what a document holds, one for the page around it, fonts inside."""

from __future__ import annotations

import base64
from functools import cache
from importlib.resources import files

from reports.palette import figure_rules, variables

_FONTS = (  # family, file, weight, style
    ("Backproof Math", "math.woff2", "400", "normal"),
    ("Backproof Text", "text-400-normal.woff2", "400", "normal"),
    ("Backproof Text", "text-400-italic.woff2", "400", "italic"),
    ("Backproof Text", "text-600-normal.woff2", "600 700", "normal"),
)


@cache
def page_style() -> str:
    """Everything a self-contained page needs: fonts, the colours of both grounds, the switch between them, print."""
    grounds = (
        f":root{{color-scheme:light;{variables(dark=False)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not(:has(#theme-light:checked)){{{_dark()}}}}}"
        f"@media screen{{:root:has(#theme-dark:checked){{{_dark()}}}}}"
    )
    return "\n".join([*map(_font, _FONTS), grounds, figure_rules(), _asset("content.css"), _asset("page.css")])


@cache
def fragment_style() -> str:
    """What a document needs inside somebody else's page, such as a notebook; it follows that page's ground."""
    dark = ('[data-jp-theme-light="false"] .bp', ".vscode-dark .bp", "html[theme=dark] .bp")
    grounds = f".bp{{{variables(dark=False)}}}{','.join(dark)}{{{_dark()}}}"
    return "\n".join([grounds, figure_rules(), _asset("content.css")])


def _dark() -> str:
    return f"color-scheme:dark;{variables(dark=True)}"


def _font(font: tuple[str, str, str, str]) -> str:
    family, name, weight, style = font
    data = base64.b64encode(files("reports.writers").joinpath("assets", name).read_bytes()).decode()
    return (
        f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{style};font-display:block;'
        f'src:url("data:font/woff2;base64,{data}") format("woff2")}}'
    )


def _asset(name: str) -> str:
    return files("reports.writers").joinpath("assets", name).read_text("utf-8")
