"""Somebody's backward pass is judged: broken ones are diagnosed, right ones pass, and whatever they do is a verdict."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import numeric
from derive.errors import BackproofError, OperationError
from numeric.audit.kernel import audit
from numeric.audit.kernel.audit import CannotLoad
from numeric.audit.kernel.in_process import InProcess
from numeric.audit.kernel.isolation import Isolated, Limits
from numeric.audit.kernel.patterns import along
from numeric.audit.kernel.told import KernelVerdict
from numeric.audit.kernel.wire import Closed, Garbled, Message, packed, unpacked
from numeric.audit.kernels import assert_backward, check_kernel, judged
from numeric.audit.verdict import NO_MISTAKE, REFUTED, UNDECIDED, UNDER, VERIFIED
from reports.sections.audit_kernel import kernel_junit
from tests.numeric.audited_kernels import BROKEN, ENDING, Broken, right

FEW = 12


@cache
def verdict_on(k: int) -> KernelVerdict:
    case = BROKEN[k]
    return judged(InProcess(case.kernel, case.target), case.target, case.op, case.settings, configurations=FEW)


def ids(case: Broken) -> str:
    return case.module


@pytest.mark.parametrize("k", range(len(BROKEN)), ids=[ids(c) for c in BROKEN])
def test_a_broken_kernel_is_diagnosed(k: int) -> None:
    case, found = BROKEN[k], verdict_on(k)
    assert found.verdict.verdict == REFUTED
    assert case.diagnosis in found.verdict.diagnosis
    assert next(g.name for g in found.gradients if g.verdict == "wrong") == case.wrong
    assert found.shown


@pytest.mark.parametrize("k", range(len(BROKEN)), ids=[ids(c) for c in BROKEN])
def test_the_test_that_comes_with_a_verdict_fails_for_the_broken_kernel(k: int) -> None:
    with pytest.raises((AssertionError, RuntimeError)):
        run_test(verdict_on(k).test)


SWAPPED = [k for k, c in enumerate(BROKEN) if inspect.isfunction(c.kernel)]


@pytest.mark.parametrize("k", SWAPPED, ids=[ids(BROKEN[k]) for k in SWAPPED])
def test_the_test_that_comes_with_a_verdict_passes_for_a_right_kernel(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case, text = BROKEN[k], verdict_on(k).test
    backward, by_name = right(case.op, case.settings), "['" in text.partition("found = ")[2]

    def kernel(grad_output: Any, **given: Any) -> Any:
        found = backward(grad_output, **given)
        return found if by_name else found["input"]

    monkeypatch.setattr(f"reports.examples.{case.module}.{case.name}", kernel)
    run_test(text)


def run_test(text: str, **names: Any) -> None:
    """Execute a test module and its one test."""
    exec(text, names)  # noqa: S102  # it is what a user pastes
    (test,) = (f for n, f in names.items() if n.startswith("test_"))
    test()


@pytest.mark.parametrize("case", ENDING, ids=ids)
def test_a_kernel_that_ends_its_process_is_diagnosed(case: Broken) -> None:
    found = check_kernel(case.target, case.op, case.settings, configurations=3, limits=Limits(call=2))
    assert found.verdict.verdict == REFUTED
    assert case.diagnosis in found.verdict.diagnosis
    assert case.name in found.test


# -- right kernels -----------------------------------------------------------------------------------------------------

RIGHT = {
    "conv1d": "input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1",
    "conv_transpose1d": "input, weight, bias=None, stride=1, padding=0, output_padding=0",
    "max_pool2d": "input, kernel_size, stride=None, padding=0",
    "avg_pool1d": "input, kernel_size, stride, padding, ceil_mode, count_include_pad",
    "linear": "input, weight, bias=None",
    "relu": "input",
    "leaky_relu": "input, negative_slope",
    "prelu": "input, weight",
    "sigmoid": "input",
    "softmax": "input, dim",
    "log_softmax": "x, dim",
    "layer_norm": "input, normalized_shape, weight, bias, eps",
    "cross_entropy": "input, target, reduction='mean'",
    "mse_loss": "input, target, reduction",
}


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("op", RIGHT)
def test_a_right_kernel_passes(op: str, library: str) -> None:
    assert_backward(with_signature(op, RIGHT[op], library), op, configurations=FEW)


def with_signature(op: str, parameters: str, library: str) -> Any:
    """The project's own kernel of an operation as a function with these parameters."""
    backward = right(op, {})

    def kernel(grad_output: Any, **given: Any) -> Any:
        own = {"input": given.pop("x")} if "x" in given else {}
        if library == "torch" and not torch.is_tensor(grad_output):
            raise TypeError("expected a tensor")
        return backward(grad_output, **own, **given)

    stub: dict[str, Any] = {}
    exec(f"def stub(grad_output, {parameters}): ...", stub)  # noqa: S102
    kernel.__signature__ = inspect.signature(stub["stub"])  # type: ignore[attr-defined]
    return kernel


