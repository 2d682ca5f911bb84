"""`backproof report`: derive and verify the catalogue, train LeNet briefly, and write one page about it all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from derive.catalogue import names, op
from derive.networks.network import lenet
from derive.sweep import gradient
from numeric.checks.campaign import campaign
from numeric.networks.model import model
from numeric.training.data import load
from numeric.training.run import TrainOptions
from reports.commands.train import SAMPLE, SAMPLE_BATCH, checked, followed
from reports.commands.verify import cores
from reports.document import Document
from reports.emit import refuse_unwritable, write_all
from reports.exits import GOOD, REFUTED
from reports.options import SEED
from reports.progress import stage
from reports.sections.narrate import derivation_report
from reports.sections.overview import overview
from reports.sections.training_report import pictures
from reports.writers.output import render

FOLDER = typer.Option("--output", "-o", metavar="DIR", help="Where index.html and the pictures go.")
COUNT = typer.Option("--configurations", min=1, max=1_000_000, metavar="N", help="How many are verified.")
EPOCHS = typer.Option("--epochs", metavar="N", help="How long LeNet is trained on the digits of the package.")


def run(
    output: Annotated[Path, FOLDER] = Path("out"),
    configurations: Annotated[int, COUNT] = 500,
    epochs: Annotated[int, EPOCHS] = 2,
    seed: Annotated[int, SEED] = 0,
) -> int:
    """Derive and verify the catalogue, train LeNet briefly, and write DIR/index.html.

    Exit code 1 where anything was refuted; the page says what.
    """
    options = TrainOptions(epochs=epochs, batch=SAMPLE_BATCH, seed=seed)
    refuse_unwritable(output / "index.html")
    derived = _derived()
    with stage(f"verifying {configurations:,} configurations") as advance:
        found = campaign(None, configurations, seed, cores(), advance)
    graph, digits = lenet(), load(SAMPLE)
    with stage("training LeNet on the sample"):
        pass
    net = model(graph, options.backend)
    checks = checked(graph, net, options, digits)
    trained = followed(options, net, digits)
    page = overview(derived, found, graph, checks, trained)
    write_all(output, {**pictures(trained), "index.html": render(page, "html")})
    refuted = found["failed"] or not all(checks) or page.tally().refuted
    return REFUTED if refuted else GOOD


def _derived() -> list[Document]:
    """The document of every operation of the catalogue."""
    documents = []
    every = tuple(names())
    with stage(f"deriving {len(every)} operations") as advance:
        for done, name in enumerate(every):
            advance(done, len(every), name)
            law = op(name)
            documents.append(derivation_report([gradient(law, t.name) for t in law.differentiable]))
    return documents
