"""What autograd gives for a sample or a stack of cases, and how many threads torch may use for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from derive.catalogue.torch_arguments import torch_arguments
from derive.errors import OperationError
from derive.operation import Op
from numeric.calling.windows import empty_window
from numeric.checks.samples import Sample
from numeric.checks.stacks import Stack
from numeric.oracle.calls import CALLS, Inputs, Tensor, is_torch
from numeric.oracle.dense_law import by_law


def single_thread() -> None:
    """Keep torch to one thread: processes, not threads, share the work of a campaign."""
    torch.set_num_threads(1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch keeps to one thread for a while, with all loaded that its first gradient would load."""
    x = torch.ones(1, requires_grad=True)
    torch.autograd.grad(x.exp(), [x], torch.ones(1))
    before = torch.get_num_threads()
    single_thread()
    try:
        yield
    finally:
        torch.set_num_threads(before)


def autograd(sample: Sample) -> tuple[NDArray, dict[str, NDArray]]:
    """The output and the gradients by argument, in float64: torch's function, or for one's own law its dense form.

    Raises: OperationError where torch would read outside its memory (a window without a real cell).
    """
    refuse_empty_windows(sample.op, sample.names)
    inputs = _leaves(sample.op, sample.arrays)
    return _differentiated(output_of(sample, inputs), inputs, sample)


def autograd_of_stack(stack: Stack) -> tuple[NDArray, dict[str, NDArray]]:
    """The outputs and the gradients of every case, along a first axis: torch is called for each, autograd once for all.

    No window may be without a real cell: `stacks.form_of` draws none.
    """
    inputs = _leaves(stack.form.op, stack.arrays)
    apart = {a: (None,) * stack.cases if x is None else x.unbind() for a, x in inputs.items()}
    one = calling(stack.form) if is_torch(stack.form.op) else None
    outputs = []
    for k in range(stack.cases):
        call = one or calling(stack.case(k))
        outputs.append(call({a: x[k] for a, x in apart.items()}))
    return _differentiated(torch.stack(outputs), inputs, stack)


def _leaves(op: Op, arrays: Mapping[str, NDArray | None]) -> dict[str, Any]:
    """The inputs as tensors by argument; those that are real numbers get a gradient."""
    inputs: dict[str, Any] = {}
    for t in op.inputs:
        array = arrays[t.argument]
        tensor = None if array is None else torch.from_numpy(np.array(array, order="C"))
        inputs[t.argument] = tensor if tensor is None or t.integer else tensor.requires_grad_()
    return inputs


def _differentiated(output: Tensor, inputs: Inputs, of: Sample | Stack) -> tuple[NDArray, dict[str, NDArray]]:
    """The output and the gradients by argument, as arrays."""
    wanted = [t.argument for t in of.wrt]
    cotangent = torch.from_numpy(np.array(of.cotangent, order="C"))
    found: tuple[Tensor | None, ...] = (None,) * len(wanted)
    if output.requires_grad:  # a law of guards alone does not change with its inputs
        found = torch.autograd.grad(output, [inputs[a] for a in wanted], cotangent, allow_unused=True)
    zeros = (np.zeros(inputs[a].shape) for a in wanted)
    grads = {a: z if g is None else g.numpy() for a, g, z in zip(wanted, found, zeros, strict=True)}
    return output.detach().numpy(), grads


def output_of(sample: Sample, inputs: Inputs) -> Tensor:
    """The output at tensors by argument: torch's function, or for one's own law its dense form."""
    return calling(sample)(inputs)


def calling(sample: Sample) -> Callable[[Inputs], Tensor]:
    """What gives the output at tensors by argument; torch's functions need a sample's sizes and settings alone."""
    if is_torch(sample.op):
        arguments = {**torch_arguments(sample.op, _plain(sample)), **sample.arranged.settings}
        function = CALLS[sample.op.name]
        return lambda inputs: function(inputs, arguments)
    return partial(by_law, sample)


def _plain(sample: Sample) -> dict[str, int | float]:
    """The numbers of a sample as torch takes them."""
    return {n: float(v) if isinstance(v, Fraction) else v for n, v in sample.names.items()}


def refuse_empty_windows(op: Op, names: Mapping[str, int]) -> None:
    """Raises: OperationError where a maximum has no cell to choose from; torch would corrupt its heap there."""
    for e in op.equations:
        if empty_window(e.body, op.tensor(e.target).axes, names, {t.name: t.axes for t in op.tensors}):
            raise OperationError(f"{op.name}: got a window without a real cell, expected one at least; torch must not"
                                 " run it: use less padding or dilation")  # fmt: skip