@pytest.mark.parametrize(
    ("layer", "op", "settings"),
    [
        (torch.nn.Conv2d, "conv2d", {}),
        (torch.nn.Linear, "linear", {}),
        (torch.nn.ReLU(), "relu", {}),
        (torch.nn.MaxPool1d(2, padding=1), "max_pool1d", {"kernel_size": 2, "padding": 1}),
        (torch.nn.LogSoftmax(dim=-1), "log_softmax", {}),
        (torch.nn.AvgPool1d, "avg_pool1d", {}),
        (torch.nn.CrossEntropyLoss, "cross_entropy", {"reduction": "sum"}),
    ],
    ids=str,
)
def test_torchs_own_layers_pass(layer: Any, op: str, settings: dict[str, Any]) -> None:
    assert_backward(layer, op, configurations=FEW, **settings)


def test_a_law_of_ones_own_has_its_backward_judged() -> None:
    law = "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]"
    kernel = numeric.kernel(law)
    assert_backward(lambda g, X, F: kernel.vjp(g, X=X, F=F), law, configurations=FEW)
    with pytest.raises(AssertionError, match="the sign is wrong"):
        assert_backward(lambda g, X, F: {"X": -kernel.vjp(g, X=X, F=F)["X"]}, law, configurations=FEW)


MEMORY = {
    "0 in g.strides": "sum() passes one number with stride 0",
    "not g.flags.c_contiguous and 0 not in g.strides": "right for contiguous arrays only",
    "np.abs(g).max() > 2**24": "sums were accumulated in float32",
    "g.dtype == np.float32": "wrong in float32 only",
    "not g.any()": NO_MISTAKE,
}


@pytest.mark.parametrize("when", MEMORY)
def test_a_way_of_calling_that_a_kernel_does_not_bear_is_named(when: str) -> None:
    stub: dict[str, Any] = {"np": np}
    exec(f"def relu(g, input): return g * (input > 0) + bool(g.size > 1 and ({when}))", stub)  # noqa: S102
    found = judged(InProcess(stub["relu"], "mine:relu"), "mine:relu", "relu", {}, configurations=FEW)
    assert found.verdict.verdict == REFUTED
    assert MEMORY[when] in found.verdict.diagnosis


@pytest.mark.parametrize("padded", [True, False], ids=["right", "wrong"])
def test_a_kernel_may_take_one_number_for_all_axes(padded: bool) -> None:
    def avg_pool2d(grad_output: Any, input: Any, kernel_size: int, stride: int, padding: int = 0) -> Any:
        size = [n + 2 * padding + stride * kernel_size for n in input.shape[2:]]
        grad = np.zeros((*input.shape[:2], *size))
        for i, j in np.ndindex(*grad_output.shape[2:]):
            to = (..., slice(stride * i, stride * i + kernel_size), slice(stride * j, stride * j + kernel_size))
            grad[to] += grad_output[:, :, i : i + 1, j : j + 1] / kernel_size**2
        first = padding if padded else 0
        return grad[:, :, first : first + input.shape[2], first : first + input.shape[3]]

    found = judged(InProcess(avg_pool2d, "mine:avg_pool2d"), "mine:avg_pool2d", "avg_pool2d", {}, configurations=FEW)
    assert found.good == padded
    assert any("one number for all axes" in note for note in found.verdict.notes)


