"""Draws the pictures of README.md: `python tools/make_pictures.py [FOLDER]`; the numbers come from a derived kernel."""

import sys
from pathlib import Path

import numpy as np

from numeric.kernels import kernel
from reports.figures.windows import convolution
from reports.writers.output import write_files

DOCS = Path(__file__).resolve().parents[1] / "docs"
LAW = "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]"


def input_gradient() -> str:
    """dE/dX of a 3x3 image under a 2x2 filter: the cotangent below, padded, under the filter turned by 180 degrees."""
    image, taps = np.arange(9.0).reshape(3, 3), np.arange(4.0).reshape(2, 2)
    cotangent = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = kernel(LAW).vjp(cotangent, X=image, F=taps)["X"].astype(int)
    return convolution(
        (2, 2),
        (2, 2),
        (3, 3),
        padding=1,
        at=(1, 1),
        inputs=cotangent.astype(int),
        weights=np.rot90(taps, 2).astype(int),
        outputs=found,
        title="The gradient of a cross-correlation with respect to its input",
    )


PICTURES = {"input-gradient.svg": input_gradient}


def main(folder: Path = DOCS) -> None:
    """Write every picture into the folder."""
    write_files(folder, [(name, draw()) for name, draw in PICTURES.items()])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
