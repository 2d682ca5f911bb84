"""From a written line to an expression over the operation's tensors: no derivative is left in it, every sum has bounds.

`dE/dZ[i]` is the gradient that the operation has, whatever Z is; `d(Z[i])/dX[j]` is carried out by the laws.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import itemgetter

from derive.errors import NotationError
from derive.expressions.expr import ONE, Binder, Binding, Compare, D, Entry, Expr, Val
from derive.expressions.index import ZERO, Index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names, walk
from derive.language.notation import parse_expr
from derive.language.show import show
from derive.language.tokens import NAME
from derive.laws.law import COTANGENT
from derive.operation import Op
from derive.rewrite import run
from derive.sweep import STAGES, gradient
from numeric.audit.derivation_letters import bare_names, counts, every_read
from numeric.audit.extents import extent_by_name, read_extents

_QUOTIENT = re.compile(rf"\bd({NAME})(\[[^\[\]]*\])?\s*/\s*d(?={NAME})")
EXPLICIT = "partial derivatives hold the other intermediates fixed"


@dataclass(frozen=True, slots=True)
class Let:
    """A name that the text introduces: `name[names] = body`, with the extents of its indices."""

    axes: tuple[Binder, ...]
    body: Expr


@dataclass(slots=True)
class Reader:
    """Reads the lines of one text about one operation."""

    op: Op
    lets: dict[str, Let] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """Names that the text introduces for what the operation computes too."""
    sizes: dict[str, Index] = field(default_factory=dict)
    upstream: bool = True
    """Whether the text speaks of the loss behind the output; else a scalar output is the loss itself."""
    context: tuple[Expr, ...] = ()
    """The line in hand, for limits that only a comparison with another index gives."""

    @property
    def tensors(self) -> dict[str, tuple[Binder, ...]]:
        """Everything that has entries, with its axes."""
        known = {t.name: t.axes for t in self.op.tensors}
        known |= {own: known[name] for own, name in self.aliases.items()}
        return {
            **known,
            **{COTANGENT + n: axes for n, axes in known.items()},
            **{n: v.axes for n, v in self.lets.items()},
        }

    @property
    def computed(self) -> set[str]:
        return {e.target for e in self.op.equations}

    # -- text to expression --------------------------------------------------------------------------------------------

    def parse(self, text: str) -> Expr:
        """A side of a line as it is written: derivatives stay, limits may be open, axes that are left out are 0."""
        text = _QUOTIENT.sub(self._quotient, text)
        scalars = {n for n, axes in self.tensors.items() if not axes} | (bare_names(text) & self.tensors.keys())
        e = parse_expr(text, frozenset(scalars))
        return self._ranked(e)

    def _quotient(self, found: re.Match[str]) -> str:
        """`dO[i]/dX[j]` as `d(O[i])/dX[j]`; a loss of any other name is E."""
        name, indices = found[1], found[2] or ""
        known = self.tensors.get(name)
        if known is None or (known and not indices):
            return f"{COTANGENT}" if not indices else found[0]
        return f"d({name}{indices})/d"

    def _ranked(self, e: Expr) -> Expr:
        """Reads with all their axes: the leading ones, where they are left out, at 0."""
        parts = tuple(self._ranked(p) for p in e.parts)
        e = e.with_parts(parts) if parts else e
        if isinstance(e, D):
            return replace(e, wrt=self._full(e.wrt))
        if not isinstance(e, Entry):
            return e
        if e.tensor == f"{COTANGENT}{self.op.output.name}" and not self.upstream:
            return ONE
        if e.tensor.startswith(COTANGENT) and self.op.output.name == "E":
            return D(Entry("E", ()), self._full(Entry(e.tensor.removeprefix(COTANGENT), e.indices)))
        return self._full(e)

    def _full(self, e: Entry) -> Entry:
        axes = self.tensors.get(e.tensor)
        if axes is None:
            known = ", ".join(n for n in self.tensors if not n.startswith(COTANGENT))
            raise NotationError(
                f"got tensor {e.tensor}, expected one of {known}; define it in a line before, or in law:"
            )
        if len(e.indices) > len(axes):
            raise NotationError(f"got {show(e)}, expected at most {len(axes)} indices; {e.tensor} has no more axes")
        before = COTANGENT if e.tensor.startswith(COTANGENT) else ""
        name = e.tensor.removeprefix(COTANGENT)
        return Entry(before + self.aliases.get(name, name), (*(ZERO,) * (len(axes) - len(e.indices)), *e.indices))

    # -- bounds --------------------------------------------------------------------------------------------------------

    def closed(self, e: Expr, indices: Iterable[str] = ()) -> Expr:
        """The expression with the extents of its sums: those of the axes that they run over.

        `indices` are names that are known to be such; any other that no axis limits is a size under another name.
        """
        self.context = (e,)
        e = self._close(e)
        unknown = [n for n in self.free(e) if n not in self.sizes and self.extent(n, (e,)) is None and n not in indices]
        self.sizes |= counts(self.op, unknown)
        return substitute(e, self.sizes)

    def _close(self, e: Expr) -> Expr:
        parts = tuple(self._close(p) for p in e.parts)
        e = e.with_parts(parts) if parts else e
        if not isinstance(e, Binding):
            return e
        return replace(e, binders=tuple(self._bounded(b, e) for b in e.binders))

    def _bounded(self, b: Binder, e: Binding) -> Binder:
        if not (b.extent.name or "").startswith("?"):
            return b
        extent = self.extent(b.name, (e.body, *self.context)) or extent_by_name(self.op, b.name)
        if extent is None:
            shown = show(e, bounds=False)
            raise NotationError(
                f"index {b.name} in {shown}: got no axis that {b.name} runs over by itself, expected a bound; write"
                f" sum[{b.name}<N]"
            )
        return Binder(b.name, extent)

    def extent(self, name: str, sides: Iterable[Expr]) -> Index | None:
        """The extent of the axis that an index runs over by itself: the output's where it reads several, as what is
        outside of the others is 0; else that of an index that it is compared with."""
        sides = tuple(sides)
        found = sorted(self._read_extents(name, sides), key=itemgetter(0))
        if found:
            return found[0][1]
        for other in _compared_with(name, sides):
            extents = sorted(self._read_extents(other, sides), key=itemgetter(0))
            if extents:
                return extents[0][1]
        return None

    def _read_extents(self, name: str, sides: Iterable[Expr]) -> Iterator[tuple[int, Index]]:
        return read_extents((read for side in sides for read in every_read(side)), name, self.tensors)

    def free(self, *sides: Expr) -> list[str]:
        """The names that are no sizes or parameters."""
        names = set().union(*map(free_names, sides)) - self.op.symbols
        return sorted(n for n in names if not n.startswith("?"))

    def axes(self, *sides: Expr) -> tuple[Binder, ...]:
        """The free indices of sides, with their extents."""
        names = self.free(*sides)
        found = [(n, self.extent(n, sides)) for n in names]
        unknown = [n for n, extent in found if extent is None]
        if unknown:
            raise NotationError(f"got the name {unknown[0]}, expected an index, a size or a parameter of"
                                f" {self.op.name}; define it in a line before, or in law:")  # fmt: skip
        return tuple(Binder(n, extent) for n, extent in found if extent is not None)

    # -- derivatives ---------------------------------------------------------------------------------------------------

    def meaning(self, e: Expr, axes: tuple[Binder, ...], explicit: bool = False) -> Expr:
        """The expression with names put in and its derivatives carried out.

        A derivative is total, as that of O through all that depends on Z; `explicit` ones hold what is computed fixed.
        """
        if isinstance(e, Binding):
            axes = (*(b for b in axes if b.name not in {x.name for x in e.binders}), *e.binders)
        parts = tuple(self.meaning(p, axes, explicit) for p in e.parts)
        e = e.with_parts(parts) if parts else e
        if isinstance(e, D):
            return self._carried_out(e, axes, explicit)
        if not isinstance(e, Entry):
            return e
        if e.tensor in self.lets:
            let = self.lets[e.tensor]
            return substitute(let.body, {b.name: i for b, i in zip(let.axes, e.indices, strict=True)})
        return self.gradient_of(e) if e.tensor.startswith(COTANGENT) else e

    def gradient_of(self, e: Entry) -> Expr:
        """What an entry of dE/dZ is; that of the output stays."""
        name = e.tensor.removeprefix(COTANGENT)
        if name == self.op.output.name:
            return e
        formula, axes = gradient_formula(self.op, name)
        at = {b.name: i for b, i in zip(axes, e.indices, strict=True)}
        return self.placed(formula, at)

    def placed(self, formula: Expr, at: Mapping[str, Index]) -> Expr:
        """A formula of the operation at other indices, without the gradient of a scalar output that is the loss."""
        found = substitute(formula, at)
        return found if self.upstream else _without_upstream(found, self.op)

    def _carried_out(self, e: D, axes: tuple[Binder, ...], explicit: bool) -> Expr:
        fixed = {e.wrt.tensor}
        if explicit:
            fixed |= self.computed - ({e.expr.tensor} if isinstance(e.expr, Entry) else set())
        steps = list(run(e, STAGES, cut(self.op, frozenset(fixed & self.computed)), axes))
        return steps[-1].after if steps else e


@lru_cache(maxsize=256)
def cut(op: Op, fixed: frozenset[str]) -> Op:
    """The operation with computed tensors as inputs: what depends on them is a function of them."""
    if not fixed:
        return op
    equations = tuple(e for e in op.equations if e.target not in fixed)
    tensors = tuple(replace(t, role="input") if t.name in fixed else t for t in op.tensors)
    return replace(op, equations=equations, tensors=tensors, stable=())


def gradient_formula(op: Op, name: str) -> tuple[Expr, tuple[Binder, ...]]:
    """dE/dZ of any tensor: of a computed one, as of an input of the rest."""
    computed = {e.target for e in op.equations}
    found = gradient(cut(op, frozenset({name} & computed)), name)
    return found.formula, found.axes


def _without_upstream(e: Expr, op: Op) -> Expr:
    if isinstance(e, Entry) and e.tensor == f"{COTANGENT}{op.output.name}":
        return ONE
    parts = tuple(_without_upstream(p, op) for p in e.parts)
    return e.with_parts(parts) if parts else e


def _compared_with(name: str, sides: Iterable[Expr]) -> Iterator[str]:
    """The indices that a line sets equal to this one."""
    for node in (n for side in sides for n in walk(side)):
        if isinstance(node, Compare) and node.op == "==":
            names = [p.index.name for p in node.parts if isinstance(p, Val) and p.index.name]
            yield from (n for n in names if name in names and n != name)
