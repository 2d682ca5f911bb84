"""What each library says in its own words: the small table a printer needs to write NumPy or torch."""

from __future__ import annotations

from typing import Protocol

from numeric.printing.python_text import Text


class Dialect(Protocol):
    """The words of one library; arguments and results are pieces of Python."""

    imports: str
    decorator: str
    helpers: tuple[tuple[str, str], ...]
    """Helper functions by name, printed where they are used."""
    reserved: frozenset[str]
    functions: dict[str, str]
    """Scalar functions by name, each with {} for its argument."""

    def permuted(self, x: str, order: tuple[int, ...]) -> str:
        """A view with the axes in another order."""

    def transposed(self, x: str, rank: int) -> str:
        """A view of matrices with rows and columns exchanged."""

    def contiguous(self, x: str) -> str:
        """x itself, or a copy in row-major order."""

    def strides(self, x: str) -> str:
        """The steps of the axes."""

    def strided(self, x: str, shape: str, strides: str) -> str:
        """A view with other steps."""

    def flipped(self, x: str, axes: tuple[int, ...]) -> str:
        """Axes run backwards."""

    def arange(self, n: str, device: str) -> str:
        """0, 1, ..., n - 1."""

    def zeros(self, shape: str, like: str) -> str:
        """Zeros in the dtype of `like`."""

    def truths(self, shape: str, like: str, value: bool | None) -> str:
        """Booleans, all of one value, or not set."""

    def cast(self, x: str) -> str:
        """x in the dtype of the tensors."""

    def typed(self, number: str) -> str:
        """A number as an array without axes, in the dtype of the tensors."""

    def of_number(self, function: str, number: str) -> str:
        """A scalar function of one of Python's numbers, in double precision, as such a number."""

    def where(self, condition: str, then: str, other: str) -> str:
        """A choice by a mask."""

    def extreme(self, word: str, a: Text, b: Text) -> Text:
        """The larger ("max") or smaller ("min") of two."""

    def total(self, x: str, axes: tuple[int, ...]) -> str:
        """The sum over axes."""

    def largest(self, x: str, axes: tuple[int, ...]) -> str:
        """The maximum over axes."""

    def running_count(self, x: str, axis: int) -> str:
        """The number of truths so far along an axis."""

    def merge_largest(self, target: str, x: str) -> str:
        """The statement that makes target the larger of itself and x."""

    def lowest_like(self, shape: str, like: str) -> str:
        """An array of the lowest value of the dtype of `like`."""

    def filled(self, shape: str, value: str, like: str) -> str:
        """A value, or an array with fewer axes, at every entry."""

    def copied(self, x: str) -> str:
        """x in memory of its own."""

    def clamped(self, x: str, extent: str) -> str:
        """Integers moved into 0, ..., extent - 1."""
