"""The house keeps its rules, and each rule can be broken."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests import house_rules
from tests.house_rules import ONLY_IN, ROOMS, RULES, House, Rule, public_names

ROOT = Path(__file__).resolve().parent.parent

# For each rule, small trees that break it, with what the complaint must name.
BROKEN: list[tuple[Rule, dict[str, str], str]] = [
    (house_rules.doors_open_one_way, {"derive/a.py": "import numeric.training.data"}, "derive/a.py:1"),
    (house_rules.doors_open_one_way, {"derive/a.py": "from reports import write"}, "reports.write"),
    (house_rules.doors_open_one_way, {"numeric/a.py": "def f():\n    import reports"}, "numeric/a.py:2"),
    (house_rules.doors_open_one_way, {"numeric/a.py": "import importlib\nimportlib.import_module('reports')"}, ":2"),
    (house_rules.packages_stay_in_their_files, {"derive/a.py": "import numpy as np"}, "numpy"),
    (house_rules.packages_stay_in_their_files, {"numeric/training/data.py": "import torch.nn"}, "torch.nn"),
    (house_rules.packages_stay_in_their_files, {"reports/write/html.py": "from rich import print"}, "rich"),
    (house_rules.packages_stay_in_their_files, {"numeric/to_torch.py": "import torch, triton"}, "triton"),
    (house_rules.packages_stay_in_their_files, {"derive/checker/sums.py": "from sympy import Symbol"}, "sympy"),
    (
        house_rules.packages_stay_in_their_files,
        {"derive/checker/sums.py": "from derive.expressions.expr import Entry"},
        "derive.expressions.expr",
    ),
    (
        house_rules.packages_stay_in_their_files,
        {"derive/checker/sums.py": "from ..expr import Entry"},
        "derive.expr",
    ),
    (house_rules.local_imports_are_of_optional_packages, {"derive/a.py": "def f():\n    import json"}, "json"),
    (
        house_rules.imports_make_no_cycle,
        {"derive/a.py": "import derive.b", "derive/b.py": "from .a import x"},
        "derive.a",
    ),
    (
        house_rules.imports_make_no_cycle,
        {
            "derive/a.py": "from derive import b",
            "derive/b.py": "from derive import c",
            "derive/c.py": "from derive import a",
        },
        "derive.a -> derive.b -> derive.c -> derive.a",
    ),
    (
        house_rules.no_module_has_a_public_name,
        {"derive/__init__.py": "PUBLIC: dict[str, str] = {'op': 'derive.operation'}", "derive/op.py": ""},
        "derive.op",
    ),
    (house_rules.no_text_is_executed, {"derive/a.py": "eval('1')"}, "calls eval"),
    (house_rules.no_text_is_executed, {"numeric/a.py": "exec(source)"}, "calls exec"),
    (house_rules.no_text_is_executed, {"numeric/a.py": "import builtins\nbuiltins.exec(source)"}, "calls exec"),
    (house_rules.no_text_is_executed, {"numeric/printing/loader.py": "eval(source)"}, "calls eval"),
    (house_rules.no_text_is_executed, {"derive/a.py": "from sympy import sympify"}, "sympy.sympify"),
    (house_rules.no_text_is_executed, {"derive/a.py": "from sympy.parsing import x"}, "sympy.parsing"),
    (house_rules.no_text_is_executed, {"derive/a.py": "import sympy as sp\nsp.parse_expr('x')"}, "calls parse_expr"),
    (house_rules.no_text_is_executed, {"numeric/a.py": "import pickle"}, "pickle"),
    (house_rules.no_text_is_executed, {"numeric/checks/cluster.py": "from joblib import load"}, "joblib.load"),
    (house_rules.no_text_is_executed, {"numeric/a.py": "numpy.load(path, allow_pickle=True)"}, "allows pickle"),
    (house_rules.no_tolerance_is_guessed, {"numeric/a.py": "ok = np.allclose(a, b)"}, "numeric/a.py:1 uses allclose"),
    (house_rules.no_tolerance_is_guessed, {"tests/a.py": "assert x == pytest.approx(2)"}, "uses approx"),
    (house_rules.no_tolerance_is_guessed, {"tests/a.py": "from pytest import approx"}, "imports approx"),
    (house_rules.no_tolerance_is_guessed, {"tools/a.py": "same(a, b, rtol=0)"}, "uses rtol"),
    (house_rules.no_tolerance_is_guessed, {"derive/a.py": "ok = abs(x - y) < 1e-9"}, "compares a size with 1e-09"),
    (house_rules.no_tolerance_is_guessed, {"tests/a.py": "assert (np.abs(x) <= 1e-9 * (1 + y)).all()"}, "1e-09"),
    (house_rules.every_module_says_why_it_exists, {"derive/a.py": "x = 1"}, "derive/a.py"),
    (house_rules.no_word_of_the_workplace, {"README.md": "see /" + "work/main"}, "README.md:1"),
    (house_rules.no_word_of_the_workplace, {"derive/a.py": "x = 1\n# as an " + "AI"}, "derive/a.py:2"),
]

# Trees that look close to a mistake and are none.
SOUND: list[tuple[Rule, dict[str, str]]] = [
    (house_rules.doors_open_one_way, {"reports/a.py": "import derive, numeric.training.data"}),
    (house_rules.packages_stay_in_their_files, {"numeric/to_torch.py": "import torch, math"}),
    (house_rules.local_imports_are_of_optional_packages, {"numeric/to_torch.py": "def f():\n    import torch"}),
    (
        house_rules.local_imports_are_of_optional_packages,
        {"numeric/to_torch.py": "", "numeric/a.py": "def f():\n    from numeric import to_torch"},
    ),
    (
        house_rules.imports_make_no_cycle,
        {
            "derive/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import derive.b",
            "derive/b.py": "import derive.a",
        },
    ),
    (house_rules.no_text_is_executed, {"numeric/checks/cluster.py": "from joblib import Parallel, delayed"}),
    (house_rules.no_text_is_executed, {"numeric/printing/loader.py": "exec(compile(source, 'kernel', 'exec'))"}),
    (house_rules.no_text_is_executed, {"derive/a.py": "import re\nre.compile('x')\nnumpy.load(p, allow_pickle=False)"}),
    (house_rules.no_tolerance_is_guessed, {"tests/a.py": "assert (np.abs(x - y) <= bound).all()"}),
    (house_rules.no_tolerance_is_guessed, {"tests/a.py": "assert check.bound < 1e-9\nassert abs(x) < 0.5"}),
    (house_rules.no_word_of_the_workplace, {"README.md": "the framework/main idea; see sympy #27359"}),
]


def build(root: Path, files: dict[str, str]) -> House:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return House(root)


HOUSE = House(ROOT)
"""The project itself; its files are parsed once for all rules."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    assert rule(HOUSE) == []


