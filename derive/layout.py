"""How the tensors that a user passes lie, where they differ from those of the law: data of an operation."""

from __future__ import annotations

from dataclasses import dataclass

ANY = "*"


@dataclass(frozen=True, slots=True)
class Layout:
    """The axes that users pass, in order: names of the law's axes, `n?` where it may be left out, `*` for any number.

    Every tensor has those of them that are its own in the law. The axes `*` belong to the law's axis `star`, after its
    own where that is passed too: with "n? c *" and the star n, X[n,c] is passed as X[n,c,...] and T[n] as T[n,...].
    With `dim`, torch's argument of that name says where the one named axis stands among the others; it has this
    default. With `shape`, torch's argument of that name lists the extents of `*`, and `...` is all that is before them.
    `batch` alone says that tensors may leave out this first axis, all together.
    """

    axes: str = ""
    star: str = ""
    dim: int | None = None
    shape: str = ""
    batch: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """torch's arguments that say how tensors lie."""
        return (*(("dim",) if self.dim is not None else ()), *((self.shape,) if self.shape else ()))

    def tokens(self, axes: tuple[str, ...]) -> tuple[str, ...]:
        """What users pass for a tensor of the law with these axes."""
        if self.batch and axes[:1] == (self.batch,):
            return (f"{self.batch}?", *axes[1:])
        found = tuple(t for t in self.axes.split() if (self.star if t == ANY else t.removesuffix("?")) in axes)
        return found or axes


AS_THE_LAW = Layout()
"""Nothing differs."""
