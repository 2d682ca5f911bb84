"""What the README says works: every block of Python runs, every command runs, every link leads somewhere."""

import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

import pytest

from reports.cli import run
from tools import make_pictures

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]

# Commands that take minutes, and what shows in seconds that they work; make's own targets are this very run.
SHORTER = {
    "make report": "make --dry-run report",
    "make test": "make --dry-run test",
    "make install": "make --dry-run install",
    ".venv/bin/backproof verify --json -": ".venv/bin/backproof verify --configurations 26 --jobs 1 --json -",
    ".venv/bin/backproof verify conv2d --inputs 1000000": ".venv/bin/backproof verify conv2d --inputs 2000",
    ".venv/bin/backproof verify --random 10000 --jobs 2": ".venv/bin/backproof verify --random 96 --jobs 1",
    ".venv/bin/backproof verify --mutants": ".venv/bin/backproof verify --mutants tanh --configurations 3 --jobs 1",
    ".venv/bin/backproof train lenet --data sample --epochs 2 -o out/lenet": (
        ".venv/bin/backproof train lenet --data sample --epochs 1 --batch 100 -o out/lenet"
    ),
    ".venv/bin/backproof bench derivations": ".venv/bin/backproof bench derivations --rounds 1",
    ".venv/bin/backproof bench prove": ".venv/bin/backproof bench prove --rounds 1",
    ".venv/bin/backproof bench symbolic": ".venv/bin/backproof bench symbolic --rounds 1 --configurations 13",
}


@pytest.fixture(scope="module")
def folder() -> Path:
    """A folder for what the commands write; later commands read what earlier ones wrote."""
    return Path(tempfile.mkdtemp())


def arguments(command: str, folder: Path) -> list[str]:
    """A command as this test runs it: this interpreter, and files in a folder of its own."""
    words = shlex.split(SHORTER.get(command, command))
    first = sys.executable if words[0] == ".venv/bin/python" else words[0]
    return [first] + [str(folder / word) if word.startswith("out/") else word for word in words[1:]]


def without_comment(line: str) -> str:
    return line.partition(" #")[0].strip()


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_works(line: str, folder: Path) -> None:
    command = without_comment(line)
    if "derive.checker" in command and not (folder / "out/c.json").exists():
        test_every_command_works(next(c for c in COMMANDS if "-o out/c.json" in c), folder)
    program, *words = arguments(command, folder)
    if program == ".venv/bin/backproof":  # in this process, which has loaded and derived much of what they ask for
        with chdir(ROOT):
            assert run(words) == 0
    else:
        done = subprocess.run([program, *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    for word in shlex.split(command):
        if word.startswith("out/"):
            assert (folder / word).exists()


def test_every_slow_command_is_still_in_the_readme() -> None:
    assert set(SHORTER) <= {without_comment(line) for line in COMMANDS}


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "python"])
def test_every_block_of_python_runs(text: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for line in text.splitlines():
        code, _, said = line.partition("#")
        if code.startswith("print(d.name)"):
            assert said.strip() in done.stdout
    for path in re.findall(r'"(out/[^"]+)"', text):
        assert (tmp_path / path).exists()


def test_every_link_leads_to_a_file() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert "docs/input-gradient.svg" in targets
    assert [t for t in targets if "://" not in t and not (ROOT / t).exists()] == []


def test_every_path_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:derive|numeric|reports|tests|tools|docs)/[\w./]*)`", README))
    assert len(named) > 5
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", make_pictures.PICTURES)
def test_a_picture_is_what_the_project_draws(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == make_pictures.PICTURES[name]()