@pytest.mark.parametrize(("rule", "files", "named"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_rule_is_named_with_its_place(rule: Rule, files: dict[str, str], named: str, tmp_path: Path) -> None:
    complaints = rule(build(tmp_path, files))
    assert len(complaints) == 1
    assert named in complaints[0]


@pytest.mark.parametrize(("rule", "files"), SOUND, ids=lambda value: getattr(value, "__name__", ""))
def test_what_the_rule_allows_passes(rule: Rule, files: dict[str, str], tmp_path: Path) -> None:
    assert rule(build(tmp_path, files)) == []


def test_every_rule_has_a_tree_that_breaks_it() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES)


def test_every_room_is_there_with_its_table_of_public_names() -> None:
    rooms = {module.name: module for module in House(ROOT).modules if module.name in ROOMS}
    assert set(rooms) == set(ROOMS)
    for name, module in rooms.items():
        table = importlib.import_module(name).PUBLIC
        assert public_names(module) == list(table)


def test_importing_the_rooms_loads_no_heavy_package() -> None:
    heavy = ["sympy", "numpy", *ONLY_IN]
    code = f"import sys, derive, numeric, reports; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_derive_is_importable_without_site_packages() -> None:
    subprocess.run([sys.executable, "-S", "-c", "import derive"], cwd=ROOT, check=True)


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    for name in ROOMS:
        with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
            _ = importlib.import_module(name).nonsense
