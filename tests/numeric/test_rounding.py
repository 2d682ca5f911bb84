"""Rounding bounds hold for every order of evaluation, are computed and not guessed, and are tight enough to bite."""

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from derive.catalogue import op
from derive.expressions.expr import Binder, Winner
from derive.expressions.index import index
from derive.language.notation import parse_expr
from derive.operation import Op
from numeric.checks.bounds import OUTPUT, Bounds, bounds_on, exact_sample, in_double
from numeric.checks.campaign import catalogue_variants
from numeric.checks.examination import Subject
from numeric.checks.rounding import FLOAT32, FLOAT64, ULPS, Ball, Precision, Rounding
from numeric.checks.samples import Sample, draw
from numeric.evaluation.arithmetic import FUNCTIONS
from numeric.evaluation.dense import Dense
from numeric.verification import subject
from tests.numeric.float_orders import shuffled

Floats = np.ndarray
ROOM = np.random.default_rng


def in_floats(own: Subject, sample: Sample, dtype: str) -> dict[str, Floats]:
    """The output and the gradients as floats of that format give them, in the law's shapes."""
    found = shuffled(own.formulas)(sample, sample.cast(dtype), sample.cotangent.astype(dtype))
    return {key: sample.flat(own.op.output if key == OUTPUT else own.op.tensor(key), y) for key, y in found.items()}


def off(bounds: Bounds, found: dict[str, Floats]) -> float:
    """The largest distance from the value, in units of its error."""
    worst = 0.0
    for key, got in found.items():
        assert got.dtype == bounds.precision.name
        value, error = bounds.value(key), bounds.error(key)
        distance = np.abs(got.astype(np.float64) - value)
        ratio = np.where((distance == 0) | np.isinf(error), 0, distance / error)
        worst = max(worst, float(np.where(np.isnan(ratio), math.inf, ratio).max(initial=0)))
    return worst


LAWS = [
    *catalogue_variants(),
    op("O[i] = sum[k] A[i,k]*B[k]*C[k]"),
    op("O[i] = X[i]/(Y[i]^2 + 3) - X[i]^3*Y[i]"),
    op("O[i] = log(X[i] + 4)*sin(Y[i]) + sqrt(cos(X[i]) + 2)"),
    op("S = sum[i] exp(X[i]/10); O[i] = X[i]*sigmoid(Y[i])/S"),
    op("O[i] = max(X[i]*Y[i], X[i] + Y[i])"),
    op("A[h] = X[h]*Y[h]; O[i] = max[p<2] A[i+p]"),
]


