"""A derivation: the lines from the chain rule to the result, each joined to the next by one named law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from derive.beyond import tensor_in_exponent
from derive.errors import NotDerived
from derive.expressions.build import put
from derive.expressions.expr import Binder, D, Entry, Expr
from derive.expressions.traversal import free_names, walk
from derive.language.show import show
from derive.laws.law import HYPOTHESIS, LAWS, NAMING_STAGE, Condition, Site
from derive.laws.result_names import result_name
from derive.laws.spreading import spreading
from derive.lazy import LazyModule
from derive.meaning.linevalues import assuming, check_lines
from derive.operation import Op, Tensor

if TYPE_CHECKING:
    from derive import certificate as certificates
else:
    certificates = LazyModule("derive.certificate")


@dataclass(frozen=True, slots=True)
class Move:
    """One application of a law: at `path`, the node becomes `after` and the whole line becomes `line`."""

    path: tuple[int, ...]
    after: Expr
    line: Expr
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A law with every place it was applied to: `before` becomes `after`."""

    law: str
    statement: str
    before: Expr
    after: Expr
    moves: tuple[Move, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The side conditions of all moves, each once."""
        return tuple(dict.fromkeys(c for m in self.moves for c in m.conditions))


@dataclass(frozen=True, slots=True)
class Derivation:
    """The gradient of an operation with respect to one tensor: `target = start = ... = result`.

    A derivation whose steps do not join, whose lines differ in value or whose result still holds a derivative cannot be
    built.
    """

    op: Op
    wrt: Tensor
    target: Entry
    axes: tuple[Binder, ...]
    start: Expr
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        line = check_joins(self.title, self.start, self.steps)
        self._refuse_open_ends(line)
        self._check_values()

    def _refuse_open_ends(self, line: Expr) -> None:
        left = next((n for n in walk(line) if isinstance(n, D)), None)
        if left is not None:
            shown = show(left, bounds=False)
            raise NotDerived(f"{self.title}: no law applies to {shown}{tensor_in_exponent(self.op)}")
        stray = free_names(line) - {b.name for b in self.axes} - self.op.symbols
        if stray:
            raise NotDerived(f"{self.title}: got free names {', '.join(sorted(stray))} in the result, expected none;"
                             " an index escaped its sum")  # fmt: skip

    def _check_values(self) -> None:
        """Every line has the value of the first; lines that use a hypothesis, in worlds where it holds."""
        free = len(self.steps)
        for k, step in enumerate(self.steps):
            if step.law == HYPOTHESIS:
                free = min(free, k)
        check_lines(self.op, self.axes, self.lines[: free + 1], self.title)
        if free < len(self.steps):
            check_lines(assuming(self.op), self.axes, self.lines, self.title)

    @property
    def title(self) -> str:
        """`dE/dF of conv2d`."""
        return f"{self.target.tensor} of {self.op.name}"

    @property
    def lines(self) -> tuple[Expr, ...]:
        """Every line, the start first."""
        return (self.start, *(s.after for s in self.steps))

    @property
    def result(self) -> Expr:
        """The last line; a named form where one was found."""
        return self.lines[-1]

    @property
    def formula(self) -> Expr:
        """The explicit line that kernels are made from: the one before results are renamed or hypotheses are used."""
        named = (s.before for s in self.steps if LAWS[s.law].stage == NAMING_STAGE)
        return next(named, self.result)

    @property
    def name(self) -> str:
        """What the result is called, in words; empty where it has no name of its own."""
        return result_name(self.result, self.op) or spreading(self.result, self.op)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every side condition, once."""
        return tuple(dict.fromkeys(c for s in self.steps for c in s.conditions))

    def certificate(self) -> dict[str, Any]:
        """The derivation as JSON for `derive.checker`. Raises: CertificateError where it is not accepted."""
        return certificates.certificate(self)

    def __str__(self) -> str:
        rows = [f"{show(self.target)} = {show(self.start, bounds=False)}"]
        rows += [f"    = {show(s.after, bounds=False)}    [{s.law}]" for s in self.steps]
        return "\n".join(rows + ([f"    {self.name}"] if self.name else []))


def check_joins(title: str, start: Expr, steps: tuple[Step, ...]) -> Expr:
    """The last line of steps that join, move by move. Raises: NotDerived at the first that does not."""
    line = start
    for step in steps:
        if step.before != line:
            raise NotDerived(f"{title}: step {step.law!r} does not start where the one before ends")
        for move in step.moves:
            line = put(line, move.path, move.after)
            if line != move.line:
                raise NotDerived(f"{title}: a move of step {step.law!r} does not give its line")
        if step.after != line:
            raise NotDerived(f"{title}: step {step.law!r} does not end where its moves end")
    return line


def site_at(op: Op, free: tuple[Binder, ...], line: Expr, path: tuple[int, ...]) -> tuple[Site, Expr]:
    """The site and the node at a position of a line."""
    site = Site(op, free, ())
    for step in path:
        site, line = site.inside(line), line.parts[step]
    return site, line
