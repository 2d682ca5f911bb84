"""In a notebook, what backproof makes shows itself as a page, and elsewhere reports imports nothing for that."""

import subprocess
import sys
from pathlib import Path

import pytest

from derive.catalogue import op
from derive.networks.network import lenet
from derive.sweep import gradient
from numeric.checks.checking import Check
from numeric.kernels import kernel
from reports.notebooks import SHOWN, bundle

ROOT = Path(__file__).resolve().parents[2]
MADE = {
    "Derivation": lambda: gradient(op("relu"), "input"),
    "Op": lambda: op("relu"),
    "Graph": lambda: lenet(),
    "Kernel": lambda: kernel("relu"),
    "Check": lambda: Check("dE/dX equals autograd", 8, 0.0),
}


def test_every_shown_type_has_an_example() -> None:
    assert {name for _, name in SHOWN} == set(MADE)
    assert {(type(make()).__module__, type(make()).__name__) for make in MADE.values()} == set(SHOWN)


@pytest.mark.parametrize("name", MADE)
def test_an_object_is_shown_in_every_type_a_frontend_may_ask_for(name: str) -> None:
    shown = bundle(MADE[name]())
    assert set(shown) == {"text/plain", "text/markdown", "text/latex", "text/html"}
    assert all(shown.values())


def test_a_shell_shows_a_derivation_once_reports_is_imported() -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "import derive, reports\n"
        "data, _ = shell.display_formatter.format(derive.gradient(derive.op('relu'), wrt='input'))\n"
        "print(sorted(data))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['text/html', 'text/latex', 'text/markdown', 'text/plain']", done.stderr


def test_without_a_shell_nothing_is_registered() -> None:
    code = "import IPython, reports, sys; print('reports.notebooks' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
    code = "import reports, sys; print('reports.notebooks' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
