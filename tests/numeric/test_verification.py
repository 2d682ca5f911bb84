"""Verification speaks about every result of every kernel, on the layers asked for, and redraws what it found."""

import subprocess
import sys

import pytest

from derive.catalogue import names, op
from derive.errors import OperationError
from numeric.checks.checking import Check
from numeric.verification import LAYERS, examine, subject, verify


@pytest.mark.parametrize("name", names())
def test_the_catalogue_is_verified_on_every_layer(name: str) -> None:
    checks = verify(name, configurations=9)  # every optional tensor is there in some
    assert [str(c) for c in checks if not c] == []
    spoken = {c.layer for c in checks}
    assert spoken >= ({0, 6, 7, 8} if any(c.layer == 6 for c in checks) else {0, 7, 8})
    law = op(name)
    for backend in ("numpy", "torch"):
        for dtype in ("float32", "float64"):
            for result in ("forward", *(f"dE/d{t.name}" for t in law.differentiable)):
                assert any(c.claim.startswith(f"{backend} {dtype}: {result} ") for c in checks)
        for t in law.differentiable:
            assert any(
                c.claim.startswith(f"{backend} float64: <g, J v> = <vjp(g), v> for dE/d{t.name}") for c in checks
            )


@pytest.mark.parametrize("name", ["conv2d", "max_pool2d", "avg_pool2d", "linear", "flatten", "add", "relu", "mse_loss"])
def test_polynomials_and_their_pieces_are_compared_bit_for_bit(name: str) -> None:
    checks = [c for c in verify(name, configurations=4, layers=(6,)) if "equals the reference" in c.claim]
    assert checks
    assert all(c.error == 0 and c.bound == 0 and c.cases == 4 for c in checks if "dE/db" not in c.claim)


@pytest.mark.parametrize(
    "text",
    [
        "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]",
        "O[i] = X[i]/(Y[i]^2 + 1)",
        "O[i] = X[i]^3/3 - X[i+1]",
        "M[i] = max[j] X[i,j]; O[i,j] = X[i,j] - M[i]",
        "S[n] = sum[c] X[n,c]^2; O[n,c] = X[n,c]/sqrt(S[n] + 1)",
        "O[i] = cases(0<X[i], X[i]^2, -X[i])*Y[i]",
        "O[i] = X[i,i]*Y[i//2]",
        "O[i] = sum[p] X[s*i+d*p-P]*F[p]; pad X.h by P, P",
        "O[n,d] = W[T[n],d]; W[v<V,d<D]; T[n<N]; integer T",
    ],
)
def test_a_law_of_ones_own_is_verified_too(text: str) -> None:
    checks = verify(op(text), configurations=4)
    assert checks
    assert [str(c) for c in checks if not c] == []


def test_layers_can_be_chosen() -> None:
    assert {c.layer for c in verify("relu", configurations=3, layers=(6, 7))} == {6, 7}
    assert {c.layer for c in verify("relu", configurations=3, layers=(8,))} == {8}
    assert {c.layer for c in verify("relu", configurations=3)} == set(LAYERS)


def test_verification_is_the_same_every_time() -> None:
    assert [str(c) for c in verify("softmax", configurations=3, seed=4)] == [
        str(c) for c in verify("softmax", configurations=3, seed=4)
    ]


def test_a_configuration_is_examined_again_from_its_seed() -> None:
    own = subject(op("mse_loss"), ("numpy",))
    assert [str(c) for c in examine(own, 11)] == [str(c) for c in examine(own, 11)]
    assert all(isinstance(c, Check) and c.seed == 11 for c in examine(own, 11))


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(OperationError, match="expected one of conv1d"):
        verify("convolution")


def test_the_layers_without_torch_do_not_load_it() -> None:
    code = (
        "import sys; from numeric.verification import verify;"
        "found = verify('relu', configurations=2, backends=('numpy',), layers=(6, 7));"
        "print(len(found) > 0, all(found), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False"]
