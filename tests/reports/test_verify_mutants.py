"""`backproof verify --mutants`: the power of verification, measured and told."""

import json
from typing import Any

import pytest

from numeric.mistakes import matrix
from reports import cli
from reports.document import Document
from reports.exits import BAD_INPUT, GOOD, REFUTED
from reports.sections.mutants_report import mutants_blocks
from reports.writers.text import fragment

KEYS = {"mutants", "killed", "survivors", "only_by_autograd", "by_layer", "redundant", "matrix", "seconds", "seed"}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(["verify", "--mutants", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_mutants_of_an_operation_are_counted_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "tanh", "--configurations", "3", "--jobs", "1", "--json", "-")
    found = json.loads(out)
    assert code == GOOD
    assert found.keys() == KEYS
    assert found["mutants"] == found["killed"] == len(found["matrix"]) > 0
    assert found["survivors"] == found["only_by_autograd"] == []
    assert all({"1", "7", "8"} <= m["killed"].keys() for m in found["matrix"] if m["where"] == "derivation")


def test_the_matrix_is_printed_with_its_survivors(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "conv1d", "--configurations", "3", "--jobs", "1")
    words = " ".join(out.split())
    assert code == GOOD
    assert "0 of 2 mutants are seen" in words
    assert "25 edge-padding: conv1d padding=valid dE/dF, plan`: equivalent at all sizes: z3 proves" in words
    assert "x sees the mistake, . looks and does not" in words
    assert "2 mutants in" in err


def test_a_mutant_that_survives_without_a_proof_is_refuted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(*_: Any) -> matrix.Judgement:
        return matrix.Judgement(passed={0, 6, 7, 8})

    monkeypatch.setattr(matrix, "judge", blind)
    code, out, _ = run(capsys, "relu", "--jobs", "1")
    assert code == REFUTED
    assert "seen by no layer, and not proved to be equal" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nosuch",), "--mutants: got 'nosuch', expected some of conv2d"),
        (("--random", "3"), "--mutants: got --random too, expected it alone"),
        (("--backend", "numpy"), "--mutants: got --backend too, expected it alone"),
    ],
)
def test_what_does_not_go_with_mutants_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == BAD_INPUT
    assert said in err


def test_who_is_seen_by_autograd_alone_is_named() -> None:
    found = {
        "mutants": 1, "killed": 1, "survivors": [], "only_by_autograd": ["34 single-precision"], "seed": 0,
        "by_layer": {"8": {"killed": 1, "passed": 0, "sole_killer": []}}, "redundant": [8], "matrix": [],
    }  # fmt: skip
    told = fragment(Document("Power", mutants_blocks(found)))
    assert "Seen by autograd alone" in told
    assert "34 single-precision" in told
