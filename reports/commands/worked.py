"""`backproof worked`: an operation forward and backward by hand, with small numbers, checked against autograd."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from derive.catalogue import op
from derive.networks.instance import Shape
from reports.by_hand.scale import parse_shapes
from reports.by_hand.worked import worked_example
from reports.emit import emit
from reports.exits import GOOD, REFUTED, UsageError
from reports.options import FORMAT, OUTPUT, SEED, SET, settings

WHAT = typer.Argument(metavar="OP|LAW", help="A name of `backproof list`, or a line of notation.")
INPUT = typer.Option("--input", metavar="3x3", help="The shape of the first input, without batch and channels.")
KERNEL = typer.Option("--kernel", metavar="2x2", help="The shape of the window, or of the second input.")

MATRIX = typer.Option("--matrix", help="Show a linear operation as a matrix too: its transpose is the gradient.")


def run(
    what: Annotated[str, WHAT],
    input: Annotated[str | None, INPUT] = None,
    kernel: Annotated[str | None, KERNEL] = None,
    seed: Annotated[int, SEED] = 0,
    matrix: Annotated[bool, MATRIX] = False,
    set: Annotated[list[str] | None, SET] = None,
    format: Annotated[str | None, FORMAT] = None,
    output: Annotated[Path | None, OUTPUT] = None,
) -> int:
    """Work an operation by hand: every partial derivative as symbols, numbers and value.

    Exit code 1 where a number written out differs from autograd's.
    """
    law = op(what, **settings(set or ()))
    document = worked_example(law, _shape("--input", input), _shape("--kernel", kernel), seed, matrix=matrix)
    emit(document, format, output)
    return REFUTED if document.tally().refuted else GOOD


def _shape(option: str, text: str | None) -> Shape | None:
    """A shape such as `3x3`. Raises: UsageError for several, OperationError for none."""
    shapes = parse_shapes(text) if text is not None else (None,)
    if len(shapes) != 1:
        raise UsageError(f"{option}: got {text!r}, expected one shape such as 3x3; give the other by its own option")
    return shapes[0]
