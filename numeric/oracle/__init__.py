"""An independent author's answer: torch's functions under autograd, and for one's own law its dense form in torch."""

from numeric.oracle.answers import (
    autograd,
    autograd_of_stack,
    calling,
    one_thread,
    output_of,
    refuse_empty_windows,
    single_thread,
)
from numeric.oracle.calls import CALLS, called, is_torch
from numeric.oracle.dense_law import TorchArithmetic, by_law
from numeric.oracle.orders import order_of_torch

__all__ = [
    "CALLS",
    "TorchArithmetic",
    "autograd",
    "autograd_of_stack",
    "by_law",
    "called",
    "calling",
    "is_torch",
    "one_thread",
    "order_of_torch",
    "output_of",
    "refuse_empty_windows",
    "single_thread",
]
