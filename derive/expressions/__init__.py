"""Expressions and indices as frozen values, and the few functions that take them apart and put them together."""
