"""Every command does what it says, and what a user gets wrong is one line, exit code 2, and nothing written."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from derive.catalogue import names
from numeric import verification
from numeric.training import checkpoint
from reports import cli
from reports.commands import train, verify
from reports.exits import (
    BAD_INPUT,
    BROKEN_PIPE,
    GOOD,
    INTERNAL,
    INTERRUPTED,
    MISSING_TOOL,
    REFUTED,
    UNDECIDED,
    UsageError,
)
from reports.options import settings

ROOT = Path(__file__).resolve().parents[2]
OWN = "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]"
HEAVY = ("sympy", "torch", "rich", "jinja2", "quickjs", "nbformat", "pooch", "z3", "pydantic")

# What is typed, and what the one line says.
BAD: list[tuple[Sequence[str], str]] = [
    (("derv",), "got 'derv', expected one of list, derive"),
    (("derv",), "did you mean derive?"),
    (("--nonsense",), "No such option"),
    (("list", "--nonsense"), "see `backproof list --help`"),
    (("list", "conv9d"), "got 'conv9d', expected one of conv1d, conv2d, conv3d"),
    (("list", "--format", "docx"), "format 'docx' is unknown; choose one of text"),
    (("derive",), "Missing argument 'OP|LAW|NETWORK'"),
    (("derive", "conv9d"), "got 'conv9d', expected one of conv1d"),
    (("derive", "conv2d", "--wrt", "wait"), "got tensor 'wait', expected one of X (input), F (weight), b (bias)"),
    (("derive", "cross_entropy", "--wrt", "target"), "which is integers, expected one of X"),
    (("derive", "conv2d", "--set", "stride"), "expected NAME=VALUE, such as stride=2"),
    (("derive", "conv2d", "--set", "stride="), "expected NAME=VALUE"),
    (("derive", "conv2d", "--set", "stride=0"), "got 0, expected an integer of at least 1"),
    (("derive", "conv2d", "--set", "stride=1.5"), "expected an integer of at least 1"),
    (("derive", "conv2d", "--set", "stride=1,2,3"), "3 numbers, expected one number or 2"),
    (("derive", "conv2d", "--set", "stride=2", "--set", "stride=3"), "got stride twice"),
    (("derive", "conv2d", "--set", "strid=2"), "got argument 'strid', expected one of stride, padding, dilation"),
    (("derive", "mse_loss", "--set", "reduction=max"), "expected one of mean, sum, none"),
    (("derive", "O[i] = X[i"), "notation, column 11: got the end"),
    (("derive", "O[i] = X[i/0]"), "expected a divisor that is not 0"),
    (("derive", "O[i] = [bold]X[i]"), "notation, column"),
    (("derive", "[bold]conv2d[/bold]"), "got '[', expected a tensor's name"),
    (("derive", "O[i] = X[i]^99999"), "expected an exponent of at most"),
    (("derive", "O[i] = X[i]^9^9^9"), "exponent"),
    (("derive", "O[i] = " + "(" * 2000 + "X[i]" + ")" * 2000), "notation, column"),
    (("derive", "O[i] = " + "+".join(["X[i]"] * 50_000)), "expected at most 10000; split the law"),
    (("derive", f"{OWN}; {OWN}"), "expected one equation for O"),
    (("derive", "max_pool2d", "--set", "kernel_size=2", "--set", "padding=2"), "max_pool2d"),
    (("derive", "conv2d", "--table"), "--table: got 'conv2d', expected one of lenet"),
    (("derive", "lenett", "--table"), "did you mean lenet?"),
    (("derive", "conv2"), "did you mean conv2d?"),
    (("derive", "conv2d", "--json", "-"), "--json: got it without --table of a network"),
    (("derive", "lenet", "--json", "-"), "--json: got it without --table of a network"),
    (("derive", "mlp", "--set", "bias=both"), "got bias='both', expected one of ones, vector, none"),
    (("derive", "two_weights", "--wrt", "v"), "--wrt: got 'v', expected one of x, y, w, a"),
    (("derive", "lenet", "--concrete", "3x3"), "--concrete: got it without an operation"),
    (("derive", "lenet", "--wrt", "conv9.weight"), "got 'conv9.weight', expected one of image, conv1.weight"),
    (("derive", "lenet", "--wrt", "label"), "got 'label', expected one of image"),
    (("derive", "lenet", "--set", "image=30"), "got image=30, expected 32, or 28"),
    (("derive", "lenet", "--set", "image=thirty"), "expected one number"),
    (("derive", "lenet", "--set", "depth=3"), "expected one of image, activation, pooling"),
    (("derive", "lenet", "--set", "activation=swish2"), "got 'swish2', expected one of conv1d"),
    (("derive", "conv2d", "--concrete", "3y3"), "got '3y3'"),
    (("derive", "conv2d", "--concrete", "300x300,2x2"), "choose smaller ones"),
    (("derive", "relu", "--format", "docx"), "format 'docx' is unknown"),
    (("derive", "relu", "-o", "relu.docx"), "no format has the suffix '.docx'"),
    (("worked", "conv9d"), "got 'conv9d', expected one of conv1d"),
    (("worked", "relu", "--matrix"), "which stands in a maximum, expected a tensor in which the law is linear"),
    (("worked", "conv2d", "--input", "3x3,2x2"), "expected one shape such as 3x3"),
    (("worked", "conv2d", "--input", "0x3"), "got the empty shape"),
    (("worked", "conv2d", "--input", "2x2", "--kernel", "5x5"), "use a larger input"),
    (("worked", "conv2d", "--seed", "-1"), "-1 is not in the range"),
    (("verify", "conv9d"), "got 'conv9d'"),
    (("verify", "--backend", "jax"), "got 'jax', expected one of numpy, torch"),
    (("verify", "--configurations", "0"), "0 is not in the range"),
    (("verify", "--random", "0"), "0 is not in the range"),
    (("verify", "--random", "9", "--configurations", "9"), "got --configurations too"),
    (("verify", "--quick", "--configurations", "9"), "got --configurations too"),
    (("verify", "relu", "--random", "9", "--jobs", "spark://host:1"), "got 'spark://host:1', expected dask://"),
    (("verify", "--jobs", "many"), "got 'many', expected 1 to 256, or dask://HOST:PORT, ray://HOST:PORT"),
    (("train", "alexnet"), "got 'alexnet', expected one of lenet"),
    (("train", "--data", "no/such/folder"), "no/such/folder: no such directory"),
    (("derive", "relu", "--backend", "jax"), "got 'jax', expected one of numpy, torch, cpp"),
    (("derive", "lenet", "--backend", "cpp"), "--backend: got it without an operation or a law"),
    (("train", "--backend", "jax"), "got 'jax', expected one of numpy, torch"),
    (("train", "--device", "tpu"), "got 'tpu', expected one of auto, cpu, cuda"),
    (("train", "--backend", "numpy", "--device", "cuda"), "use the torch backend"),
    (("train", "--epochs", "0"), "epochs: got 0"),
    (("train", "--batch", "100000"), "batch: got 100000"),
    (("train", "--resume"), "--resume: got no checkpoint"),
    (("train", "--activation", "swish2"), "got 'swish2'"),
    (("bench", "everything"), "got 'everything', expected one of symbolic"),
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is answered from what an earlier test, or a user of this machine, has derived."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(arguments)
    found = capsys.readouterr()
    return code, found.out, found.err


def process(*arguments: str, **more: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "reports", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, **more)  # type: ignore[call-overload]


# -- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: Sequence[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (BAD_INPUT, "")
    assert said in err
    assert err.startswith("backproof: ")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_table_of_bad_input_would_notice_good_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "list", "relu")[0] == GOOD


@pytest.mark.parametrize("name", ["relu.html", "relu.json", "relu.ipynb", "relu.md"])
def test_a_place_that_cannot_be_written_is_bad_input(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("here first")
    code, out, err = run(capsys, "derive", "relu", "-o", str(tmp_path / "file" / name))
    assert (code, out) == (BAD_INPUT, "")
    assert "cannot be written" in err
    assert (tmp_path / "file").read_text() == "here first"


@pytest.mark.parametrize(
    "arguments",
    [("train", "--json"), ("train", "-o"), ("train", "--checkpoint"), ("verify", "--json"), ("bench", "--json"),
     ("report", "-o")],
    ids=" ".join,
)  # fmt: skip
def test_long_work_is_not_begun_where_its_result_cannot_be_written(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for long_work in (
        "train.load",
        "verify.campaign",
        "verify.random_campaign",
        "bench.interleaved",
        "report.campaign",
        "report.gradient",
    ):
        monkeypatch.setattr(f"reports.commands.{long_work}", None)
    (tmp_path / "file").write_text("here first")
    code, out, err = run(capsys, *arguments, str(tmp_path / "file" / "deep" / "result"))
    assert (code, out) == (BAD_INPUT, "")
    assert "file is a file; give another place" in err
    assert err.count("\n") == 1


def test_a_folder_in_the_place_of_a_file_stays_a_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "relu.md").mkdir()
    code, _, err = run(capsys, "derive", "relu", "-o", str(tmp_path / "relu.md"))
    assert code == BAD_INPUT
    assert "cannot be written" in err


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "reports", "list", "relu"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert done.returncode == BAD_INPUT
    assert "standard output cannot be written" in done.stderr


def digits(folder: Path) -> Path:
    """A copy of the digits in the package."""
    folder.mkdir()
    for path in (ROOT / "numeric" / "training" / "sample").glob("*.gz"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_truncated_idx_file_is_bad_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = digits(tmp_path / "digits") / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:1000])
    code, out, err = run(capsys, "train", "--data", str(path.parent))
    assert (code, out) == (BAD_INPUT, "")
    assert path.name in err
    assert err.count("\n") == 1


def test_a_checkpoint_of_another_run_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    checkpoint.save(path, {}, {"run": {"network": "another"}, "losses": [], "test_errors": []})
    before = path.read_bytes()
    code, _, err = run(capsys, "train", "--epochs", "1", "--checkpoint", str(path), "--resume")
    assert code == BAD_INPUT
    assert "is not of a training run like this one" in err
    assert path.read_bytes() == before


def test_a_checkpoint_that_is_not_there_is_bad_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, "train", "--epochs", "1", "--checkpoint", str(tmp_path / "no.npz"), "--resume")
    assert code == BAD_INPUT
    assert "no such checkpoint" in err
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_ours_is_told_in_one_line_and_in_full_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("reports.commands.list.emit", broken)
    code, out, err = run(capsys, "list")
    assert (code, out, err.count("\n")) == (INTERNAL, "", 1)
    assert "ZeroDivisionError: division by zero" in err
    assert "--debug" in err
    code, _, err = run(capsys, "list", "--debug")
    assert code == INTERNAL
    assert "Traceback" in err


def test_a_package_that_is_missing_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nbformat", None)
    monkeypatch.delitem(sys.modules, "reports.writers.notebook", raising=False)
    code, out, err = run(capsys, "derive", "relu", "--format", "ipynb")
    assert (code, out) == (MISSING_TOOL, "")
    assert "pip install nbformat" in err


def test_a_package_of_an_extra_is_named_with_its_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def needs(package: str) -> object:
        def command(*_: object) -> None:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)

        return command

    for package, remedy in (("triton.language", "pip install 'backproof[gpu]'"), ("torch", "pip install torch")):
        monkeypatch.setattr("reports.commands.list.emit", needs(package))
        code, _, err = run(capsys, "list")
        assert code == MISSING_TOOL
        assert remedy in err
    monkeypatch.setattr("reports.commands.list.emit", needs("reports.nonsense"))
    assert run(capsys, "list")[0] == INTERNAL


@pytest.mark.skipif(os.name != "posix", reason="opens a terminal of POSIX")
def test_a_bar_is_drawn_on_a_terminal_and_nowhere_else() -> None:
    import pty

    command = [sys.executable, "-m", "reports", "verify", "relu", "--configurations", "2", "--jobs", "1"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, env=environment) as running:
        os.close(theirs)
        drawn = b""
        with suppress(OSError):  # how a terminal says that nobody writes to it any more
            while part := os.read(ours, 4096):
                drawn += part
        assert running.stdout is not None
        out = running.stdout.read().decode()
    os.close(ours)
    assert b"verifying" in drawn
    assert b"\x1b[" in drawn
    assert "\x1b" not in out
    piped = process(*command[3:])
    assert piped.stdout == out
    assert piped.stderr.count("\n") == 1
    assert piped.stderr.endswith("configurations a minute\n")


def test_a_reader_that_stops_early_ends_the_command_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "reports", "derive", "conv2d"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == BROKEN_PIPE


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_an_interruption_is_one_line() -> None:
    command = [sys.executable, "-m", "reports", "train", "--epochs", "1000", "--batch", "2"]
    # started in the background, a suite ignores interruptions, and so would the command
    listening = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, preexec_fn=listening, **pipes) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "Before training\n"
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=300)
    assert running.returncode == INTERRUPTED
    assert err.splitlines()[-1] == "backproof: interrupted"
    assert "Traceback" not in err


# -- what goes right ---------------------------------------------------------------------------------------------------


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == GOOD
    assert all(f"\n  {name} " in out for name in cli.COMMANDS)
    assert run(capsys)[1] == out


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, name, "--help")
    assert code == GOOD
    assert out.startswith(f"Usage: backproof {name}")


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version")[:2] == (GOOD, "backproof 0.1.0\n")


def test_python_m_reports_is_the_command() -> None:
    assert process("--version").stdout == "backproof 0.1.0\n"


def test_list_tells_every_operation_with_its_law(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "list")
    assert "conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)" in " ".join(out.split())
    data = json.loads(run(capsys, "list", "--json", "-")[1])
    assert [o["name"] for o in data["operations"]] == list(names())
    assert data["operations"][0]["sizes"]["I"]
    assert data["networks"][0] == "lenet"


def test_derive_tells_law_steps_result_kernel_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "derive", "conv2d", "--wrt", "weight", "--set", "stride=2", "--set", "padding=1,0")
    assert (code, err) == (GOOD, "")
    for words in ("The law", "constant factor", "RESULT: cross-correlation of X with", "def gradient_F", "proved"):
        assert words in out
    assert "def gradient_X" in out


def test_derive_takes_a_law_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "derive", OWN, "--wrt", "F", "--wrt", "X")
    assert code == GOOD
    assert "cross-correlation of X with" in out
    assert "full convolution" in out


def test_derive_writes_the_entries_out(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "derive", OWN, "--wrt", "F", "--concrete", "3x3,2x2")
    assert "X[1,1]·F[1,1] + X[1,2]·F[1,2]" in out


@pytest.mark.parametrize("name", ["conv2d", "max_pool2d", "cross_entropy"])
def test_worked_writes_every_partial_out(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "worked", name)
    assert code == GOOD
    assert "Backward: the gradient of" in out
    assert "autograd" in out
    assert run(capsys, "worked", name, "-o", str(tmp_path / "worked.ipynb"))[0] == GOOD


def test_worked_takes_shapes_and_a_seed(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("worked", "conv2d", "--input", "3x4", "--kernel", "2x3")
    first, again, other = (run(capsys, *asked, "--seed", seed)[1] for seed in "112")
    assert first == again != other
    assert "input 3 × 4, weight 2 × 3" in first


def test_derive_of_a_network_counts_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert "61,706 parameters in 10 tensors" in run(capsys, "derive", "lenet", "--table")[1]


def test_the_same_command_gives_the_same_bytes_fresh_and_kept() -> None:
    arguments = ("derive", "max_pool2d", "--format", "html")
    first, kept, fresh = (
        process(*arguments, *more, env={**os.environ, "PYTHONHASHSEED": seed})
        for seed, more in (("1", ()), ("1", ()), ("2", ("--fresh",)))
    )
    assert first.returncode == GOOD
    assert first.stdout == kept.stdout == fresh.stdout


def test_what_was_derived_before_is_not_derived_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(capsys, "derive", "relu")
    monkeypatch.setattr("reports.derivations.gradient", None)
    assert run(capsys, "derive", "relu") == first
    assert run(capsys, "derive", "relu", "--fresh")[0] == INTERNAL


@pytest.mark.parametrize("suffix", ["txt", "md", "html", "ipynb", "tex"])
def test_derive_writes_every_format(suffix: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "deep" / f"relu.{suffix}"
    code, out, err = run(capsys, "derive", "relu", "-o", str(path))
    assert (code, out, err) == (GOOD, "", f"wrote {path}\n")
    assert path.stat().st_size > 500


@pytest.mark.parametrize("which", [("--wrt", "weight"), ()])
def test_the_independent_checker_accepts_what_derive_writes(which: Sequence[str], tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    assert process("derive", "conv2d", *which, "--format", "json", "-o", str(path)).returncode == GOOD
    command = [sys.executable, "-S", "-m", "derive.checker", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_derive_imports_nothing_that_its_text_does_not_need() -> None:
    code = "import sys; from reports.cli import run; run(['derive', 'conv2d']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "derive.sweep" in loaded
    assert not loaded.intersection(HEAVY)


def test_derive_with_verify_asks_the_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "derive", "relu", "--verify")
    assert code == GOOD
    assert "8 autograd" in out


def test_what_no_law_reaches_is_undecided(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "derive", "O[i] = X[i]^Y[i]", "--wrt", "Y")
    assert (code, out) == (UNDECIDED, "")
    assert "no law applies" in err


def test_verify_counts_configurations(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "verify", "relu", "add", "--configurations", "6", "--jobs", "1", "--json", "-")
    data = json.loads(out)
    assert (code, data["configurations"], data["passed"], data["failed"]) == (GOOD, 6, 6, 0)
    assert list(data["ops"]) == ["relu", "add"]


def test_verify_random_counts_cases(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "verify", "relu", "add", "--random", "70", "--jobs", "1", "--json", "-")
    data = json.loads(out)
    assert (code, data["cases"], data["passed"], data["failed"], data["undecided"]) == (GOOD, 70, 70, 0, 0)
    assert [*data["ops"]] == ["relu", "add"]
    assert {"seconds", "cases_per_second_per_core", "seed", "median_multiply_adds"} <= data.keys()
    code, out, err = run(capsys, "verify", "relu", "--random", "40", "--jobs", "1")
    assert code == GOOD
    assert "40 cases of 2 signatures, every number equal" in out
    assert "bit for bit on integers" in " ".join(out.split())
    assert "cases a second and core" in err


def test_verify_random_tells_a_failure_with_the_command_that_repeats_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = {"claim": "numpy float32: forward equals torch", "index": [0], "got": 1.0, "want": 2.0, "bound": 0.0,
               "law": "O[i] = X[i]", "detail": "O[0] = X[0]",
               "command": "backproof verify relu --random 3 --seed 7"}  # fmt: skip
    one = {"cases": 9, "passed": 8, "failed": 1, "undecided": 0, "exact": 9, "signatures": 1, "failures": [failure]}
    found = {**one, "seconds": 1.0, "preparing_seconds": 1.0, "cases_per_second_per_core": 9, "seed": 7,
             "median_multiply_adds": None, "ops": {"relu": one}}  # fmt: skip
    monkeypatch.setattr("reports.commands.verify.random_campaign", lambda *_: found)
    code, out, _ = run(capsys, "verify", "relu", "--random", "9")
    assert code == REFUTED
    assert "1 of 9 cases of 1 signatures failed" in out
    assert "got 1.0, expected 2.0, bound 0.0" in out
    assert "again: backproof verify relu --random 3 --seed 7" in out
    undecided = {**one, "failed": 0, "undecided": 1, "failures": []}
    monkeypatch.setattr(
        "reports.commands.verify.random_campaign", lambda *_: {**found, **undecided, "ops": {"relu": undecided}}
    )
    code, out, _ = run(capsys, "verify", "relu", "--random", "9")
    assert code == UNDECIDED
    assert "rounding leaves 1 open" in out


def test_a_cluster_without_its_package_is_told_with_the_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "joblib", None)
    code, out, err = run(capsys, "verify", "relu", "--random", "9", "--jobs", "dask://localhost:1")
    assert (code, out) == (MISSING_TOOL, "")
    assert "pip install 'backproof[cluster]'" in err


def test_verify_tells_a_failure_and_exits_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = {"claim": "numpy float64: dE/dX", "layer": 7, "passed": False, "error": "inf", "index": [0], "got": 1.0,
             "want": 2.0, "bound": 0.0, "seed": 7, "detail": "dE/dX[0] = 2"}  # fmt: skip
    one = {"configurations": 1, "passed": 0, "failed": 1, "undecided": 0, "checks": [check]}
    found = {**one, "seconds": 1.0, "seed": 7, "ops": {"relu": one}}
    monkeypatch.setattr("reports.commands.verify.campaign", lambda *_: found)
    code, out, _ = run(capsys, "verify", "relu")
    assert code == REFUTED
    assert "got 1.0, expected 2.0, bound 0.0, seed 7" in out
    assert "dE/dX[0] = 2" in out


def test_verify_exits_5_where_rounding_leaves_a_claim_open(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = {"claim": "numpy float32: forward", "layer": 7, "passed": False, "error": "nan", "index": [], "got": 0.0,
             "want": 0.0, "bound": 0.0, "seed": 7, "detail": "nothing was claimed"}  # fmt: skip
    one = {"configurations": 1, "passed": 1, "failed": 0, "undecided": 1, "checks": [check]}
    monkeypatch.setattr(
        "reports.commands.verify.campaign", lambda *_: {**one, "seconds": 1.0, "seed": 7, "ops": {"relu": one}}
    )
    code, out, _ = run(capsys, "verify", "relu")
    assert code == UNDECIDED
    assert "rounding leaves 1 of 1 claims open" in out


def test_train_checks_ten_gradients_and_learns(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    code, out, err = run(capsys, "train", "lenet", "--epochs", "1", "--batch", "50", "-o", str(folder), "--json", "-")
    data = json.loads(out)
    assert code == GOOD
    assert data["gradient_check"]["passed"]
    assert len(data["gradient_check"]["checks"]) == 10
    assert data["device"] == "cpu"
    assert 0 <= data["test_error"] < 0.9
    assert "epoch 1" in err
    assert {path.name for path in folder.iterdir()} == {"index.html", "curve.svg", "filters.svg", "confusion.svg"}


def test_a_gradient_that_disagrees_stops_the_training(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from numeric.networks import network_oracle

    honest = network_oracle.gradients
    monkeypatch.setattr(network_oracle, "gradients", lambda *a: {k: v * 1.000001 for k, v in honest(*a).items()})
    code, out, _ = run(capsys, "train", "--batch", "8", "--json", "-")
    data = json.loads(out)
    assert code == REFUTED
    assert not data["gradient_check"]["passed"]
    assert "test_error" not in data


def test_report_writes_one_page_and_the_same_bytes_every_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pages = []
    for name in ("first", "second"):
        code, out, err = run(
            capsys, "report", "-o", str(tmp_path / name), "--configurations", "13", "--epochs", "1", "--seed", "3"
        )
        assert (code, out) == (GOOD, "")
        assert err.splitlines()[0] == f"deriving {len(list(names()))} operations"
        pages.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert set(pages[0]) == {"index.html", "curve.svg", "filters.svg", "confusion.svg"}
    assert pages[0] == pages[1]
    page = pages[0]["index.html"].decode()
    for words in ("The gradients of conv2d", "The gradients of mse_loss", "61,706 parameters", "agrees with autograd",
                  "Learned filters", "What is read as what", "Nothing was refuted"):  # fmt: skip
        assert words in page


def test_doctor_tells_versions_and_what_would_add_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--json", "-")
    found = {f["name"]: f for f in json.loads(out)["found"]}
    assert code == GOOD
    assert found["torch"]["found"]
    assert found["triton"]["remedy"] in ("", "pip install 'backproof[gpu]'")
    assert "torch" in run(capsys, "doctor")[1]


def test_doctor_names_a_missing_package(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.commands.doctor._version", lambda name: None if name == "sympy" else "1.0")
    code, out, _ = run(capsys, "doctor", "--json", "-")
    assert code == MISSING_TOOL
    assert "pip install 'sympy" in out


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", "2"),
        (" 1 , 0", ("1", "0")),
        ("(1,2)", ("1", "2")),
        ("((1,2),(3,4))", (("1", "2"), ("3", "4"))),
        ("(1,2),(3,4)", (("1", "2"), ("3", "4"))),
    ],
)
def test_a_setting_is_a_word_or_several_or_pairs_in_brackets(text: str, value: object) -> None:
    assert settings([f"padding={text}"]) == {"padding": value}


@pytest.mark.parametrize("text", ["1,", ",1", "()", "1,,2", "((1,2)", "1)2", "(1,2)3", "(((1)))", ",".join("1" * 9)])
def test_a_setting_whose_brackets_or_commas_do_not_close_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected NAME=VALUE"):
        settings([f"padding={text}"])


def test_pairs_on_the_command_line_are_the_pairs_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.run(["derive", "conv2d", "--wrt", "bias", "--set", "padding=((1,2),(3,4))"])
    assert code == 0
    assert "L_h = 1, U_h = 2, L_w = 3, U_w = 4" in capsys.readouterr().out


def test_prove_adds_what_z3_proved_for_all_sizes_and_the_identity_over_a_prime_field(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("z3", reason="proofs for all sizes need the package z3-solver")
    code, out, _ = run(capsys, "derive", "max_pool1d", "--prove")
    assert code == GOOD
    told = " ".join(out.split())
    for words in ("no window is empty", "2·P≤M", "d≤H", "asked of z3", "2 indices proved", "identity over the"):
        assert words in told


def test_prove_means_nothing_for_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "derive", "lenet", "--prove")
    assert code == BAD_INPUT
    assert "--prove: got it without an operation or a law" in err


def test_without_a_compiler_torch_trains_and_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "present", lambda: False)
    assert train._library("cpp", "cpu") == "torch"
    assert "no C++ compiler is found, so torch trains instead" in capsys.readouterr().err


def test_without_a_compiler_verify_leaves_cpp_out_and_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "present", lambda: False)
    assert verify._backends(None) == ("numpy", "torch")
    assert "the backend cpp is left out" in capsys.readouterr().err
    assert verify._backends(["cpp"]) == ("cpp",)
    assert capsys.readouterr().err == ""
