"""What the notation means: its evaluation agrees with plain loops, and with every convention that the house states."""

from fractions import Fraction
from itertools import product
from math import prod
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from derive.errors import MeaningError
from derive.expressions.expr import (
    Add,
    Binder,
    Compare,
    Contract,
    D,
    Entry,
    Expr,
    InRange,
    Mul,
    Num,
    Select,
    Winner,
    val,
)
from derive.expressions.index import Index, divide, index
from derive.expressions.substitution import rename_bound, substitute
from derive.expressions.traversal import all_names
from derive.language.elaborate import from_text
from derive.language.notation import parse_expr, parse_index
from derive.meaning.denote import World, denote
from derive.meaning.exact import PRIME, Number, Residue, exp, power
from derive.meaning.integers import Array, Formula, Integers

UNDEFINED = "no value"


def filled(seed: object, *shape: int, low: int = -9, high: int = 9) -> Array:
    """An array of random integers."""
    random = Random(str(seed))
    return Array(shape, tuple(random.randint(low, high) for _ in range(prod(shape))))


def row(*values: Number) -> Array:
    return Array((len(values),), values)


def table(text: str, numbers: dict[str, int], arrays: dict[str, Array]) -> Array:
    """A law's output, every entry evaluated by the meaning of its equations."""
    law = from_text(text)
    names: dict[str, Number] = dict(numbers)
    for symbol, size in law.sizes:
        found = Integers(names, {}).integer(size, {})
        assert found is not None
        names[symbol] = found
    extents = {t.name: tuple(b.extent for b in t.axes) for t in law.tensors}
    formulas = {e.target: Formula(e.names, extents[e.target], e.body) for e in law.equations}
    world = World(names, arrays, formulas=formulas)
    shape = tuple(world.size(n, {}) for n in extents[law.output.name])
    places = product(*map(range, shape))
    return Array(shape, tuple(denote(Entry(law.output.name, tuple(map(index, at))), world) for at in places))


def worth(text: str, numbers: dict[str, int] | None = None, **arrays: Array) -> Number:
    """An expression's value."""
    return denote(parse_expr(text), World(numbers or {}, arrays))


def inside(array: Array, *at: int) -> Number:
    """An entry, and 0 out of range."""
    return array[at] if all(0 <= k < n for k, n in zip(at, array.shape, strict=True)) else 0


# -- laws against plain loops ------------------------------------------------------------------------------------------

CONV = """
    O[n,k,i] = sum[c<C,p<T](X[n,k//M*C+c,s*i+d*p-P]*F[k,c,p]) + b[k]
    X[n<N,x<G*C,h<H]; F[k<G*M,c<C,p<T]; b[k<G*M]; pad X.h by P, P
"""


