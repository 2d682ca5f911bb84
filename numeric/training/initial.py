"""Where training starts: parameters drawn by seed."""

import math
from collections.abc import Mapping

import numpy as np

from numeric.training.seeding import Purpose, generator


def initial_parameters(
    shapes: Mapping[str, tuple[int, ...]], seed: int, dtype: type = np.float32
) -> dict[str, np.ndarray]:
    """Uniform draws from `[-1/sqrt(fan_in), 1/sqrt(fan_in)]`, the default of torch.nn.Conv2d and torch.nn.Linear.

    A weight `F[k, c, p, q]` or `W[k, c]` has the fan-in of the axes after its first; a bias `b[k]` has that of the
    weight before it. Source: K. He et al., "Delving deep into rectifiers", 2015, with a = sqrt(5) as in torch.
    Raises: ValueError if a bias comes before every weight.
    """
    parameters: dict[str, np.ndarray] = {}
    fan_in = 0
    for position, (name, shape) in enumerate(shapes.items()):
        if len(shape) > 1:
            fan_in = math.prod(shape[1:])
        if fan_in == 0:
            raise ValueError(f"{name} has shape {shape} and no weight before it; give each bias after its weight")
        bound = 1 / math.sqrt(fan_in)
        draws = generator(seed, Purpose.PARAMETERS, position).uniform(-bound, bound, shape)
        parameters[name] = draws.astype(dtype)
    return parameters
