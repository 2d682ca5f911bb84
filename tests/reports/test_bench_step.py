"""`backproof bench step` and `ops`: one page, one picture, plain data; who computes something else is the exit code."""

import json
from xml.etree import ElementTree

import pytest

from reports import speed_bench
from reports.cli import run

ROW = {
    "name": "cpp",
    "ms": {"median": 1.0, "low": 0.9, "high": 1.2},
    "first_step_s": 0.5,
    "bound_used": 0.1,
    "times_best_eager": 4.8,
    "times_compile": None,
    "gflops": 60.0,
    "share_of_sgemm": 0.46,
}
FOUND = {
    "network": "lenet",
    "rounds": 5,
    "threads": 1,
    "versions": {"python": "3", "torch": "2"},
    "batches": [
        {"batch": 64, "differ": {}, "not_measured": {"torch.compile": "no compiler"}, "flops": 1, "sgemm_gflops": 130.0,
         "contestants": [ROW, {**ROW, "name": "eager, NCHW", "times_best_eager": 1.0, "share_of_sgemm": 0.1}]},
    ],
    "refuted": [],
}  # fmt: skip
DIFFERS = {
    **FOUND,
    "batches": [{"batch": 64, "differ": {"cpp": ["fc1.bias"]}, "not_measured": {}, "contestants": []}],
    "refuted": ["cpp"],
}


def test_a_measurement_has_a_process_of_its_own_whose_result_is_told_as_plain_data(capsys):
    asked = ["--network", "mlp", "--backends", "numpy", "--batch", "2", "--rounds", "1"]
    assert run(["bench", "step", *asked, "--threads", "1", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["network"], found["threads"], found["rounds"]) == ("mlp", 1, 1)
    assert [r["name"] for r in found["batches"][0]["contestants"]] == ["numpy, derived"]


def test_the_page_has_medians_quartiles_ratios_and_who_was_not_measured(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(speed_bench, "measured", lambda what, arguments: FOUND)
    assert run(["bench", "step", "-o", str(tmp_path / "speed.svg")]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for said in ("1.000 0.900 to 1.200 4.80", "0.460", "With 1 thread; python 3", "torch.compile: no compiler"):
        assert said in text
    root = ElementTree.fromstring((tmp_path / "speed.svg").read_text())  # noqa: S314 - our own
    drawn = " ".join(root.itertext())
    assert "sgemm of 1024 x 1024" in drawn
    assert "46 %, 4.8x eager" in drawn


def test_who_has_other_parameters_is_named_and_is_the_exit_code(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(speed_bench, "measured", lambda what, arguments: DIFFERS)
    assert run(["bench", "step", "-o", str(tmp_path / "speed.svg")]) == 1
    assert "cpp has other parameters after one step, beyond rounding: fc1.bias" in " ".join(
        capsys.readouterr().out.split()
    )
    assert not list(tmp_path.iterdir())


OPERATIONS = {
    "batch": 64, "rounds": 3, "threads": 1, "versions": {"torch": "2"}, "refuted": [], "sgemm_gflops": 130.0,
    "operations": [{"name": "linear", "ms": {"cpp": ROW["ms"], "aten": ROW["ms"]}, "times_best_aten": 1.5}],
}  # fmt: skip


def test_single_operations_are_told_beside_aten_s(monkeypatch, capsys):
    monkeypatch.setattr(speed_bench, "measured", lambda what, arguments: OPERATIONS)
    assert run(["bench", "ops", "--batch", "64"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "linear cpp 1.0000 0.9000 to 1.2000 1.50" in text
    assert "linear aten 1.0000" in text


def test_an_operation_with_another_result_is_the_exit_code(monkeypatch, capsys):
    wrong = {**OPERATIONS, "operations": [], "refuted": ["linear: cpp"]}
    monkeypatch.setattr(speed_bench, "measured", lambda what, arguments: wrong)
    assert run(["bench", "ops"]) == 1
    assert "linear: cpp has another result" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["step", "--batch", "1,x"], "--batch: got '1,x'"),
        (["step", "--batch", "0"], "--batch: got '0'"),
        (["ops", "--batch", "1,64"], "--batch: got '1,64', expected a number such as 64"),
        (["step", "--network", "nothing"], "--network: got 'nothing'"),
        (["step", "--backends", "nothing"], "backends: got 'nothing'"),
        (["step", "-o", "speed.pdf"], "expected an .svg"),
        (["symbolic", "-o", "speed.svg"], "for symbolic"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_line(arguments, said, capsys):
    assert run(["bench", *arguments]) == 2
    assert said in capsys.readouterr().err
