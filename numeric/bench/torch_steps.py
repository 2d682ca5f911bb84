"""PyTorch's own training step of a network: its functions, its autograd, eager in two layouts or by torch.compile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from derive.catalogue.torch_arguments import torch_arguments
from derive.errors import OperationError
from derive.networks.composition import Graph, Node
from numeric.bench.absent import Absent
from numeric.bench.data import Numbers
from numeric.networks.network_sizes import lying

Loss = Callable[[Mapping[str, Any]], Any]
IMAGES = 4
"""Tensors with so many axes have the layouts NCHW and channels_last."""


@dataclass(slots=True)
class Autograd:
    """Forward, backward, and an update in place."""

    loss: Loss
    weights: dict[str, Any]
    inputs: dict[str, Any]
    rate: float = 0.0

    def __call__(self) -> None:
        for w in self.weights.values():
            w.grad = None
        self.loss({**self.weights, **self.inputs}).backward()
        with torch.no_grad():
            for w in self.weights.values():
                w.add_(w.grad, alpha=-self.rate)

    def parameters(self) -> dict[str, NDArray]:
        return {name: np.array(w.detach().numpy()) for name, w in self.weights.items()}


def contestant(how: str, graph: Graph, numbers: Numbers, threads: int) -> Autograd:
    """PyTorch's step: `plain`, in `channels_last`, or `compiled`.

    Raises: OperationError for an operation that no function of torch is named after; Absent where torch.compile fails.
    """
    torch.set_num_threads(threads)
    lay = partial(_laid, last=how == "channels_last")
    inputs = {name: lay(torch.from_numpy(x)) for name, x in zip(graph.inputs, numbers.inputs, strict=True)}
    weights = {name: lay(torch.from_numpy(w.copy())).requires_grad_() for name, w in numbers.parameters.items()}
    loss = _loss(graph)
    if how != "compiled":
        return Autograd(loss, weights, inputs)
    found = Autograd(torch.compile(loss, dynamic=False), weights, inputs)
    try:
        found()
    except RuntimeError as error:
        raise Absent(f"torch.compile: {str(error).strip().splitlines()[0]}") from None
    return found


def gemm(n: int) -> Callable[[], Any]:
    """The product of two square matrices in float32, by PyTorch's library."""
    a, b, c = (torch.rand(n, n) for _ in range(3))
    return lambda: torch.mm(a, b, out=c)


def _laid(x: Any, last: bool) -> Any:
    return x.contiguous(memory_format=torch.channels_last) if last and x.dim() == IMAGES else x


def _loss(graph: Graph) -> Loss:
    """A network of torch's functions, called as a user of torch calls them."""
    calls = [(n.name, _function(n), [(n.op.tensor(letter).argument, source) for letter, source in n.feeds])
             for n in graph.nodes]  # fmt: skip

    def loss(values: Mapping[str, Any]) -> Any:
        known = dict(values)
        for name, function, feeds in calls:
            known[name] = function(**{argument: known[source] for argument, source in feeds})
        return known[calls[-1][0]]

    return loss


def _function(node: Node) -> Callable[..., Any]:
    """The function of torch that an operation is named after, with its settings."""
    for place in (torch.nn.functional, torch):
        function = getattr(place, node.op.name, None)
        if function is not None:
            break
    else:
        raise OperationError(
            f"eager: got {node.op.name}, expected an operation of torch's; leave out eager and compile"
        )
    settings = {**torch_arguments(node.op, {}), **lying(node)}
    if node.op.name == "flatten":  # torch's own begins with the axis of samples
        settings.setdefault("start_dim", 1)
    return partial(function, **settings)
