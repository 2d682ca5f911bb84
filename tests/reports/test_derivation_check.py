"""`backproof check FILE...`: what is shown of derivations, and what the exit code says."""

import json
from io import BytesIO, TextIOWrapper

import pytest

from derive.errors import BackproofError
from reports import cli
from reports.derivation_check import MOST_BYTES, judge_derivations
from reports.exits import BAD_INPUT, GOOD, REFUTED
from reports.targets import Targets

RIGHT = "op: tanh\n\ndE/dX[i] = dE/dO[i]*(1-O[i]^2)\n"
WRONG = "op: tanh\n\ndE/dX[i] = sum[j] dE/dO[j]*dO[j]/dX[i]\n    = dE/dO[i]*(1-O[i])\n"
GARBLED = "op: tanh\n\ndE/dX[i] = (\n"


@pytest.fixture
def files(tmp_path):
    texts = {"right.md": RIGHT, "wrong.md": WRONG, "garbled.md": GARBLED}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {name.removesuffix(".md"): str(tmp_path / name) for name in texts}


def test_a_right_derivation_is_good(files, capsys):
    assert judge_derivations([files["right"]], None, {}) == GOOD
    assert "ok" in capsys.readouterr().out


def test_the_wrong_line_is_marked_with_both_values_and_the_mistake(files, capsys):
    assert judge_derivations([files["wrong"]], None, {}) == REFUTED
    shown = capsys.readouterr().out
    for said in (
        "wrong",
        "first wrong line is line 4",
        "Where it differs from line 3",
        "value at",
        "1 - t^2",
        "right:",
    ):
        assert said in shown


def test_beside_subscripts_from_1_ours_are_said_to_count_from_0(tmp_path, capsys):
    written = r"$$\frac{\partial E}{\partial F_{p}} = \sum_{i} \frac{\partial E}{\partial O_{i}} X_{i+p-1} F_{p}$$"
    (tmp_path / "a.md").write_text(f"op: conv1d\n\n{written}\n")
    assert judge_derivations([str(tmp_path / "a.md")], None, {}) == REFUTED
    shown = " ".join(capsys.readouterr().out.split())
    assert "right, from 0: = " in shown
    assert "subscripts count from 1, as the offsets" in shown


def test_many_files_are_a_table(files, capsys):
    assert judge_derivations([files["right"], files["wrong"]], None, {}) == REFUTED
    shown = capsys.readouterr().out
    assert "2 derivations: 1 verified, 1 refuted." in shown


def test_of_many_files_each_that_can_be_read_is_judged(files, capsys):
    assert judge_derivations([files["garbled"], files["wrong"]], None, {}) == BAD_INPUT
    shown = capsys.readouterr().out
    assert "unreadable" in shown
    assert "refuted" in shown


@pytest.mark.parametrize("name", ["garbled", "nowhere"])
def test_one_file_that_cannot_be_read_is_said_in_one_line(files, tmp_path, name):
    with pytest.raises(BackproofError, match=f"{name}.md"):
        judge_derivations([files.get(name, str(tmp_path / "nowhere.md"))], None, {})


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda p: p.write_bytes(b"a\xff\xfe"), "got byte 0xff at 1, which is no UTF-8"),
        (lambda p: p.mkdir(), "got a folder, expected files; write .*a b/\\*.md"),
        (lambda p: p.write_bytes(b""), "got no line of mathematics"),
        (lambda p: p.write_bytes(b"x" * (MOST_BYTES + 1)), "got more than 1,000,000 bytes"),
    ],
)
def test_what_is_no_text_is_refused_with_what_was_got(made, said, tmp_path):
    made(tmp_path / "a b")
    with pytest.raises(BackproofError, match=said):
        judge_derivations([str(tmp_path / "a b")], None, {})


def test_a_file_needs_no_ending_and_may_come_in_by_a_pipe_or_begin_with_a_byte_order_mark(
    files, tmp_path, capsys, monkeypatch
):
    (tmp_path / "a b").write_bytes(b"\xef\xbb\xbf" + RIGHT.encode())
    assert cli.run(["check", str(tmp_path / "a b")]) == GOOD
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(WRONG.encode())))
    assert cli.run(["check", "-"]) == REFUTED
    assert "standard input" in capsys.readouterr().out


def test_files_named_from_here_and_from_the_root_stand_in_one_table(files, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert judge_derivations([files["right"], "wrong.md"], None, {}) == REFUTED
    assert "`wrong.md`" in capsys.readouterr().out


def test_programs_get_the_first_wrong_line(files, tmp_path):
    judge_derivations([files["wrong"]], None, {}, Targets(json=str(tmp_path / "one.json")))
    found = json.loads((tmp_path / "one.json").read_text())
    assert (found["verdict"], found["first_wrong_line"], found["wrong_lines"]) == ("refuted", 4, [4])
    judge_derivations([files["wrong"], files["garbled"]], None, {}, Targets(json=str(tmp_path / "all.json")))
    assert json.loads((tmp_path / "all.json").read_text())["counts"] == {"refuted": 1, "unreadable": 1}


def test_continuous_integration_sees_a_failure_for_each_wrong_file(files, tmp_path):
    judge_derivations([files["wrong"], files["right"]], None, {}, Targets(junit=str(tmp_path / "out.xml")))
    assert 'tests="2" failures="1"' in (tmp_path / "out.xml").read_text()


def test_the_operation_may_be_given_apart_from_the_text(tmp_path):
    (tmp_path / "a.md").write_text("dE/dX[n,c,h] = sum[k,p] dE/dO[n,k,(h-p)/2]*F[k,c,p]\n")
    assert judge_derivations([str(tmp_path / "a.md")], "conv1d", {"stride": 2}) == GOOD
    assert judge_derivations([str(tmp_path / "a.md")], "conv1d", {"stride": 3}) == REFUTED
