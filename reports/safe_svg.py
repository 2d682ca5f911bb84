"""Which SVG may stand in a document: still drawings only, so that a picture can never act on the page that shows it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from reports.plain_data import DocumentError

_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = re.compile(r"svg|g|rect|circle|ellipse|line|polyline|polygon|path|text|tspan|title|desc|image")
_ATTRIBUTES = re.compile(
    r"aria-(hidden|label)|(alignment|dominant)-baseline|class|color|c[xy]|d[xy]?|fill(-opacity)?"
    r"|font-(family|size|style|weight)|height|lang|(letter|word)-spacing|opacity|paint-order|points"
    r"|preserveAspectRatio|r[xy]?|role|shape-rendering|stroke(-(dasharray|linecap|linejoin|opacity|width))?"
    r"|text-anchor|textLength|transform|version|viewBox|width|[xy][12]?"
)
HARD_EDGES = "image-rendering:pixelated"
_PIXELS = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+=*")


def check_svg(svg: str) -> None:
    """Raise DocumentError unless the text is one well-formed SVG of shapes, words and embedded pixels only."""
    if "<!" in svg or "<?" in svg:
        raise DocumentError("a picture holds no comment, document type or processing instruction")
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 - without a document type there is no entity to expand
    except (ElementTree.ParseError, UnicodeEncodeError, ValueError) as error:
        raise DocumentError(f"a picture is not well-formed SVG: {error}") from None
    if root.tag != f"{_SVG}svg":
        raise DocumentError(f"a picture starts with <svg> in the SVG namespace, got <{root.tag}>")
    for element in root.iter():
        name = element.tag.removeprefix(_SVG)
        if not _ELEMENTS.fullmatch(name):
            raise DocumentError(f"<{name}> is not allowed in a picture")
        for attribute, value in element.attrib.items():
            _check_attribute(name, attribute, value)


def _check_attribute(element: str, name: str, value: str) -> None:
    pixels = element == "image" and name == "href" and _PIXELS.fullmatch(value)
    edges = name == "style" and value == HARD_EDGES
    if not pixels and not edges and (not _ATTRIBUTES.fullmatch(name) or "url(" in value.lower()):
        raise DocumentError(f'{name}="{value[:40]}" is not allowed on <{element}> in a picture')
