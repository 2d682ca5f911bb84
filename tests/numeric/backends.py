"""The backends that tests run; where no compiler is found, what is compiled is skipped by name."""

import pytest

from numeric.native.compiler import present
from numeric.verification import usable

needs_compiler = pytest.mark.skipif(not present(), reason="no C++ compiler is found")

CPP = pytest.param("cpp", marks=needs_compiler)
PRINTED = ("numpy", "torch", CPP)
"""For `parametrize`."""

RUN = usable()
"""For loops; a test that CPP marks says where `cpp` is not among them."""
