"""An operation: its law with tensors, extents and parameters known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.errors import OperationError
from derive.expressions.build import add, mul, rebuild
from derive.expressions.expr import Binder, Expr, Num, Val, val
from derive.expressions.index import Index, Monomial, index
from derive.expressions.substitution import substitute
from derive.language.notation import Equation
from derive.language.show import show, show_index
from derive.language.symbols import free_symbols
from derive.layout import AS_THE_LAW, Layout
from derive.sizes import Sizing

Value = Index | Fraction
"""What a parameter may be: an index expression, or for a real one a fraction."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of an operation: named axes with extents, and the name users pass it by.

    One that is `optional` may be left out, and counts then as full of the number `absent`.
    """

    name: str
    axes: tuple[Binder, ...]
    role: str
    argument: str
    integer: bool = False
    optional: bool = False
    absent: int = 0


@dataclass(frozen=True, slots=True)
class Parameter:
    """An integer (or real) symbol of a law: stride, padding, slope; `minimum` is a hypothesis that proofs may use."""

    name: str
    argument: str
    default: int | Fraction | str | None = None
    minimum: int = 0
    real: bool = False


@dataclass(frozen=True, slots=True)
class Op:
    """A named law; everything else in the project is computed from it."""

    name: str
    equations: tuple[Equation, ...]
    tensors: tuple[Tensor, ...]
    sizes: tuple[tuple[str, Index], ...] = ()
    parameters: tuple[Parameter, ...] = ()
    require: tuple[Expr, ...] = ()
    hypotheses: tuple[Expr, ...] = ()
    conventions: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    stable: tuple[Equation, ...] = ()
    summary: str = ""
    source: str = ""
    sizings: tuple[Sizing, ...] = ()
    layout: Layout = AS_THE_LAW

    @property
    def output(self) -> Tensor:
        return next(t for t in self.tensors if t.role == "output")

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return tuple(t for t in self.tensors if t.role == "input")

    @property
    def differentiable(self) -> tuple[Tensor, ...]:
        """The inputs that have a gradient: integer tensors have none."""
        return tuple(t for t in self.inputs if not t.integer)

    @property
    def labels(self) -> frozenset[str]:
        """The arguments that are integer tensors: whatever dtype the others have, they stay as they are."""
        return frozenset(t.argument for t in self.inputs if t.integer)

    @property
    def symbols(self) -> frozenset[str]:
        """Every name that stands for a size or a parameter."""
        extents = {n for t in self.tensors for b in t.axes for n in b.extent.names()}
        sized = {n for name, size in self.sizes for n in (name, *size.names())}
        bounds = {n for e in self.equations for n in free_symbols((e,), ())}
        return frozenset(extents | sized | bounds | {p.name for p in self.parameters})

    @property
    def text(self) -> str:
        """The equations in notation, one a line."""
        return "\n".join(show_equation(e) for e in self.equations)

    def tensor(self, name: str) -> Tensor:
        """The tensor of that name, in the law's letters or as an argument. Raises: OperationError."""
        for t in self.tensors:
            if name in (t.name, t.argument):
                return t
        known = ", ".join(f"{t.name} ({t.argument})" if t.argument != t.name else t.name for t in self.inputs)
        raise OperationError(f"{self.name}: got tensor {name!r}, expected one of {known}; name an input of the law")

    def equation(self, name: str) -> Equation | None:
        """The equation that defines a tensor, or None for an input."""
        return next((e for e in self.equations if e.target == name), None)


def show_equation(e: Equation) -> str:
    """`O[i,j] = body` in notation."""
    left = e.target + (f"[{','.join(e.names)}]" if e.names else "")
    return f"{left} = {show(e.body, bounds=False)}"


def _default_at(p: Parameter, values: Mapping[str, Index]) -> Parameter:
    """The parameter with its default put in where that is another parameter, as a pooling's stride is its window."""
    value = values.get(p.default) if isinstance(p.default, str) else None
    return p if value is None else replace(p, default=value.name if value.constant is None else value.constant)


def with_values(op: Op, values: Mapping[str, Value]) -> Op:
    """The operation with parameters replaced by numbers or other index expressions."""
    if not values:
        return op
    indices = {n: v for n, v in values.items() if isinstance(v, Index)}
    reals = {n: v for n, v in values.items() if isinstance(v, Fraction)}

    def at(i: Index) -> Index:
        return i.substitute(indices)

    def inside(e: Expr) -> Expr:
        return substitute(_with_reals(e, reals) if reals else e, indices)

    def equation(e: Equation) -> Equation:
        return replace(e, body=inside(e.body))

    return replace(
        op,
        equations=tuple(equation(e) for e in op.equations),
        stable=tuple(equation(e) for e in op.stable),
        tensors=tuple(replace(t, axes=tuple(Binder(b.name, at(b.extent)) for b in t.axes)) for t in op.tensors),
        sizes=tuple((n, at(i)) for n, i in op.sizes),
        sizings=tuple(s.map(at) for s in op.sizings),
        parameters=tuple(_default_at(p, indices) for p in op.parameters if p.name not in values),
        require=tuple(inside(r) for r in op.require),
        hypotheses=tuple(inside(h) for h in op.hypotheses),
        settings=op.settings + tuple((n, _shown(v)) for n, v in values.items()),
    )


def _shown(value: Value) -> str:
    return show_index(value) if isinstance(value, Index) else str(value)


def _with_reals(e: Expr, reals: Mapping[str, Fraction]) -> Expr:
    """Real parameters, which stand in values alone, replaced by numbers."""
    if isinstance(e, Val) and e.index.names() & reals.keys():
        return add(_term(monomial, c, reals) for monomial, c in e.index.terms)
    return rebuild(e, tuple(_with_reals(p, reals) for p in e.parts)) if e.parts else e


def _term(monomial: Monomial, coefficient: int, reals: Mapping[str, Fraction]) -> Expr:
    number, rest = Fraction(coefficient), index(1)
    for atom in monomial:
        if isinstance(atom, str) and atom in reals:
            number *= reals[atom]
        else:
            rest = rest * Index((((atom,), 1),))
    return mul((Num(number), val(rest)))
