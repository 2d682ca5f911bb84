"""Measures the printed convolution kernels against im2col written by hand in the same library, at LeNet's shapes.

    python tools/kernel_speed.py [--rounds 30] [--threads 1]

Prints hand-written time / printed time, above 1 where the printed kernel is faster: the median of interleaved rounds,
and the ratio of the best times, which a busy machine disturbs less; then the printed kernel's best time.
The printed ones are called through the public kernel, checks included.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided

import numeric

SHAPES = {
    "6 filters 5x5 on 1x32x32": ((64, 1, 32, 32), (6, 1, 5, 5)),
    "16 filters 5x5 on 6x14x14": ((64, 6, 14, 14), (16, 6, 5, 5)),
}
Work = dict[str, Callable[[], Any]]


def numpy_by_hand(x: np.ndarray, w: np.ndarray, b: np.ndarray, g: np.ndarray) -> Work:
    """im2col with stride tricks, one matrix product, col2im by a loop over taps."""
    (n, c, h, _), (k, _, p, q) = x.shape, w.shape
    i, j = g.shape[2:]

    def columns() -> np.ndarray:
        s = x.strides
        view = as_strided(x, (c, p, q, n, i, j), (s[1], s[2], s[3], s[0], s[2], s[3]))
        return np.ascontiguousarray(view).reshape(c * p * q, n * i * j)

    kept = columns()

    def forward() -> np.ndarray:
        y = w.reshape(k, -1) @ columns() + b[:, None]
        return np.ascontiguousarray(y.reshape(k, n, i, j).transpose(1, 0, 2, 3))

    def d_weight() -> Any:
        return (g.transpose(1, 0, 2, 3).reshape(k, -1) @ kept.T).reshape(w.shape)

    def d_input() -> np.ndarray:
        spread = (w.reshape(k, -1).T @ g.transpose(1, 0, 2, 3).reshape(k, -1)).reshape(c, p, q, n, i, j)
        dx = np.zeros((n, c, h, x.shape[3]), x.dtype)
        for a in range(p):
            for e in range(q):
                dx[:, :, a : a + i, e : e + j] += spread[:, a, e].transpose(1, 0, 2, 3)
        return dx

    return {"forward": forward, "dE/dF": d_weight, "dE/dX": d_input}


def torch_by_hand(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor, g: torch.Tensor) -> Work:
    """im2col with unfold and fold, batched matrix products."""
    (n, _, h, v), (k, _, p, q) = x.shape, w.shape
    i, j = g.shape[2:]
    unfold, fold = torch.nn.functional.unfold, torch.nn.functional.fold
    kept = unfold(x, (p, q))

    def forward() -> torch.Tensor:
        return (w.reshape(k, -1) @ unfold(x, (p, q)) + b[:, None]).reshape(n, k, i, j)

    def d_weight() -> torch.Tensor:
        return (g.reshape(n, k, -1) @ kept.transpose(1, 2)).sum(0).reshape(w.shape)

    def d_input() -> torch.Tensor:
        return fold(w.reshape(k, -1).T @ g.reshape(n, k, -1), (h, v), (p, q))

    return {"forward": forward, "dE/dF": d_weight, "dE/dX": d_input}


def printed(backend: str, x: Any, w: Any, b: Any, g: Any) -> Work:
    """The same work by the printed kernels, the columns kept from the forward pass as by hand."""
    kernel = numeric.kernel("conv2d", backend=backend)
    _, saved = kernel.forward_saved(x, w, b)
    return {
        "forward": lambda: kernel.forward(x, w, b),
        "dE/dF": lambda: kernel.vjp(g, x, w, b, saved=saved, wrt=["weight"])["weight"],
        "dE/dX": lambda: kernel.vjp(g, x, w, b, saved=saved, wrt=["input"])["input"],
    }


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(rounds: int) -> None:
    """Print a line for each library, shape and piece of work."""
    random = np.random.default_rng(0)
    for shape, (image, filters) in SHAPES.items():
        # small integers: no sum reaches 2^24, so that both sides are exact and equal
        x, w = (random.integers(-2, 3, s).astype(np.float32) for s in (image, filters))
        b = random.integers(-2, 3, filters[0]).astype(np.float32)
        out = (image[0], filters[0], image[2] - filters[2] + 1, image[3] - filters[3] + 1)
        g = random.integers(-2, 3, out).astype(np.float32)
        for backend, by_hand in (("numpy", numpy_by_hand), ("torch", torch_by_hand)):
            arrays = [torch.from_numpy(a) if backend == "torch" else a for a in (x, w, b, g)]
            theirs, ours = by_hand(*arrays), printed(backend, *arrays)
            for piece in theirs:
                np.testing.assert_array_equal(np.asarray(ours[piece]()), np.asarray(theirs[piece]()))
                times = [(seconds(theirs[piece]), seconds(ours[piece])) for _ in range(rounds)]
                hand, own = zip(*times, strict=True)
                median = statistics.median(h / o for h, o in times)
                best = min(hand) / min(own)
                print(f"{backend:6} {shape:26} {piece:8} {median:5.2f} {best:5.2f}  ({min(own) * 1e3:.2f} ms)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--threads", type=int, default=0, help="torch's threads; 0 leaves them")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    compare(options.rounds)
