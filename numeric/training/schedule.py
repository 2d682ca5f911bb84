"""The learning rate of each step: one cycle."""

import math


def one_cycle(
    step: int, steps: int, peak: float, warm: float = 0.3, start: float = 1 / 25, end: float = 1 / 250_000
) -> float:
    """Half a cosine up from `start*peak` to `peak` over the first part `warm` of the steps, another down to `end*peak`.

    Equals torch.optim.lr_scheduler.OneCycleLR with its defaults.
    Source: L. N. Smith, N. Topin, "Super-convergence", 2018.
    """
    turn = warm * steps - 1
    if step <= turn:
        return _cosine(start * peak, peak, step / turn)
    return _cosine(peak, end * peak, (step - turn) / (steps - 1 - turn))


def _cosine(first: float, last: float, part: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2
