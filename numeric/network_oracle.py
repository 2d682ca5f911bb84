"""Torch's autograd on a whole network, built from torch's own functions; it shares nothing with the derived sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from derive.catalogue.torch_arguments import torch_arguments
from derive.composition import Graph, Node
from derive.expr import Expr
from derive.index import index
from derive.substitution import substitute
from numeric.oracle import CALLS, order_of_autograd


def gradients(graph: Graph, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """dE/dw of every parameter in the dtype of the arrays, which hold inputs and parameters by name."""
    values: dict[str, Any] = {name: torch.from_numpy(np.array(x, order="C")) for name, x in arrays.items()}
    for name in graph.parameters:
        values[name].requires_grad_()
    for node in graph.nodes:
        inputs = {node.op.tensor(letter).argument: values[source] for letter, source in node.feeds}
        values[node.name] = CALLS[node.op.name](inputs, torch_arguments(node.op, {}))
    found = torch.autograd.grad(values[graph.nodes[-1].name], [values[name] for name in graph.parameters])
    return {name: g.numpy() for name, g in zip(graph.parameters, found, strict=True)}


def order(node: Node, letter: str) -> Expr | None:
    """The gradient of a node in the order in which autograd computes it, where that is not the law's own."""
    found = order_of_autograd(node.op, letter)
    numbers = {symbol: index(int(v)) for symbol, v in node.op.settings if v.lstrip("-").isdigit()}
    return None if found is None else substitute(found, numbers)
