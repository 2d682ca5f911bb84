"""LaTeX to MathML, when a page is written: Temml (shipped, MIT) inside QuickJS, with no network, file or browser."""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple
from xml.etree import ElementTree

import quickjs

from reports.writers.tex import tame, without_focus

_BYTES = 256 << 20

# Only the class of the mark of change is trusted. The answer travels as JSON: one flat string, errors included.
_CONVERT = r"""
function convert(latex, display) {
  try {
    const html = temml.renderToString(latex, {
      displayMode: display, annotate: false, throwOnError: true, maxExpand: 1000,
      macros: {"\\focus": "\\class{focus}{#1}"},
      trust: (context) => context.command === "\\class" && context.class === "focus",
    });
    return JSON.stringify({html});
  } catch (error) { return JSON.stringify({error: String(error.message || error).trim()}); }
}
"""


class MathError(ValueError):
    """LaTeX that is no formula."""


class Formula(NamedTuple):
    """A formula as a <math> element with its TeX as annotation, and about how wide it is in em."""

    mathml: str
    width: float


class _Engine(threading.local):
    """One interpreter a thread, started on first use."""

    def __init__(self) -> None:
        context = quickjs.Context()
        context.set_memory_limit(_BYTES)
        context.eval(files("reports.writers").joinpath("assets", "temml.min.js").read_text("utf-8"))
        context.eval(_CONVERT)
        self.convert = context.get("convert")


@lru_cache(1)
def _engine() -> _Engine:
    return _Engine()


@lru_cache(4096)
def formula(latex: str, display: bool = False) -> Formula:
    """The formula that the LaTeX stands for. Raises: MathError where it is none, or has commands no formula needs."""
    if not tame(latex):
        raise MathError(f"not a tame formula: {latex[:80]!r}")
    try:
        answer = json.loads(_engine().convert(latex, display))
        if "error" in answer:
            raise MathError(f"{answer['error'].splitlines()[0]}: {latex[:80]!r}")
        root = ElementTree.fromstring(answer["html"])  # noqa: S314 - Temml's own output, which has no document type
        _set_scripts(root, small=False)
        return Formula(_annotated(root, without_focus(latex)), round(_width(root), 1))
    except (quickjs.JSException, RecursionError):  # out of memory or stack
        raise MathError(f"too deep a formula: {latex[:80]!r}") from None


def _annotated(math: ElementTree.Element, latex: str) -> str:
    """The element with its TeX inside, where copying tools look for it; Temml's wrapping of lines would forbid that."""
    semantics = ElementTree.Element("semantics")
    body = ElementTree.SubElement(semantics, "mrow") if len(math) != 1 else semantics
    body.extend(list(math))
    ElementTree.SubElement(semantics, "annotation", encoding="application/x-tex").text = latex
    for child in list(math):
        math.remove(child)
    math.append(semantics)
    return ElementTree.tostring(math, encoding="unicode", short_empty_elements=False)


def _set_scripts(node: ElementTree.Element, small: bool) -> None:
    """Set small print as TeX does and MathML does not: tight operators, primes beside their letter at full size."""
    if small and node.tag == "mo" and node.get("fence") != "true":
        node.set("lspace", "0em" if node.get("separator") else _TIGHT)
        node.set("rspace", _TIGHT)
    if small and node.tag == "mfrac":  # the style sheet sets its size: that of the index it stands in
        for child in node:
            child.attrib.pop("scriptlevel", None)
            child.attrib.pop("style", None)
    for place, child in enumerate(node):
        _set_scripts(child, small or (node.tag in _SCRIPTED and place > 0))
    if node.tag in ("msup", "msubsup") and all("tml-prime" in (m.get("class") or "") for m in _marks(node[-1])):
        _lower_prime(node)


def _marks(script: ElementTree.Element) -> list[ElementTree.Element]:
    """The signs of a script: itself, or those in its row."""
    return list(script) if script.tag == "mrow" else [script]


def _lower_prime(node: ElementTree.Element) -> None:
    """Turn a script of primes into primes that follow the letter; the glyph is raised by itself."""
    base, *others, prime = node
    primed = ElementTree.Element("mrow")
    primed.extend([base, prime])
    for mark in _marks(prime):
        mark.set("lspace", "0em")
        mark.set("rspace", "0em")
    node[:] = [primed, *others] if others else [base, prime]
    node.tag = "msub" if others else "mrow"


_TIGHT = "0.1em"
_SPACED = frozenset("=<>≤≥≠≈≡∈+−±·×→↦∣|⊛∗")
_SCRIPTS = frozenset(["msub", "msup", "msubsup"])
_STACKS = frozenset(["mfrac", "munder", "mover", "munderover"])
_SCRIPTED = _SCRIPTS | {"munder", "munderover"}


def _width(node: ElementTree.Element) -> float:
    """About how many em the element takes: enough to choose a size at which a line fits, not to set it."""
    children = [_width(child) for child in node if child.tag != "annotation"]
    if node.tag in ("mi", "mn", "mo", "mtext"):
        text = node.text or ""
        return 1.4 if text in _SPACED else 1.0 if text == "∑" else 0.3 if text in ",.[]()" else 0.52 * len(text)
    if node.tag in _SCRIPTS:
        return children[0] + 0.72 * max(children[1:])
    if node.tag in _STACKS:
        small = 1.0 if node.tag == "mfrac" else 0.72
        return max(children[0], small * max(children[1:])) + 0.2
    if node.tag == "mtable":
        rows = [[_width(cell) + 0.6 for cell in row] for row in node]
        return sum(max(row[i] for row in rows if i < len(row)) for i in range(max(map(len, rows), default=0)))
    return sum(children) + (0.2 if node.tag == "mspace" else 0.0)
