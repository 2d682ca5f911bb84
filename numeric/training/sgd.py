"""The update of parameters: stochastic gradient descent with Nesterov momentum and weight decay."""

from collections.abc import Mapping
from typing import Any

Arrays = Mapping[str, Any]  # name -> array of NumPy or of PyTorch


def nesterov(
    parameters: Arrays, gradients: Arrays, velocity: Arrays, *, rate: float, momentum: float, weight_decay: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The next parameters and velocity.

    The law: `g = dE/dw + weight_decay*w`, `v' = momentum*v + g`, `w' = w - rate*(g + momentum*v')`; equals
    torch.optim.SGD(nesterov=True). It works on whatever has +, - and * with a number, and changes no argument.
    Source: I. Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """
    moved, faster = {}, {}
    for name, w in parameters.items():
        g = gradients[name] + weight_decay * w
        faster[name] = momentum * velocity[name] + g
        moved[name] = w - rate * (g + momentum * faster[name])
    return moved, faster
