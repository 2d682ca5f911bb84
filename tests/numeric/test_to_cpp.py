"""Compiled kernels: what is printed, what is kept, and what happens where there is no compiler."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import numeric
from derive.catalogue import op
from derive.errors import OperationError
from numeric import to_cpp, verification
from numeric.native import compiler as compilers
from numeric.native import library as libraries
from numeric.native.compiler import NoCompiler, compiler
from numeric.native.library import library
from numeric.nests.nest import Schedule
from numeric.printing.cpp_lines import sized
from numeric.printing.cpp_module import identifiers
from numeric.printing.cpp_text import WORTH
from tests.numeric.backends import needs_compiler
from tests.numeric.laws import integers
from tests.numeric.small_cases import CASES, Case
from tests.numeric.test_kernels import close

EMPTY = 'extern "C" int answer() { return 42; }\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and nothing loaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    _forget()
    yield tmp_path / "backproof" / "native"
    _forget()


def _forget() -> None:
    for cached in (library, libraries._folder, compilers._first):
        cached.cache_clear()


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that compile, as they are run."""
    found: list[tuple[str, ...]] = []

    def noted(command: tuple[str, ...]) -> Any:
        found.append(command)
        return compilers.run(command)

    monkeypatch.setattr(libraries, "run", noted)
    return found


# -- text --------------------------------------------------------------------------------------------------------------


def test_names_of_a_user_are_no_words_of_cpp_and_stay_apart() -> None:
    names = ["int", "exp", "X", "x_0", "P_h", "dE/dX", "dE_dX", "NAN", "int_"]
    words = identifiers(names)
    assert len(set(words.values())) == len(names)
    assert (words["X"], words["P_h"], words["dE/dX"]) == ("X", "P_h", "dE_dX")
    assert all(not w[-1].isdigit() for w in words.values())
    assert not {"int", "exp", "NAN"} & {*words.values()}


@needs_compiler
def test_a_law_whose_names_are_words_of_cpp_is_computed() -> None:
    law = "float[int] = sum[for] load[int,for]*inside[for]*inside[for] + store[int]; load[int<while,for<NAN]"
    expected, k = (numeric.kernel(law, backend=b) for b in ("reference", "cpp"))
    tensors = [integers(s, n) for n, s in enumerate(((3, 4), (4,), (3,)))]
    dy = integers((3,), 7)
    np.testing.assert_array_equal(k.forward(*tensors), expected.forward(*tensors))
    for name, gradient in k.vjp(dy, *tensors).items():
        np.testing.assert_array_equal(gradient, expected.vjp(dy, *tensors)[name])


def test_the_source_is_cpp_under_its_formulas_and_needs_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(to_cpp, "library", None)
    source = numeric.kernel("conv2d", backend="cpp").source
    assert "// O[n,k,i,j] = sum[c<C,p<K_h,q<K_w]" in source
    assert "void make_dE_dF(const Real* __restrict dE_dO, const Real* __restrict X, Real* __restrict dE_dF" in source
    assert max(map(len, source.splitlines())) <= 160


def test_of_integers_only_what_stays_whole_is_printed() -> None:
    functions = to_cpp.CppFunctions(op("softmax"))
    assert "make_M(" in functions.text("int64")
    assert "exp(" not in functions.text("int64")
    assert "exp(" in functions.text("float64")


# -- numbers -----------------------------------------------------------------------------------------------------------


@needs_compiler
def test_integers_become_floats_where_a_setting_is_no_integer() -> None:
    x = np.array([-4, -1, 0, 3])
    k = numeric.kernel("leaky_relu", backend="cpp", negative_slope=0.25)
    assert k.forward(x).tolist() == [-1.0, -0.25, 0.0, 3.0]
    assert numeric.kernel("leaky_relu", backend="cpp", negative_slope=2).forward(x).dtype == np.int64


@needs_compiler
def test_what_the_forward_pass_saved_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    honest = to_cpp.CppFunctions.run

    def noted(self: Any, line: Any, *rest: Any) -> Any:
        made.append(line.formula.target)
        return honest(self, line, *rest)

    monkeypatch.setattr(to_cpp.CppFunctions, "run", noted)
    k, x = numeric.kernel("softmax", backend="cpp"), integers((3, 4), 1).astype(np.float64)
    y, saved = k.forward_saved(x)
    made.clear()
    k.vjp(y, x, saved=saved)
    assert made == ["dE/dX"]
    k.vjp(y, x)
    assert len(made) > 2


SIZED = ("conv2d", "max_pool2d", "avg_pool2d", "layer_norm", "prelu", "cross_entropy")


