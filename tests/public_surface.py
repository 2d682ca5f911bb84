"""The public surface, as its users use it: `python tests/public_surface.py` tells which parts hold."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import derive
import numeric
import reports

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("list", "derive", "worked", "verify", "train", "bench", "doctor", "report")


def operations_come_from_the_catalogue_or_from_a_line() -> None:
    op = derive.op("conv2d", stride=2, padding=1)
    assert isinstance(op, derive.Op)
    assert [t.argument for t in op.inputs] == ["input", "weight", "bias"]
    own = derive.op("O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]")
    assert [t.name for t in own.inputs] == ["X", "F"]


def a_gradient_is_a_derivation_with_a_certificate() -> None:
    op = derive.op("conv2d", stride=2, padding=1)
    d = derive.gradient(op, wrt="weight")
    assert isinstance(d, derive.Derivation)
    assert d == derive.gradient(op, wrt="F")
    assert d.steps[-1].after == d.result
    assert all(step.law and step.before != step.after for step in d.steps)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "certificate.json")
        path.write_text(json.dumps(d.certificate()))
        checker = [sys.executable, "-S", "-m", "derive.checker", str(path)]
        assert subprocess.run(checker, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode == 0


def kernels_take_arrays_and_tensors() -> None:
    x, w, b = np.ones((2, 3, 9, 8)), np.ones((4, 3, 3, 3)), np.zeros(4)
    for backend in ("reference", "numpy"):
        k = numeric.kernel("conv2d", backend=backend, stride=2, padding=1)
        y = k.forward(input=x, weight=w, bias=b)
        g = k.vjp(y, input=x, weight=w, bias=b)
        assert y.shape == (2, 4, 5, 4)
        assert {name: a.shape for name, a in g.items()} == {"input": x.shape, "weight": w.shape, "bias": b.shape}
    assert "conv2d" in numeric.kernel("conv2d", stride=2).source
    k = numeric.kernel(derive.op("conv2d", stride=2, padding=1), backend="torch")
    found = k.forward(input=torch.ones(2, 3, 9, 8), weight=torch.ones(4, 3, 3, 3))
    assert isinstance(found, torch.Tensor)
    assert not found.requires_grad


def verify_gives_checks() -> None:
    checks = numeric.verify(derive.op("relu"))
    assert checks
    assert all(isinstance(c, numeric.Check) and bool(c) for c in checks)


def a_graph_compiles_to_a_training_step() -> None:
    build = derive.graph("one layer")
    build.input("x", "N", 3)
    build.input("label", "N")
    scores = build.add("fc", derive.op("linear"), "x", K=2)
    build.add("loss", derive.op("cross_entropy"), {"input": scores, "target": "label"})
    graph = build.build(scores=scores)
    assert isinstance(graph, derive.Graph)
    step = numeric.compile(graph, backend="numpy", batch=4)
    parameters = {"fc.weight": np.zeros((2, 3)), "fc.bias": np.zeros(2)}
    loss, gradients = step(parameters, np.ones((4, 3)), np.array([0, 1, 0, 1]))
    assert loss == np.log(2)
    assert set(gradients) == set(parameters)


def a_report_is_written_in_the_format_of_its_suffix() -> None:
    d = derive.gradient(derive.op("conv2d"), wrt="weight")
    with tempfile.TemporaryDirectory() as folder:
        for name, start in (
            ("conv2d.html", "<!doctype html>"),
            ("conv2d.md", "# "),
            ("conv2d.ipynb", "{"),
            ("conv2d.json", "{"),
        ):
            path = reports.write(d, Path(folder, name))
            assert path.read_text(encoding="utf-8").startswith(start)


def every_command_is_there() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reports", "--help"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


PARTS: tuple[Callable[[], None], ...] = (
    operations_come_from_the_catalogue_or_from_a_line,
    a_gradient_is_a_derivation_with_a_certificate,
    kernels_take_arrays_and_tensors,
    verify_gives_checks,
    a_graph_compiles_to_a_training_step,
    a_report_is_written_in_the_format_of_its_suffix,
    every_command_is_there,
)


def main() -> int:
    """Run every part and tell it; the number of those that do not hold."""
    failed = 0
    for part in PARTS:
        try:
            part()
            said = "holds"
        except Exception as error:  # whatever it raises, the next part is told too
            failed += 1
            said = f"FAILS: {type(error).__name__}: {error}"
        print(f"{part.__name__.replace('_', ' ')}: {said}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
