"""Which GPUs torch can use here; asking imports torch."""

from __future__ import annotations

from derive.errors import OperationError

DEVICES = ("auto", "cpu", "cuda")


def gpus() -> tuple[str, ...]:
    """The names of the CUDA devices that torch can use; none where torch is absent or built without CUDA."""
    try:
        import torch
    except ModuleNotFoundError:
        return ()
    if not torch.cuda.is_available():
        return ()
    return tuple(torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count()))


def choose(device: str, backend: str) -> str:
    """The device that a backend runs on: the one asked for, or for "auto" a GPU where backend and machine have one.

    Raises: OperationError for an unknown device, or one that the backend or the machine does not have.
    """
    if device not in DEVICES:
        raise OperationError(f"device: got {device!r}, expected one of {', '.join(DEVICES)}; choose one")
    if device == "cuda" and backend != "torch":
        raise OperationError(f"device: got cuda for the backend {backend}, expected cpu; use the torch backend")
    if device == "cpu" or backend != "torch":
        return "cpu"
    if device == "cuda" and not gpus():
        raise OperationError("device: got cuda, expected a GPU that torch can use, of which there is none; use cpu")
    return "cuda" if gpus() else "cpu"
