"""Expressions evaluated densely, in any arithmetic: floats, exact numbers, bounds, torch's tensors."""
