"""Every law that is written here reads back as printed; every other text is refused with its place and a remedy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.catalogue import RECIPES
from derive.catalogue.recipe import lines
from derive.catalogue.recipe import text as law_text
from derive.errors import BackproofError, MeaningError, NotationError, OperationError
from derive.expressions.expr import Divides, InRange, Pow
from derive.expressions.index import Index, index
from derive.language.elaborate import from_text
from derive.language.notation import Law, SizeRule, parse, parse_expr, parse_index
from derive.language.show import show, show_index
from derive.language.tokens import MAX_DEPTH, MAX_LENGTH
from derive.meaning.denote import World, denote
from tests.derive.laws import DECKS, LAWS

VARIANTS = [(r, kinds) for r in RECIPES.values() for kinds in map(r.kinds, r.variants())]
CATALOGUE = list(
    dict.fromkeys(t for r, kinds in VARIANTS for t in (law_text(r.law, kinds), law_text(r.stable, kinds)) if t)
)
EVERY = [*LAWS.values(), *DECKS.values(), *CATALOGUE]
GUARDS = list(
    dict.fromkeys(t for r, kinds in VARIANTS for which in (r.require, r.hypotheses) for t in lines(which, kinds))
)

# text, column, got, expected, remedy
BAD = [
    ("O[i] = X[i] $ 2", 13, "'$'", "a name, a number or one of", "write names with letters, digits and _"),
    ("O[i] = (X[i] + 1", 17, "the end", "')'", "close the bracket"),
    ("O[i] = X[i+] * 2", 12, "']'", "an index", "write an integer expression"),
    ("O[i,j] = X[i] + )", 17, "')'", "a value", "write a number, a name, a tensor entry"),
    ("O[i,i] = X[i]", 5, "'i'", "distinct indices on the left side", "rename one of the two i"),
    ("O[i] = Y[i] X[i]", 13, "'X'", "an operator or the end", "separate equations by ';'"),
    ("O[i] = foo(X[i])", 8, "'foo'", "a function (cos, exp, log, sigmoid, sin, sqrt, tanh)", "write tensors with [ ]"),
    ("O = 1234567890123456*X", 5, "a number of 16 digits", "at most 15", "use a parameter"),
    ("O[i] = X[i] + [i<2", 19, "the end", "']'", "close the guard"),
    ("O[i] = [i]*X[i]", 10, "']'", "==, !=, <, <=, >, >= or |", "a guard compares, such as [c==T[n]]"),
    ("O[i] = cases(X[i], 1, 2)", 18, "','", "==, !=, <, <=, >, >= or |", "a guard compares"),
    ("O[i] = max(X[i] 0)", 17, "'0'", "','", "write: max(a, b)"),
    ("O[i] = X[i]; O[i] = 2*X[i]", 14, "'O'", "one equation for O", "give the second one another name"),
    ("O[i] = X[i]; X[h<H]; X[h<H]", 22, "'X'", "one declaration of X", "leave one of the two out"),
    ("O[i] = X[i]; pad X.h by P", 26, "the end", "','", "write: pad X.h by lo, hi"),
    ("O[i] = X[i]; pad X.h by P, P; pad X.h by P, P", 35, "'X'", "one halo for X.h", "leave one of the two out"),
    ("O[i] = X[i]; size i huge", 21, "'huge'", "'fit', 'ceil', 'touch' or '= size'", "write: size i fit"),
    ("O[i] = X[i]; size i fit; size i fit", 31, "'i'", "one size for i", "leave one of the two out"),
    ("O[i<I] = X[i]", 1, "'O'", "plain indices on the left side", "declare the extents apart: O[i<...]"),
    ("O[i] = X[i]; where i = 2", 20, "'i'", "a name that was not used before", "write each abbreviation once"),
    ("where h = i+1; O[h] = X[h]", 16, "'O'", "an index other than the abbreviation h", "rename one of the two"),
    ("3 = X[i]", 1, "'3'", "a tensor's name", "start with the output, such as O[i] = ..."),
    ("O[i] = X[i] =", 13, "'='", "an operator or the end", "separate equations by ';'"),
    ("O[i] = d(X[i])*2", 15, "'*'", "'/'", "write: d(f)/dX[a]"),
    ("O[i] = X[1.5]", 10, "'1.5'", "an index", "write an integer expression"),
    ("O[i] = sum[p,p] X[i+p]", 14, "'p'", "p bound once", "rename one of the two"),
    ("O[i] = X[i]^65", 13, "'65'", "an exponent of at most 64", "use a smaller power"),
    ("O[i] = X[i//0]", 13, "'0'", "a divisor that is not 0", "divide by a stride or an extent"),
    ("O[i] = [2.5 | i]*X[i]", 9, "'2.5'", "an integer expression", "use integers here"),
    ("O[i+1] = X[i]", 4, "'+'", "',' or ']'", "the left side lists plain index names"),
    ("O[i] = sum X[i]", 12, "'X'", "an operator or the end", "separate equations by ';'"),
    ("O[i] = sum[] X[i]", 12, "']'", "a bound index", "a name starts with a letter"),
    ("O[i] = sum[p<i,i<9] X[p]", 19, "']'", "bounds without the indices of the same brackets", "write them apart"),
    ("O[i] = [(i,j)==argmax[p<2] X[p]]", 28, "'X'", "2 indices under argmax", "compare as many"),
    ("O[i] = X[i,j]; X[i<2,j]", 24, "the end", "'='", "give every index of a declaration its extent"),
    ("O[i] = X[i//(2-2)]", 13, "'('", "a divisor that is not 0", "divide by a stride or an extent"),
    ("where p = 3; O[i] = sum[p] X[i+p]", 25, "'p'", "an index other than the abbreviation p", "rename one of the two"),
    ("O[i] = Y[i]*X[]", 15, "']'", "an index", "declare a tensor without indices, scalar w, and read it as w"),
    ("O[] = X[3]", 3, "']'", "an index name", "a tensor without indices has no brackets"),
]


def written(law: Law) -> str:
    """A whole law in notation, its abbreviations written out."""
    lines = [e.target + (f"[{','.join(e.names)}]" if e.names else "") + f" = {show(e.body)}" for e in law.equations]
    for tensor, axes in law.declarations.items():
        inside = ",".join(f"{b.name}<{show_index(b.extent)}" for b in axes)
        lines.append(f"{tensor}[{inside}]" if axes else f"scalar {tensor}")
    lines += [f"pad {t}.{a} by {show_index(low)}, {show_index(high)}" for (t, a), (low, high) in law.pads.items()]
    lines += [f"size {name} {sized(rule)}" for name, rule in law.sizes.items()]
    lines += [f"integer {t}" for t in sorted(law.integers)]
    return "\n".join(lines)


def sized(rule: SizeRule | Index) -> str:
    return f"{rule.name} + {show_index(rule.more)}" if isinstance(rule, SizeRule) else f"= {show_index(rule)}"


@pytest.mark.parametrize("text", EVERY)
def test_a_law_reads_back_as_it_is_printed(text):
    law = parse(text)
    assert parse(written(law)) == law


@pytest.mark.parametrize("text", EVERY)
def test_the_equations_of_a_law_read_back_with_every_extent_filled_in(text):
    law = from_text(text)
    scalars = frozenset(t.name for t in law.tensors if not t.axes)
    for e in law.equations:
        assert parse_expr(show(e.body), scalars) == e.body


@pytest.mark.parametrize("text", GUARDS)
def test_the_conditions_of_the_catalogue_read_back_as_they_are_printed(text):
    assert parse_expr(show(parse_expr(text))) == parse_expr(text)


def test_a_law_with_another_sign_or_size_rule_or_halo_is_not_equal():
    text = LAWS["conv_transpose1d"]
    assert parse(text) != parse(text.replace("i+P", "i-P"))
    assert parse(text) != parse(text.replace("touch", "fit"))
    assert parse(text) != parse(text.replace("+ b[k]", "- b[k]"))
    text = LAWS["conv1d grouped"]
    assert parse(text) != parse(text.replace("by P, Q", "by Q, P"))
    assert parse(LAWS["cross_entropy of labels"]) != parse(LAWS["cross_entropy of labels"].replace("; integer T", ""))


@pytest.mark.parametrize(("text", "column", "got", "expected", "remedy"), BAD, ids=[b[0] for b in BAD])
def test_an_error_names_the_column_what_it_got_what_it_expected_and_a_remedy(text, column, got, expected, remedy):
    with pytest.raises(NotationError) as error:
        parse(text)
    message = str(error.value)
    assert message.startswith(f"notation, column {column}: got {got}, expected {expected}")
    assert f"; {remedy}" in message
    assert "\n" not in message


def test_the_bad_texts_stand_in_many_places_so_that_a_fixed_column_is_seen():
    assert len({column for _, column, *_ in BAD}) > 12


def test_an_error_in_a_later_line_names_the_line_and_the_column_in_it():
    with pytest.raises(NotationError, match=r"^notation, line 2, column 15: got '\*', expected a value;"):
        parse("O[i] = X[i]\nP[i] = X[i] + * 2")


def test_a_text_without_an_equation_is_refused():
    for text in ("", "  \n;;", "X[h<H]"):
        with pytest.raises(NotationError, match="got no equation, expected one such as"):
            parse(text)


HUGE = {
    "a power of a sum, again and again": "O[i] = X[" + "*".join(["(a+b+c+d)"] * 60) + "]",
    "open brackets": "O = " + "(" * 100_000,
    "open brackets within the length": "O = " + "(" * 9_000,
    "open squares": "O = X" + "[" * 9_000,
    "nested reads": "O = " + "X[" * 3_000 + "i" + "]" * 3_000,
    "nested functions": "O = " + "exp(" * 2_000 + "1" + ")" * 2_000,
    "nested guards": "O = " + "[" * 4_000 + "1" + "<2]" * 1_500,
    "many minus signs": "O = " + "-" * 9_000 + "1",
    "many quotients": "O = 1" + "/X" * 4_000,
    "many floors": "O[i] = X[i" + "//k" * 3_000 + "]",
    "nested sums": "O = " + "sum[p]" * 1_500 + "X[p]",
    "huge digits": "O = " + "9" * 9_000,
    "huge digits after the point": "O = 0." + "9" * 9_000,
    "growing coefficients": "O[i] = X[" + "*".join(["999999999999999"] * 400) + "*i]",
    "20,000 characters": "O[i] = X[i]" + " + X[i]" * 3_000,
    "a long name": "O = " + "a" * 20_000,
    "a null": "O[i] = X[i]\0",
    "control characters": "O[i] = \x1b[31mX[i]\x07",
    "a bell in a name": "O\x08[i] = X[i]",
    "a vertical tab": "O[i] =\x0bX[i]",
    "a Greek letter": "O[i] = \u03b1*X[i]",
    "a full-width digit": "O[i] = \uff11*X[i]",
    "an Arabic digit": "O[i] = \u0663*X[i]",
    "a right-to-left mark": "O[i] = \u202eX[i]",
    "a surrogate": "O[i] = \ud800*X[i]",
    "an emoji": "O[i] = \U0001f600",
    "a no-break space": "O[i] =\u00a0X[i]",
    "a line separator": "O[i] = X[i]\u2028P[i] = X[i]",
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE.keys())
def test_a_text_that_is_huge_or_has_other_characters_is_refused_in_one_line(text):
    with pytest.raises((NotationError, OperationError)) as error:
        from_text(text)
    message = str(error.value)
    assert len(message) < 500
    assert message.isprintable()


@pytest.mark.parametrize("text", ["9^9^9", "^".join(["9"] * 50), "(9^64)^(9^64)"])
def test_a_tower_of_powers_stays_unevaluated_and_has_no_value(text):
    body = parse(f"O = {text}").equations[0].body
    assert isinstance(body, Pow)
    with pytest.raises(MeaningError, match="a power: got the exponent"):
        denote(body, World({}, {}))


def test_the_deepest_tower_of_powers_reads_back_as_it_is_printed():
    tower = parse_expr("^".join(["X"] * MAX_DEPTH))
    assert parse_expr(show(tower)) == tower


def test_the_limits_themselves_are_allowed():
    inner = "(" * (MAX_DEPTH - 1) + "X[i]" + ")" * (MAX_DEPTH - 1)
    assert from_text(f"O[i] = {inner}").output.name == "O"
    long = "O[i] = X[i]"
    assert parse(long + " " * (MAX_LENGTH - len(long))) == parse(long)
    with pytest.raises(NotationError, match=f"got {MAX_LENGTH + 1} characters, expected at most {MAX_LENGTH}"):
        parse(long + " " * (MAX_LENGTH + 1 - len(long)))


TOKENS = [
    *"+-*/%^()[],<>=|.;\n ", "**", "//", "==", "!=", "<=", ">=", "...", "0", "1", "2.5", "99", "i", "j", "p", "K", "X",
    "F", "O", "dE/dO", "sum", "max", "min", "argmax", "exp", "log", "cases", "d", "pad", "by", "size", "fit", "ceil",
    "touch", "integer", "scalar", "where", "X[i]", "O[i] = ", "sum[p<K] ", "[0<=i<K]", "[i==argmax[p<2] X[p]]",
]  # fmt: skip


def only_our_errors(text: str) -> None:
    """Read a text in every way; nothing but our own errors may come of it."""
    for read in (from_text, parse_expr, parse_index):
        try:
            read(text)
        except BackproofError as error:
            assert len(str(error)) < 2_000  # noqa: PT017  (a text of its own may be quoted, never at length)


def test_an_error_that_is_not_ours_is_seen():
    with pytest.raises(TypeError):
        only_our_errors(None)


@given(st.lists(st.sampled_from(TOKENS), max_size=25).map("".join))
def test_a_soup_of_tokens_is_read_or_refused(text):
    only_our_errors(text)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    only_our_errors(text)
    only_our_errors(f"O[i] = {text}")


@st.composite
def mutated(draw):
    """A valid law with up to three pieces taken out, doubled or replaced."""
    text = draw(st.sampled_from(EVERY))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 6)))
        text = text[:start] + draw(st.sampled_from(["", text[start:stop] * 2, *TOKENS])) + text[stop:]
    return text


@given(mutated())
def test_a_valid_law_that_was_changed_is_read_or_refused(text):
    only_our_errors(text)


@settings(max_examples=300)  # one in ten is still a law
@given(mutated())
def test_a_changed_law_that_is_still_read_reads_back_as_it_is_printed(text):
    try:
        law = parse(text)
    except BackproofError:
        return
    assert parse(written(law)) == law


@pytest.mark.parametrize("guard", [InRange(parse_index("1/2"), index(3)), Divides(index(2), parse_index("1/2"))])
def test_a_guard_on_a_quotient_of_numbers_reads_back_as_it_is_printed(guard):
    assert parse_expr(show(guard)) == guard
