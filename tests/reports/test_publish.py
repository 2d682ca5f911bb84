"""`reports.write` takes whatever backproof makes, and refuses the rest in one line."""

import json
from pathlib import Path

import numpy as np
import pytest

import reports
from derive import checker
from derive.catalogue import op
from derive.networks.network import lenet
from derive.sweep import gradient
from numeric.checks.checking import Check
from numeric.train import Trained
from numeric.training.evaluate import Evaluation
from numeric.training.run import TrainOptions
from reports.document import Document, parts
from reports.sections.training_report import epoch_losses, gradient_section, pictures, training_report
from reports.writers.output import render
from reports.writers.registry import FORMATS, WriteError

LINEAR = [gradient(op("linear"), name) for name in ("input", "weight", "bias")]


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("subject", [LINEAR[0], LINEAR, tuple(LINEAR)], ids=["one", "list", "tuple"])
def test_derivations_are_written_in_every_format(form: object, subject: object, tmp_path: Path) -> None:
    path = reports.write(subject, tmp_path / f"linear{form.suffixes[0]}")  # type: ignore[attr-defined]
    assert path.stat().st_size > 100


def test_derivations_in_json_are_certificates_that_hold(tmp_path: Path) -> None:
    one, several = reports.write(LINEAR[0], tmp_path / "one.json"), reports.write(LINEAR, tmp_path / "several.json")
    assert checker.main([str(one), str(several)]) == 0
    assert [len(json.loads(p.read_text())) for p in (several,)] == [3]


def test_one_certificate_of_a_list_that_does_not_hold_refutes_the_file(tmp_path: Path) -> None:
    path = reports.write(LINEAR, tmp_path / "several.json")
    data = json.loads(path.read_text())
    data[1]["steps"] = data[1]["steps"][1:]
    path.write_text(json.dumps(data))
    assert checker.main([str(path)]) == 1


def test_a_network_and_a_document_are_written(tmp_path: Path) -> None:
    assert "61,706" in reports.write(lenet(), tmp_path / "lenet.md").read_text()
    document = Document("a title")
    assert reports.write(document, tmp_path / "page.txt", format="md").read_text() == render(document, "md")
    assert json.loads(reports.write(document, tmp_path / "page.json").read_text())["title"] == "a title"


@pytest.mark.parametrize("subject", [3, [], [LINEAR[0], 3], "conv2d"])
def test_what_has_no_page_is_refused(subject: object, tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="expected a derivation, a list of them, a graph or a document"):
        reports.write(subject, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


# -- training ----------------------------------------------------------------------------------------------------------

TRAINED = Trained(
    parameters={"conv1.weight": np.ones((2, 1, 3, 3))},
    evaluation=Evaluation(np.eye(10, dtype=int) * 9),
    losses=(4.0, 2.0, 1.0, 0.5),
    test_errors=(0.5, 0.1),
    seconds=9.0,
)
CHECKS = [Check("dE/d conv1.weight: agrees with autograd", 8, 1e-5, cases=16)]


def test_the_loss_of_an_epoch_is_the_mean_of_its_steps() -> None:
    assert epoch_losses(TRAINED) == [3.0, 0.75]


def test_a_training_is_told_with_its_check_and_its_pictures() -> None:
    document = training_report(TrainOptions(epochs=2, batch=16), CHECKS, TRAINED)
    text = render(document)
    gradient_page = Document("", (gradient_section(CHECKS),))
    assert "16 digits, at most 1e-05 of the bound" in " ".join(render(gradient_page, "md").split())
    assert "test error 0.00 % (0 of 90 digits)" in text
    assert document.tally() == (1, 0, 0)
    assert sum(type(p).__name__ == "Figure" for p in parts(document)) == 3
    assert set(pictures(TRAINED)) == {"curve.svg", "filters.svg", "confusion.svg"}


def test_a_gradient_that_disagrees_is_told_as_refuted() -> None:
    refuted = [Check("dE/d conv1.weight: agrees with autograd", 8, 7.0, (0, 0), 1.0, 2.0, 0.1, 3)]
    document = training_report(TrainOptions(epochs=2, batch=16), refuted, TRAINED)
    assert document.tally() == (0, 1, 0)
    assert "1.0 for 2.0" in render(document)


def test_a_network_without_a_first_convolution_has_no_filters() -> None:
    other = Trained({"fc.weight": np.ones((2, 3))}, TRAINED.evaluation, TRAINED.losses, TRAINED.test_errors, 9.0)
    assert set(pictures(other)) == {"curve.svg", "confusion.svg"}
