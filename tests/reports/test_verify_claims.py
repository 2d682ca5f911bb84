"""`backproof verify` of networks, and of kernels with many numbers going in."""

import json

import pytest

from numeric.checks.checking import Check
from reports import cli
from reports.exits import BAD_INPUT, GOOD, REFUTED


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(arguments)
    found = capsys.readouterr()
    return code, found.out, found.err


def test_a_network_is_verified_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "verify", "lenet")
    assert code == GOOD
    assert "identity over the prime field" in " ".join(out.split())
    assert "probability below 2^-" in " ".join(out.split())


def test_networks_are_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "verify", "mlp", "two_weights", "--json", "-")
    found = json.loads(out)
    assert code == GOOD
    assert (found["claims"], found["passed"], found["failed"], found["seed"]) == (2, 2, 0, 0)
    assert [c["layer"] for own in found["of"].values() for c in own] == [4, 4]


def test_kernels_are_verified_on_many_integers(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "verify", "max_pool2d", "--inputs", "2000", "--backend", "numpy", "--json", "-")
    claims = [c["claim"] for c in json.loads(out)["of"]["max_pool2d"]]
    assert code == GOOD
    assert any("numpy float32: dE/dX equals the reference on " in c for c in claims)
    assert any("numpy float64: <g, J v> = <vjp(g), v> for dE/dX" in c for c in claims)


@pytest.mark.parametrize("form", [(), ("--json", "-")])
def test_a_refuted_claim_exits_1_and_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    wrong = Check("dE/d W is the derivative of the network", 4, float("inf"), seed=3, detail="2 by the law, 5 by ours")
    monkeypatch.setattr("numeric.field.identity.check_network", lambda *_, **__: [wrong])
    code, out, _ = run(capsys, "verify", "mlp", *form)
    assert code == REFUTED
    assert "2 by the law, 5 by ours" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lenet", "conv2d"), "got the network lenet with others, expected networks by themselves"),
        (("lenet", "--inputs", "100"), "got the network lenet with others"),
        (("alexnet",), "expected at most 16,777,216; check the network at smaller sizes"),
        (("relu", "--inputs", "100", "--random", "5"), "--inputs: got --random too"),
        (("conv9d", "--inputs", "100"), "conv9d"),
    ],
)
def test_what_does_not_go_together_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, "verify", *arguments)
    assert code == BAD_INPUT
    assert not out
    assert said in err
