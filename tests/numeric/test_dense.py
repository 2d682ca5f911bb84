"""Evaluating everywhere at once gives what the denotation gives entry by entry."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from derive.catalogue import names, op
from derive.errors import MeaningError
from derive.expressions.expr import Binder, Expr, Winner
from derive.expressions.index import index
from derive.language.notation import parse_expr, parse_index
from derive.meaning.denote import World
from derive.meaning.integers import Array, Formula
from derive.sweep import gradient
from numeric.checks.rounding import FLOAT64, Rounding
from numeric.checks.samples import Sample, draw
from numeric.evaluation.arithmetic import Plain, first_best, leading
from numeric.evaluation.dense import Dense, Scope, axes_of, world_of

X = np.array([[3.0, -1.0, 0.0, 2.0], [5.0, 0.0, -4.0, 5.0], [1.0, 1.0, 2.0, -2.0]])
SIZES = {"H": 3, "W": 4, "K": 2, "s": 2, "P": 1}


def slow(text: str | Expr, axes: tuple[tuple[str, int], ...]) -> np.ndarray:
    """By the denotation, one entry after the other."""
    e = parse_expr(text) if isinstance(text, str) else text
    world = World(SIZES, {"X": Array(X.shape, tuple(float(v) for v in X.reshape(-1))), "T": Array((3,), (2, 0, 3))})
    sizes = [n for _, n in axes]
    points = (dict(zip((n for n, _ in axes), at, strict=True)) for at in product(*map(range, sizes)))
    return np.array([float(world.value(e, p)) for p in points]).reshape(sizes)  # type: ignore[arg-type]


def fast(text: str | Expr, axes: tuple[tuple[str, int], ...]) -> np.ndarray:
    """By the dense evaluator."""
    e = parse_expr(text) if isinstance(text, str) else text
    world = Dense(Plain(), SIZES, {"X": X}, {"X": X.shape}, {"T": np.array([2, 0, 3])})
    with np.errstate(all="ignore"):
        values, shape = world.tensor([Binder(n, index(size)) for n, size in axes], e)
        return np.broadcast_to(values, shape)


EXPRESSIONS = [
    "X[h,w]",
    "X[s*h-P,w+P]",
    "h/(s + 1)",
    "X[h/s,w]",
    "X[(h+P)/s,w//2] - X[h%2,w]",
    "[s | h]*X[h,w]/(h/s + 1)",
    "[X[h,w]!=0]*(1/X[h,w])",
    "[0<=h-1<H]*X[h-1,w]",
    "[w==T[h]]*X[h,w]",
    "X[h,T[h]] + T[h]",
    "sum[p<K] X[h+p,w]*X[h,w-p]",
    "sum[p<h] X[p,w]",
    "sum[p<0] X[p,w]",
    "max[p<K,q<K] X[h+p,w+q-P]",
    "max[p<K] sum[q<K] X[h+p-P,q]",
    "max[p<K] [0<=h+p-1<H]*(X[h+p-1,w] + 1)",
    "max[p<H] cases(0<=p+1<H, X[p+1,w], -9)",
    "max[p<h+1] X[p,w]",
    "[0<h]*(max[p<h] X[p,w])",
    "cases(h==0, 7, max[p<h] X[p,w]/h)",
    "[s | h]*(h/s)",
    "max[p<K] [0<h+p]*(h+p)*X[h+p-1,w]",
    "cases(0<X[h,w], X[h,w]^2, -X[h,w])",
    "max(X[h,w], w) - min(X[h,w], 0)",
    "sum[p<K] [0<=h+p<H]",
    "exp(-X[h,w])/(1 + exp(-X[h,w])) + tanh(X[h,w]) + sigmoid(X[h,w])",
    "[X[h,w]<=h*w]*2 + h*W",
    "(X[h,w] + 5)^(-2)",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_means_what_the_denotation_says(text: str) -> None:
    axes = (("h", 3), ("w", 4))
    np.testing.assert_array_equal(fast(text, axes), slow(text, axes))


def test_a_winner_is_the_first_in_row_major_order() -> None:
    binders = (Binder("p", index("K")), Binder("q", index("K")))
    body = parse_expr("X[h+p,w+q-P]")
    axes = (("h", 3), ("w", 4), ("a", 2), ("b", 2))
    e = Winner(binders, body, (index("a"), index("b")))
    assert (fast(e, axes) == slow(e, axes)).all()
    assert (fast(e, axes).sum(axis=(2, 3)) == 1).all()


def test_a_tie_goes_to_the_first_even_behind_cells_outside() -> None:
    values = np.array([-np.inf, -np.inf, 4.0, 4.0])
    assert first_best(values, np.array([False, True, False, True])) == 3
    assert first_best(values, np.array([False, True, False, False])) == 1
    assert first_best(values[:2], np.array([False, True])) == 1
    assert first_best(values, np.ones(4, bool)) == 2


def test_the_smaller_of_two_sizes_is_an_index() -> None:
    world = Dense(Plain(), {"a": 5, "b": 3})
    i = parse_index("a//b")
    smaller = type(i)((((type(i.terms[0][0][0])("min", index("a"), index("b")),), 1),))  # type: ignore[union-attr]
    assert world.integers(smaller, Scope())[0] == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max[p<K] X[h+p+H,w]", "without a single cell"),
        ("max[p<0] X[h,w]", "without a single cell"),
        ("Y[h]", "got no values"),
        ("X[h]", "got 2 axes, expected 1"),
        ("Y[X[h,w]]", "got no"),
        ("X[X[h,w],w]", "got no integers"),
        ("sum[p<h/s] X[p,w]", "leaves a rest"),
    ],
)
def test_what_has_no_value_is_refused(text: str, message: str) -> None:
    with pytest.raises(MeaningError, match=message):
        fast(text, (("h", 3), ("w", 4)))


def entries_by_denotation(sample: Sample, e: Expr, axes: tuple[Binder, ...], count: int) -> list[tuple[tuple, float]]:
    """Some entries of a formula of an operation, by the denotation."""
    law = sample.op
    arrays = {}
    for t in law.inputs:
        a = sample.lawful[t.argument]
        shape = tuple(World(sample.names, {}).size(b.extent, {}) for b in t.axes)
        a = np.full(shape, float(t.absent)) if a is None else a
        arrays[t.name] = Array(shape, tuple(a.reshape(-1).tolist()))
    arrays[f"dE/d{law.output.name}"] = Array(
        tuple(World(sample.names, {}).size(b.extent, {}) for b in law.output.axes),
        tuple(sample.flat(law.output, sample.cotangent).reshape(-1).tolist()),
    )
    formulas = {
        q.target: Formula(q.names, tuple(b.extent for b in axes_of(law, q)), q.body)
        for q in law.stable or law.equations
    }
    world = World(
        {n: float(v) if isinstance(v, Fraction) else v for n, v in sample.names.items()}, arrays, formulas, lift=float
    )
    points = list(world.tuples(axes, {}))
    chosen = np.random.default_rng(sample.seed).permutation(len(points))[:count]
    return [(tuple(points[k].values()), float(world.value(e, points[k]))) for k in chosen]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", names())
def test_forward_and_gradients_of_an_operation_mean_what_the_denotation_says(name: str) -> None:
    law = op(name)
    for seed in range(3):
        sample = draw(law, seed, "plain")
        cotangent = sample.flat(law.output, sample.cotangent)
        rounding = Rounding(FLOAT64)
        world = world_of(law, rounding, sample.names, sample.lawful)
        world.read(f"dE/d{law.output.name}", rounding.data(cotangent), cotangent.shape)
        bodies = [(axes_of(law, e), e.body) for e in law.stable or law.equations]
        bodies += [(d.axes, d.formula) for d in (gradient(law, t.name) for t in law.differentiable)]
        for axes, body in bodies:
            found, shape = world.tensor(axes, body)
            values, errors = np.broadcast_to(found.value, shape), np.broadcast_to(found.spread, shape)
            for at, want in entries_by_denotation(sample, body, axes, 4):
                assert values[at] == want or abs(values[at] - want) <= 2 * errors[at]  # each may be off by its error


def test_the_comparison_with_the_denotation_can_fail() -> None:
    axes = (("h", 3), ("w", 4))
    assert (fast("X[s*h-P,w]", axes) != slow("X[s*h,w]", axes)).any()


def test_leading_axes_are_merged_and_broadcast() -> None:
    merged = leading(np.arange(3.0).reshape(3, 1), (2, 3), 1)
    np.testing.assert_array_equal(merged, np.array([[0], [1], [2], [0], [1], [2]]))


@pytest.mark.parametrize(
    "make", [lambda: Plain().number(Fraction(1, 3)), lambda: Plain().add([]), lambda: Plain().multiply([])]
)
def test_plain_numbers_are_floats(make: Callable[[], np.ndarray]) -> None:
    assert make().dtype == np.float64
