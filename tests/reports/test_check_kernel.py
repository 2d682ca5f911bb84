"""`check --kernel` says what is wrong with a backward pass, in every format, and its exit code says it too."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reports import examples
from reports.cli import run
from reports.writers.junit import Case, junit
from tests.numeric.audited_kernels import BROKEN, ENDING

ROOT = Path(__file__).resolve().parents[2]
CONV = ["check", "--kernel", "reports.examples.broken_conv:conv2d", "--op", "conv2d"]

RIGHT = "def relu(grad_output, input):\n    return grad_output * (input > 0)\n"
DECK = "def relu(grad_output, input):\n    return grad_output * (input >= 0)\n"
WRONG = "def relu(grad_output, input):\n    return grad_output * (input < 0)\n"
ROUGH = (
    "import numpy as np\ndef softmax(grad_output, input, dim):\n"
    "    e = np.exp(input - input.max(axis=dim, keepdims=True))\n"
    "    p = e / e.sum(axis=dim, keepdims=True) * (1 + 2.0**-30)\n"
    "    return p * (grad_output - (grad_output * p).sum(axis=dim, keepdims=True))\n"
)


def check(folder: Path, text: str, *more: str, op: str = "relu") -> int:
    path = folder / "mine.py"
    path.write_text(text)
    return run(["check", "--kernel", f"{path}:{op}", "--op", op, *more])


@pytest.mark.parametrize(
    ("text", "op", "code"),
    [(RIGHT, "relu", 0), (DECK, "relu", 0), (WRONG, "relu", 1), (ROUGH, "softmax", 5), ("x = 1", "relu", 2)],
    ids=["right", "convention", "wrong", "open", "nothing"],
)
def test_the_exit_code_is_the_verdict(text: str, op: str, code: int, tmp_path: Path) -> None:
    assert check(tmp_path, text, op=op) == code


def test_a_convention_is_named_on_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(tmp_path, DECK)
    assert "deck D1" in capsys.readouterr().out


def test_the_page_has_the_mistake_the_entry_and_the_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(CONV) == 1
    out = capsys.readouterr().out
    assert "the filter was not flipped" in out
    assert "dE/dX[0,0,0,0] = dE/dO[0,0,0,0]*F[0,0,0,0] = (-3)*(-2) = 6, got 0" in out
    assert "def test_conv2d_input() -> None:" in out


def test_json_goes_to_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*CONV, "--json", "-"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["diagnosis"]) == ("refuted", "the filter was not flipped")


def test_junit_has_a_case_for_each_gradient(tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    assert run([*CONV, "--junit", str(file)]) == 1
    suite = ElementTree.fromstring(file.read_text()).find("testsuite")  # noqa: S314  # our own file
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "1", "0")
    (failure,) = suite.iter("failure")
    assert failure.get("message") == "the filter was not flipped"


def test_what_xml_cannot_hold_is_replaced() -> None:
    text = junit("a\x00b", [Case("c\ud800", "failed", "<&>\x1b", "]]>"), Case("d", "undecided"), Case("e", "passed")])
    suite = ElementTree.fromstring(text.encode("utf-8", "replace")).find("testsuite")  # noqa: S314
    assert suite is not None
    assert [c.get("name") for c in suite] == ["c\N{REPLACEMENT CHARACTER}", "d", "e"]
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "1")


@pytest.mark.parametrize("case", [BROKEN[0], *ENDING], ids=lambda c: c.module)
def test_an_example_that_is_broken_runs_as_a_file_and_says_so(case: object, tmp_path: Path) -> None:
    path = ROOT / "reports" / "examples" / f"{getattr(case, 'module', '')}.py"
    done = subprocess.run([sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ": refuted" in done.stdout


def test_an_audit_that_finds_nothing_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.py"
    path.write_text(RIGHT)
    assert examples.audited(f"{path}:relu", "relu") == 1
    assert "verified" in capsys.readouterr().out


def test_every_broken_example_is_judged_and_told_in_the_readme() -> None:
    files = sorted(p.stem for p in (ROOT / "reports" / "examples").glob("broken_*.py"))
    assert files == sorted(c.module for c in (*BROKEN, *ENDING))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"`(broken_\w+)`", readme)) == files


def test_the_help_says_that_it_is_no_sandbox(capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "--help"])
    assert "not a sandbox" in " ".join(capsys.readouterr().out.split())
