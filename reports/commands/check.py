"""`backproof check`: a formula, a derivation or a kernel that somebody else has written."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import exists
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from derive.lazy import LazyModule
from reports.exits import UsageError
from reports.options import FORMAT, JSON, OUTPUT, SEED, SET, settings
from reports.targets import STDIN, Targets

if TYPE_CHECKING:
    from reports import derivation_check, formula_check, kernel_check
else:  # each kind of work is judged by its own modules
    derivation_check = LazyModule("reports.derivation_check")
    formula_check = LazyModule("reports.formula_check")
    kernel_check = LazyModule("reports.kernel_check")

TEXTS = (".md", ".txt", ".tex")
LONGEST = 60
"""Of an argument, as many characters are repeated in an error."""

WHAT = typer.Argument(metavar="FORMULA|FILES", help="A claim in notation or LaTeX; or derivations: files, - for stdin.")
OP = typer.Option("--op", metavar="OP|LAW", help="The operation it is about; a file's own header says it too.")
ISOLATED = (
    "A backward pass instead: backward(grad_output, **inputs), an autograd.Function or a Module. It is imported and"
    " run, in a process of its own with limits on time and memory: isolation from accidents, not a sandbox."
)
KERNEL = typer.Option("--kernel", metavar="PKG.MOD:NAME", help=ISOLATED)
WRT = typer.Option("--wrt", metavar="TENSOR", help="Of a kernel: the gradients to judge; again for more, else all.")
JUNIT = typer.Option("--junit", metavar="-|FILE", help="The verdicts as JUnit's XML too.")


def run(
    what: Annotated[list[str] | None, WHAT] = None,
    op: Annotated[str | None, OP] = None,
    kernel: Annotated[str | None, KERNEL] = None,
    set: Annotated[list[str] | None, SET] = None,
    wrt: Annotated[list[str] | None, WRT] = None,
    seed: Annotated[int, SEED] = 0,
    json: Annotated[str | None, JSON] = None,
    junit: Annotated[str | None, JUNIT] = None,
    format: Annotated[str | None, FORMAT] = None,
    output: Annotated[Path | None, OUTPUT] = None,
) -> int:
    """Check somebody's formula, derivation or kernel.

    \b
    backproof check "dE/dX[i] = dE/dO[i]*(1-O[i]^2)" --op tanh
    backproof check homework.md -o homework.html
    backproof check --kernel pkg.mod:backward --op conv2d

    Exit code 0 where it is verified, under a hypothesis that is told or without one, 1 where it is refuted, 2 where it
    cannot be read, 5 where it stays open.
    """
    values, written, to = settings(set or ()), what or [], Targets(json, junit, output, format)
    if kernel is not None:
        if written or op is None:
            got = "no operation" if op is None else f"{quoted(written[0])} beside it"
            raise UsageError(f"check --kernel: got {got}, expected one kernel and the operation it is for; write"
                             " --kernel pkg.mod:name --op conv2d")  # fmt: skip
        return kernel_check.judge_kernel(kernel, op, values, wrt, seed, to=to)
    if wrt:
        raise UsageError("check --wrt: got no kernel, expected one; write it with --kernel, or leave --wrt out")
    if written and all(is_text(one) for one in written):
        return derivation_check.judge_derivations(written, op, values, to)
    if len(written) != 1 or op is None:
        raise UsageError(f"check: got {missing(written)}, expected one formula and its operation, or files; write check"
                         ' "dE/dX[i] = ..." --op relu, or check FILE.md')  # fmt: skip
    return formula_check.judge_formula(written[0], op, values, to)


def is_text(argument: str) -> bool:
    """Whether an argument names a file, that is there or by its ending; whoever reads it says what is wrong."""
    return argument == STDIN or exists(argument) or (argument.endswith(TEXTS) and "=" not in argument)


def missing(written: Sequence[str]) -> str:
    """What was given where no formula can be judged."""
    formulas = [one for one in written if not is_text(one)]
    if not written:
        return "nothing"
    if len(formulas) < len(written):
        return f"a formula, {quoted(formulas[0])}, beside files"
    if len(formulas) > 1:
        return f"{len(formulas)} formulas"
    return "no operation" if "=" in formulas[0] else f"{quoted(formulas[0])}, which is no formula and no file"


def quoted(argument: str) -> str:
    """An argument as it was given, cut where it is long."""
    return repr(argument if len(argument) <= LONGEST else f"{argument[:LONGEST]}...")
