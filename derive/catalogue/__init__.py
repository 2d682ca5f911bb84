"""Every operation as data: its law, torch's argument names and defaults, conventions. No gradient is written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from derive.catalogue import activation, convolution, linear, loss, normalization, pooling
from derive.catalogue.recipe import NUMBER, PAIRS, Argument, Pick, Recipe, Setting, lines, text
from derive.catalogue.values import Reader, integer, real
from derive.errors import OperationError, did_you_mean
from derive.expressions.index import Index, index
from derive.language.elaborate import from_text
from derive.language.notation import parse_expr
from derive.layout import AS_THE_LAW, Layout
from derive.operation import Op, Parameter, Tensor, Value, with_values
from derive.requirement import refuse_violations

_MODULES = (convolution, pooling, linear, activation, normalization, loss)
RECIPES: dict[str, Recipe] = {r.name: r for module in _MODULES for r in module.RECIPES}
FAMILIES = {m.__name__.rpartition(".")[2]: tuple(r.name for r in m.RECIPES) for m in _MODULES}
"""The catalogue's operations by family."""


def op(law: str, **settings: Setting) -> Op:
    """An operation: a catalogue name with torch's arguments, or anyone's own line of notation with its parameters.

    An argument that is not given stays a symbol, so that one derivation serves every value; kernels take torch's
    default.

    Raises: NotationError, OperationError.
    """
    return with_values(*with_symbols(law, **settings))


def with_symbols(law: str, **settings: Setting) -> tuple[Op, dict[str, Value]]:
    """The operation of these settings with symbols for all its numbers, and the numbers.

    Raises: NotationError, OperationError.
    """
    if law in RECIPES:
        return _from_recipe(RECIPES[law], settings)
    if not any(sign in law for sign in "=["):
        raise OperationError(
            f"operation: got {law[:60]!r}, expected one of {', '.join(RECIPES)}, or a law such as"
            f" O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]; {did_you_mean(law[:60], RECIPES, 'see `backproof list`')}"
        )
    own = from_text(law)
    known = {p.name: p.minimum for p in own.parameters}
    for name in settings:
        if name not in known:
            raise OperationError(
                f"law: got a setting {name!r}, expected one of {', '.join(sorted(known)) or 'none'};"
                " set a parameter of the law"
            )
    values = {n: integer(n, v, known[n], tuple(known), ()) for n, v in settings.items()}
    return _checked(own, values)


def _checked(own: Op, values: dict[str, Value]) -> tuple[Op, dict[str, Value]]:
    """The two, whose numbers break no requirement. Raises: OperationError where they do."""
    constants = {n: v.constant if isinstance(v, Index) else v for n, v in values.items()}
    refuse_violations(own, {n: v for n, v in constants.items() if v is not None})
    return own, values


def with_defaults(own: Op) -> Op:
    """The operation with torch's default for every parameter that is still a symbol and has one."""
    while True:
        values: dict[str, Value] = {
            p.name: p.default if isinstance(p.default, Fraction) else index(p.default)
            for p in own.parameters
            if p.default is not None
        }
        if not values:
            return own
        own = with_values(own, values)


def names() -> Iterable[str]:
    """The catalogue's operations, in the order of the house: convolution first, losses last."""
    return RECIPES.keys()


def variants(name: str) -> Iterator[Op]:
    """Every law of a catalogue operation, from all combinations of its arguments' kinds, numbers left open."""
    seen = set()
    for settings in RECIPES[name].variants():
        own = op(name, **settings)
        if (own.equations, own.sizes) not in seen:
            seen.add((own.equations, own.sizes))
            yield own


def _from_recipe(recipe: Recipe, settings: dict[str, Setting]) -> tuple[Op, dict[str, Value]]:
    arguments = {a.name: a for a in recipe.arguments}
    repeating = {a.name for a in recipe.arguments if isinstance(a.default, tuple)}
    settings = {n: v for n, v in settings.items() if v is not None or n not in repeating}  # torch's stride=None
    for name, value in settings.items():
        if name in recipe.layout.arguments:
            raise OperationError(f"{recipe.name}: got {name}={value!r}, expected it of a kernel alone: it says how"
                                 " tensors lie, and the law works along the last axis; leave it out")  # fmt: skip
        if name not in arguments:
            known = f"one of {', '.join(arguments)}" if arguments else "none, as it has no arguments"
            raise OperationError(f"{recipe.name}: got argument {name!r}, expected {known}; see `backproof list`")
        if not arguments[name].kind(value):
            choices = ", ".join(arguments[name].choices)
            raise OperationError(f"{recipe.name}: got {name}={value!r}, expected one of {choices}; choose one")
    base = _variant(recipe.name, tuple(recipe.kinds(settings).items()))
    values: dict[str, Value] = {}
    for name, value in settings.items():
        values |= _values(recipe, arguments[name], value, base)
    return _checked(base, values)


