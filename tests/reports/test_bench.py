"""The benchmark of derivations: every gradient has a row, and its ratios are those of what was measured."""

import json

import pytest

from derive.catalogue import names, op
from numeric.proof.coefficients import Compared
from numeric.proof.obligation import Obligation
from numeric.proof.verdict import Counterexample, Unknown
from reports import first_sight, proof_bench
from reports.cli import run
from reports.commands import bench

ROWS = [
    {"gradient": "dE/dX of linear", "steps": 9, "first": 0.02, "cached": 0.00001},
    {"gradient": first_sight.LENET, "steps": None, "first": 0.2, "cached": 0.0003},
]


@pytest.fixture
def measured(monkeypatch):
    """Processes that take no time, and a clock by which the import of SymPy takes a tenth of a second."""
    monkeypatch.setattr(bench, "_python", lambda *arguments, cache=None: json.dumps(ROWS))
    monkeypatch.setattr(bench, "interleaved", lambda tasks, rounds, advance: dict.fromkeys(run_each(tasks), 0.1))


def run_each(tasks):
    """Run every task once; their names."""
    for task in tasks.values():
        task()
    return tasks


def test_a_row_tells_milliseconds_and_how_many_imports_of_sympy_they_are(measured, capsys):
    assert run(["bench", "derivations", "--rounds", "1", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["import_sympy_ms"] == 100
    linear, lenet = found["gradients"]
    assert linear == {
        "gradient": "dE/dX of linear", "steps": 9, "first_sight_ms": 20, "cached_ms": 0.01, "over_import_sympy": 0.2,
    }  # fmt: skip
    assert lenet["over_import_sympy"] == 2


def test_the_table_has_a_row_for_each_gradient(measured, capsys):
    assert run(["bench", "derivations", "--rounds", "1"]) == 0
    text = capsys.readouterr().out
    assert "dE/dX of linear" in text
    assert "0.20" in text
    assert first_sight.LENET in text


def test_every_gradient_of_the_catalogue_is_measured_at_first_sight_and_from_the_cache(monkeypatch):
    asked = []
    monkeypatch.setattr(first_sight, "row", lambda law, tensor: asked.append((law.name, tensor)) or {})
    found = first_sight.first_sight()
    assert asked == [(name, t.name) for name in names() for t in op(name).differentiable]
    assert found[-1]["gradient"] == first_sight.LENET
    assert found[-1]["cached"] < found[-1]["first"]


def test_a_gradient_that_was_derived_before_is_not_derived_again():
    found = first_sight.row(op("O[i] = X[i]^3/(2 + X[i]^2) + X[i+1]"), "X")
    assert found["steps"] > 3
    assert found["cached"] < found["first"]


@pytest.fixture
def two_operations(monkeypatch):
    """The proofs of two operations, beside processes that take no time."""
    pytest.importorskip("z3", reason="proofs for all sizes need the package z3-solver")
    monkeypatch.setattr(bench, "_python", lambda *arguments, cache=None: "")
    monkeypatch.setattr(proof_bench, "names", lambda: ("relu", "max_pool1d"))


def test_proofs_are_told_with_their_verdicts_times_and_ratios(two_operations, capsys):
    assert run(["bench", "prove", "--rounds", "1", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [g["gradient"] for g in found["gradients"]] == ["dE/dX of relu", "dE/dX of max_pool1d"]
    assert all(g["verdict"] == "proved for all sizes" and g["not_proved"] == [] for g in found["gradients"])
    assert found["proved"] == found["obligations"] > 5
    assert found["refuted"] == 0
    exact = found["coefficients"]
    assert exact["verdict"] == "every coefficient equal"
    assert {d["by"]: d["coefficients"] for d in exact["derivatives"]} == {"X": 14400, "F": 14400, "b": 576}
    assert {"seconds", "over_import_sympy"} <= exact.keys() & found["gradients"][0].keys()


def test_the_page_of_proofs_names_what_is_not_proved(two_operations, monkeypatch, capsys):
    monkeypatch.setattr(proof_bench, "names", lambda: ("relu",))
    monkeypatch.setattr(proof_bench, "prove", lambda d: [Obligation("load", "x is inside y", Unknown("it is late"))])
    assert run(["bench", "prove", "--rounds", "1"]) == 0
    text = capsys.readouterr().out
    assert "0 of 1 obligations proved" in text
    assert "x is inside y: it is late" in text


def test_a_refuted_proof_is_the_exit_code(two_operations, monkeypatch, capsys):
    wrong = Obligation("load", "x is inside y", Counterexample({"H": 1}, {"h": 0}))
    monkeypatch.setattr(proof_bench, "prove", lambda d: [wrong])
    assert run(["bench", "prove", "--rounds", "1"]) == 1
    assert "x is inside y: H = 1, h = 0" in capsys.readouterr().out


def test_a_coefficient_that_differs_is_the_exit_code(two_operations, monkeypatch, capsys):
    monkeypatch.setattr(proof_bench, "compare", lambda *_: [Compared("X", 1, 1, "at X[0] the coefficient is 2 for 1")])
    assert run(["bench", "prove", "--rounds", "1", "--json", "-"]) == 1
    assert json.loads(capsys.readouterr().out)["coefficients"]["verdict"] == "refuted"
