"""The device is the one asked for, where backend and machine have it."""

import pytest

from derive.errors import OperationError
from numeric.training import devices
from numeric.training.devices import choose

# asked for, backend, GPUs, chosen
CASES = [
    ("cpu", "numpy", 0, "cpu"),
    ("cpu", "torch", 1, "cpu"),
    ("auto", "numpy", 1, "cpu"),
    ("auto", "torch", 0, "cpu"),
    ("auto", "torch", 1, "cuda"),
    ("cuda", "torch", 1, "cuda"),
]
REFUSED = [
    ("tpu", "torch", 1, "expected one of auto, cpu, cuda"),
    ("cuda", "numpy", 1, "use the torch backend"),
    ("cuda", "torch", 0, "of which there is none"),
]


def with_gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(devices, "gpus", lambda: ("a GPU",) * count)


@pytest.mark.parametrize(("device", "backend", "count", "chosen"), CASES)
def test_a_device_is_chosen(
    device: str, backend: str, count: int, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_gpus(monkeypatch, count)
    assert choose(device, backend) == chosen


@pytest.mark.parametrize(("device", "backend", "count", "said"), REFUSED)
def test_a_device_that_is_not_there_is_refused(
    device: str, backend: str, count: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_gpus(monkeypatch, count)
    with pytest.raises(OperationError, match=said):
        choose(device, backend)


def test_gpus_are_those_that_torch_can_use() -> None:
    import torch

    assert len(devices.gpus()) == (torch.cuda.device_count() if torch.cuda.is_available() else 0)