@pytest.mark.parametrize(
    ("s", "P", "d", "G", "C", "M", "H", "T"),
    [
        (1, 0, 1, 1, 2, 2, 6, 3),
        (2, 0, 1, 1, 1, 2, 7, 3),
        (1, 2, 1, 1, 2, 1, 5, 3),
        (1, 0, 3, 1, 1, 1, 8, 3),
        (3, 2, 2, 2, 2, 1, 9, 3),
        (2, 1, 2, 3, 1, 2, 6, 2),
    ],
)
def test_a_convolution_is_the_loop_over_groups_channels_and_taps(s, P, d, G, C, M, H, T):
    x, f, b = filled("x", 2, G * C, H), filled("f", G * M, C, T), filled("b", G * M)
    expected = []
    length = (H + 2 * P - d * (T - 1) - 1) // s + 1
    for n in range(2):
        for k in range(G * M):
            for i in range(length):
                total = b[k,]
                for c in range(C):
                    for p in range(T):
                        total += inside(x, n, (k // M) * C + c, s * i + d * p - P) * f[k, c, p]
                expected.append(total)
    numbers = {"N": 2, "s": s, "P": P, "d": d, "G": G, "C": C, "M": M, "H": H, "T": T}
    assert table(CONV, numbers, {"X": x, "F": f, "b": b}) == Array((2, G * M, length), tuple(expected))


def test_a_convolution_with_its_filter_reversed_is_not_that_loop():
    x, f, b = filled("x", 1, 1, 5), filled("f", 1, 1, 3), filled("b", 1)
    numbers = {"N": 1, "s": 1, "P": 1, "d": 1, "G": 1, "C": 1, "M": 1, "H": 5, "T": 3}
    right = table(CONV, numbers, {"X": x, "F": f, "b": b})
    assert right != table(CONV.replace("F[k,c,p]) ", "F[k,c,T-1-p]) "), numbers, {"X": x, "F": f, "b": b})


@pytest.mark.parametrize(
    ("s", "P", "d", "A", "H", "T"),
    [(1, 0, 1, 0, 4, 3), (2, 0, 1, 1, 4, 3), (3, 1, 1, 2, 3, 2), (2, 2, 3, 1, 4, 3), (4, 1, 2, 3, 3, 2)],
)
def test_an_exact_quotient_reads_what_a_transposed_convolution_scatters(s, P, d, A, H, T):
    x, f = filled("x", H), filled("f", T)
    expected: list[Number] = [0] * (s * (H - 1) + d * (T - 1) + 1 - 2 * P + A)
    for h in range(H):
        for p in range(T):
            if 0 <= s * h + d * p - P < len(expected):
                expected[s * h + d * p - P] += x[h,] * f[p,]
    law = "O[i] = sum[p<T] X[(i+P-d*p)/s]*F[p]; X[h<H]; F[p<T]; size i touch - P + A"
    numbers = {"s": s, "P": P, "d": d, "A": A, "H": H, "T": T}
    assert table(law, numbers, {"X": x, "F": f}) == row(*expected)


@pytest.mark.parametrize(("s", "P", "d", "K"), [(1, 0, 1, 2), (2, 1, 1, 2), (1, 1, 2, 3), (3, 1, 1, 3)])
def test_a_maximum_over_a_window_leaves_padding_out(s, P, d, K):
    H, W = 6, 5
    x = filled("x", H, W, low=-9, high=-1)  # all negative: a padding of 0 would win
    rows, columns = ((n + 2 * P - d * (K - 1) - 1) // s + 1 for n in (H, W))
    expected = []
    for i in range(rows):
        for j in range(columns):
            cells = [(s * i + d * p - P, s * j + d * q - P) for p in range(K) for q in range(K)]
            expected.append(max(x[h, w] for h, w in cells if 0 <= h < H and 0 <= w < W))
    law = """
        O[i,j] = max[p<K,q<K] X[s*i+d*p-P,s*j+d*q-P]
        X[h<H,w<W]; pad X.h by P, P; pad X.w by P, P
    """
    numbers = {"s": s, "P": P, "d": d, "K": K, "H": H, "W": W}
    assert table(law, numbers, {"X": x}) == Array((rows, columns), tuple(expected))


def test_labels_pick_their_class():
    x, labels = filled("x", 3, 4), row(2, 0, 3)
    law = "O[n] = sum[c<C] [c==T[n]]*X[n,c]; X[n<N,c<C]; T[n<N]; integer T"
    assert table(law, {"N": 3, "C": 4}, {"X": x, "T": labels}) == row(x[0, 2], x[1, 0], x[2, 3])
    law = "O[n] = X[n,T[n]]; X[n<N,c<C]; T[n<N]; integer T"
    assert table(law, {"N": 3, "C": 4}, {"X": x, "T": labels}) == row(x[0, 2], x[1, 0], x[2, 3])


# -- exponentials in the prime field -----------------------------------------------------------------------------------

SOFTMAX = "U[n,c] = exp(X[n,c]); Z[n] = sum[c] U[n,c]; O[n,c] = U[n,c]/Z[n]; X[n<N,c<C]"
SHIFTED = "M[n] = max[c] X[n,c]; U[n,c] = exp(X[n,c] - M[n]); Z[n] = sum[c] U[n,c]; O[n,c] = U[n,c]/Z[n]; X[n<N,c<C]"


@pytest.mark.parametrize("law", [SOFTMAX, SHIFTED], ids=["as defined", "shifted"])
def test_a_softmax_sums_to_one_in_the_prime_field(law):
    found = table(law, {"N": 3, "C": 4}, {"X": filled("x", 3, 4)})
    for n in range(3):
        assert sum((found[n, c] for c in range(4)), Residue(0)) == 1


def test_a_softmax_is_the_same_with_every_number_shifted():
    x = {"X": filled("x", 3, 4)}
    assert table(SOFTMAX, {"N": 3, "C": 4}, x) == table(SHIFTED, {"N": 3, "C": 4}, x)
    assert table(SOFTMAX, {"N": 3, "C": 4}, x) != table(SHIFTED.replace("/Z[n]", "/Z[n]^2"), {"N": 3, "C": 4}, x)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_the_exponential_of_a_sum_is_the_product_of_exponentials(a, b):
    assert exp(a + b) == exp(a) * exp(b)
    assert exp(a) != exp(a + 1)
    assert 0 < exp(a).value < PRIME


# -- out of range, guards, empty ranges --------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["0-1", "3", "99", "i-1", "1/2", "3/2", "2/z", "2//z", "2%z"])
def test_a_read_that_is_out_of_range_or_not_integral_is_0(at):
    assert worth(f"X[{at}]", {"i": 0, "z": 0}, X=row(5, 6, 7)) == 0
    assert worth(f"X[{at}] + X[4/2]", {"i": 0, "z": 0}, X=row(5, 6, 7)) == 7


def test_an_intermediate_out_of_range_is_0_and_not_the_exponential_of_0():
    x = {"X": row(1, 2, 3)}
    through = table("E[h] = exp(X[h]); O[i] = E[i+1]; X[h<H]; size i = H", {"H": 3}, x)
    inlined = table("O[i] = exp(X[i+1]); X[h<H]; size i = H", {"H": 3}, x)
    assert through == row(exp(2), exp(3), 0)
    assert inlined == row(exp(2), exp(3), 1)


UNDEFINED_PARTS = ["1/X[0]", "log(X[0])", "X[0]^-1", "(max[p<1] X[p+9])", "(sum[p<2] 1/X[p])", "Y[0]", "unknown"]


@pytest.mark.parametrize("part", UNDEFINED_PARTS)
@pytest.mark.parametrize("guard", ["[1<i]", "[i==1]", "[0<=i-1<9]", "[2 | i+1]", "[X[i]!=0]", "[0<=(i+1)/2<9]"])
def test_a_false_guard_annihilates_what_has_no_value(guard, part):
    for text in (f"{guard}*{part}", f"{part}*{guard}", f"2*({part}*{guard})", f"{guard}^2*{part}", f"{guard}*3*{part}"):
        assert worth(text, {"i": 0}, X=row(0, 5)) == 0, text
    assert worth(f"cases({guard[1:-1]}, {part}, 7)", {"i": 0}, X=row(0, 5)) == 7


@pytest.mark.parametrize("part", UNDEFINED_PARTS)
def test_a_true_guard_does_not(part):
    for text in (part, f"[i==0]*{part}", f"{part}*[i<1]", f"0*{part}", f"cases(i==0, {part}, 7)"):
        with pytest.raises(MeaningError, match=r"got .*, expected .*; "):
            worth(text, {"i": 0}, X=row(0, 5))


@pytest.mark.parametrize("guard", ["[X[0]==1/2]", "[0.5==X[0]]", "[X[0]==i/2]", "[2*X[0]==1]", "[X[0]/2==1/4]"])
def test_an_entry_is_compared_with_a_quotient_as_numbers_are(guard):
    assert worth(guard, {"i": 1}, X=row(Fraction(1, 2))) == 1
    assert worth(guard, {"i": 1}, X=row(1)) == 0


def test_a_false_guard_above_a_line_annihilates_a_divisor_of_0():
    assert worth("[i==1]/X[0]", {"i": 0}, X=row(0)) == 0
    assert worth("([i==1]*X[0]*5)/X[0]", {"i": 0}, X=row(0)) == 0
    with pytest.raises(MeaningError, match="got the divisor 0"):
        worth("[i==0]/X[0]", {"i": 0}, X=row(0))


@pytest.mark.parametrize("size", [0, -1, -7])
def test_an_empty_range_sums_to_0_and_its_maximum_is_refused(size):
    assert worth("sum[p<K] 1/X[p]", {"K": size}, X=row(0)) == 0
    assert worth("sum[p<3,q<K] 1 + 4", {"K": size}) == 4
    with pytest.raises(MeaningError, match="max: got a window without a single cell"):
        worth("max[p<K] X[p]", {"K": size}, X=row(1))


def test_a_maximum_of_nothing_but_padding_is_refused():
    with pytest.raises(MeaningError, match="max: got a window without a single cell inside its tensor"):
        worth("max[p<2] X[p-2]", X=row(1, 2))


def test_a_guard_compares_as_its_sign_says():
    for a, b in product(range(-2, 3), repeat=2):
        point = {"a": a, "b": b}
        found = {sign: worth(f"[a{sign}b]", point) for sign in ("==", "!=", "<", "<=", ">", ">=")}
        assert found == {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}
        assert worth("[0<=a<b]", point) == (0 <= a < b)
        assert worth("[b | a]", point) == (b != 0 and a % b == 0)
        assert worth("max(a, b)", point) == max(a, b)
        assert worth("min(a, b)", point) == min(a, b)


# -- winners -----------------------------------------------------------------------------------------------------------


def test_the_first_winner_in_row_major_order_is_the_one():
    for values in product((0, 1), repeat=4):
        x = Array((2, 2), values)
        first = divmod(values.index(max(values)), 2)
        for at in product(range(2), repeat=2):
            text = f"[({at[0]},{at[1]})==argmax[r<2,t<2] X[r,t]]"
            assert worth(text, X=x) == (at == first), (values, at)


def test_exactly_one_cell_inside_the_tensor_wins_a_window():
    x = Array((3,), (-5, -5, -7))
    for i, winner in ((0, 1), (1, 0), (3, 0)):  # i = 0 reads one cell of padding first
        won = [worth(f"[{p}==argmax[r<2] X[i+r-1]]", {"i": i}, X=x) for p in range(2)]
        assert won == [int(p == winner) for p in range(2)]


# -- derivatives -------------------------------------------------------------------------------------------------------

NAMES = ("i", "j", "k")


@st.composite
def indices(draw):
    """A linear index over names that may be bound or free."""
    total = index(draw(st.sampled_from([0, 0, 0, 1, 2, -1])))
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2)):
        total = total + draw(st.sampled_from([1, 1, 1, 2, -1])) * index(name)
    kind = draw(st.sampled_from(["", "", "", "floor", "exact"]))
    return divide(kind, total, index(2)) if kind else total


binders = st.lists(
    st.builds(Binder, st.sampled_from(NAMES), st.builds(index, st.sampled_from([0, 2, 3, 2, 3, *NAMES]))),
    min_size=1, max_size=2, unique_by=lambda b: b.name,
)  # fmt: skip
reads = st.builds(lambda t, i: Entry(t, (i,)), st.sampled_from("XY"), indices())
linear = st.one_of(reads, st.builds(lambda i: Mul((val(i - i + 1), Entry("X", (i,)))), indices()))


def grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Sums and guarded sums over an index: nothing that raises the degree."""
    guard = st.one_of(
        st.builds(Compare, st.sampled_from(["==", "!=", "<", "<="]), indices().map(val), indices().map(val)),
        st.builds(InRange, indices(), st.just(index(3))),
    )
    return st.one_of(
        st.builds(Contract, st.builds(tuple, binders), inner),
        st.builds(lambda a, b: Add((a, b)), inner, inner),
        st.builds(lambda g, a: Mul((g, a)), guard, inner),
        st.builds(lambda c, a: Mul((Num(Fraction(c, 3)), a)), st.integers(-2, 4), inner),
    )


lines = st.recursive(linear, grown, max_leaves=4)
squares = st.recursive(st.builds(lambda a, b: Mul((a, b)), lines, lines), grown, max_leaves=2)
quartics = st.builds(lambda a, b: Mul((a, b)), squares, squares)
points = st.fixed_dictionaries({n: st.sampled_from([0, 1, 2, 0, 1, 2, 3, -1]) for n in NAMES})
arrays = st.fixed_dictionaries({t: st.builds(row, *[st.sampled_from([1, 2, 3, 4, 0, -1, -2, -3])] * 3) for t in "XY"})


@given(st.one_of(lines, squares, quartics), points, arrays)
def test_a_derivative_is_the_finite_difference_of_a_polynomial_exactly(e, point, values):
    def moved(at: int, step: int) -> Number:
        x = list(values["X"].values)
        x[at] += step
        return denote(e, World({}, {**values, "X": row(*x)}), point)

    for at in range(3):
        # this difference is exact up to the fourth degree
        twelve = 8 * (moved(at, 1) + -1 * moved(at, -1)) + -1 * (moved(at, 2) + -1 * moved(at, -2))
        found = denote(D(e, Entry("X", (index(at),))), World({}, values), point)
        assert 12 * found == twelve


def test_a_derivative_with_respect_to_an_entry_out_of_range_is_0():
    assert worth("d(sum[p<3] X[p]^2)/dX[3]", X=row(1, 2, 3)) == 0
    assert worth("d(sum[p<3] X[p]^2)/dX[2]", X=row(1, 2, 3)) == 6
    assert worth("d(sum[p<3] X[p]^2)/dY[0]", X=row(1, 2, 3), Y=row(1)) == 0


def test_a_tie_of_two_values_has_the_second_ones_derivative_in_max_and_the_first_ones_in_min():
    assert worth("d(max(X[0], 0))/dX[0]", X=row(0)) == 0
    assert worth("d(min(X[0], 0))/dX[0]", X=row(0)) == 1
    assert worth("d(max(X[0], 0))/dX[0]", X=row(1)) == 1
    assert worth("d(min(X[0], 0))/dX[0]", X=row(1)) == 0


def test_a_tied_window_has_the_derivative_of_its_first_winner():
    assert [worth(f"d(max[p<3] X[p])/dX[{a}]", X=row(1, 4, 4)) for a in range(3)] == [0, 1, 0]


# -- renaming and substitution -----------------------------------------------------------------------------------------


def bound(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Every node that binds, over a body, besides what a sum may hold."""
    wins = st.builds(
        lambda bs, e, at: Winner(tuple(bs), e, tuple(at[: len(bs)])), binders, inner, st.lists(indices(), min_size=2)
    )
    return st.one_of(grown(inner), st.builds(lambda bs, e: Select(tuple(bs), e), binders, inner), wins)


anything = st.recursive(linear, bound, max_leaves=4)


def outcome(e: Expr, values: dict[str, Array], point: dict[str, int]) -> Number | str:
    """The value, or that there is none."""
    try:
        return denote(e, World({}, values), point)
    except MeaningError:
        return UNDEFINED


replacements = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(["j", "k", "i", "i+j", "2*k-1", "1"]), min_size=1
)


