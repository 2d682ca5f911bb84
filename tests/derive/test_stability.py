"""Shifted softmaxes are proved equal to the law, for every shift; what does depend on it is never called equal."""

from decimal import Decimal
from fractions import Fraction

import pytest

from derive.catalogue import RECIPES, op
from derive.derivation import check_joins
from derive.errors import MeaningError, NotDerived
from derive.expressions.traversal import reads
from derive.language.notation import parse_expr
from derive.laws.stability import Proof, shift_proofs
from derive.meaning.digits import Digits, function, power, quotient, real
from derive.meaning.linevalues import check_lines
from derive.sweep import gradient

SHIFTED = [n for n, r in RECIPES.items() if r.stable]
INVARIANT = {
    "softmax": {"O"},
    "log_softmax": {"P", "O"},
    "cross_entropy": {"P", "L", "O"},
}


def test_every_shifted_law_of_the_catalogue_is_listed_here():
    assert set(SHIFTED) == set(INVARIANT)


@pytest.mark.parametrize("name", SHIFTED)
def test_the_results_do_not_depend_on_the_shift_and_the_exponentials_do(name):
    assert set(shift_proofs(op(name))) == INVARIANT[name]


@pytest.mark.parametrize("name", SHIFTED)
def test_a_backward_pass_reads_only_what_does_not_depend_on_the_shift(name):
    law = op(name)
    computed = {e.target for e in law.equations}
    read = {r.tensor for r in reads(gradient(law, "input").formula)}
    assert read & computed <= INVARIANT[name]


def test_every_line_of_a_proof_is_joined_to_the_next_by_its_law():
    proof = shift_proofs(op("log_softmax"))["O"]
    assert [s.law for s in proof.steps] == ["unfold", "exponential", "pull out", "logarithm", "cancel"]
    check_joins(proof.title, proof.start, proof.steps)


def test_a_proof_that_ends_elsewhere_cannot_be_built():
    proof = shift_proofs(op("softmax"))["O"]
    wrong = parse_expr("exp(X[...,c])/(sum[c<C] exp(2*X[...,c]))")
    with pytest.raises(NotDerived, match="O of softmax does not depend on the shift: got"):
        Proof(proof.op, proof.target, proof.axes, proof.start, proof.steps, wrong)


def test_a_law_without_a_shift_has_no_shift_proofs():
    assert shift_proofs(op("relu")) == {}


def test_lines_with_logarithms_are_valued_and_a_wrong_one_is_refused():
    proof = shift_proofs(op("log_softmax"))["O"]
    right = proof.lines
    assert check_lines(proof.op, proof.axes, right, "right", reals=True) > 0
    wrong = parse_expr("X[...,c] - log(sum[c<C] exp(X[...,c])) + M[...]/1000000000000")
    with pytest.raises(NotDerived, match="wrong: line 1 is"):
        check_lines(proof.op, proof.axes, (right[0], wrong), "wrong", reals=True)


# -- real numbers of 100 digits ----------------------------------------------------------------------------------------


def test_a_hundred_digits_satisfy_the_laws_of_exp_and_log():
    a, b = real(Fraction(7, 3)), real(-5)
    assert function("exp", a + b) == function("exp", a) * function("exp", b)
    assert function("log", function("exp", a)) == a
    assert function("tanh", a) == quotient(function("exp", 2 * a) + -1, function("exp", 2 * a) + 1)
    assert power(a, Fraction(1, 2)) * power(a, Fraction(1, 2)) == a
    softplus = function("log", 1 + function("exp", real(97)))
    assert function("log", 1 + -1 * function("sigmoid", real(97))) == -1 * softplus  # 42 digits cancel


def test_a_hundred_digits_satisfy_the_laws_of_sin_and_cos():
    a, b = real(Fraction(7, 3)), real(Fraction(195, 2))
    for z in (a, b, -1 * b):
        assert function("sin", z) * function("sin", z) + function("cos", z) * function("cos", z) == real(1)
    sine = function("sin", a) * function("cos", b) + function("cos", a) * function("sin", b)
    assert sine == function("sin", a + b)
    assert function("sin", real(1)) == Digits(Decimal("0.84147098480789650665250232163029899962256306079837"))


def test_a_hundred_digits_tell_apart_what_differs_in_the_thirty_ninth():
    assert real(1) + real(Fraction(1, 10**39)) != real(1)
    assert real(1) + real(Fraction(1, 10**41)) == real(1)
    assert not real(1) < real(1) + real(Fraction(1, 10**41))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: function("log", real(0)), "log: got a value that is not positive"),
        (lambda: function("sqrt", real(-1)), "sqrt: got a negative value"),
        (lambda: power(real(-8), Fraction(1, 3)), "a power: got a negative base"),
        (lambda: power(real(0), -1), "a power: got the base 0 under a negative exponent"),
        (lambda: function("sin", real(101)), "sin and cos: got 101, expected at most 100"),
        (lambda: function("erf", real(1)), "erf: got a real number of 100 digits"),
        (lambda: real("1"), "a real number: got '1'"),
    ],
)
def test_what_has_no_real_value_is_refused_in_words(call, words):
    with pytest.raises(MeaningError, match=words):
        call()


def test_digits_are_no_key():
    with pytest.raises(TypeError):
        hash(Digits(real(1).value))
