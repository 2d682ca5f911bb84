"""Certificates: written for every derivation, the same bytes each time, read back equal, about one operation only."""

import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import derive.expressions.expr
from derive import checker
from derive.catalogue import op
from derive.certificate import HEADS, certificate, derivation, dumps, expression, written
from derive.checker.differentiation import DERIVATIVES
from derive.checker.trees import EXPRESSIONS
from derive.derivation import Derivation
from derive.errors import CertificateError
from derive.expressions.expr import Expr, Num
from derive.expressions.functions import FUNCTIONS
from derive.sweep import gradient
from tests.derive.certificate_edits import meaning, with_names
from tests.derive.derivations import CASES, certified, derived, operation, title

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
from derive.certificate import dumps
from derive.sweep import gradient
for name in ("conv2d", "cross_entropy", "max_pool2d"):
    sys.stdout.write(dumps(gradient(name, "input").certificate()))
"""


@pytest.mark.parametrize("case", CASES, ids=title)
def test_a_derivation_is_accepted_states_its_conditions_and_comes_back(case):
    # one test a derivation: deriving is what takes the time
    d, data = derived(case), certified(case)
    assert checker.verdict(json.loads(dumps(data))).startswith(f"dE/d{case[1]} of ")
    assert derivation(json.loads(dumps(data)), operation(case[0])) == d
    _states_the_conditions(d, data)
    for line in d.lines:
        assert expression(json.loads(json.dumps(written(line)))) == line
    renamed = with_names(data, lambda name: f"b_{name.strip('.') or 'l'}")
    assert renamed != data
    assert meaning(renamed) == meaning(data)
    checker.verdict(renamed)


def _states_the_conditions(d: Derivation, data: dict[str, Any]) -> None:
    conditions = d.conditions
    assert set(data["conventions"]) == {c.statement for c in conditions if c.kind == "convention"}
    positive = {i.name for c in conditions if c.kind == "positive" for i in c.about}
    assert positive <= {n for n, least in data["minima"].items() if least >= 1}
    assert len(data["hypotheses"]) == len({c.statement for c in conditions if c.kind == "hypothesis"})


def test_a_certificate_has_the_same_bytes_in_another_process():
    def run(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, text=True).stdout

    first = run("1")
    assert first == run("2")
    assert first.count("\n") == 3
    assert ", " not in first.replace("max(f, g)", "")
    assert ": " not in first


def test_a_certificate_holds_no_float_and_sorts_its_fields():
    text = dumps(certified(CASES[0]))

    def refuse(number: str) -> float:
        raise AssertionError(f"a float: {number}")

    data = json.loads(text, parse_float=refuse)
    assert list(data) == sorted(data)


def test_the_method_of_a_derivation_writes_its_certificate():
    d = derived(CASES[0])
    assert d.certificate() == certificate(d) == certified(CASES[0])


def test_only_what_the_proof_uses_is_stated():
    data = certified((0, "b"))
    assert data["minima"] == data["sizes"] == {}
    assert data["tensors"]["X"] == data["tensors"]["F"] == [None] * 4
    assert data["tensors"]["b"] == [[[1, "K"]]]
    assert [e[1] for e in certificate(gradient("log_softmax", "input"))["equations"]] == ["U", "Z", "P", "O"]
    shifted = gradient(op("R[i] = exp(Y[i]); O[i] = X[i]*R[i]"), "X").certificate()
    assert [e[1] for e in shifted["equations"]] == ["O"]


def test_a_wrong_derivation_has_no_certificate():
    d = derived(CASES[0])
    renamed = replace(d, steps=(replace(d.steps[0], law="linearity"), *d.steps[1:]))
    with pytest.raises(CertificateError, match=r"step 1 \(linearity\), move 1: is no instance of the law"):
        certificate(renamed)


def test_an_assumption_that_the_operation_does_not_grant_is_no_certificate():
    d = derived((0, "X"))
    strides = tuple(replace(p, minimum=0) for p in d.op.parameters)
    loose = object.__new__(Derivation)  # built past its own checks
    for field in fields(Derivation):
        object.__setattr__(loose, field.name, getattr(d, field.name))
    object.__setattr__(loose, "op", replace(d.op, parameters=strides))
    with pytest.raises(CertificateError, match=r"the proof needs s_. >= 1, which the operation does not grant"):
        certificate(loose)


@pytest.mark.parametrize("other", [op("conv2d", stride=2), op("linear"), op("O[i] = X[i]")])
def test_a_certificate_of_one_operation_is_refused_for_another(other):
    with pytest.raises(CertificateError, match="certificate for"):
        derivation(certified((0, "X")), other)


def test_a_refuted_certificate_is_not_read():
    data = json.loads(dumps(certified((0, "X"))))
    del data["steps"][3]
    with pytest.raises(CertificateError, match="step 4"):
        derivation(data, operation(0))


def test_every_node_has_a_head_and_every_head_is_known_to_the_checker():
    nodes = {v for v in vars(derive.expressions.expr).values() if isinstance(v, type) and issubclass(v, Expr)}
    concrete = {n for n in nodes if not any(m is not n and issubclass(m, n) for m in nodes)}
    assert concrete == set(HEADS)
    assert set(HEADS.values()) == set(EXPRESSIONS)
    assert set(FUNCTIONS) == set(DERIVATIVES)


def test_numbers_are_written_as_fractions_in_lowest_terms():
    assert written(Num(Fraction(14, 6))) == ["num", 7, 3]
