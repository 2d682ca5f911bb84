"""Laws that say nothing definite, wrong settings and huge laws are refused in one line, with what to do."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

import derive
from derive.errors import BackproofError, NotationError, NotDerived, OperationError
from derive.language.notation import parse_expr, parse_index

OPERATION = [
    ("O[i] = O[i-1] + X[i]", "equation of O: got a read of O[i-1], which is O itself, expected only inputs"),
    ("O[i] = U[i]; U[i] = X[i]", "equation of O: got a read of U, expected only inputs and earlier equations"),
    ("O[i,j] = X[i,j]*X[i]", "tensor X: got 1 indices in X[i], expected 2; give every read the same number"),
    ("O[i] = sum[p] X[i+p]", "index p in the access i+p: got no axis that p runs over by itself, expected a bound"),
    ("O[i] = sum[p] X[i+p]*F[2*p+1]", "index p in the access i+p: got no axis that p runs over by itself"),
    ("O[i] = 3", "index i of O: got no read that limits it, expected one; write its size: size i = N"),
    ("O[i] = sum[p] X[i+p] + F[p]", "index p of O: got F[p] with p neither on the left side nor under a sum"),
    (
        "O[i] = sum[p] F[p]*X[i+p] + p",
        "index p of O: got a use outside of its sum, expected none; sum[..] takes the product",
    ),
    ("O[i] = X[i]*Y[i]; X[i<3]; Y[i<4]", "axis 1 of Y: got extents 3 and 4, expected one"),
    ("O[i] = X[9-i]", "index i: got the access 9-i, expected stride*i + rest; write its size: size i = N"),
    ("O[i] = X[i*i]", "index i: got the access i*i, expected stride*i + rest"),
    ("O[i] = sum[p<K] X[i+p*p]", "index i: got the access i+p*p, expected it to be linear in p"),
    ("O[i] = X[s*i]*Y[t*i]", "index i: got sizes ((H-1)//s)+1 and ((W-1)//t)+1 from its reads, expected one"),
    ("O[i] = sum[p] X[s*i+p-P]*F[p]; X[h<H]; pad X.h by Q, Q", "index i: got a halo of Q below h, expected P,"),
    (
        "O[i] = sum[p] X[i+p]*F[p]; X[h<H]; pad X.w by 1, 1",
        "pad X.w: got a halo that no size needs, expected one of X.h",
    ),
    ("O[i] = X[i]; X[h<H]; pad X.h by 1, 1", "pad X.h: got a halo that no size needs, expected one of none"),
    (
        "O[i] = sum[p] X[i-p]*F[p]; X[h<H]; pad X.h by 1, 1; size i touch",
        "index i: got a halo for h under the rule touch",
    ),
    ("O[i] = X[i]; size j fit", "size j: got index j, expected one of i; name an index of a left side"),
    ("O[i] = X[i]; U[i] = X[i]; U[i<3]; size i = 4", "index i of U: got a size, expected none: U is declared"),
    ("O[i] = X[i]; integer Z", "integer Z: got tensor Z, expected an input of the law; name one"),
    ("O[i] = X[i]; O[i<3,j<4]", "declaration of O: got 2 axes, expected 1 as in its equation; declare as many"),
    ("O[...] = X[...+1]", "equation of O: got '...' in ...+1, expected it alone in a read"),
    ("O[...] = X[...]*[...==0]", "equation of O: got '...' in ..., expected it alone in a read"),
]


@pytest.mark.parametrize(("text", "message"), OPERATION, ids=[t for t, _ in OPERATION])
def test_a_law_that_says_nothing_definite_is_refused(text: str, message: str) -> None:
    with pytest.raises(OperationError) as refused:
        derive.op(text)
    assert str(refused.value).startswith(message), str(refused.value)
    assert "\n" not in str(refused.value)


SETTINGS = [
    ("conv2", {}, "operation: got 'conv2', expected one of conv1d, conv2d, conv3d"),
    ("conv2d", {"strid": 2}, "conv2d: got argument 'strid', expected one of stride, padding, dilation"),
    (
        "softmax",
        {"dim": 0},
        "softmax: got dim=0, expected it of a kernel alone: it says how tensors lie, and the law works"
        " along the last axis",
    ),
    ("layer_norm", {"normalized_shape": 3}, "layer_norm: got normalized_shape=3, expected it of a kernel alone"),
    ("relu", {"stride": 2}, "relu: got argument 'stride', expected none, as it has no arguments"),
    ("conv2d", {"stride": 0}, "conv2d: stride: got 0, expected an integer of at least 1"),
    ("conv2d", {"padding": -1}, "conv2d: padding: got -1, expected an integer of at least 0"),
    ("conv2d", {"padding": True}, "conv2d: padding: got True, expected an integer"),
    ("conv2d", {"padding": "1; x"}, "conv2d: padding: got '1; x', expected an integer"),
    ("conv2d", {"stride": (1, 2, 3)}, "conv2d: stride: got (1, 2, 3) with 3 numbers, expected one number or 2"),
    (
        "conv2d",
        {"padding": "smae"},
        "conv2d: padding: got 'smae', expected an integer of at least 0, or one of valid, same; did you mean same?",
    ),
    (
        "conv2d",
        {"padding": "SAME"},
        "conv2d: padding: got 'SAME', expected an integer of at least 0, or one of valid, same; did you mean same?",
    ),
    (
        "conv2d",
        {"padding": "abc"},
        "conv2d: padding: got 'abc', expected an integer of at least 0, or one of valid, same; choose one",
    ),
    ("lp_pool2d", {"norm_type": "inf"}, "lp_pool2d: norm_type: got 'inf', expected a finite number such as 0.01"),
    (
        "max_pool2d",
        {"kernel_size": 2, "padding": 2},
        "max_pool2d: got kernel_size=2, padding=2, expected 2*padding<=kernel_size; change kernel_size or padding",
    ),
    ("cross_entropy", {"label_smoothing": 2}, "cross_entropy: got label_smoothing=2, expected label_smoothing<=1;"),
    (
        "conv_transpose2d",
        {"output_padding": 3, "stride": 2, "dilation": 1},
        "conv_transpose2d: got output_padding=3, dilation=1, stride=2, expected output_padding<max(",
    ),
    ("cross_entropy", {"reduction": "avg"}, "cross_entropy: got reduction='avg', expected one of mean, sum, none"),
    ("O[i] = sum[p] X[s*i+p]*F[p]", {"t": 2}, "law: got a setting 't', expected one of s; set a parameter of the law"),
    ("O[i] = sum[p] X[s*i+p]*F[p]", {"s": 0}, "s: got 0, expected an integer of at least 1"),
]


@pytest.mark.parametrize(("law", "settings", "message"), SETTINGS, ids=[f"{s[0]} {s[1]}" for s in SETTINGS])
def test_a_wrong_name_or_setting_is_refused(law: str, settings: dict, message: str) -> None:
    with pytest.raises(OperationError) as refused:
        derive.op(law, **settings)
    assert str(refused.value).startswith(message), str(refused.value)


@pytest.mark.parametrize("name", ["G", "Gr", "g1", "K_h", "s_2"])
def test_a_symbol_of_one_or_two_letters_may_stand_for_a_number(name: str) -> None:
    assert dict(derive.op("conv1d", stride=name).settings)["s"] == name


def test_numbers_that_break_no_requirement_are_taken_and_one_left_open_is_not_judged() -> None:
    assert derive.op("max_pool2d", kernel_size=4, padding=2).require
    assert derive.op("max_pool2d", padding=2).require


def test_a_tensor_that_has_no_gradient_is_refused_by_name() -> None:
    with pytest.raises(
        OperationError, match=r"conv2d: got tensor 'W', expected one of X \(input\), F \(weight\), b \(bias\)"
    ):
        derive.gradient("conv2d", "W")
    with pytest.raises(OperationError, match="got wrt='target', which is integers, expected one of X; choose one"):
        derive.gradient("cross_entropy", "target")
    with pytest.raises(OperationError, match="got wrt='O', which is an output"):
        derive.gradient("relu", "O")


@pytest.mark.parametrize("reader", [parse_expr, parse_index])
def test_nothing_may_follow_an_expression(reader: object) -> None:
    for text in ("i; j", "i\nj", "i j", "i)"):
        with pytest.raises(NotationError, match=r"expected an operator or the end; write one expression"):
            reader(text)


# -- bounds: a short text must not stand for something huge ------------------------------------------------------------

HUGE = {
    "a tower of powers": "O[i] = 9^9^9*X[i]",
    "powers of powers": "O[i] = ((((X[i]^64)^64)^64)^64)^64",
    "powers of a number": "O[i] = ((((2^64)^64)^64)^64)^64*X[i]",
    "open brackets": "O[i] = " + "(" * 1_000_000,
    "brackets": "O[i] = " + "(" * 4000 + "X[i]" + ")" * 4000,
    "nested reads": "O[i] = " + "X[" * 3000 + "i" + "]" * 3000,
    "nested labels": "O[i] = X[" + "T[" * 100 + "i" + "]" * 100 + "]",
    "a product of sums": "O[i] = X[" + "*".join(f"(a{k}+b{k}+c{k})" for k in range(200)) + "]",
    "a product of sums in a guard": "O[i] = X[i]*[" + "*".join(f"(a{k}+b{k})" for k in range(200)) + "==0]",
    "quotients": "O[i] = X[i]" + "/X[i]" * 1900,
    "floors": "O[i] = X[i" + "//2" * 3000 + "]",
    "floors of values": "O[i] = X[i]*(i" + "//k" * 3000 + ")",
    "terms": "O[i] = " + "+".join(["X[i]"] * 1900),
    "factors": "O[i] = " + "*".join(["X[i]"] * 1900),
    "terms of an index": "O[i] = X[" + "+".join(f"a{k}" for k in range(1500)) + "]",
    "squares of abbreviations": "where a0 = x*x+y;"
    + ";".join(f"where a{k} = a{k - 1}*a{k - 1}" for k in range(1, 40))
    + "; O[i] = X[i+a39]",
    "digits of abbreviations": "where a0 = 999999999999999;"
    + ";".join(f"where a{k} = a{k - 1}*a{k - 1}" for k in range(1, 40))
    + "; O[i] = X[i+a39]",
    "quotients of abbreviations": "where a0 = x//y;"
    + ";".join(f"where a{k} = a{k - 1}//y" for k in range(1, 300))
    + "; O[i] = X[i+a299]",
    "doubling products": "A[i] = X[i]*X[i];"
    + ";".join(f"B{k}[i] = {p}[i]*{p}[i]" for k, p in enumerate(["A", *(f"B{k}" for k in range(199))])),
    "doubling sums": "A[i] = X[i]+X[i];"
    + ";".join(f"B{k}[i] = {p}[i]+{p}[i]" for k, p in enumerate(["A", *(f"B{k}" for k in range(199))])),
    "axes": "O[" + ",".join(f"i{k}" for k in range(500)) + "] = X[" + ",".join(f"i{k}" for k in range(500)) + "]",
    "a long sum": "O = sum[i<999999999999999] X[i]",
    "a long axis": "O[i] = X[0*i]; size i = 999999999999999",
    "nested sums": "O = " + " ".join(f"sum[i{k}<3]" for k in range(50)) + " X[i0]",
    "nested maxima": "O[i] = " + "".join(f"max[p{k}<2] " for k in range(20)) + "X[i+p0+p19]",
    "exponentials": "O[i] = " + "exp(" * 50 + "X[i]" + ")" * 50,
    "logarithms": "O[i] = " + "log(" * 50 + "X[i]" + ")" * 50,
    "reciprocals": "O[i] = " + "1/(" * 50 + "X[i]" + "+1)" * 50,
    "signs": "O[i] = " + "-" * 9000 + "X[i]",
    "ends": ";" * 9999,
    "a null character": "O[i] = X[i]\x00",
    "a direction mark": "O[i] = \u202eX[i]",
    "half a character": "O[i] = X[\ud800]",
    "letters of another script": "Ω[ι] = Χ[ι]",
    "nothing": "=",
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_huge_law_is_refused_or_derived_and_never_hangs(text: str) -> None:
    started = time.process_time()
    said = refusal(derive_all, text, NotationError, OperationError, NotDerived)
    assert len(said) < 1000
    assert "\n" not in said
    # no bound on time, only on what would never end: a minute of work is a hang
    assert time.process_time() - started < 60


def derive_all(text: str) -> None:
    op = derive.op(text)
    for t in op.differentiable[:1]:
        derive.gradient(op, t.name)


def refusal(reader: Callable[[str], object], text: str, *kinds: type[BackproofError]) -> str:
    """What a reader says against a text, empty where it reads it; anything but these refusals passes through."""
    try:
        reader(text)
    except kinds as refused:
        return str(refused)
    return ""


def test_a_refusal_is_the_only_exception_that_passes() -> None:
    # the fuzz can fail: another exception is not swallowed
    def broken(text: str) -> None:
        raise RecursionError(text)

    with pytest.raises(RecursionError):
        refusal(broken, "x", NotationError, OperationError)
