"""What a program prints, wherever and whenever it runs: the same bytes in every process."""

from __future__ import annotations

import os
import subprocess
import sys

ELSEWHERE = ({"PYTHONHASHSEED": "0", "TZ": "UTC"}, {"PYTHONHASHSEED": "77", "TZ": "Asia/Kathmandu"})


def printed(program: str) -> bytes:
    """What a program prints. Raises: AssertionError where the hash seed or the time zone has a say in it."""
    first, second = (
        subprocess.run([sys.executable, "-c", program], env={**os.environ, **where}, capture_output=True, check=True)
        for where in ELSEWHERE
    )
    assert first.stdout == second.stdout
    return first.stdout
