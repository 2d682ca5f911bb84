"""Somebody's backward pass judged: forward and every gradient, on data where the right answer is known exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from derive.catalogue.recipe import Setting
from derive.errors import OperationError
from derive.operation import Op
from numeric.audit.kernel.audit import MOST_SECONDS, Audit, Caller, CannotLoad
from numeric.audit.kernel.in_process import InProcess, named
from numeric.audit.kernel.isolation import LIMITS, LOAD, Ended, Isolated, Limits
from numeric.audit.kernel.signatures import calling, laws, of_its_sizes, settled, uniform_laws, with_gradients
from numeric.audit.kernel.told import KernelVerdict, undecided
from numeric.audit.kernel.trials import Suite

CONFIGURATIONS = 24
TOO_SLOW = f"it is too slow: {MOST_SECONDS:g} seconds were not enough"
ONE_NUMBER = "it takes one number for all axes, as stride=2, and no tuple; judged so"
OWN_SIZES = "judged at the sizes of the tensors that it holds: it takes no others"


def check_kernel(
    target: str,
    op: str | Op,
    settings: Mapping[str, Setting] | None = None,
    wrt: Sequence[str] | None = None,
    configurations: int = CONFIGURATIONS,
    seed: int = 0,
    limits: Limits = LIMITS,
) -> KernelVerdict:
    """Judge the kernel `pkg.mod:name` or `file.py:name` against an operation, in a process of its own.

    Numbers that the kernel takes as settings are drawn, others are torch's defaults or those of `settings`. `wrt` names
    the gradients that are judged: all that there are, if nothing is named. This isolates from accidents; it is no
    sandbox.
    Raises: CannotLoad, OperationError, NotationError, NotDerived.
    """
    with Isolated(target, limits) as caller:
        return judged(caller, target, op, settings or {}, wrt, configurations, seed)


def judged(
    caller: Caller,
    target: str,
    op: str | Op,
    settings: Mapping[str, Setting],
    wrt: Sequence[str] | None = None,
    configurations: int = CONFIGURATIONS,
    seed: int = 0,
) -> KernelVerdict:
    """The verdict on whatever `caller` runs. Raises: as `check_kernel`."""
    loaded = caller.ask(LOAD)
    if isinstance(loaded, Ended):
        raise CannotLoad(f"{target}: its import failed: {loaded}")
    if loaded.data["outcome"] != "loaded":
        raise CannotLoad(str(loaded.data["text"]))
    settings = settled(op, settings, loaded.data)
    meant = laws(op, settings, loaded.data)
    called, meant = calling(meant, loaded.data)
    asked = frozenset(meant[0].tensor(n).argument for n in wrt) if wrt else with_gradients(op, meant)
    dim = settings.get("dim")
    suite = Suite(meant, called, asked, configurations, seed, dim=dim if isinstance(dim, int) else None)
    others = {
        ONE_NUMBER: replace(
            suite, laws=uniform_laws(op, settings, loaded.data), signature=replace(called, uniform=True)
        ),
        OWN_SIZES: replace(suite, laws=of_its_sizes(meant, loaded.data)),
    }
    audit = Audit(caller, suite, target)
    try:
        return _in_its_words(audit, others).verdict()
    except TimeoutError:
        return undecided(target, suite, audit.calls, TOO_SLOW, (), ())


def _in_its_words(audit: Audit, others: Mapping[str, Suite]) -> Audit:
    """The audit, or where the kernel refuses every call the first of others, by what is noted, that it does not.

    A layer that holds tensors may take some sizes by chance: it is asked for its own where it refuses any call.
    """
    if not audit.refuses(some=True):
        return audit
    for note, suite in others.items() if audit.refuses() else [(OWN_SIZES, others[OWN_SIZES])]:
        with suppress(OperationError):  # sizes at which nothing can be drawn
            other = Audit(audit.caller, suite, audit.target, audit.calls, [note], started=audit.started)
            if suite.laws and not other.refuses():
                return other
    return audit


def assert_backward(
    function: Any,
    op: str | Op,
    *,
    wrt: Sequence[str] | None = None,
    configurations: int = CONFIGURATIONS,
    seed: int = 0,
    **settings: Setting,
) -> None:
    """Assert that a backward pass is right: `assert_backward(my_conv2d, op="conv2d", stride=2)`, for one's own tests.

    `function` is a plain `backward(grad_output, **inputs)`, a torch.autograd.Function or a torch.nn.Module, called in
    this process. A convention at ties or kinks that has a name is accepted.
    Raises: AssertionError with the whole diagnosis; CannotLoad, OperationError for what cannot be called or named.
    """
    target = named(function)
    found = judged(InProcess(function, target), target, op, settings, wrt, configurations, seed)
    if not found.good:
        raise AssertionError(str(found))
