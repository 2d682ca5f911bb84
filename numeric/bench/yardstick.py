"""What the machine can do at this moment: the product of two matrices of 1024 x 1024, by the libraries at hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from derive.expressions.index import index
from derive.networks.composition import Graph
from numeric.calling.binding import evaluate

SIDE = 1024
FLOPS = 2 * SIDE**3


def products() -> dict[str, Callable[[], Any]]:
    """sgemm by NumPy's library and by PyTorch's; the faster one is the yardstick."""
    from numeric.bench import torch_steps

    rng = np.random.default_rng(0)
    a, b = (rng.random((SIDE, SIDE), np.float32) for _ in range(2))
    out = np.empty((SIDE, SIDE), np.float32)
    return {"sgemm, NumPy": partial(np.matmul, a, b, out), "sgemm, PyTorch": torch_steps.gemm(SIDE)}


def step_flops(graph: Graph, batch: int) -> int:
    """Floating point operations of a step by the laws' products: each once forwards, and once for every gradient of a
    factor that is wanted. Sums of biases, activations, pooling and the update are not counted."""
    rows = {row.name: row.multiply_adds for row in graph.table()}
    uses = [use for c in graph.backward() for use in c.uses]
    total = index(0)
    for n in graph.nodes:
        gradients = [u for u in uses if u.node is n and n.op.tensor(u.letter).argument != "bias"]
        total += rows[n.name] * (1 + len(gradients))
    return 2 * evaluate(total, dict.fromkeys(total.names(), batch))