def test_an_input_without_a_default_is_always_there() -> None:
    def linear(grad_output: Any, input: Any, weight: Any, bias: Any) -> Any:
        rows, given = grad_output.reshape(-1, weight.shape[0]), input.reshape(-1, weight.shape[1])
        return {"input": grad_output @ weight, "weight": rows.T @ given, "bias": rows.sum(0) + 0 * bias}

    assert_backward(linear, op="linear")
    optional = SimpleNamespace()
    linear.__defaults__ = (optional,)
    with pytest.raises(AssertionError, match="NoneType"):
        assert_backward(linear, op="linear")


def test_one_gradient_may_be_judged_alone() -> None:
    def linear(grad_output: Any, input: Any, weight: Any) -> Any:
        return grad_output.T @ input

    assert_backward(linear, "linear", wrt=["weight"], configurations=FEW)
    with pytest.raises(CannotLoad, match="--wrt input or --wrt weight"):
        assert_backward(linear, "linear", configurations=FEW)


@pytest.mark.parametrize("returns", ["{'input': g @ w}", "(g @ w, None)", "{'input': g @ w, 'weight': None}"])
def test_a_gradient_that_is_never_returned_is_a_fault_and_not_right(returns: str) -> None:
    stub: dict[str, Any] = {}
    exec(f"def linear(g, input, weight):\n    w = weight\n    return {returns}", stub)  # noqa: S102
    kernel = InProcess(stub["linear"], "mine:linear")
    found = judged(kernel, "mine:linear", "linear", {}, configurations=FEW)
    assert found.verdict.verdict == REFUTED
    assert found.verdict.diagnosis == "it returned no gradient with respect to weight"
    assert [(g.name, g.verdict) for g in found.gradients] == [("weight", "wrong"), ("input", "right")]
    with pytest.raises(AssertionError):
        run_test(found.test.replace("from mine import linear\n", ""), linear=stub["linear"])
    alone = judged(kernel, "mine:linear", "linear", {}, ["input"], configurations=FEW)
    assert alone.verdict.verdict == VERIFIED
    assert [(g.name, g.verdict) for g in alone.gradients] == [("input", "right")]


@pytest.mark.parametrize(
    ("at_zero", "verdict", "named"),
    [(0.0, VERIFIED, ""), (1.0, UNDER, "deck D1"), (0.5, UNDER, "half"), (2.0, REFUTED, "")],
)
def test_a_kink_is_right_under_a_convention_that_is_named(at_zero: float, verdict: str, named: str) -> None:
    def relu(grad_output: Any, input: Any) -> Any:
        return grad_output * np.where(input == 0, at_zero, input > 0)

    found = judged(InProcess(relu, "mine:relu"), "mine:relu", "relu", {}, configurations=FEW)
    assert found.verdict.verdict == verdict
    assert named in found.verdict.hypothesis


def test_what_is_wrong_at_ties_alone_is_told_so() -> None:
    found = verdict_on([c.module for c in BROKEN].index("broken_max_pool"))
    assert [g.where for g in found.gradients] == ["only at ties and kinks"]


def test_a_last_winner_is_a_convention_too() -> None:
    def max_pool1d(grad_output: Any, input: Any, kernel_size: int) -> Any:
        grad = np.zeros_like(input)
        for i in range(grad_output.shape[2]):
            window = input[:, :, kernel_size * i : kernel_size * (i + 1)][:, :, ::-1]
            last = np.expand_dims(kernel_size * (i + 1) - 1 - window.argmax(axis=2), 2)
            np.put_along_axis(grad, last, grad_output[:, :, i : i + 1], 2)
        return grad

    found = judged(InProcess(max_pool1d, "mine:max_pool1d"), "mine:max_pool1d", "max_pool1d", {}, configurations=FEW)
    assert found.verdict.verdict == UNDER
    assert "last" in found.verdict.hypothesis


