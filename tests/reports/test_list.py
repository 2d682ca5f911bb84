"""What `backproof list` tells is all of the catalogue, and its limits are what torch takes and is refused here."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import pytest
import torch

import derive
import numeric
from derive.catalogue import FAMILIES, RECIPES, variants
from derive.catalogue.limits import LIMITS, Limit
from derive.catalogue.torch_arguments import torch_arguments
from derive.errors import OperationError
from derive.operation import show_equation
from numeric.checks.samples import draw
from reports import cli, listing
from reports.exits import BAD_INPUT, GOOD
from reports.writers.output import render
from reports.writers.text import narrowed

OVERVIEW = render(listing.overview(), "text")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(["list", *arguments])
    found = capsys.readouterr()
    return code, found.out, found.err


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", RECIPES)
def test_the_overview_tells_an_operation_s_call_law_learned_numbers_and_conventions(name: str) -> None:
    op = derive.op(name)
    own = flat(re.split(r"\n(?:`\w+`\n~|---)", OVERVIEW.partition(f"\n`{name}`\n")[2])[0])
    assert listing.signature(op) in own
    for e in op.equations:
        assert flat(show_equation(e)) in own
    for sentence in op.conventions:
        assert flat(sentence).replace("*", "·")[:20] in own.replace("*", "·")
    assert ("Learned: " in own) == bool({"weight", "bias"} & {t.argument for t in op.differentiable})


def test_the_overview_is_by_family_and_tells_every_argument_s_meaning() -> None:
    assert [n for names in FAMILIES.values() for n in names] == list(RECIPES)
    for family, names in FAMILIES.items():
        assert f"\n{family.capitalize()}\n---" in OVERVIEW
        for name in names:
            for a in RECIPES[name].arguments:
                assert f"`{a.name}`: " in OVERVIEW


@pytest.mark.parametrize("name", RECIPES)
def test_one_operation_in_full_tells_all_its_laws_arguments_and_tensors(name: str) -> None:
    told = flat(render(listing.in_full([derive.op(name)]), "text")).replace("·", "*")
    for v in variants(name):
        for e in v.equations:
            assert flat(show_equation(e)).partition("=")[0] in told
    for a in RECIPES[name].arguments:
        assert a.meaning.split()[0] in told
    assert told.count("With `") >= len(list(variants(name))) - 1


def test_several_operations_are_told_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "relu", "linear")
    assert code == GOOD
    assert out.index("relu(input)") < out.index("linear(input, weight, bias=None)")


def test_a_narrow_terminal_is_filled_and_not_overrun() -> None:
    with narrowed(60):
        narrow = render(listing.overview(), "text")
    assert narrow != OVERVIEW == render(listing.overview(), "text")
    prose = [line for line in narrow.splitlines() if not line.startswith(("    ", "~", "-"))]
    assert max(map(len, prose)) <= 60
    assert all(len(line) <= 80 for line in OVERVIEW.splitlines() if "(input" in line)


def test_the_examples_are_told_with_their_ideas(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--examples")
    for name, idea in listing.ideas().items():
        assert flat(f"`{name}`: {idea}") in flat(out)
    assert json.loads(run(capsys, "--examples", "--json", "-")[1])["examples"] == listing.ideas()


def test_the_plain_data_hold_every_law_and_what_is_learned(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(run(capsys, "--json", "-")[1])
    assert [o["name"] for o in data["operations"]] == list(RECIPES)
    assert list(data["families"]) == list(FAMILIES)
    conv = next(o for o in data["operations"] if o["name"] == "conv2d")
    assert conv["learned"] == "K*C*K_h*K_w+K"
    assert len(conv["other_laws"]) == len(list(variants("conv2d"))) - 1


@pytest.mark.parametrize("asked", [("relu", "--limits"), ("--limits", "--examples"), ("relu", "--examples")])
def test_only_one_list_is_told_at_a_time(asked: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *asked)
    assert (code, out) == (BAD_INPUT, "")
    assert "expected one of them" in err


# -- limits ------------------------------------------------------------------------------------------------------------

CALLS = [pytest.param(name, limit, id=f"{name}: {limit.asked}") for limit in LIMITS for name in limit.operations]


def call(name: str, limit: Limit) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Tensors and arguments that torch takes, but for what the limit asks."""
    op = derive.op(name)
    sample = draw(op, 1, "real")
    if limit.shapes:
        return {n: torch.ones(shape) for n, shape in limit.shapes.items()}, dict(limit.settings)
    tensors = {n: torch.from_numpy(a.copy()) for n, a in sample.given.items()}
    if limit.dtype:
        tensors = {n: t.to(getattr(torch, limit.dtype)) if t.is_floating_point() else t for n, t in tensors.items()}
    arguments = {n: float(v) if isinstance(v, Fraction) else v for n, v in torch_arguments(op, sample.names).items()}
    arranged = {n: v for n, v in sample.settings.items() if n in op.layout.arguments}
    return tensors, {**arguments, **arranged, **limit.settings}


def in_torch(name: str, tensors: Mapping[str, torch.Tensor], arguments: Mapping[str, Any]) -> object:
    source = derive.op(name).source.partition("(")[0].removeprefix("torch.")
    words = {n: getattr(torch, v) if v == "float64" else v for n, v in arguments.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of these torch itself takes with a warning
        return reduce(getattr, source.split("."), torch)(**tensors, **words)  # type: ignore[operator]


@pytest.mark.parametrize(("name", "limit"), CALLS)
def test_torch_takes_a_limit_and_it_is_refused_here_in_the_sentence_named(name: str, limit: Limit) -> None:
    tensors, arguments = call(name, limit)
    assert in_torch(name, tensors, arguments) is not None
    with pytest.raises(OperationError) as refused:
        numeric.kernel(name, backend="torch", **arguments).forward(**tensors)
    assert limit.refusal in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("name", "limit"), CALLS)
def test_without_what_the_limit_asks_the_same_call_is_taken(name: str, limit: Limit) -> None:
    tensors, arguments = call(name, Limit((name,), "", "", ""))
    assert numeric.kernel(name, backend="torch", **arguments).forward(**tensors) is not None


def test_the_limits_are_told_with_their_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--limits")
    for limit in LIMITS:
        assert flat(f"{limit.reason}; {limit.instead}.") in flat(out)
    told = json.loads(run(capsys, "--limits", "--json", "-")[1])["limits"]
    assert [t["asked"] for t in told] == [limit.asked for limit in LIMITS]