@given(anything, points, arrays, replacements)
def test_a_substitution_has_the_value_of_the_expression_where_the_names_are_those_values(e, point, values, new):
    put = {name: parse_index(text) for name, text in new.items()}
    there = {**point, **{n: Integers({}, {}).integer(i, point) for n, i in put.items()}}
    assert outcome(substitute(e, put), values, point) == outcome(e, values, there)


@given(anything, points, arrays, st.sets(st.sampled_from([*NAMES, "i1", "j1"])))
def test_bound_indices_may_have_other_names(e, point, values, avoid):
    e = Contract((Binder("i", index(3)), Binder("j", index("k"))), e)
    renamed = rename_bound(e, ("i", "j"), avoid)
    own = {b.name for b in renamed.binders}
    assert not own & (avoid | all_names(e))
    assert outcome(renamed, values, point) == outcome(e, values, point)


def test_a_substitution_without_renaming_would_capture():
    e = parse_expr("sum[j<3] X[i]*Y[j]")
    found = substitute(e, {"i": index("j")})
    assert isinstance(found, Contract)
    assert found.binders[0].name != "j"
    captured = parse_expr("sum[j<3] X[j]*Y[j]")
    values = {"X": row(1, 2, 3), "Y": row(4, 5, 6)}
    assert outcome(found, values, {"j": 1}) == 2 * 15 != outcome(captured, values, {"j": 1})


