"""The `backproof` command: finds a command's file, hands it the arguments, and turns what goes wrong into one line."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer
from typer.core import TyperGroup

from derive.errors import BackproofError, NotDerived, did_you_mean
from derive.lazy import LazyModule
from reports.exits import BAD_INPUT, BROKEN_PIPE, GOOD, INTERNAL, INTERRUPTED, MISSING_TOOL, UNDECIDED
from reports.writers.registry import MissingTool

if TYPE_CHECKING:
    from importlib import metadata
else:
    metadata = LazyModule("importlib.metadata")

COMMANDS = {
    "list": "The operations: laws, arguments, conventions.",
    "derive": "The gradients of an operation, a law or a network, with every step.",
    "worked": "An operation by hand, with small numbers.",
    "verify": "Kernels and gradients against their meaning and against autograd.",
    "check": "A formula, a derivation or a kernel that somebody else has written.",
    "train": "LeNet on handwritten digits, by derived gradients alone.",
    "bench": "How fast backproof is, in ratios.",
    "doctor": "What this machine has, and what would add the rest.",
    "report": "Everything derived, verified and trained, on one page.",
}
"""Every command is the function `run` of a module of that name in reports.commands; it is imported when it is used."""


ROOMS = ("derive", "numeric", "reports")
EXTRAS = {"z3": "'backproof[proof]'", "joblib": "'backproof[cluster]'", "triton": "'backproof[gpu]'"}
"""Which extra brings a package that not everybody has."""


class Commands(TyperGroup):
    """The commands of the table, each imported when it is asked for: `derive` never waits for what `train` needs."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        app = _typer()
        app.command(cmd_name)(importlib.import_module(f"reports.commands.{cmd_name}").run)
        return typer.main.get_command(app)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise BackproofError(
                f"command: got {args[0]!r}, expected one of {', '.join(COMMANDS)}"
                f"; {did_you_mean(args[0], COMMANDS, 'choose one')}"
            )
        return super().resolve_command(ctx, args)


def _typer(**settings: Any) -> typer.Typer:
    """An app whose help is plain text: index notation has brackets that a markup language would take for its own."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        **settings,
    )


app = _typer(cls=Commands)


@app.callback(invoke_without_command=True)
def backproof(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error; may stand anywhere.")] = False,
) -> int:
    """Gradients of neural-network operations: derived from one line of index notation, proved, printed as kernels,
    checked.

    Data goes to stdout, progress and logs to stderr. Exit codes: 0 good, 1 something was refuted, 2 bad input, 3 a
    package is missing, 4 a fault of backproof itself, 5 undecided.
    """
    if version:
        sys.stdout.write(f"backproof {metadata.version('backproof')}\n")
    elif context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")
    return GOOD


def main() -> None:
    """The entry point of `backproof` and `python -m reports`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; every failure is one line on stderr."""
    debug = "--debug" in arguments
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a sign that a terminal lacks ends nothing
    try:
        command = typer.main.get_command(app)
        with command.make_context("backproof", [a for a in arguments if a != "--debug"]) as context:
            code = command.invoke(context)
        sys.stdout.flush()
        return int(code or GOOD)
    except typer.Exit as exit_:
        return exit_.exit_code
    except (Exception, KeyboardInterrupt) as error:
        if debug and not isinstance(error, BrokenPipeError):
            traceback.print_exc()
        return _told(error)


def _told(error: BaseException) -> int:
    """Say what went wrong in one line; the exit code that it has."""
    match error:
        case BrokenPipeError():  # whoever read has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return BROKEN_PIPE
        case KeyboardInterrupt():
            text, code = "interrupted", INTERRUPTED
        case MissingTool():
            text, code = str(error), MISSING_TOOL
        case ModuleNotFoundError(name=str(name)) if name.partition(".")[0] not in ROOMS:
            package = name.partition(".")[0]
            remedy = f"pip install {EXTRAS.get(package, package)}"
            text, code = f"this needs the package {package}, which is not installed: {remedy}", MISSING_TOOL
        case NotDerived():
            text, code = str(error), UNDECIDED
        case BackproofError():
            text, code = str(error).partition("\n")[0], BAD_INPUT  # the lines below show the place in LaTeX
        case click.ClickException():
            where = getattr(getattr(error, "ctx", None), "command_path", "backproof")
            text, code = f"{error.format_message().rstrip('.')}; see `{where} --help`", BAD_INPUT
        case _:
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            text, code = f"internal error: {what}; this is a fault of backproof: add --debug to see where", INTERNAL
    sys.stderr.write(f"backproof: {' '.join(text.split())}\n")
    return code
