"""The prime field: its arithmetic against Python's integers, its free variables, its degrees."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.catalogue import op
from derive.errors import MeaningError
from derive.expressions.functions import FUNCTIONS
from derive.meaning.exact import PRIME, residue
from numeric.checks.samples import draw
from numeric.checks.tangents import Dual, Tangents
from numeric.evaluation import residues
from numeric.evaluation.arithmetic import Plain
from numeric.evaluation.dense import world_of
from numeric.field import degrees
from numeric.field.arithmetic import Field, Value
from numeric.field.degrees import CONSTANT, DRAWN, Degree

ELEMENTS = st.one_of(
    st.integers(0, PRIME - 1),
    st.sampled_from([0, 1, 2, PRIME - 1, PRIME - 2, 2**32 - 1, 2**32, 2**32 + 1, 2**60, 2**60 - 1]),
)


def array(*values: int) -> np.ndarray:
    return np.array(values, np.uint64)


def field(seed: int = 0) -> Field:
    return Field(np.random.default_rng(seed))


def number(x: int | Fraction) -> Value:
    return field().number(Fraction(x))


@given(ELEMENTS, ELEMENTS)
def test_the_ring_is_that_of_pythons_integers(a: int, b: int) -> None:
    x, y = array(a), array(b)
    assert int(residues.add(x, y)[0]) == (a + b) % PRIME
    assert int(residues.multiply(x, y)[0]) == a * b % PRIME
    assert int(residues.negate(x)[0]) == -a % PRIME
    assert int(residues.centred(x)[0]) == (a if a <= PRIME // 2 else a - PRIME)


@given(st.lists(ELEMENTS, min_size=1, max_size=40))
def test_inverses_and_sums_of_arrays_are_those_of_their_entries(values: list[int]) -> None:
    x = array(*values)
    assert residues.inverse(x).tolist() == [pow(v, -1, PRIME) if v else 0 for v in values]
    assert int(residues.total(x)) == sum(values) % PRIME


def test_a_sum_of_a_million_largest_elements_does_not_overflow() -> None:
    assert int(residues.total(np.full(1_000_000, PRIME - 1, np.uint64))) == -1_000_000 % PRIME


@given(ELEMENTS, st.integers(0, 200))
def test_powers_are_pythons(a: int, n: int) -> None:
    assert int(residues.power(array(a), n)[0]) == pow(a, n, PRIME)


@pytest.mark.parametrize("law", ["conv2d", "linear", "mse_loss", "avg_pool2d", "conv_transpose2d", "flatten"])
def test_the_value_of_a_polynomial_law_is_its_value_modulo_the_prime(law: str) -> None:
    own = op(law)
    for seed in range(5):
        sample = draw(own, seed, "integer", 9)
        got = world_of(own, field(), sample.names, sample.lawful).tensors[own.output.name]
        want = world_of(own, Plain(), sample.names, sample.lawful).tensors[own.output.name]
        exact = [residue(Fraction(x).limit_denominator(10_000)) for x in np.asarray(want).reshape(-1).tolist()]
        assert np.broadcast_to(got.entries, np.shape(want)).reshape(-1).tolist() == exact


# -- free variables ----------------------------------------------------------------------------------------------------


def drawn(f: Field, count: int) -> Value:
    return f.drawn((count,))


def test_an_exponential_is_the_same_for_the_same_argument_and_inverse_for_the_opposite() -> None:
    f = field()
    z = drawn(f, 50)
    e, again, opposite = (
        f.function("exp", z),
        f.function("exp", z),
        f.function("exp", Value(residues.negate(z.entries))),
    )
    assert (e.entries == again.entries).all()
    assert (residues.multiply(e.entries, opposite.entries) == 1).all()
    assert len(set(e.entries.tolist())) == 50
    assert int(f.function("exp", f.number(Fraction(0))).entries) == 1


def test_exponentials_are_drawn_afresh_at_every_point() -> None:
    one, other = field(1).function("exp", number(5)), field(2).function("exp", number(5))
    assert int(one.entries) != int(other.entries)


def test_tanh_and_sigmoid_are_rational_functions_of_the_exponential() -> None:
    f = field()
    z = drawn(f, 9)
    e = [int(x) for x in f.function("exp", z).entries]
    assert f.function("sigmoid", z).entries.tolist() == [x * pow(1 + x, -1, PRIME) % PRIME for x in e]
    assert f.function("tanh", z).entries.tolist() == [(x * x - 1) * pow(x * x + 1, -1, PRIME) % PRIME for x in e]


def test_sine_and_cosine_lie_on_the_circle() -> None:
    f = field()
    z = drawn(f, 9)
    s, c = f.function("sin", z).entries, f.function("cos", z).entries
    assert (residues.add(residues.multiply(s, s), residues.multiply(c, c)) == 1).all()
    opposite = Value(residues.negate(z.entries))
    assert (f.function("sin", opposite).entries == residues.negate(s)).all()
    assert (f.function("cos", opposite).entries == c).all()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_of_the_notation_has_a_meaning_and_a_tangent(name: str) -> None:
    f = field()
    z = Dual(drawn(f, 4), drawn(f, 4))
    found = Tangents(f).function(name, z)
    assert found.value.entries.shape == (4,)
    assert found.tangent is not None
    assert found.tangent.entries.any()


def test_a_power_with_a_fraction_is_a_root_times_a_whole_power() -> None:
    f = field()
    x = drawn(f, 5)
    root = f.power(x, f.number(Fraction(1, 3))).entries
    assert (f.power(x, f.number(Fraction(4, 3))).entries == residues.multiply(root, x.entries)).all()
    less = f.power(x, f.number(Fraction(-2, 3))).entries
    assert (residues.multiply(less, x.entries) == root).all()


def test_exponents_that_vary_are_refused() -> None:
    f = field()
    with pytest.raises(MeaningError, match="not one small fraction"):
        f.power(drawn(f, 3), drawn(f, 3))


def test_the_order_is_drawn_odd_and_total() -> None:
    f = field()
    x = drawn(f, 1000)
    ranks, opposite = f._ranks(x.entries), f._ranks(residues.negate(x.entries))
    assert (ranks == -opposite).all()
    assert len(set(ranks.tolist())) == 1000
    assert 400 < int((ranks > 0).sum()) < 600
    assert int(f._ranks(array(0))[0]) == 0


# -- degrees -----------------------------------------------------------------------------------------------------------


def test_degrees_of_polynomials_are_exact() -> None:
    f = field()
    x = drawn(f, 3)
    assert f.multiply([x, x, f.number(Fraction(7))]).degree.cleared == 2
    assert f.add([f.multiply([x, x]), x, f.number(Fraction(1))]).degree.cleared == 2
    assert f.power(x, f.number(Fraction(5))).degree.cleared == 5
    assert f.number(Fraction(3, 4)).degree == CONSTANT


def test_the_degree_of_a_sum_of_quotients_counts_every_divisor_once() -> None:
    """sum of x_k/y_k over 4 terms is a polynomial of degree 1 + 3 over one of degree 4."""
    f = field()
    quotient = f.divide(drawn(f, 4), drawn(f, 4))
    summed = f.total(quotient, (4,), 0)
    assert quotient.degree.below == 1
    assert summed.degree.below == 4
    assert summed.degree.cleared >= 4
    assert f.add([summed, summed]).degree.below == 4


def test_the_degree_of_a_reciprocal_of_a_quotient_clears_what_is_below() -> None:
    x_over_y = Degree(1, {degrees.Division(1, 1): (1, 1)})
    found = degrees.reciprocal(x_over_y, 1)
    assert found.top == 1  # y comes up
    assert found.below == 2  # and x, cleared of y, goes down
    assert degrees.reciprocal(CONSTANT, 5) == CONSTANT
    assert degrees.of_power(DRAWN, 0).cleared == 0


def test_an_argument_of_a_free_variable_is_a_chance_of_a_coincidence() -> None:
    f = field()
    assert f.collisions == 0
    f.function("exp", drawn(f, 10))
    once = f.collisions
    f.function("exp", drawn(f, 10))
    assert 0 < 2 * once < f.collisions
