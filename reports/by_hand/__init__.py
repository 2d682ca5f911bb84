"""Computations by hand: an operation at small sizes, every entry written out in symbols and in numbers, and checked."""
