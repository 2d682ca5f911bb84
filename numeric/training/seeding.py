"""Random numbers as a function of a seed and a purpose, so that no generator's state is ever stored."""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for; streams of different purposes are independent."""

    PARAMETERS = 0
    EPOCH = 1
    DITHER = 2


def generator(seed: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
    """The generator (PCG64) of one purpose, and of one epoch or tensor of it."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(purpose, index))))
