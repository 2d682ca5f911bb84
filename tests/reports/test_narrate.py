"""Every derivation of the catalogue is told in every format, in words that claim what was done and no more."""

from itertools import pairwise

import pytest

import derive
from derive.catalogue import names
from derive.derivation import Derivation
from derive.expressions.expr import Apply
from derive.expressions.traversal import walk
from derive.laws.law import LAWS
from derive.laws.stability import STABILITY
from derive.lecture import laws_of, lecture
from numeric.checks.checking import Check
from numeric.proof.obligation import Obligation
from numeric.proof.verdict import Counterexample, Proved, Unknown
from reports.document import Callout, Claim, Document, Math, Section, Source, Step, StepTable, Verdict, parts, plain
from reports.mathematics.named_results import meanings
from reports.mathematics.names import Names
from reports.mathematics.plaintext import plaintext
from reports.sections.kernel_section import cpp_function_of, function_of
from reports.sections.narrate import derivation_report
from reports.sections.side_conditions import in_words
from reports.sections.statements import STATEMENTS, TOTAL, statement
from reports.sections.verdicts import claim
from reports.writers import FORMATS, render
from reports.writers.mathml import formula
from reports.writers.tex import tame
from tests.reports.repeated import printed

DERIVATIONS: list[Derivation] = [
    derive.gradient(op, t.name) for op in map(derive.op, names()) for t in op.differentiable
]
TITLES = [d.title for d in DERIVATIONS]


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {d.title: derivation_report(d) for d in DERIVATIONS}


@pytest.mark.parametrize("d", DERIVATIONS, ids=TITLES)
def test_every_derivation_is_told_in_every_format(d: Derivation, documents: dict[str, Document]) -> None:
    document = documents[d.title]
    for form in FORMATS:
        text = render(document, form)
        assert text.strip()
        assert '<code class="formula">' not in text, "a formula that could not be set"
    assert Document.from_json(render(document, "json")) == document


@pytest.mark.parametrize("d", DERIVATIONS, ids=TITLES)
def test_every_formula_is_tame_and_has_plain_text(d: Derivation, documents: dict[str, Document]) -> None:
    formulas = [p for p in parts(documents[d.title]) if isinstance(p, Math)]
    assert formulas
    assert all(tame(m.latex) and m.plain.strip() for m in formulas)


@pytest.mark.parametrize("d", DERIVATIONS, ids=TITLES)
def test_the_steps_start_at_the_gradient_and_join(d: Derivation, documents: dict[str, Document]) -> None:
    table = next(p for p in parts(documents[d.title]) if isinstance(p, StepTable))
    steps = [p for p in parts(table) if isinstance(p, Step)]
    assert [s.number for s in steps] == list(range(1, len(steps) + 1))
    assert [s.law for s in steps] == [TOTAL, *(", ".join(laws_of(line)) for line in lecture(d.steps))]
    assert [law for line in lecture(d.steps) for law in line] == list(d.steps)
    assert steps[0].before.plain == plaintext(d.target)
    for one, other in pairwise(steps):
        assert one.after == other.before


def test_every_law_is_stated_in_words_and_signs() -> None:
    assert {law.name for law in STABILITY} <= set(LAWS)  # laws register where they are imported
    assert set(LAWS) | {TOTAL} == set(STATEMENTS)
    for law in STATEMENTS.values():
        assert law.words
        if law.signs:
            assert formula(law.latex).mathml


def test_a_law_without_words_is_told_in_its_notation() -> None:
    assert plain(statement("unheard of", "f = f")) == "f = f"


def test_a_named_result_says_what_its_name_means() -> None:
    told = derivation_report(derive.gradient("conv2d", "input"))
    result = next(p for p in parts(told) if isinstance(p, Callout) and p.kind == "result")
    lines = [p.plain for p in parts(result) if hasattr(p, "plain")]
    assert "∂E/∂X[n,c,h,w] = Σ[k<K,p<K_h,q<K_w] ∂E/∂O[n,k,i,j]·F[k,c,p,q]" in lines
    assert any(line.startswith("rot180") and line.endswith("F[k,c,K_h-1-p,K_w-1-q]") for line in lines)
    assert "rotated by 180 degrees" in plain(result.title)