def seeds(law: Op, most: int) -> range:
    """Fewer samples of a volume: they are large, and its laws are those of an image with one axis more."""
    return range(most // 3 if "3d" in law.name else most)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: " ".join([law.name, *(v for _, v in law.settings)]))
def test_no_order_of_evaluation_leaves_the_bound(law: Op) -> None:
    own = subject(law, ())
    with np.errstate(all="ignore"):
        for seed in seeds(law, 24):
            sample = draw(own.op, seed, "real")
            single = bounds_on(own.op, own.formulas, sample, FLOAT32)
            double = in_double(own.op, own.formulas, sample, single)
            assert off(single, in_floats(own, sample, "float32")) <= 1
            assert off(double, in_floats(own, sample, "float64")) <= 1
            again = bounds_on(own.op, own.formulas, sample, FLOAT64) if seed % 4 == 0 else double
            for key in again.balls:
                # a bound carried over from float32 may be larger, never smaller, than the one computed in float64,
                # but for the rounding of the bounds themselves, of which float32 would see nothing
                assert (double.error(key) * (1 + 2 * FLOAT32.roundoff) >= again.error(key)).all()


# long sums whose terms cancel hide an error; those of volumes are the longest
SHORT = [law for law in LAWS[:-3] if law.name not in ("conv3d", "conv_transpose3d")]


@pytest.mark.parametrize("law", SHORT, ids=lambda law: " ".join([law.name, *(v for _, v in law.settings)]))
def test_a_relative_error_of_a_few_hundred_units_leaves_the_bound(law: Op) -> None:
    own = subject(law, ())
    seen: dict[str, list[bool]] = {}
    with np.errstate(all="ignore"):
        for seed in seeds(law, 12):
            sample = draw(own.op, seed, "plain")
            bounds = bounds_on(own.op, own.formulas, sample, FLOAT32)
            for key in bounds.balls:
                wrong = 300 * FLOAT32.roundoff * np.abs(bounds.value(key))
                seen.setdefault(key, []).append(bool((wrong > bounds.error(key)).any()))
    assert all(np.mean(found) > 0.3 for found in seen.values())
    assert np.mean([found for each in seen.values() for found in each]) > 0.7


@pytest.mark.parametrize("name", ["conv2d", "max_pool2d", "avg_pool2d", "linear", "flatten", "add", "relu", "mse_loss"])
def test_integers_are_not_rounded_at_all(name: str) -> None:
    own = subject(op(name), ())
    for seed in range(12):
        with np.errstate(all="ignore"):
            found = exact_sample(own.op, own.formulas, seed)
            assert found is not None
            sample, bounds = found
            assert bounds.exact
            for dtype in ("float32", "float64"):
                for key, got in in_floats(own, sample, dtype).items():
                    assert (got == bounds.value(key)).all()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softmax", "log_softmax", "cross_entropy"])
def test_what_leaves_the_integers_is_never_called_exact(name: str) -> None:
    own = subject(op(name), ())
    assert exact_sample(own.op, own.formulas, 0) is None


def test_integers_beyond_the_format_are_not_called_exact() -> None:
    arithmetic = Rounding(FLOAT32)
    big = arithmetic.data(np.array([2.0**23]))
    assert arithmetic.add([big, big]).error is not None
    assert Rounding(FLOAT64).add([big, big]).error is None
    assert (
        arithmetic.multiply([arithmetic.data(np.array([2.0**12])), arithmetic.data(np.array([2.0**12]))]).error
        is not None
    )
    assert arithmetic.total(arithmetic.data(np.full((5, 1), 2.0**22)), (5,), 1).error is not None
    # partial sums may be large where the sum is small
    assert (
        arithmetic.total(arithmetic.data(np.array([[2.0**23], [2.0**23], [-(2.0**24) + 1]])), (3,), 1).error is not None
    )


# -- single operations against fifty digits ----------------------------------------------------------------------------


def ball(values: Sequence[float], precision: Precision, relative: float, seed: int) -> tuple[Ball, list[Decimal]]:
    """Values with a relative error, and numbers within it."""
    value = np.array(values)
    error = np.abs(value) * relative
    shift = ROOM(seed).uniform(-1, 1, value.shape)
    near = [
        Decimal(v) + Decimal(s) * Decimal(e)
        for v, s, e in zip(value.tolist(), shift.tolist(), error.tolist(), strict=True)
    ]
    return Ball(value, error if relative else None), near


def decimal(name: str, z: Decimal) -> Decimal:
    exp = z.exp()
    if name in ("sin", "cos"):
        return Decimal(getattr(math, name)(float(z)))
    return {
        "exp": lambda: exp,
        "log": z.ln,
        "sqrt": z.sqrt,
        "tanh": lambda: (exp - 1 / exp) / (exp + 1 / exp),
        "sigmoid": lambda: 1 / (1 + 1 / exp),
    }[name]()


@pytest.mark.parametrize("precision", [FLOAT32, FLOAT64], ids=lambda p: p.name)
@pytest.mark.parametrize("relative", [0.0, 1e-5])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_stays_within_its_bound_to_fifty_digits(name: str, relative: float, precision: Precision) -> None:
    values = [*np.abs(ROOM(1).normal(0, 3, 200)).tolist(), 1e-3, 20.0, 60.0, 1.0]
    if name not in ("log", "sqrt"):
        values += [-v for v in values]
    z, near = ball(values, precision, relative, 2)
    with np.errstate(all="ignore"):
        found = Rounding(precision).function(name, z)
    with localcontext() as context:
        context.prec = 50
        for v, e, x in zip(found.value.tolist(), found.spread.tolist(), near, strict=True):
            assert abs(Decimal(v) - decimal(name, x)) <= Decimal(e)


@pytest.mark.parametrize("precision", [FLOAT32, FLOAT64], ids=lambda p: p.name)
@pytest.mark.parametrize("relative", [0.0, 1e-5])
def test_sums_products_quotients_and_powers_stay_within_their_bounds_to_fifty_digits(
    relative: float, precision: Precision
) -> None:
    x, near_x = ball(ROOM(3).normal(0, 2, 300).tolist(), precision, relative, 4)
    y, near_y = ball(ROOM(5).normal(0, 2, 300).tolist(), precision, relative, 6)
    own = Rounding(precision)
    with localcontext() as context:
        context.prec = 50
        pairs = list(zip(near_x, near_y, strict=True))
        cases = {
            "sum": (own.add([x, y]), [a + b for a, b in pairs]),
            "product": (own.multiply([x, y]), [a * b for a, b in pairs]),
            "quotient": (own.divide(x, y), [a / b for a, b in pairs]),
            "cube": (own.power(x, own.number(Fraction(3))), [a**3 for a, _ in pairs]),
            "inverse square": (own.power(x, own.number(Fraction(-2))), [1 / a**2 for a, _ in pairs]),
        }
        for name, (found, wants) in cases.items():
            for v, e, want in zip(found.value.tolist(), found.spread.tolist(), wants, strict=True):
                assert abs(Decimal(v) - want) <= Decimal(e), name
        total = own.total(own.multiply([x, y]), (300,), 0)
        assert abs(Decimal(float(total.value)) - sum(a * b for a, b in pairs)) <= Decimal(float(total.spread))


# -- where nothing, or little, can be known ----------------------------------------------------------------------------


def evaluated(text: str, values: Sequence[float], precision: Precision = FLOAT32) -> Ball:
    arithmetic = Rounding(precision)
    x = np.array(values)
    world = Dense(arithmetic, {"H": len(x)}, {"X": arithmetic.data(x)}, {"X": x.shape})
    with np.errstate(all="ignore"):
        found, shape = world.tensor([Binder("h", index("H"))], parse_expr(text))
        return arithmetic.spread(found, shape)


def test_an_overflow_on_the_way_to_a_small_number_is_bounded() -> None:
    found = evaluated("1/(1 + exp(-X[h]))", [-800.0, -100.0, -88.0, 0.0, 100.0, 800.0])
    assert np.isfinite(found.spread).all()
    with np.errstate(all="ignore"):
        z = np.array([-800.0, -100.0, -88.0, 0.0, 100.0, 800.0], np.float32)
        got = 1 / (1 + np.exp(-z))
    assert (np.abs(got - found.value) <= found.spread).all()
    assert (found.spread < 1e-5).all()


def test_an_overflow_that_reaches_the_result_is_not_claimed() -> None:
    found = evaluated("exp(X[h])", [800.0, 100.0, 80.0])
    assert np.isinf(found.spread[:2]).all()
    assert np.isfinite(found.spread[2])
    assert np.isfinite(evaluated("exp(X[h])", [100.0], FLOAT64).spread).all()


@pytest.mark.parametrize("text", ["exp(X[h]) - exp(X[h])", "exp(X[h])*0", "exp(X[h])/exp(X[h])", "sin(exp(X[h]))"])
def test_what_overflow_leaves_unknown_is_said_to_be_unknown(text: str) -> None:
    assert np.isinf(evaluated(text, [800.0]).spread).all()


def test_a_quotient_by_what_may_be_zero_and_a_logarithm_of_it_are_unknown() -> None:
    assert np.isinf(evaluated("1/(tanh(X[h]) - tanh(X[h]))", [0.3]).spread).all()
    assert np.isinf(evaluated("log(tanh(X[h]) - tanh(X[h]))", [0.3]).spread).all()
    assert np.isinf(evaluated("(tanh(X[h]) - tanh(X[h]))^(1/2)", [0.3]).spread).all()


def test_a_comparison_that_rounding_may_turn_spans_both_branches() -> None:
    found = evaluated("cases(tanh(X[h])<=tanh(X[h]) - 0*X[h], 5, 7)", [0.3])
    assert found.spread[0] >= 2
    assert evaluated("cases(X[h]<=0, 5, 7)", [0.3]).error is None


def test_a_winner_that_rounding_may_change_is_open() -> None:
    binders = (Binder("p", index(2)),)
    wins = Winner(binders, parse_expr("tanh(X[h+p])"), (index(0),))
    arithmetic = Rounding(FLOAT32)
    x = np.array([0.5, 0.5, -0.25, 1.0])
    world = Dense(arithmetic, {}, {"X": arithmetic.data(x)}, {"X": x.shape})
    found, _ = world.tensor([Binder("h", index(3))], wins)
    assert found.value.tolist() == [1, 1, 0]
    assert found.spread.tolist() == [1, 0, 0]
    assert not arithmetic.decided
    certain, _ = world.tensor([Binder("h", index(3))], Winner(binders, parse_expr("X[h+p]"), (index(0),)))
    assert certain.error is None


def test_every_function_has_a_documented_error() -> None:
    assert set(ULPS) == set(FUNCTIONS)
