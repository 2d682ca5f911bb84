"""The backend of torch: tensors on any device, and kernels printed from plans; the only kernels' file that knows torch."""

from __future__ import annotations

import numpy as np
import torch

from numeric.backend import Array


def to_numpy(x: Array) -> np.ndarray:
    """The values of a tensor, without its history or device."""
    return np.asarray(x.detach().cpu().numpy())


def from_numpy(y: np.ndarray, like: Array) -> Array:
    """An array as a tensor on the device of `like`."""
    return torch.from_numpy(np.ascontiguousarray(y)).to(like.device)