@needs_compiler
@pytest.mark.parametrize("case", [[c for c in CASES if c.op == name][-1] for name in SIZED], ids=str)
def test_functions_for_these_very_sizes_give_the_same_numbers(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(to_cpp, "_functions", to_cpp.CppFunctions)
    tensors = case.tensors(dtype=np.float64)
    found = []
    for large in (to_cpp.LARGE, 0):
        monkeypatch.setattr(to_cpp, "LARGE", large)
        k = numeric.kernel(case.op, backend="cpp", **case.settings)
        y = k.forward(*tensors)
        found.append([y, *k.vjp(y, *tensors).values()])
    for general, own in zip(*found, strict=True):
        whole = bool(np.all(general == np.round(general)))
        assert np.array_equal(own, general) if whole else close(own, general)


def test_functions_for_these_very_sizes_take_settings_that_are_no_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = to_cpp.CppFunctions(numeric.kernel("leaky_relu").op)
    (line, *_) = functions.forward_lines.values()
    text = sized(line, {"L": 7}, lambda nest, registers: Schedule(tuple(b.name for b in nest.axes)))
    assert "double" in text
    assert "< 7;" in text
    assert " Int " not in text.split("{")[0]


@needs_compiler
def test_work_that_several_threads_share_gives_the_same_integers() -> None:
    x, w = integers((8, 4, 40, 40), 1), integers((4, 4, 5, 5), 2)
    assert WORTH < 8 * 4 * 36 * 36 * 4 * 25
    np.testing.assert_array_equal(*(numeric.kernel("conv2d", backend=b).forward(x, w) for b in ("cpp", "numpy")))


# -- the compiler and what is kept -------------------------------------------------------------------------------------


@needs_compiler
def test_a_text_is_compiled_once_and_kept(folder: Path, commands: list[tuple[str, ...]]) -> None:
    assert library(EMPTY).answer() == 42
    assert len(commands) == 1
    assert len(list(folder.iterdir())) == 1
    library.cache_clear()
    assert library(EMPTY).answer() == 42
    assert len(commands) == 1
    library(EMPTY.replace("42", "43"))
    assert len(commands) == 2


@needs_compiler
def test_a_text_that_does_not_compile_leaves_nothing(folder: Path) -> None:
    with pytest.raises(OperationError, match=r"backend cpp: got from .*error"):
        library("int answer( {")
    assert list(folder.iterdir()) == []


@needs_compiler
def test_flags_and_compiler_are_part_of_what_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library(EMPTY)
    own = compiler()
    changed = compilers.Compiler(own.command, (*own.flags, "-DOTHER"), own.identity)
    monkeypatch.setattr(libraries, "compiler", lambda: changed)
    library.cache_clear()
    library(EMPTY)
    assert len(list(folder.iterdir())) == 2


@needs_compiler
def test_a_library_of_threads_that_is_missing_is_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = compiler()
    wanting = replace(own, flags=(*own.plain, "-fopenmp"))
    monkeypatch.setattr(libraries, "compiler", lambda: wanting)
    monkeypatch.setattr(libraries, "run", lambda command: None if "-fopenmp" in command else compilers.run(command))
    assert library(EMPTY).answer() == 42


@needs_compiler
@pytest.mark.skipif(os.name != "posix", reason="folders have no owner here")
def test_a_cache_that_cannot_be_made_is_replaced_by_a_folder_of_this_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder.parents[1] / "file"
    file.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert library(EMPTY).answer() == 42


@pytest.fixture
def bare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a compiler."""
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compilers.shutil, "which", lambda name: None)
    monkeypatch.setattr(compilers, "find_spec", lambda name: None)


@pytest.mark.usefixtures("bare")
def test_without_a_compiler_the_error_says_what_to_do() -> None:
    with pytest.raises(NoCompiler, match=r"no C\+\+ compiler.*'backproof\[cpp\]', or use the backend torch"):
        library(EMPTY)
    assert verification.usable() == ("numpy", "torch")
    assert verification.usable(("cpp",)) == ("cpp",)


def test_a_compiler_that_is_named_and_does_not_run_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler --flag")
    with pytest.raises(OperationError, match="CXX: got 'no-such-compiler --flag', expected a C"):
        compiler()


def test_a_compiler_that_came_as_a_wheel_is_the_last_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilers, "find_spec", lambda name: name)
    found = list(compilers._commands(""))
    assert found[-1][1:] == ("-m", "ziglang", "c++")
    assert list(compilers._commands("clang++ -v")) == [("clang++", "-v")]


@needs_compiler
def test_arithmetic_is_ieees() -> None:
    assert not any("fast-math" in f or "unsafe" in f or "finite" in f for f in compiler().flags)


@needs_compiler
def test_cpp_is_among_the_backends_that_are_compared() -> None:
    assert "cpp" in verification.usable()


@needs_compiler
@pytest.mark.parametrize("place", [lambda x: x, lambda x: x.astype(np.float32)], ids=["float64", "float32"])
def test_nan_and_infinity_come_through(place: Callable[[np.ndarray], np.ndarray]) -> None:
    x = place(np.array([[np.nan, 1.0, 2.0], [np.inf, 0.0, -np.inf]]))
    for name in ("relu", "softmax", "log_softmax"):
        ours, theirs = (numeric.kernel(name, backend=b).forward(x) for b in ("cpp", "numpy"))
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
