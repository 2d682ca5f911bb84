"""Prints a plan as readable Python: a function for the output and one for each gradient, sizes read off the shapes.

What is said differently in each library is a dialect's; nothing here names a library. Users' names become identifiers
that shadow nothing, and what a user wrote appears only in docstrings, reduced to the characters of the notation.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, count

from derive.expressions.index import Index
from numeric.plans.plan import Instruction, Matmul, Merge, Pad, Plan, Scatter, Split, View
from numeric.plans.plan import Names as IndexNames
from numeric.printing.dialect import Dialect
from numeric.printing.instruction_text import is_exact, statements
from numeric.printing.python_text import integer
from numeric.printing.scribe import Scribe
from numeric.printing.wrapping import INDENT, wrapped


@dataclass(frozen=True, slots=True)
class Signature:
    """A printed function: its name, the symbols that it takes by keyword, the saved registers that it can use."""

    name: str
    symbols: tuple[tuple[str, str], ...]
    saved: tuple[tuple[str, str], ...]
    exact: bool


OUTPUT = ""
"""The key of the forward function: gradients have their tensor's name as key, and none is empty."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a module, and how to call its functions: by result, OUTPUT for the output."""

    text: str
    functions: Mapping[str, Signature]


@dataclass(slots=True)
class Names:
    """Identifiers for tensors, registers, symbols and indices: each its own, none shadowing what Python has."""

    reserved: frozenset[str]
    given: dict[tuple[str, str], str] = field(default_factory=dict)

    def __call__(self, kind: str, name: str, stem: str = "") -> str:
        if (kind, name) not in self.given:
            stem = re.sub(r"\W", "_", stem or name, flags=re.ASCII).lstrip("_0123456789") or kind
            taken = self.reserved | set(self.given.values())
            candidates = chain((stem,), (f"{stem}_{k}" for k in count(1)))
            self.given[kind, name] = next(c for c in candidates if c not in taken)
        return self.given[kind, name]


def print_plan(plan: Plan, dialect: Dialect, defaults: Mapping[str, object]) -> Source:
    """The source of a plan's functions in a dialect; `defaults` are torch's values of parameters."""
    reserved = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *dialect.reserved})
    names = Names(reserved | {"forward"})
    for tensor, _ in plan.results[1:]:
        names("function", f"gradient_{tensor}")
    for tensor, _ in plan.inputs:
        names("register", tensor)
    printer = _Printer(plan, dialect, names, defaults)
    return printer.module()


