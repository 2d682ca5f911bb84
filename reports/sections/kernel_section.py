"""The generated kernels beside the formulas they were printed from."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from derive.derivation import Derivation
from derive.errors import BackproofError
from numeric.kernels import kernel
from reports.document import Block, Prose, Section, Source, spans
from reports.mathematics.names import Names
from reports.sections.law_section import equality

BACKEND = "numpy"

LANGUAGES = {"numpy": "python", "torch": "python", "cpp": "cpp"}
"""The backends whose text can be shown, and its language."""


def kernel_section(derivations: Sequence[Derivation], backend: str = BACKEND) -> Section:
    """Each gradient's function under its formula, then the whole module."""
    op = derivations[0].op
    title = spans("The kernel")
    # the source takes arguments without a default by keyword, whatever their number is
    numbers = {p.name: max(1, p.minimum) for p in op.parameters if p.default is None}
    try:
        source = kernel(op, backend=backend, **numbers).source
    except BackproofError as error:
        return Section(title, (Prose(spans(f"No kernel was generated: {error}.")),))
    language = LANGUAGES[backend]
    blocks: list[Block] = []
    for d in derivations:
        text = FINDS[language](source, d.target.tensor)
        formula = equality(d.target, d.formula, Names.of(op), limits=True)
        if text:
            blocks.append(Source(language, text, spans("Generated from this formula"), formula))
    whole = Source(language, source, spans(f"The generated module: forward pass, every gradient, {SIZES[language]}"))
    return Section(title, (*blocks, Section(spans("The whole module"), (whole,), collapsed=True)))


def function_of(source: str, target: str) -> str:
    """The text of the function whose docstring opens with the formula of `target`; empty where there is none."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            said = ast.get_docstring(node) or ""
            if said.startswith((f"{target}[", f"{target} =")):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                return "\n".join(lines[first - 1 : node.end_lineno])
    return ""


def cpp_function_of(source: str, target: str) -> str:
    """The text of the C++ function under the formula of `target`; empty where there is none."""
    first = (f"// {target}[", f"// {target} =")
    return next((text for text in source.split("\n\n") if text.startswith(first)), "")


FINDS = {"python": function_of, "cpp": cpp_function_of}
SIZES = {"python": "sizes read off the shapes", "cpp": "sizes as arguments, the words first that it is written in"}