# -- index algebra -----------------------------------------------------------------------------------------------------


@st.composite
def trees(draw, depth=3):
    """An index expression, twice: as an index, and as a function of a point in python's integers."""
    if depth == 0 or draw(st.booleans()):
        leaf = draw(st.sampled_from([*NAMES, 0, 1, 2, -3, 6]))
        return index(leaf), lambda p: p[leaf] if isinstance(leaf, str) else leaf
    (a, f), (b, g) = draw(trees(depth=depth - 1)), draw(trees(depth=depth - 1))
    sign = draw(st.sampled_from(["+", "-", "*", "floor", "mod", "exact", "min"]))
    built = {"+": a + b, "-": a - b, "*": a * b}.get(sign)
    return (divide(sign, a, b) if built is None else built), lambda p: python(sign, f(p), g(p))


def python(sign: str, a: int | None, b: int | None) -> int | None:
    """The same of two integers; None where a quotient leaves a rest or divides by 0."""
    if a is None or b is None or (b == 0 and sign in ("floor", "mod", "exact")):
        return None
    if sign == "exact":
        return a // b if a % b == 0 else None
    rules = {"+": a + b, "-": a - b, "*": a * b, "min": min(a, b)}
    return rules[sign] if sign in rules else a // b if sign == "floor" else a % b


