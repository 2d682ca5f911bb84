"""Torch's autograd on a whole network, built from torch's own functions; it shares nothing with the derived sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from derive.catalogue.torch_arguments import torch_arguments
from derive.expressions.expr import Expr
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.networks.composition import Graph, Node
from derive.operation import Op
from numeric.calling.binding import bind
from numeric.evaluation.dense import world_of
from numeric.networks.network_sizes import lying
from numeric.oracle import CALLS, TorchArithmetic, is_torch, order_of_torch


def gradients(graph: Graph, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """dE/dw of every parameter in the dtype of the arrays, which hold inputs and parameters by name.

    A node with a law of one's own is that law in torch, in float64.
    """
    values: dict[str, Any] = {name: torch.from_numpy(np.array(x, order="C")) for name, x in arrays.items()}
    for name in graph.parameters:
        values[name].requires_grad_()
    for node in graph.nodes:
        fed = {letter: values[source] for letter, source in node.feeds}
        values[node.name] = _by_torch(node, fed) if is_torch(node.op) else _by_law(node.op, fed)
    found = torch.autograd.grad(values[graph.nodes[-1].name], [values[name] for name in graph.parameters])
    return {name: g.numpy() for name, g in zip(graph.parameters, found, strict=True)}


def _by_torch(node: Node, fed: Mapping[str, Any]) -> Any:
    op = node.op
    inputs = {t.argument: fed.get(t.name) for t in op.inputs}
    return CALLS[op.name](inputs, {**torch_arguments(op, {}), **lying(node)})


def _by_law(op: Op, fed: Mapping[str, Any]) -> Any:
    binding = bind(op, {letter: tuple(x.shape) for letter, x in fed.items()}, {})
    plain = {t.argument: fed[t.name].numpy() if t.integer else None for t in op.inputs}
    names = {n: int(v) for n, v in binding.names.items()}
    world = world_of(op, TorchArithmetic(), names, plain, {t: x for t, x in fed.items() if not op.tensor(t).integer})
    return world.tensors[op.output.name].reshape(binding.shape(op.output))


def order(node: Node, letter: str) -> Expr | None:
    """The gradient of a node in the order in which autograd computes it, where that is not the law's own."""
    found = order_of_torch(node.op, letter)
    numbers = {symbol: index(int(v)) for symbol, v in node.op.settings if v.lstrip("-").isdigit()}
    return None if found is None else substitute(found, numbers)
