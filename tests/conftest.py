"""What every test shares: threads, the collector, Hypothesis profiles and the full MNIST files, where they are."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

# Tests run side by side, one a core: libraries that start threads of their own would only wait for each other.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# Formulas that tests share stay in caches; the collector's default would walk through all of them again and again.
gc.set_threshold(100_000, 20, 50)

# No deadline: a loaded machine is not a wrong result. The default profile draws the same examples on every run.
settings.register_profile("default", deadline=None, max_examples=100, derandomize=True, database=None)
settings.register_profile("long", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("default")


@pytest.fixture(scope="session")
def mnist_directory() -> Path:
    """The directory with the four MNIST files, named by BACKPROOF_MNIST; the test is skipped without it."""
    value = os.environ.get("BACKPROOF_MNIST")
    if not value:
        pytest.skip("BACKPROOF_MNIST names no directory with the MNIST files")
    directory = Path(value)
    assert directory.is_dir(), f"BACKPROOF_MNIST={value} is not a directory"
    return directory
