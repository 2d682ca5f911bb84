"""The benchmark of derivations: every gradient has a row, and its ratios are those of what was measured."""

import json

import pytest

from derive.catalogue import names, op
from reports import first_sight
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