@lru_cache(maxsize=1024)
def _variant(name: str, chosen: tuple[tuple[str, str], ...]) -> Op:
    """The operation for one combination of kinds, all its numbers symbols."""
    recipe, kinds = RECIPES[name], dict(chosen)
    base = from_text(text(recipe.law, kinds), name)
    shifted = text(recipe.stable, kinds)
    tensors = [
        replace(
            t,
            argument=recipe.tensors.get(t.name, t.name) if t.role == "input" else t.name,
            optional=t.name in recipe.optional,
            absent=recipe.optional.get(t.name, 0),
        )
        for t in base.tensors
    ]
    order = list(recipe.tensors)
    tensors.sort(key=lambda t: order.index(t.name) if t.name in order else len(order))
    words = ((a.name, kinds[a.name]) for a in recipe.arguments if a.chosen(kinds.get(a.name, NUMBER)))
    return replace(
        base,
        tensors=tuple(tensors),
        parameters=tuple(p for p in _parameters(recipe, kinds) if p.name in base.symbols),
        require=tuple(parse_expr(r) for r in lines(recipe.require, kinds)),
        hypotheses=tuple(parse_expr(h) for h in lines(recipe.hypotheses, kinds)),
        conventions=lines(recipe.conventions, kinds),
        settings=tuple(words),
        stable=from_text(shifted).equations if shifted else (),
        summary=recipe.summary,
        source=recipe.source,
        layout=_layout(recipe, tensors),
    )


def _layout(recipe: Recipe, tensors: list[Tensor]) -> Layout:
    """The recipe's layout; where the law of these kinds does not have its axis, tensors lie as the law says."""
    star, axes = recipe.layout.star, {b.name for t in tensors for b in t.axes}
    return recipe.layout if not star or star in axes else AS_THE_LAW


def _parameters(recipe: Recipe, kinds: dict[str, str]) -> Iterator[Parameter]:
    for a in recipe.arguments:
        for k, symbol in enumerate(a.symbols_of(kinds.get(a.name, NUMBER))):
            default = a.default_for(k) if kinds.get(a.name, NUMBER) == NUMBER else None
            if isinstance(default, float):
                default = Fraction(str(default))
            yield Parameter(symbol, a.name, default, a.minimum, a.real)


def _values(recipe: Recipe, a: Argument, given: Setting, base: Op) -> dict[str, Value]:
    """The numbers of one argument by symbol; where the law has no place for them, none but the default is taken."""
    where, kind = f"{recipe.name}: {a.name}", a.kind(given)
    symbols = a.symbols_of(kind)
    if not symbols:
        return {}
    each = tuple(_flat(given)) if isinstance(given, tuple | list) else (given,)
    if len(each) == 1 and kind == NUMBER:
        each *= len(symbols)  # as torch does with a number, and with a tuple of one
    if len(each) != len(symbols):
        one = "one number or " if kind == NUMBER else ""
        pairs = " in pairs" if kind == PAIRS else ""
        raise OperationError(f"{where}: got {given!r} with {len(each)} numbers, expected {one}{len(symbols)}{pairs};"
                             " give one an axis")  # fmt: skip
    read: Reader = real if a.real else integer
    values = {s: read(where, value, a.minimum, symbols, a.choices) for s, value in zip(symbols, each, strict=True)}
    if a.positive and any(isinstance(v, Fraction) and v <= 0 for v in values.values()):
        raise OperationError(f"{where}: got {given!r}, expected a number above 0; change it")
    idle = [v for v in (a.default, a.pick and a.pick.value) if isinstance(v, int)]
    for symbol, value in values.items():
        if symbol not in base.symbols and value not in (index(symbol), *map(index, idle)):
            chosen = ", ".join(f"{name}={word!r}" for name, word in base.settings)
            raise OperationError(f"{where}: got {given!r}, expected {a.default} where {chosen}; leave it out")
    return {symbol: value for symbol, value in values.items() if symbol in base.symbols and value != index(symbol)}


def _flat(value: Setting) -> Iterator[Setting]:
    if isinstance(value, tuple | list):
        for v in value:
            yield from _flat(v)
    else:
        yield value


__all__ = ["RECIPES", "Argument", "Pick", "Recipe", "names", "op", "variants", "with_defaults", "with_symbols"]
