"""Every operation as data: its law, torch's argument names and defaults, conventions. No gradient is written here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from derive.catalogue import activation, convolution, linear, loss, pooling
from derive.catalogue.recipe import Argument, Recipe, Setting
from derive.elaborate import from_text
from derive.errors import OperationError
from derive.index import Index, index
from derive.notation import parse_expr
from derive.operation import Op, Parameter, with_values

RECIPES: dict[str, Recipe] = {
    r.name: r for module in (convolution, pooling, linear, activation, loss) for r in module.RECIPES
}


def op(law: str, **settings: Setting) -> Op:
    """An operation: a catalogue name with torch's arguments, or anyone's own line of notation with its parameters.

    An argument that is not given stays a symbol, so that one derivation serves every value; kernels take torch's
    default.

    Raises: NotationError, OperationError.
    """
    if law in RECIPES:
        return _from_recipe(RECIPES[law], settings)
    if not any(sign in law for sign in "=["):
        raise OperationError(
            f"operation: got {law[:60]!r}, expected one of {', '.join(RECIPES)}, or a law such as"
            " O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]; see `backproof list`"
        )
    own = from_text(law)
    known = {p.name: p.minimum for p in own.parameters}
    for name in settings:
        if name not in known:
            raise OperationError(
                f"law: got a setting {name!r}, expected one of {', '.join(sorted(known)) or 'none'};"
                " set a parameter of the law"
            )
    return with_values(own, {n: _integer(n, v, known[n]) for n, v in settings.items()})


def with_defaults(own: Op) -> Op:
    """The operation with torch's default for every parameter that is still a symbol and has one."""
    while True:
        values = {p.name: index(p.default) for p in own.parameters if isinstance(p.default, int | str)}
        if not values:
            return own
        own = with_values(own, values)


def names() -> Iterable[str]:
    """The catalogue's operations, in the order of the house: convolution first, losses last."""
    return RECIPES.keys()


def _from_recipe(recipe: Recipe, settings: dict[str, Setting]) -> Op:
    unknown = [s for s in settings if s not in {a.name for a in recipe.arguments}]
    if unknown:
        known = ", ".join(a.name for a in recipe.arguments) or "none: it has no argument"
        raise OperationError(
            f"{recipe.name}: got argument {unknown[0]!r}, expected one of {known}; see `backproof list`"
        )
    choices = tuple(_choice(recipe, a, settings) for a in recipe.arguments if a.choices)
    base = from_text(recipe.text(recipe.law, choices), recipe.name)
    shifted = recipe.text(recipe.stable, choices)
    assumed = recipe.text(recipe.hypotheses, choices)
    parameters = tuple(
        Parameter(symbol, a.name, a.default_for(k), a.minimum, a.real)
        for a in recipe.arguments
        for k, symbol in enumerate(a.symbols)
    )
    tensors = [
        replace(t, argument=recipe.tensors.get(t.name, t.name), optional=t.name in recipe.optional)
        for t in base.tensors
    ]
    order = list(recipe.tensors)
    tensors.sort(key=lambda t: order.index(t.name) if t.name in order else len(order))
    built = replace(
        base,
        tensors=tuple(tensors),
        parameters=parameters,
        require=tuple(parse_expr(r) for r in recipe.require),
        hypotheses=(parse_expr(assumed),) if assumed else (),
        conventions=recipe.conventions,
        settings=tuple(
            (a.name, str(c)) for a, c in zip((a for a in recipe.arguments if a.choices), choices, strict=True)
        ),
        stable=from_text(shifted).equations if shifted else (),
        summary=recipe.summary,
        source=recipe.source,
    )
    values = _values(recipe, settings)
    return with_values(built, values)


def _choice(recipe: Recipe, argument: Argument, settings: dict[str, Setting]) -> str:
    value = settings.get(argument.name, argument.default)
    if value not in argument.choices:
        raise OperationError(
            f"{recipe.name}: got {argument.name}={value!r}, expected one of {', '.join(argument.choices)}; choose one"
        )
    return str(value)


def _values(recipe: Recipe, settings: dict[str, Setting]) -> dict[str, Index]:
    values: dict[str, Index] = {}
    for a in recipe.arguments:
        if a.choices or a.name not in settings:
            continue
        given = settings[a.name]
        each = tuple(given) if isinstance(given, tuple | list) else (given,) * len(a.symbols)
        if len(each) != len(a.symbols):
            raise OperationError(
                f"{recipe.name}: got {a.name}={given!r} with {len(each)} numbers, expected one number or"
                f" {len(a.symbols)}; give one an axis"
            )
        for symbol, value in zip(a.symbols, each, strict=True):
            values[symbol] = _integer(f"{recipe.name}: {a.name}", value, a.minimum)
    return values


def _integer(where: str, value: Setting, minimum: int) -> Index:
    if isinstance(value, str) and value.isidentifier():
        return index(value)
    if isinstance(value, str) and value.lstrip("-").isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, Fraction) and value.denominator == 1:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise OperationError(f"{where}: got {value!r}, expected an integer of at least {minimum}; change it")
    return index(value)


__all__ = ["RECIPES", "Argument", "Recipe", "names", "op", "with_defaults"]