@pytest.mark.parametrize("d", [d for d in DERIVATIONS if d.result != d.formula], ids=lambda d: d.title)
def test_every_name_in_a_result_is_defined(d: Derivation) -> None:
    told = list(meanings(d.result, d.op, Names.of(d.op)))
    used = {n.definition for n in walk(d.result) if isinstance(n, Apply)}
    assert len(told) >= len(used)


def test_a_dropped_bracket_says_from_which_bounds_it_follows() -> None:
    d = derive.gradient("flatten", "input")
    words = [plain(w) for s in d.steps for w in in_words(s, d, Names.of(d.op))]
    assert words[-1] == (
        "0 ≤ c·H·W+h·W+w < A because no term of c·H·W+h·W+w is negative, and none of"
        " C·H·W-1 - (c·H·W+h·W+w) = (C-1-c)·H·W + (H-1-h)·W + (W-1-w) is"
    )


def test_assumptions_and_conventions_are_named_where_they_are_used() -> None:
    words = {}
    for name in ("cross_entropy", "relu", "max_pool2d", "conv2d"):
        d = derive.gradient(name, "input")
        words[name] = " | ".join(plain(w) for s in d.steps for w in in_words(s, d, Names.of(d.op)))
    assert "assumed" in words["cross_entropy"]
    assert "convention" in words["relu"]
    assert "first winner" in words["max_pool2d"]
    assert "because stride is at least 1" in words["conv2d"]


def test_several_gradients_share_one_law() -> None:
    told = derivation_report([derive.gradient("linear", w) for w in ("input", "weight", "bias")])
    titles = [plain(b.title) for b in told.blocks if isinstance(b, Section)]
    assert titles == [
        "The law", "With respect to the input X", "With respect to the weight W", "With respect to the bias b",
        "The kernel", "What has been checked",
    ]  # fmt: skip
    assert told.title == "The gradients of linear"


def test_what_was_proved_and_what_was_tested_are_told_apart() -> None:
    told = derivation_report(derive.gradient("tanh", "input"))
    verdict = next(p for p in parts(told) if isinstance(p, Verdict))
    assert [(c.layer, c.word, c.holds) for c in verdict.rows] == [
        ("1 steps", "proved", True),
        ("4 exp, log", "tested", True),
    ]
    assert "--verify" in render(told)


def test_proofs_for_all_sizes_have_a_row_for_each_kind_and_one_for_each_that_failed() -> None:
    d = derive.gradient("max_pool1d", "input")
    proved, window = Proved(("[2*P<=M]",)), Proved(("[2*P<=M]", "[d<=H]"))
    found = [
        Obligation("relation", "a", proved), Obligation("relation", "b", proved), Obligation("window", "c", window),
        Obligation("load", "x is inside y", Counterexample({"H": 1}, {"h": 0})),
        Obligation("store", "y is inside z", Unknown("it is late")),
    ]  # fmt: skip
    told = derivation_report(d, proofs={d.title: found})
    rows = [r for p in parts(told) if isinstance(p, Verdict) for r in p.rows if r.layer == "2 indices"]
    assert [(r.word, r.holds) for r in rows] == [
        ("proved", True), ("proved", True), ("refuted", False), ("undecided", None),
    ]  # fmt: skip
    assert plain(rows[0].detail) == "for all sizes, where 2·P≤M: 2 statements, asked of z3 now"
    assert plain(rows[1].detail) == "for all sizes, where 2·P≤M and d≤H: 1 statement, asked of z3 now"
    assert plain(rows[2].detail) == "H=1 at h=0"
    assert plain(rows[3].detail) == "it is late"
    assert told.tally().refuted == 1


def test_an_identity_over_a_prime_field_is_called_neither_proved_nor_tested() -> None:
    assert claim(Check("dE/dX is the derivative of the law", 3, 0.0)).word == "identity"
    assert claim(Check("dE/dX is the derivative of the law", 4, float("inf"))).word == "refuted"


