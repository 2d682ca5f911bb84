"""Collects the instructions of a plan: names registers, and makes what two lines share only once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from derive.expressions.expr import Binder, Entry, Expr
from derive.expressions.index import Index, index
from derive.expressions.substitution import fresh, substitute
from derive.expressions.traversal import free_names
from numeric.backend import Formula
from numeric.plans.access import Canonical
from numeric.plans.plan import Axes, Instruction, Move, Operand

Scope = Mapping[str, Index]
"""Index names in force, outermost first, with their extents."""


@dataclass(slots=True)
class Build:
    """A plan in the making. `equations` are made when they are first read; `stacked` is the layout of products.

    `tensors` are names that no register may take but the one that holds the tensor.
    """

    canonical: Canonical
    equations: Mapping[str, Formula]
    tensors: frozenset[str]
    stacked: bool
    define: Callable[[Build, Formula], str]
    value: Callable[[Build, Expr, Scope], Expr]
    instructions: list[Instruction] = field(default_factory=list)
    registers: dict[str, Axes] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    _made: dict[object, str] = field(default_factory=dict)

    def tensor(self, name: str) -> str:
        """The register that holds a tensor; an equation is made first if it was not."""
        if name in self.registers:
            return name
        if name not in self.aliases:
            self.aliases[name] = self.define(self, self.equations[name])
        return self.aliases[name]

    def input(self, name: str, axes: Axes) -> None:
        """A register that is passed in."""
        self.registers[name] = axes
        self.aliases[name] = name

    def extents(self, register: str) -> tuple[Index, ...]:
        """The extents of a register's axes."""
        return tuple(b.extent for b in self.registers[register])

    def emit(self, instruction: Instruction) -> Entry:
        """Add an instruction, unless an equal one is there, and read its register at its own axes."""
        key = _key(instruction)
        if key not in self._made:
            target = fresh(instruction.target, self.registers.keys() | self.tensors)
            self.instructions.append(replace(instruction, target=target))
            self.registers[target] = instruction.axes
            self._made[key] = target
        return Entry(self._made[key], tuple(index(b.name) for b in instruction.axes))

    def made_by(self, register: str) -> Instruction | None:
        """The instruction that makes a register, or None for an input."""
        return next((i for i in self.instructions if i.target == register), None)

    def rename(self, old: str, new: str) -> None:
        """Give the register of the last instruction another name."""
        last = self.instructions[-1]
        assert last.target == old
        self.instructions[-1] = replace(last, target=new)
        self.registers[new] = self.registers.pop(old)
        self._made = {key: new if made == old else made for key, made in self._made.items()}


def axes_of(names: tuple[str, ...], scope: Scope) -> Axes:
    """Binders for some names of a scope."""
    return tuple(Binder(n, scope[n]) for n in names)


def used(e: Expr | Index, scope: Scope) -> tuple[str, ...]:
    """The names of a scope that occur in a tree or an index, in the scope's order."""
    found = e.names() if isinstance(e, Index) else free_names(e)
    return tuple(n for n in scope if n in found)


def _key(instruction: Instruction) -> object:
    """The instruction with its bound names replaced by their positions, without its target."""
    bound = [b.name for b in instruction.axes]
    for f in fields(instruction):
        if f.name in ("taps", "over", "cells"):
            bound += [b.name for b in getattr(instruction, f.name)]
        if f.name == "moves":
            bound += [m.position.name for m in getattr(instruction, f.name)]
    names = {n: f"#{k}" for k, n in enumerate(dict.fromkeys(bound))}
    content = tuple(_field(instruction, f.name, names) for f in fields(instruction) if f.name != "target")
    return (type(instruction), content)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Expr):
        return substitute(value, {old: index(new) for old, new in names.items()})
    if isinstance(value, Index):
        return value.substitute({old: index(new) for old, new in names.items()})
    if isinstance(value, Binder):
        return Binder(names.get(value.name, value.name), value.extent)
    if isinstance(value, Operand | Move):
        return tuple(_field(value, f.name, names) for f in fields(value))
    return tuple(_renamed(v, names) for v in value) if isinstance(value, tuple) else value


def _field(value: object, name: str, names: Mapping[str, str]) -> Any:
    """A field of an instruction; only these hold names of indices, other strings are registers or words."""
    content = getattr(value, name)
    if name == "axis":
        return names.get(content, content)
    if name in ("flipped", "stack", "rows", "columns"):
        return tuple(names.get(n, n) for n in content)
    if name == "digits":
        return tuple(tuple(names.get(n, n) for n in run) for run in content)
    return _renamed(content, names)