def only_some_calls(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """The clock of an audit runs out after so many calls."""
    seconds = iter([0.0] * most)
    monkeypatch.setattr(audit, "time", SimpleNamespace(monotonic=lambda: next(seconds, float("inf"))))


def test_no_gradient_is_right_where_time_ran_out(monkeypatch: pytest.MonkeyPatch) -> None:
    only_some_calls(monkeypatch, 5)
    target = "mine:linear"
    found = judged(InProcess(right("linear", {}), target), target, "linear", {}, configurations=FEW)
    assert found.calls == 5
    assert found.verdict.verdict == UNDECIDED
    assert "too slow" in found.verdict.reason
    assert {g.verdict for g in found.gradients} == {"open"}
    assert f'skipped="{len(found.gradients)}"' in kernel_junit(found)


@pytest.mark.parametrize("calls", [8, 17, 20])
def test_a_fault_that_was_found_is_told_where_time_ran_out(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def relu(grad_output: Any, input: Any) -> Any:
        return -grad_output * (input > 0)

    only_some_calls(monkeypatch, calls)
    found = judged(InProcess(relu, "mine:relu"), "mine:relu", "relu", {}, configurations=FEW)
    assert found.calls == calls
    assert found.verdict.verdict == REFUTED
    assert "the sign is wrong" in found.verdict.diagnosis
    with pytest.raises(AssertionError):
        run_test(found.test.replace("from mine import relu\n", ""), relu=relu)


def test_the_test_is_that_of_the_fault_shown_and_not_of_the_last_call() -> None:
    def linear(grad_output: Any, input: Any, weight: Any) -> Any:
        if input.size <= 2:
            raise ValueError("too small")
        return grad_output @ weight, -grad_output.T @ input

    def corrected(grad_output: Any, input: Any, weight: Any) -> Any:
        return grad_output @ weight, grad_output.T @ input

    found = judged(InProcess(linear, "mine:linear"), "mine:linear", "linear", {}, configurations=FEW)
    text = found.test.replace("from mine import linear\n", "")
    assert "[1]\n" in text
    with pytest.raises(AssertionError):
        run_test(text, linear=linear)
    run_test(text, linear=corrected)


def test_the_test_asks_for_the_gradients_that_were_judged() -> None:
    def linear(grad_output: Any, input: Any, weight: Any) -> Any:
        return {"input": grad_output @ weight, "weight": "none"}

    found = judged(InProcess(linear, "mine:linear"), "mine:linear", "linear", {}, ["weight"], configurations=FEW)
    text = found.test.replace("from mine import linear\n", "")
    for wrong in (linear, lambda grad_output, input, weight: {"input": grad_output @ weight}):
        with pytest.raises(AssertionError):
            run_test(text, linear=wrong)
    run_test(text, linear=lambda grad_output, input, weight: grad_output.T @ input)
    run_test(text, linear=lambda grad_output, input, weight: {"weight": grad_output.T @ input})


# -- whatever a kernel does --------------------------------------------------------------------------------------------

DOES = {
    "sys.exit(3)": "SystemExit",
    "os._exit(3)": "it ended its process with exit code 3",
    "os.kill(os.getpid(), 9)": "SIGKILL",
    "os.abort()": "SIGABRT",
    "return (lambda f: f(f))(lambda f: f(f))": "RecursionError",
    "np.zeros(1 << 40)": "MemoryError",
    "bytearray(1 << 33)": "MemoryError",
    "return None": "got nothing (None)",
    "return 'gradient'": "got a str",
    "return {'input': [1.0]}": "got a list for input",
    "return {'input': input.astype(object)}": "got an array of object",
    "return {'input': input * 1j}": "got an array of complex128",
    "return {'gradient': input}": "got a gradient under the name 'gradient'",
    "return (input, input, input)": "got a tuple of 3",
    "return {}": "it returned no gradient at all",
    "return input[:-1]": "got the shape",
    "return input * np.nan": "not finite",
    "return grad_output / 0": "not finite",
    "return 1 // 0": "ZeroDivisionError",
    "raise KeyError('x')": "KeyError",
    "[os.write(end, b'noise' * 9) for end in range(3, 64) if Path(f'/proc/self/fd/{end}').exists()]": "",
    "os.closerange(3, 64)": "",
    "os.fork() or time.sleep(60); os._exit(3)": "it ended its process with exit code 3",
    "return np.broadcast_to(input.ravel()[:1], (1 << 30,))": "got an array of 8,192 MiB",
}


@pytest.mark.parametrize("does", DOES, ids=lambda d: d[:30])
def test_whatever_a_kernel_does_is_a_verdict(does: str, tmp_path: Path) -> None:
    found = judge(tmp_path, f"def relu(grad_output, input):\n    {does}\n")
    assert found.verdict.verdict == REFUTED
    assert DOES[does] in found.verdict.diagnosis
    assert "Traceback" not in str(found)


def judge(folder: Path, text: str, op: str = "relu", **limits: Any) -> KernelVerdict:
    path = folder / "kernel.py"
    path.write_text(f"import os, sys, time\nfrom pathlib import Path\nimport numpy as np\n{text}")
    return check_kernel(f"{path}:{op}", op, configurations=3, limits=Limits(**{"memory": 1024, **limits}))


LOADS = {
    "def relu(": "SyntaxError",
    "raise RuntimeError('not today')": "RuntimeError: not today",
    "import no_such_package_anywhere": "ModuleNotFoundError",
    "sys.exit(0)": "SystemExit",
    "os._exit(4)": "exit code 4",
    "relu = 3": "got a int, expected a function",
    "other = 3": "got no relu",
    "relu = dict.get": "expected inputs of relu",
    "def relu(): ...": "got a function of nothing",
    "def relu(grad_output, y_true): ...": "got the parameter 'y_true'",
    "def relu(grad_output): ...": "got no parameter for input",
}


@pytest.mark.parametrize("text", LOADS, ids=lambda t: t[:30])
def test_what_cannot_be_loaded_is_refused_in_one_sentence(text: str, tmp_path: Path) -> None:
    with pytest.raises(BackproofError) as refused:
        judge(tmp_path, text)
    assert LOADS[text] in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("target", ["no_such_module_anywhere:f", "numpy", "os.path:", ":f", "a b:c d", "x.py:f"])
def test_a_target_that_names_nothing_is_refused(target: str) -> None:
    with pytest.raises(CannotLoad):
        check_kernel(target, "relu")


def test_an_operation_or_setting_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="kernel_size"):
        judge(tmp_path, "def max_pool1d(grad_output, input): ...", "max_pool1d")
    with pytest.raises(OperationError):
        check_kernel("reports.examples.broken_in_place:relu", "relo")


def test_what_a_kernel_prints_does_not_reach_stdout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = judge(
        tmp_path, "def relu(g, input):\n    print('hello')\n    os.system('echo child')\n    return g*(input>0)\n"
    )
    assert found.verdict.verdict == VERIFIED
    out, err = capfd.readouterr()
    assert out == ""
    assert "hello" in err
    assert "child" in err


def test_nothing_that_a_kernel_started_is_left(tmp_path: Path) -> None:
    left = tmp_path / "pid"
    text = "import subprocess\ndef relu(g, input):\n    p = subprocess.Popen(['sleep', '60'])\n"
    text += f"    open({str(left)!r}, 'w').write(str(p.pid))\n    while True: pass\n"
    found = judge(tmp_path, text, call=1)
    assert "did not return" in found.verdict.diagnosis
    pid = int(left.read_text())
    until(lambda: not alive(pid))
    assert not alive(pid)


GIL = "ctypes.PyDLL(None).pause()"
"""Code of C that waits for ever, and lets no thread of Python run."""


@pytest.mark.parametrize(("how", "loop"), [(signal.SIGTERM, "pass"), (signal.SIGKILL, "pass"), (signal.SIGKILL, GIL)])
def test_an_endless_loop_ends_with_the_audit_that_was_ended(how: signal.Signals, loop: str, tmp_path: Path) -> None:
    left, path = tmp_path / "pid", tmp_path / "kernel.py"
    path.write_text(f"""import ctypes, os
def relu(grad_output, input):
    open({str(left)!r} + "_", "w").write(str(os.getpid()))
    os.rename({str(left)!r} + "_", {str(left)!r})
    while True: {loop}
""")
    code = "from numeric.audit.kernel.isolation import Limits; from numeric.audit.kernels import check_kernel\n"
    code += f"check_kernel({f'{path}:relu'!r}, 'relu', limits=Limits(call=1))"
    process = subprocess.Popen([sys.executable, "-c", code])
    until(left.exists)
    process.send_signal(how)
    process.wait()
    pid = int(left.read_text())
    until(lambda: not alive(pid))
    assert not alive(pid)


def until(true: Callable[[], bool]) -> None:
    """Wait for what comes soon, or within a minute where the machine is loaded."""
    for _ in range(1200):
        if true():
            return
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_kernel_is_called_again_after_its_process_has_ended() -> None:
    with Isolated("reports.examples.broken_crash:relu") as caller:
        ask = Message({"ask": "call", "way": "plain", "inputs": {"input": "input"}, "held": [], "settings": {},
                       "wrt": ["input"], "differentiable": ["input"], "aliases": {"input": ["input"]}},
                      {"grad_output": np.ones(2), "input": np.ones(2)})  # fmt: skip
        assert "SIGSEGV" in str(caller.ask(ask))
        assert "SIGSEGV" in str(caller.ask(ask))


# -- parts -------------------------------------------------------------------------------------------------------------


def test_messages_come_back_as_they_were() -> None:
    message = Message({"a": [1, "x"]}, {"": np.ones((2, 3), np.float32)[:, ::2], "s": np.asarray(3)})
    head = packed(message)[:20]
    found = unpacked(packed(message)[20:], int.from_bytes(head[16:20], "big"))
    assert found.data == message.data
    assert all(
        np.array_equal(found.arrays[n], a) and found.arrays[n].dtype == a.dtype for n, a in message.arrays.items()
    )


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"data": {}, "arrays": ["a"]}', b"\xff", b'{"data": 3, "arrays": []}']
)
def test_bytes_that_are_no_message_are_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        unpacked(body, len(body))