def test_verdicts_of_kernels_join_the_table() -> None:
    good = Check("numpy float64: dE/dX equals the meaning", 6, 0.0, cases=24)
    bad = Check("torch: dE/dX", 8, 3.0, (0, 1), 2.0, 1.0, 0.5, seed=7)
    told = derivation_report(derive.gradient("tanh", "input"), [good, bad])
    claims = [p for p in parts(told) if isinstance(p, Claim)][-2:]
    assert [c.word for c in claims] == ["tested", "refuted"]
    assert "on 24 configurations: every number equal" in plain(claims[0].detail)
    assert "seed 7" in plain(claims[1].detail)
    assert "∂E/∂X" in plain(claims[0].claim)
    assert told.tally().refuted == 1
    assert "0.5 of its bound" in plain(claim(Check("x", 7, 0.5)).detail)


def test_ones_own_law_is_told_too() -> None:
    op = derive.op("O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]")
    told = derivation_report([derive.gradient(op, "F"), derive.gradient(op, "X")])
    assert told.title == "The gradients of O"
    assert "torch" not in render(told).replace("torch's autograd", "")


def test_settings_and_versions_are_told() -> None:
    told = derivation_report(derive.gradient(derive.op("conv2d", stride=2), "weight"))
    assert dict(told.provenance)["settings"] == "s_h = 2, s_w = 2"
    assert set(dict(told.provenance)) == {"backproof", "sympy", "settings"}


def test_each_kernel_stands_under_the_formula_that_it_was_printed_from() -> None:
    told = derivation_report([derive.gradient("conv2d", w) for w in ("input", "weight")])
    kernel = next(b for b in told.blocks if isinstance(b, Section) and plain(b.title) == "The kernel")
    one, other, whole = kernel.blocks
    for block, target in ((one, "dE/dX"), (other, "dE/dF")):
        assert isinstance(block, Source)
        assert block.formula is not None
        assert block.formula.plain.startswith(target.replace("d", "∂"))
        assert f'"""{target}[' in block.text
        assert "def forward" not in block.text
    assert isinstance(whole, Section)
    assert whole.collapsed


@pytest.mark.parametrize("d", DERIVATIONS, ids=TITLES)
def test_every_derivation_has_its_kernel(d: Derivation, documents: dict[str, Document]) -> None:
    function, module = [p.text for p in parts(documents[d.title]) if isinstance(p, Source)]
    assert function in module
    assert module.count("\ndef ") > 1


def test_a_kernel_takes_arguments_without_a_default_by_keyword() -> None:
    (source, _) = [p for p in parts(derivation_report(derive.gradient("max_pool2d", "input"))) if isinstance(p, Source)]
    assert "*, K_h, K_w, s_h, s_w," in source.text


def test_the_kernel_is_shown_in_the_language_that_is_asked_for() -> None:
    told = derivation_report(derive.gradient("conv2d", "weight"), backend="cpp")
    function, module = [p for p in parts(told) if isinstance(p, Source)]
    assert function.language == module.language == "cpp"
    assert function.text.startswith("// dE/dF[k,c,p,q] = ")
    assert function.text in module.text


def test_a_formula_without_a_function_shows_none() -> None:
    assert function_of('def f(x):\n    """O[i] = X[i]"""\n    return x\n', "O").startswith("def f")
    assert function_of("def f(x):\n    return x\n", "O") == ""
    assert cpp_function_of("// O[i] = X[i]\nvoid f() {\n}\n\n// P = O\n", "O").endswith("}")
    assert cpp_function_of("void f() {\n}\n", "O") == ""


def test_the_same_derivation_gives_the_same_bytes() -> None:
    code = (
        "import derive; from reports.sections.narrate import derivation_report; from reports.writers import render;"
        "d = derivation_report(derive.gradient('conv2d', 'input'));"
        "print(*(render(d, f) for f in ('text', 'md', 'html', 'ipynb', 'tex', 'json')))"
    )
    assert len(printed(code)) > 100_000
