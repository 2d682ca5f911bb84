"""`backproof check FORMULA`: the word, the exit code, one line for what cannot be read, the same bytes every time."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from reports import cli

NOT_FLIPPED = "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[n,k,h+p,w+q]*F[k,c,p,q]"
FLIPPED = "dE/dX[n,c,h,w] = sum[k,p,q] dE/dO[n,k,h-p,w-q]*F[k,c,p,q]"
CASES = [
    (["dE/dX[i] = dE/dO[i]*O[i]*(1-O[i])", "--op", "sigmoid"], 0, "Verified"),
    (["dE/dX[i] = dE/dO[i]*[X[i]>=0]", "--op", "relu"], 0, "ReLU'(0) = 1 (the convention of deck D1)"),
    (["dE/dX[i] = dE/dO[i]*[X[i]>=0]", "--op", "relu"], 0, "deck D1: S. Houben"),
    (["dE/dX[i] = dE/dO[i]*O[i]*(1+O[i])", "--op", "sigmoid"], 1, "s(1+s)"),
    (
        [r"\\frac{\\partial E}{\\partial X_i} = \\frac{\\partial E}{\\partial O_i} (1 - O_i^2)", "--op", "tanh"],
        0,
        "Verified",
    ),
    (["I = floor((H+2*P-K)/s)", "--op", "conv2d", "--set", "dilation=1"], 1, "the 1 that is added"),
]
REFUSED = [
    (["dE/dX[i = 1", "--op", "sigmoid"], "column 9: got '=', expected"),
    ([], "check: got nothing, expected one formula and its operation, or files"),
    (["dE/dX[i] = 1"], "got no operation, expected one formula and its operation"),
    (["relu.pdf", "--op", "relu", "dE/dX[i] = 1"], "got 2 formulas"),
    (["relu.pdf"], "got 'relu.pdf', which is no formula and no file"),
    (["dE/dX[i] = 1", "nowhere.md"], "got a formula, 'dE/dX[i] = 1', beside files"),
    (["dE/dX[i] = 1", "--op", "relu", "--wrt", "X"], "--wrt: got no kernel"),
    (["dE/dX[i] = dE/dO[i]*(X[i]>=0)", "--op", "relu"], "write a condition in square brackets, as [X[i]>=0]"),
    ([r"\\frac{\\partial E}{\\partial X_i", "--op", "relu"], "LaTeX, line 1, column 31: got the end, expected '}'"),
    (["dE/dX[i] = 1", "--op", "sigmiod"], "did you mean sigmoid?"),
    (["dE/dX[i] = 1", "dE/dX[i] = 2", "--op", "sigmoid"], "got 2 formulas"),
    (["--kernel", "a:b"], "the operation it is for"),
    (["nowhere.md"], "nowhere.md"),
    (["dE/dX[i] = 1", "--op", "relu", "--json", "-", "--junit", "-"], "got - for --json and --junit"),
    (["nowhere.md", "--json", "-", "--junit", "-"], "got - for --json and --junit"),
    (["--kernel", "a:b", "--op", "relu", "--json", "-", "--junit", "-"], "got - for --json and --junit"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), CASES)
def test_the_exit_code_says_the_verdict_and_the_text_says_why(arguments, code, said, capsys) -> None:
    assert cli.run(["check", *[a.replace("\\\\", "\\") for a in arguments]]) == code
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_what_cannot_be_read_is_one_line_and_exit_code_2(arguments, said, capsys) -> None:
    assert cli.run(["check", *[a.replace("\\\\", "\\") for a in arguments]]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert said in found.err
    assert len(found.err.splitlines()) == 1


def test_json_holds_the_verdict_the_witness_the_diagnosis_and_the_right_formula(capsys) -> None:
    assert cli.run(["check", NOT_FLIPPED, "--op", "conv2d", "--json", "-"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {"verdict", "hypothesis", "witness", "diagnosis", "right", "layer"} <= found.keys()
    assert (found["verdict"], found["diagnosis"], found["right"]) == ("refuted", "the filter was not flipped", FLIPPED)
    assert found["witness"]["got"] != found["witness"]["expected"]
    assert sorted(found["witness"]["sizes"].values()) == [1, 1, 1, 1, 1, 1, 1, 2, 2]


def test_what_it_says_is_right_is_verified(capsys) -> None:
    assert cli.run(["check", FLIPPED, "--op", "conv2d", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "verified-under"


def test_junit_has_one_case_that_fails_where_the_formula_is_refuted(tmp_path: Path, capsys) -> None:
    for text, failures in (("dE/dX[i] = dE/dO[i]", "1"), ("dE/dX[i] = dE/dO[i]*[0<X[i]]", "0")):
        cli.run(["check", text, "--op", "relu", "--junit", str(tmp_path / "found.xml")])
        suite = ET.parse(tmp_path / "found.xml").getroot()[0]  # noqa: S314  # written by the line above
        assert (suite.get("tests"), suite.get("failures")) == ("1", failures)
    capsys.readouterr()


def test_the_same_claim_gives_the_same_bytes_whatever_python_hashes() -> None:
    command = [sys.executable, "-m", "reports", "check", NOT_FLIPPED, "--op", "conv2d", "--json", "-"]
    runs = [subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}, check=False)
            for seed in ("1", "2")]  # fmt: skip
    assert runs[0].stdout == runs[1].stdout != b""
