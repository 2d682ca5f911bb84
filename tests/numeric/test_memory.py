"""Keeping freed memory changes no result."""

import subprocess
import sys

CODE = """
import numpy as np
from numeric.networks.memory import keep_freed_memory
assert keep_freed_memory() in (True, False)
print(sum(float(np.ones(1 << 20).sum()) for _ in range(8)))
"""


def test_arrays_are_what_they_were_with_freed_memory_kept() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert float(done.stdout) == 8 << 20
