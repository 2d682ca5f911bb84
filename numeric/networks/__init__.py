"""Whole graphs in numbers: compiled, bounded, and compared with autograd."""
