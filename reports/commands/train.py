"""`backproof train`: LeNet on handwritten digits, by derived gradients alone."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from derive.networks.composition import Graph
from derive.networks.network import NETWORKS
from numeric.checks.campaign import plain
from numeric.checks.checking import Check
from numeric.native.compiler import present
from numeric.networks.gradient_check import gradient_check
from numeric.networks.memory import keep_freed_memory
from numeric.networks.model import model
from numeric.train import Progress, Trained, first_step, steps_per_epoch, train
from numeric.training import resume as state
from numeric.training.data import Dataset, load
from numeric.training.devices import DEVICES, choose, gpus
from numeric.training.run import Model, TrainOptions
from numeric.verification import BACKENDS
from reports.document import Document
from reports.emit import emit, emit_json, log, refuse_unwritable, say, write_all
from reports.exits import GOOD, REFUTED, UsageError
from reports.networks import network
from reports.options import JSON, SEED
from reports.progress import progress
from reports.sections.training_report import epoch_losses, error_in_words, gradient_section, pictures, training_report
from reports.writers.output import render

SAMPLE, RELU, MAX = "sample", "relu", "max_pool2d"
SAMPLE_BATCH = 16
"""For the few digits of the sample: enough steps in an epoch."""

NAME = typer.Argument(metavar="NETWORK", help=", ".join(n for n, found in NETWORKS.items() if found.digits))
DATA = typer.Option(
    "--data",
    metavar="sample|mnist|DIR",
    help="Digits of the package, MNIST from the web, or its idx files in DIR.",
)
DEVICE = typer.Option("--device", metavar="|".join(DEVICES), help="Where the kernels run.")
BACKEND = typer.Option("--backend", metavar="|".join(BACKENDS), help="torch on a GPU, else numpy, if not given.")
BATCH = typer.Option("--batch", metavar="N", help=f"Digits a step; else {SAMPLE_BATCH} for the sample, 128 for more.")
CHECKPOINT = typer.Option("--checkpoint", metavar="FILE", help="Where the state is kept while it trains.")
RESUME = typer.Option("--resume", help="Go on from the checkpoint, bit for bit.")
FOLDER = typer.Option("--output", "-o", metavar="DIR", help="Write a page and its pictures into this folder.")


def run(
    what: Annotated[str, NAME] = "lenet",
    data: Annotated[str, DATA] = SAMPLE,
    device: Annotated[str, DEVICE] = "auto",
    backend: Annotated[str | None, BACKEND] = None,
    epochs: Annotated[int, typer.Option(metavar="N", help="Times through the digits.")] = 15,
    batch: Annotated[int | None, BATCH] = None,
    seed: Annotated[int, SEED] = 0,
    activation: Annotated[str, typer.Option(metavar="OP", help="relu, sigmoid or tanh.")] = RELU,
    pooling: Annotated[str, typer.Option(metavar="OP", help="max_pool2d or avg_pool2d.")] = MAX,
    checkpoint: Annotated[Path | None, CHECKPOINT] = None,
    resume: Annotated[bool, RESUME] = False,
    output: Annotated[Path | None, FOLDER] = None,
    json: Annotated[str | None, JSON] = None,
) -> int:
    """Train LeNet-5 on derived gradients; autograd is asked once, before it starts, whether it agrees.

    Exit code 1 where a gradient does not agree with autograd: then nothing is trained.
    """
    if resume and checkpoint is None:
        raise UsageError("--resume: got no checkpoint, expected the run's; name it by --checkpoint FILE")
    refuse_unwritable(json, output and output / "index.html", checkpoint)
    graph = network(what, {"activation": activation, "pooling": pooling}, digits=True)
    library = _library(backend, device)
    size = batch or (SAMPLE_BATCH if data == SAMPLE else TrainOptions().batch)
    options = TrainOptions(_name(what, activation, pooling), library, choose(device, library), epochs, size, seed)
    digits = load(data)
    net = model(graph, library, options.device)
    if resume and checkpoint is not None:  # refused before autograd is asked, which takes longer
        state.load(checkpoint, state.identity(options, digits), net, steps_per_epoch(options, digits))
    checks = checked(graph, net, options, digits)
    if json is None:
        emit(Document("Before training", gradient_section(checks).blocks), None, None)
    trained = followed(options, net, digits, checkpoint, resume) if all(checks) else None
    if trained is not None and output is not None:
        page = render(training_report(options, checks, trained), "html")
        write_all(output, {**pictures(trained), "index.html": page})
    _tell(options, digits, checks, trained, json)
    return GOOD if trained is not None else REFUTED


def _tell(
    options: TrainOptions, digits: Dataset, checks: list[Check], trained: Trained | None, json: str | None
) -> None:
    """What came of a run, in a line or as JSON; of one that was not begun, the facts alone."""
    if json is not None:
        emit_json({**_facts(options, digits, checks), **(_outcome(trained) if trained is not None else {})}, json)
    elif trained is not None:
        say(f"\n{error_in_words(trained)} after {options.epochs} epoch{'s' * (options.epochs != 1)}\n")


def _name(what: str, activation: str, pooling: str) -> str:
    """The network as a checkpoint knows it."""
    return what if (activation, pooling) == (RELU, MAX) else f"{what} with {activation} and {pooling}"


def _library(backend: str | None, device: str) -> str:
    """The backend asked for, else torch where it finds a GPU that may be used, else numpy.

    torch stands in for cpp where there is no compiler, and that is said. Raises: UsageError.
    """
    if backend is None:
        return "torch" if device != "cpu" and gpus() else "numpy"
    if backend not in BACKENDS:
        raise UsageError(f"--backend: got {backend!r}, expected one of {', '.join(BACKENDS)}; choose one")
    if backend == "cpp" and not present():
        log("no C++ compiler is found, so torch trains instead; install g++, or pip install 'backproof[cpp]'")
        return "torch"
    return backend


def checked(graph: Graph, net: Model, options: TrainOptions, digits: Dataset) -> list[Check]:
    """Every parameter's derived gradient on the first batch against autograd's."""
    parameters, batch = first_step(options, net, digits)
    with progress("asking autograd") as advance:
        return gradient_check(
            graph,
            {name: net.to_numpy(w) for name, w in parameters.items()},
            net.to_numpy(batch.images),
            net.to_numpy(batch.labels),
            grey=1 / (255 * digits.std),
            backend_name=options.backend,
            device=options.device,
            seed=options.seed,
            progress=advance,
        )


def followed(
    options: TrainOptions, net: Model, digits: Dataset, checkpoint: Path | None = None, resume: bool = False
) -> Trained:
    """A training run with a bar on a terminal, and a line of log an epoch elsewhere."""
    keep_freed_memory()
    with progress("training") as advance:

        def told(p: Progress) -> None:
            note = f"epoch {p.epoch}, loss {p.loss:.3f}"
            advance(p.step, p.steps, note)
            if p.evaluation is not None:
                log(f"{note}, test error {100 * p.evaluation.error:.2f} %")

        return train(options, net, digits, checkpoint=checkpoint, resuming=resume, progress=told)


def _facts(options: TrainOptions, digits: Dataset, checks: list[Check]) -> dict[str, Any]:
    """What a run is, and what was checked before it."""
    return {
        **asdict(options),
        "learning_rate": options.peak,
        "digits": {"train": len(digits.train), "test": len(digits.test)},
        "gradient_check": {"passed": all(checks), "checks": [plain(c) for c in checks]},
    }


def _outcome(trained: Trained) -> dict[str, Any]:
    """What came of a run."""
    e = trained.evaluation
    return {
        "test_error": e.error,
        "test_wrong": e.wrong,
        "seconds": round(trained.seconds, 3),
        "losses": epoch_losses(trained),
        "test_errors": list(trained.test_errors),
        "confusion": e.confusion.tolist(),
    }
