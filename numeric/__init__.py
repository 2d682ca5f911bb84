"""What needs a number: kernels printed from derivations, their verification, data, and training."""

from derive.lazy import lazy_names

PUBLIC: dict[str, str] = {
    "kernel": "numeric.kernels",
    "Kernel": "numeric.kernels",
    "compile": "numeric.networks.training_step",
    "matrix": "numeric.linear_maps",
    "verify": "numeric.verification",
    "assert_backward": "numeric.audit.kernels",
    "Check": "numeric.checks.checking",
}

__getattr__, __dir__ = lazy_names(__name__, PUBLIC)
__all__ = list(PUBLIC)
