"""The figures of the guide are those that its commands give."""

import re

import pytest

from lab.cli.experiments import load_experiment
from lab.registry.manager import load_catalog
from lab.training.plan import Plan
from lab.training.setup import set_up
from lab.training.trainer import Trainer
from tests.help.pages import codes, rows, text_of

TOLERANCE = 0.15
"""Of a figure. Another processor rounds otherwise, training enlarges that, and early stopping takes another epoch."""

GUIDE = text_of("en", "guide.md")
TABLE = [
    (codes(row[0])[0], seed, float(said))
    for row in rows(GUIDE)
    if len(row) == 4
    for seed, said in zip((7, 8, 9), row[1:], strict=True)
]


def error(name: str, *settings: str) -> float:
    """The test error of a shipped experiment, as the guide measures it."""
    catalog = load_catalog(entry_points=False)
    document = load_experiment(name, settings, catalog).document
    with Trainer(set_up(document.spec, catalog), Plan(target="numpy", threads=1)) as trainer:
        while trainer.advance() is not None:
            pass
        trainer.keep_best()
        return trainer.metrics()["test.rmse"]


def test_the_guide_has_figures() -> None:
    assert len(TABLE) == 12


@pytest.mark.slow
@pytest.mark.parametrize(("cell", "seed", "said"), TABLE)
def test_the_table_of_the_guide_is_true(cell: str, seed: int, said: float) -> None:
    assert error("sunspots", f"layers.0.cell={cell}", f"seed={seed}") == pytest.approx(said, rel=TOLERANCE)


@pytest.mark.slow
def test_the_first_results_of_the_guide_are_true() -> None:
    first = re.search(r"this network +([\d.]+)", GUIDE)
    other = re.search(r"With this seed it is ([\d.]+)", GUIDE)
    assert first is not None
    assert other is not None
    assert error("airline") == pytest.approx(float(first[1]), rel=TOLERANCE)
    assert error("airline", "seed=8") == pytest.approx(float(other[1]), rel=TOLERANCE)
