"""Keeps freed memory in the process: a training step takes and frees the same megabytes every time, and getting them
back from the operating system, page by page, costs as much as the arithmetic."""

from __future__ import annotations

import ctypes

# glibc's names and numbers, malloc.h; other C libraries have no mallopt, or ignore it
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_BLOCK = 1 << 25  # bytes; the largest threshold that glibc takes
KEPT = 1 << 30  # bytes


def keep_freed_memory() -> bool:
    """Let the C library keep up to a gigabyte that is freed, for the whole process; whether it agreed.

    Changes no result, only how long arrays take to allocate.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK)) and bool(mallopt(M_TRIM_THRESHOLD, KEPT))