def test_objects_are_never_unpickled() -> None:
    body = packed(Message({}, {}))[20:]
    pickled = np.array([{}], dtype=object)
    with pytest.raises(ValueError, match="Object arrays"):
        packed(Message({}, {"a": pickled}))
    assert unpacked(body, len(body)).arrays == {}
    assert issubclass(Closed, EOFError)


@pytest.mark.parametrize(
    ("at", "size", "said"),
    [([4], 5, "i is the last one"), ([0], 5, "i = 0"), ([0, 4], 5, "i is at a border"), ([2, 3, 4], 5, "i >= 2"),
     ([0, 1], 5, "i <= 1"), ([1, 3, 5], 6, "i mod 2 is 1"), ([0, 1, 2], 3, ""), ([1, 4], 9, "i is 1, 4")],
)  # fmt: skip
def test_places_along_an_axis_are_told_in_words(at: list[int], size: int, said: str) -> None:
    assert along("i", at, size) == said


def test_only_what_was_done_is_told() -> None:
    found = judged(InProcess(right("tanh", {}), "mine:tanh"), "mine:tanh", "tanh", {}, configurations=FEW)
    assert "integers bit for bit" not in found.verdict.reason
    assert "large" not in found.verdict.reason
    found = judged(InProcess(right("linear", {}), "mine:linear"), "mine:linear", "linear", {}, configurations=FEW)
    for words in ("integers bit for bit", "zeros", "views", "expanded", "large", "real numbers", "float32"):
        assert words in found.verdict.reason


def test_the_verdict_as_plain_data_has_what_was_agreed() -> None:
    found = verdict_on([c.module for c in BROKEN].index("broken_conv")).plain()
    agreed = {"verdict", "hypothesis", "witness", "diagnosis", "right", "layer"}
    assert agreed | {"kernel", "op", "gradients", "entry", "shown", "test"} <= found.keys()
    assert found["witness"]["sizes"]["H"] == 2
    assert found["right"] == "dE/dX[n,c,h,w] = sum[k<K,p<K_h,q<K_w] dE/dO[n,k,h-p,w-q]*F[k,c,p,q]"
    assert found["entry"] == "dE/dX[0,0,0,0] = dE/dO[0,0,0,0]*F[0,0,0,0] = (-3)*(-2) = 6, got 0"
    assert json.loads(json.dumps(found)) == found


def test_verdicts_are_the_same_for_the_same_seed() -> None:
    case = BROKEN[0]
    again = judged(InProcess(case.kernel, case.target), case.target, case.op, case.settings, configurations=FEW)
    assert again == verdict_on(0)
    assert os.getcwd() not in str(again)
