"""Computations by hand: every number shown is torch's, every line computes what it says, and notebooks run."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient

import derive
from derive.catalogue import names
from derive.errors import BackproofError
from derive.expressions.expr import Entry
from derive.expressions.index import index
from derive.language.notation import parse_expr
from derive.meaning.denote import World, denote
from reports.by_hand import hand_checks
from reports.by_hand.friendly import example
from reports.by_hand.python_cells import cells
from reports.by_hand.scale import scale
from reports.by_hand.worked import SIZES, SMALL, worked_example
from reports.document import Claim, Document, Equation, Figure, Source, Table, parts, plain
from reports.mathematics.forms import Form, Rows, form_of
from reports.mathematics.names import Names
from reports.writers import FORMATS, render
from tests.reports.repeated import printed

OWN = "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]"
CASES = [
    *((name, {}) for name in names()),
    ("conv2d", {"input": (4, 5), "kernel": (2, 3), "stride": 2, "padding": 1, "seed": 1}),
    ("conv2d", {"input": (5, 5), "dilation": 2, "seed": 3}),
    ("conv2d", {"input": (2, 3, 3), "kernel": (2, 2, 2, 2), "seed": 2}),
    ("max_pool2d", {"input": (4, 4), "kernel": (3, 3), "stride": 1, "padding": 1, "seed": 2}),
    ("cross_entropy", {"reduction": "none", "seed": 4}),
    ("mse_loss", {"reduction": "sum"}),
    (OWN, {"input": (3, 3)}),
    (OWN, {"input": (4, 3), "kernel": (2, 2), "seed": 5}),
    (
        "S[i,k] = sum[d] Q[i,d]*K[k,d]; A[i,k] = exp(S[i,k]); Z[i] = sum[k] A[i,k]; O[i,d] = sum[k] A[i,k]/Z[i]*V[k,d]",
        {},
    ),
    ("O[n,i] = sum[c,p] X[n,c,(i+P-d*p)/s]*F[c,p]; X[n<N,c<C,h<H]; F[c<C,p<K]; size i touch", {"P": 0, "d": 1, "s": 2}),
    ("O[i] = cases(0<X[i], X[i], a*(exp(X[i])-1))", {"a": 2}),
    ("lambda[alpha_1] = sum[beta] X_hat[alpha_1+beta]*gamma[beta]", {"input": (4,), "kernel": (2,)}),
]
IDS = [f"{name[:12]}-{k}" for k, (name, _) in enumerate(CASES)]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return [worked_example(name, **kw) for name, kw in CASES]  # type: ignore[arg-type]


def lines(document: Document) -> list[str]:
    return [p.plain for p in parts(document) if isinstance(p, Equation)]


def matrix(document: Document, name: str) -> list[list[Fraction]]:
    """The matrix that a page gives for `name`."""
    text = next(line for line in lines(document) if re.fullmatch(rf"{re.escape(name)} = \[[^=⊛]*\]", line))
    rows = text.partition(" = [")[2].rstrip("]").split("; ")
    return [[Fraction(n) for n in row.split()] for row in rows]


def test_seed_0_is_the_example_of_the_textbook() -> None:
    found = worked_example("conv2d", input=(3, 3), kernel=(2, 2), seed=0)
    assert lines(found)[:3] == ["O[i,j] = Σ[p,q] X[i+p-1,j+q-1]·F[p,q]", "X = [0 1 2; 3 4 5; 6 7 8]", "F = [0 1; 2 3]"]
    assert lines(found)[4:8] == [
        "O[1,1] = X[1,1]·F[1,1] + X[1,2]·F[1,2] + X[2,1]·F[2,1] + X[2,2]·F[2,2] = 0·0 + 1·1 + 3·2 + 4·3 = 19",
        "O[1,2] = X[1,2]·F[1,1] + X[1,3]·F[1,2] + X[2,2]·F[2,1] + X[2,3]·F[2,2] = 1·0 + 2·1 + 4·2 + 5·3 = 25",
        "O[2,1] = X[2,1]·F[1,1] + X[2,2]·F[1,2] + X[3,1]·F[2,1] + X[3,2]·F[2,2] = 3·0 + 4·1 + 6·2 + 7·3 = 37",
        "O[2,2] = X[2,2]·F[1,1] + X[2,3]·F[1,2] + X[3,2]·F[2,1] + X[3,3]·F[2,2] = 4·0 + 5·1 + 7·2 + 8·3 = 43",
    ]


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_a_convolution_by_hand_has_the_numbers_of_torch(seed: int) -> None:
    found = worked_example("conv2d", seed=seed, torch=False)
    x, f, g = (torch.tensor(np.array(matrix(found, n), float)) for n in ("X", "F", "∂E/∂O"))
    x, f = x[None, None].requires_grad_(), f[None, None].requires_grad_()
    torch.nn.functional.conv2d(x, f).backward(g[None, None])
    assert np.array_equal(x.grad.numpy()[0, 0], np.array(matrix(found, "∂E/∂X"), float))
    assert np.array_equal(f.grad.numpy()[0, 0], np.array(matrix(found, "∂E/∂F"), float))


@pytest.mark.parametrize("k", range(len(CASES)), ids=IDS)
def test_every_example_is_checked_in_every_way_and_told_in_every_format(k: int, documents: list[Document]) -> None:
    document = documents[k]
    layers = {p.layer for p in parts(document) if isinstance(p, Claim)}
    assert {"definition", "torch"} <= layers
    assert document.tally().refuted == document.tally().undecided == 0
    for form in FORMATS:
        assert '<code class="formula">' not in render(document, form)


@pytest.mark.parametrize("k", range(len(CASES)), ids=IDS)
def test_the_numbers_of_every_line_compute_to_its_value(k: int, documents: list[Document]) -> None:
    if any("≈" in line for line in lines(documents[k])):
        pytest.skip("rounded numbers do not compute to the last digit")
    computed = 0
    for text in lines(documents[k]):
        *_, numbers, value = text.replace("\n", " ").split(" = ")
        try:
            found = denote(parse_expr(numbers.strip().replace("·", "*").replace("²", "^2")), World({}, {}))
            shown = denote(parse_expr(value.strip()), World({}, {}))
        except (BackproofError, KeyError):
            continue  # a matrix, or symbols
        computed += 1
        assert found == shown, text
    assert computed > 2 or CASES[k][0] == "flatten" or "cases" in CASES[k][0]  # which only move entries, or brackets


def test_lines_that_do_not_compute_are_found() -> None:
    numbers = parse_expr("2*3 + (-1)*4")
    assert denote(numbers, World({}, {})) == 2 != 3


def test_the_gradient_of_the_input_is_shown_with_the_turned_filter_and_zeros_around() -> None:
    found = lines(worked_example("conv2d", torch=False))
    assert any(
        "∂E/∂O ⊛ rot180(F) = [0 0 0 0; 0 2 1 0; 0 -1 3 0; 0 0 0 0] ⊛ [3 2; 1 0] = [0 2 1; 4 7 6; -2 3 9]" in t
        for t in found
    )
    stuffed = lines(worked_example("conv2d", input=(5, 5), stride=2, torch=False))
    assert any("stuffed(∂E/∂O) ⊛ rot180(F)" in t for t in stuffed)


def test_every_partial_derivative_is_in_the_table() -> None:
    found = worked_example("conv2d", torch=False)
    tables = [t for t in parts(found) if isinstance(t, Table)]
    assert [(len(t.header), len(t.rows)) for t in tables] == [(5, 4), (5, 9)]
    assert [plain(c) for c in tables[1].rows[4]] == ["X[2,2]", "F[2,2] = 3", "F[2,1] = 2", "F[1,2] = 1", "F[1,1] = 0"]


@pytest.mark.parametrize("name", ["convolve2d", "conv_transpose2d"])
def test_a_filter_that_is_read_backwards_is_rotated_before_it_slides(name: str) -> None:
    slid = "O = X ⊛ rot180(F) = [0 0 0 0; 0 0 1 0; 0 2 3 0; 0 0 0 0] ⊛ [3 2; 1 0] = [0 0 1; 0 4 6; 4 12 9]"
    assert slid in lines(worked_example(name, torch=False))


def slid(form: Form) -> Rows:
    """A plain correlation of the two matrices as they are printed: nothing is flipped, every window fits."""
    (down, right), (below, beside) = (1, *form.step)[-2:], (1, *form.spread)[-2:]
    under, window = form.one.rows, form.other.rows
    return [
        [
            sum(
                w * under[down * i + below * p][right * j + beside * q]
                for p, row in enumerate(window)
                for q, w in enumerate(row)
            )
            for j in range(len(form.values[0]))
        ]
        for i in range(len(form.values))
    ]


def forward_form(law: str, input: tuple[int, ...], kernel: tuple[int, ...], **settings: int | str) -> Form | None:
    op = derive.op(law, **settings)
    e, ex = op.equations[0], example(scale(op, (input, kernel)), (), 0)
    return form_of(Entry(e.target, tuple(map(index, e.names))), e.body, ex, Names.of(op))


@pytest.mark.parametrize(
    ("law", "input", "kernel", "settings"),
    [
        ("convolve1d", (4,), (2,), {"mode": "same"}),
        ("convolve1d", (4,), (3,), {}),
        *(("convolve2d", (3, 4), (2, 2), {"mode": mode}) for mode in ("full", "same", "valid")),
        *(("conv_transpose2d", (2, 2), (2, 3), {"padding": p, "dilation": d}) for p in (0, 1) for d in (1, 2)),
        *(("conv2d", (5, 5), (2, 2), {"stride": s, "padding": 1, "dilation": d}) for s in (1, 2) for d in (1, 2)),
    ],
)  # fmt: skip
def test_a_printed_window_slides_to_the_printed_result(
    law: str, input: tuple[int, ...], kernel: tuple[int, ...], settings: dict[str, int | str]
) -> None:
    form = forward_form(law, input, kernel, **settings)
    assert form is not None
    assert slid(form) == form.values
    flipped = [row[::-1] for row in form.other.rows[::-1]]
    assert slid(replace(form, other=replace(form.other, rows=flipped))) != form.values


def test_a_window_that_is_read_backwards_along_one_axis_alone_is_not_shown_as_slid() -> None:
    assert forward_form("O[i,j] = sum[p,q] X[i+p,j-q]*F[p,q]", (4, 4), (2, 2)) is None
    assert forward_form(OWN, (4, 4), (2, 2)) is not None


def test_a_linear_layer_is_a_product_of_matrices() -> None:
    found = lines(worked_example("linear", input=(2, 3), torch=False))
    assert any(t.startswith("O = X · (W)ᵀ = ") for t in found)
    assert any(t.startswith("∂E/∂W = (∂E/∂O)ᵀ · X = ") for t in found)


def test_textbook_formulas_count_from_one() -> None:
    shown = {name: lines(worked_example(name, torch=False)) for name in ("cross_entropy", "max_pool2d", "conv2d")}
    assert "O = -(Σ[n,c] [c=T[n]]·L[n,c])/2" in shown["cross_entropy"]
    assert "∂E/∂X[n,c] = ∂E/∂O·(P[n,c] - [T[n]=c])/2" in shown["cross_entropy"]
    assert "O[i,j] = max[p,q] X[2·i+p-2,2·j+q-2]" in shown["max_pool2d"]
    assert any("[(p,q)=argmax[p1,q1] X[2·i+p1-2,2·j+q1-2]]" in line for line in shown["max_pool2d"])
    assert "∂E/∂X[h,w] = Σ[p,q] ∂E/∂O[h+1-p,w+1-q]·F[p,q]" in shown["conv2d"]


def test_cells_that_no_window_reaches_are_shown_too() -> None:
    found = lines(worked_example("conv2d", input=(4, 4), kernel=(3, 3), stride=2, torch=False))
    x = next(line for line in found if line.startswith("X = "))
    assert any(line.startswith(f"O = X ⊛ F = {x[4:]} ⊛ ") for line in found)


def test_pictures_show_the_windows() -> None:
    pictures = [p for p in parts(worked_example("conv2d", torch=False)) if isinstance(p, Figure)]
    assert len(pictures) == 3
    assert all(p.alt and p.caption for p in pictures)


@pytest.mark.parametrize("name", ["max_pool2d", "relu", "conv2d", "softmax"])
def test_numbers_are_small_without_ties_and_kinks_and_mostly_different(name: str) -> None:
    op = derive.op(name)
    ds = tuple(derive.gradient(op, t.name) for t in op.differentiable if not t.optional)
    at = scale(op, SIZES.get(name, (SMALL,)))
    for seed in range(8):
        ex = example(at, ds, seed)
        x = ex.world.arrays["X"]
        assert all(-9 < float(getattr(v, "value", v)) < 16 for v in x.values)
        if name == "relu":
            assert 0 not in x.values
        if name == "max_pool2d":
            for i, j in np.ndindex(2, 2):
                window = [x[0, 0, 2 * i + p, 2 * j + q] for p in range(2) for q in range(2)]
                assert window.count(max(window)) == 1  # type: ignore[type-var]


def test_seeds_draw_different_numbers_and_one_seed_the_same() -> None:
    one, same, other = (render(worked_example("max_pool2d", seed=s, torch=False)) for s in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize(("name", "layer"), [("worth", "definition"), ("readable", "torch")])
def test_a_wrong_number_is_refuted_with_its_place(name: str, layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(hand_checks, name)
    monkeypatch.setattr(hand_checks, name, lambda *args: right(*args) + 1)
    refuted = [c for c in parts(worked_example("conv2d")) if isinstance(c, Claim) and c.holds is False]
    assert {c.layer for c in refuted} == {layer}
    assert all(plain(c.detail).startswith("at [1, 1") for c in refuted)


def test_a_sum_that_is_no_window_has_no_matrices() -> None:
    d = derive.gradient("softmax", "input")
    at = scale(d.op, (SMALL,))
    assert form_of(d.target, d.result, example(at, (d,), 0), Names.of(d.op)) is None


def test_cells_of_every_operation_run_with_numpy_and_agree_with_autograd(documents: list[Document]) -> None:
    programs = ["\n".join(p.text for p in parts(d) if isinstance(p, Source) and p.runnable) for d in documents]
    code = "import json, sys\nfor text in json.load(sys.stdin):\n    exec(text, {})\n    print('done', file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], input=json.dumps(programs), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("done") == len(CASES)
    assert sum("torch.nn.functional" in p for p in programs) > 8
    assert not any("backproof" in p or "reports" in p for p in programs)


def test_a_wrong_number_in_a_cell_stops_the_notebook() -> None:
    code = "\n".join(p.text for p in parts(worked_example("conv2d", torch=False)) if isinstance(p, Source))
    wrong = code.replace("[[10, 15], [25, 30]]", "[[10, 15], [25, 31]]")
    assert wrong != code
    done = subprocess.run([sys.executable, "-c", wrong], capture_output=True, text=True)
    assert "AssertionError" in done.stderr


def test_names_that_python_knows_are_renamed_in_cells() -> None:
    op = derive.op("O[lambda] = sum[np] read[lambda+np]*max_[np]")
    ds = tuple(derive.gradient(op, t.name) for t in op.differentiable)
    text = "\n".join(c.text for c in cells(example(scale(op, ((4,), (2,))), ds, 1)))
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_notebook_runs_cleanly_and_its_cells_are_empty_before() -> None:
    notebook = nbformat.reads(render(worked_example("conv2d", torch=False), "ipynb"), 4)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert len(code) == 5
    assert all(c.outputs == [] and c.execution_count is None for c in code)
    ran = NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False).execute()
    assert "[[19. 25.]\n [37. 43.]]" in str([c.outputs for c in ran.cells if c.cell_type == "code"]).replace(
        "\\n", "\n"
    )


def test_the_same_options_give_the_same_bytes() -> None:
    code = (
        "from reports.by_hand.worked import worked_example; from reports.writers import render;"
        "d = worked_example('max_pool2d', seed=5, torch=False);"
        "print(*(render(d, f) for f in ('text', 'md', 'html', 'ipynb', 'tex', 'json')))"
    )
    assert printed(code)


@pytest.mark.parametrize(
    ("name", "kw", "named"),
    [
        ("conv2d", {"input": (1, 1)}, "expected at least 1"),
        ("conv2d", {"input": (3, 3), "kernel": (2, 2, 2, 2, 2)}, "at most 4 axes"),
        ("conv2d", {"input": (300, 300)}, "at most 2000"),
        ("conv2d", {"padding": "much"}, "padding: got 'much', expected an integer"),
        ("conv9d", {}, "conv9d"),
        ("max_pool2d", {"kernel": (3,)}, "kernel_size"),
    ],
)
def test_what_cannot_be_worked_is_refused_in_one_line(name: str, kw: dict, named: str) -> None:
    with pytest.raises(BackproofError, match=named) as error:
        worked_example(name, **kw)
    assert "\n" not in str(error.value)
