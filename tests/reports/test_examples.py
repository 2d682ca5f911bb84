"""Every example of an operation of one's own runs, says what it computes, and would say so if a claim were refuted."""

from __future__ import annotations

import ast
import math
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import derive
from numeric.checks.checking import Check
from reports.examples import key_lines, verdict

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "reports" / "examples").glob("[a-z]*.py"))
EXAMPLES = [p for p in FILES if not p.stem.startswith("broken_")]  # those are test_check_kernel's

# What lecturers print: the worked numbers of well-known filters, and what an operation is known to do.
SAID = {
    "attention": "the first key is matched: [[1.003, 2.003]]",
    "average_filter": "[[133.3, 166.7], [133.3, 166.7]]",
    "dilated_1d": "[[[0, 5, 0, 6, 0, 7, 0, 0]]]",
    "distance_pooling": "full convolution: dE/dO, stuffed with zeros, correlated with W rotated by 180 degrees",
    "embedding": "[[1, 1], [0, 0], [2, 2], [0, 0]]",
    "fully_connected_as_convolution": "equal to the fully connected layer: True",
    "gelu": "gelu: [-0.0036, -0.1588, 0.0, 0.8412, 2.9964]",
    "hessian_vector": "H v: [120.0, 168.0] ; by the Hessian written out: [120.0, 168.0]",
    "hopfield_energy": "recalled: True ; energy: -15.0",
    "learned_edges": "[1.0, 0.0, -1.0]",
    "line_detectors": "[50, 16, 50]",
    "scharr": "[[3, 0, -3], [10, 0, -10], [3, 0, -3]]",
    "sobel": "the edge: [[400, 400], [400, 400]]",
    "softmax_over_image": "= dE/dR[n]*P[n,h,w]*(h - R[n])",
    "total_variation": "[2.0, -8.0, 2.0]",
}


def run(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    return int(ended.value.code or 0), capsys.readouterr().out


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_derives_verifies_and_says_what_it_computes(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(path, capsys)
    assert code == 0, out
    assert "\ndE/d" in f"\n{out}"
    assert "claims about the kernels hold" in out
    assert SAID.get(path.stem, "") in out


def test_there_are_examples_and_every_one_of_which_something_is_expected_is_there() -> None:
    assert len(EXAMPLES) >= 24
    assert SAID.keys() <= {p.stem for p in EXAMPLES}


def test_the_readme_names_every_example_and_no_other() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Operations nobody has written a rule for")[2].partition("\n## ")[0]
    named = re.findall(r"`(\w+)`", "".join(row for row in section.splitlines() if row.startswith("|")))
    assert sorted(named) == [p.stem for p in EXAMPLES]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_an_example_is_short_and_says_its_idea_first(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    assert (ast.get_docstring(ast.parse(text)) or "").endswith(".")


def test_an_example_runs_as_a_file(tmp_path: Path) -> None:
    path = next(p for p in EXAMPLES if p.stem == "sobel")
    done = subprocess.run([sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert SAID["sobel"] in done.stdout


def test_a_refuted_claim_is_printed_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict([Check("holds", 7, 0.0), Check("is refuted", 7, math.inf)]) == 1
    assert "is refuted: FAILED" in capsys.readouterr().out
    assert verdict([Check("holds", 7, 0.0)]) == 0
    assert verdict([]) == 1


def test_key_lines_are_all_of_a_short_derivation_and_both_ends_of_a_long_one() -> None:
    short, long = derive.gradient("relu", wrt="X"), derive.gradient("softmax", wrt="X")
    assert key_lines(short) == str(short)
    whole, told = str(long).splitlines(), key_lines(long).splitlines()
    assert len(told) < len(whole)
    assert (told[0], told[-1]) == (whole[0], whole[-1])