@given(trees(), points)
def test_an_index_is_worth_what_python_says_wherever_that_is_defined(tree, point):
    built, meant = tree
    expected = meant(point)
    assume(expected is not None)
    assert Integers({}, {}).integer(built, point) == expected


@given(trees(), trees(), points, indices())
def test_substituting_in_an_index_is_evaluating_it_elsewhere(tree, other, point, new):
    built, meant = tree
    value = Integers({}, {}).integer(new, point)
    assume(value is not None)
    expected = meant({**point, "i": value})
    assume(expected is not None)
    assert Integers({}, {}).integer(built.substitute({"i": new}), point) == expected


@given(trees(), trees(), trees())
def test_indices_that_are_equal_as_polynomials_are_equal(one, two, three):
    a, b, c = one[0], two[0], three[0]
    for left, right in (
        (a + b, b + a), (a * b, b * a), ((a + b) + c, a + (b + c)), ((a * b) * c, a * (b * c)),
        (a * (b + c), a * b + a * c), (a - a, index(0)), (-1 * (-a), a), (a + 0, a), (1 * a, a), (2 - a, -(a - 2)),
        ((a + b) * (a - b), a * a - b * b),
    ):  # fmt: skip
        assert left == right
        assert hash(left) == hash(right)


@given(trees(), trees(), points)
def test_indices_that_differ_in_value_are_not_equal(one, two, point):
    (a, f), (b, g) = one, two
    if f(point) is not None and g(point) is not None and f(point) != g(point):
        assert a != b
    assert a != a + 1


@given(trees(), st.sampled_from(NAMES))
def test_a_split_index_is_slope_times_name_plus_rest(tree, name):
    found = tree[0].split(name)
    assume(found is not None)
    slope, rest = found
    assert slope * index(name) + rest == tree[0]
    assert name not in slope.names() | rest.names()


def test_a_symbol_is_not_cancelled_since_it_may_be_0():
    a, b = index("a"), index("b")
    assert divide("exact", a * b, b) != a
    assert divide("exact", 6 * a, index(3)) == 2 * a
    assert divide("mod", a, index(1)) == Index(())


def test_0_has_no_negative_power_whole_or_broken():
    for exponent in (-1, Fraction(-1, 2), -2, Fraction(-3, 2)):
        with pytest.raises(MeaningError, match=r"got the (divisor|base) 0"):
            power(0, exponent)
    assert power(0, Fraction(1, 2)) == 0