@dataclass(slots=True)
class _Printer:
    plan: Plan
    dialect: Dialect
    names: Names
    defaults: Mapping[str, object]

    def module(self) -> Source:
        output, *gradients = self.plan.results
        saved = self.frontier()
        kept = tuple(dict.fromkeys(r for t, _ in gradients for r in saved[t]))
        headings = dict(self.plan.headings)
        text, signature = self.function("forward", output[1], (), kept, headings[output[0]])
        texts, functions = [text], {OUTPUT: signature}
        for tensor, register in gradients:
            name = self.names("function", f"gradient_{tensor}")
            text, functions[tensor] = self.function(name, register, saved[tensor], None, headings[tensor])
            texts.append(text)
        title = f'"""{plain(self.plan.name)}: generated from\n\n{plain(chr(10).join(headings.values()))}\n"""'
        used = [
            helper for word, helper in self.dialect.helpers if any(f"{word}(" in t or f"={word}" in t for t in texts)
        ]
        return Source("\n\n\n".join([f"{title}\n\n{self.dialect.imports}", *used, *texts]) + "\n", functions)

    def frontier(self) -> dict[str, IndexNames]:
        """For each gradient, what the forward pass makes that the gradient uses first-hand."""
        output, *gradients = self.plan.results
        forward = {i.target for i in self.plan.needed((output[1],))}
        found: dict[str, IndexNames] = {}
        for tensor, register in gradients:
            chain = self.plan.needed((register,), frozenset(forward) - {register})
            used = dict.fromkeys(s for i in chain for s in i.sources if s in forward)
            solid = dict.fromkeys(s for u in used for s in self.solid(u))
            found[tensor] = tuple(i.target for i in self.plan.instructions if i.target in solid)
        return found

    def solid(self, register: str) -> Iterable[str]:
        """The register itself, or, of a view that costs nothing to make again, what it looks at."""
        made = self.plan.instruction(register)
        if isinstance(made, View | Merge | Split | Pad):
            return [s for source in made.sources for s in self.solid(source)]
        return [register] if made is not None else []

    def function(
        self, name: str, register: str, given: IndexNames, returned: IndexNames | None, heading: str
    ) -> tuple[str, Signature]:
        """A function that makes a register, from what is given if it is, and returns some others beside it.

        Without `returned` it is a gradient, and takes the cotangent first.
        """
        chain = self.plan.needed((register,))
        read = Counter(s for i in chain for s in i.sources)
        large = {i.target for i in chain if isinstance(i, Matmul | Scatter)}
        reusable = frozenset(r for r in large if read[r] == 1) - set(returned or ()) - set(given)
        scribe = Scribe(self.plan, self.dialect, self.names, reusable)
        lines, printed = self.body(scribe, register, given)
        answer = self.dialect.contiguous(self.names("register", register))
        if returned is not None:
            entries = ", ".join(f'"{plain(r)}": {self.names("register", r)}' for r in returned)
            answer += f", {{{entries}}}"
        ranges = [f"{r} = {self.dialect.arange(n, scribe.device)}" for r, n in scribe.ranges.values()]
        kept = [f"dtype = {scribe.anchor()}.dtype"] if scribe.uses_dtype else []
        sizes, symbols = self.sizes(scribe)
        tensors = [n for n, _ in self.plan.inputs]
        order = [tensors[-1], *tensors[:-1]] if returned is None else tensors[:-1]
        keywords = [self.parameter(s) for s in symbols] + [f"{self.names('register', r)}=None" for r in given]
        parameters = [self.names("register", t) for t in order] + (["*", *keywords] if keywords else [])
        doc = '"""' + plain(heading).replace("\n", "\n" + INDENT) + '"""'
        body = (doc, *sizes, *kept, *ranges, *lines, f"return {answer}")
        text = [self.dialect.decorator, *wrapped(f"def {name}({', '.join(parameters)}):")]
        text += [part for line in body for part in (wrapped(INDENT + line) if line is not doc else [INDENT + doc])]
        signature = Signature(
            name,
            tuple((self.names("symbol", s), s) for s in symbols),
            tuple((self.names("register", r), r) for r in given),
            all(is_exact(i) for i in printed),
        )
        return "\n".join(text), signature

    def body(self, scribe: Scribe, register: str, given: IndexNames) -> tuple[list[str], list[Instruction]]:
        """The lines that make a register; what is given is made only where it is None."""
        free = self.plan.needed((register,), frozenset(given))
        tainted = set(given)
        for i in free:
            if tainted & set(i.sources):
                tainted.add(i.target)
        first = [i for i in free if i.target not in tainted]
        lines = [line for i in first for line in statements(scribe, i)]
        done = {i.target for i in first}
        printed = list(free)
        for k, r in enumerate(given):
            block = self.plan.needed((r,), frozenset(done | set(given[:k])))
            printed += block
            lines.append(f"if {self.names('register', r)} is None:")
            lines += [INDENT + line for i in block for line in statements(scribe, i)]
        lines += [line for i in free if i.target in tainted for line in statements(scribe, i)]
        return lines, printed

    # -- sizes -----------------------------------------------------------------------------------------------------

    def sizes(self, scribe: Scribe) -> tuple[list[str], list[str]]:
        """The lines that set sizes, and the symbols that must be passed."""
        formulas = dict(self.plan.sizes)
        needed: dict[str, None] = {}

        def need(symbol: str) -> None:
            if symbol in formulas and symbol not in needed:
                for n in sorted(formulas[symbol].names()):
                    need(n)
            needed[symbol] = None

        for symbol in scribe.symbols:
            need(symbol)
        lines: list[str] = []
        found: set[str] = set()
        for tensor, axes in self.plan.inputs[:-1]:
            here = {
                k: b.extent.name for k, b in enumerate(axes) if b.extent.name in needed and b.extent.name not in found
            }
            here = {k: n for k, n in here.items() if list(here.values()).index(n) == list(here).index(k)}
            lines += self.unpack(tensor, len(axes), {k: n or "" for k, n in here.items()})
            found |= {n for n in here.values() if n}
        derived = [s for s in needed if s in formulas and s not in found]
        lines += [f"{self.names('symbol', s)} = {self.size(formulas[s])}" for s in derived]
        free = [s for s in needed if s not in found and s not in formulas]
        return lines, sorted(free, key=[*self.defaults, *free].index)

    def unpack(self, tensor: str, rank: int, here: Mapping[int, str]) -> list[str]:
        shape = f"{self.names('register', tensor)}.shape"
        if len(here) < 2:
            return [f"{self.names('symbol', n)} = {shape}[{k}]" for k, n in here.items()]
        targets = ", ".join(self.names("symbol", here[k]) if k in here else "_" for k in range(rank))
        return [f"{targets} = {shape}"]

    def size(self, i: Index) -> str:
        scribe = Scribe(self.plan, self.dialect, self.names)
        return integer(i, scribe.symbol_text).text

    def parameter(self, symbol: str) -> str:
        default = self.defaults.get(symbol)
        name = self.names("symbol", symbol)
        return f"{name}={default}" if isinstance(default, int) else name


def plain(text: str) -> str:
    """Text with nothing but the characters of the notation, so that it can stand inside a string of Python."""
    return re.sub(r"[^A-Za-z0-9 _\[\](),.+\-*/^%<>=!|:;\n]", "?", text)
