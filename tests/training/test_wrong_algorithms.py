"""Algorithms that ask for steps there are not, or give what is no update: told by the line of the plugin."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, final

import numpy as np
import pytest

from lab.components.algorithm import Algorithm, Batch, Learner, Step
from lab.errors import PluginError
from lab.training.duel import Duel
from lab.training.learner import NetworkLearner
from lab.training.plan import Plan
from lab.training.trainer import Trainer
from tests.training.support import adding

STEPS = 12
Asked = Callable[[Learner], object]


@final
class Wrong(Algorithm):
    """Begins the batch, and does or gives what it was made with."""

    name = "wrong"
    asked: Asked

    def updates(self, learner: Learner, batch: Batch) -> Iterator[Step]:
        learner.begin(batch)
        yield cast(Step, self.asked(learner))


@final
class Returning(Algorithm):
    """Returns a list, where it should yield."""

    name = "returning"

    def updates(self, learner: Learner, batch: Batch) -> Iterator[Step]:
        learner.begin(batch)
        return cast(Iterator[Step], [])


def wrong(asked: Asked) -> Algorithm:
    algorithm = Wrong()
    algorithm.asked = asked
    return algorithm


def told(algorithm: Algorithm, target: str = "numpy") -> PluginError:
    setup = replace(adding(), algorithm=algorithm)
    with Trainer(setup, Plan(target=cast(Any, target), threads=1)) as trainer, pytest.raises(PluginError) as caught:
        trainer.advance()
    return caught.value


def run(learner: Learner) -> None:
    learner.forward(0, STEPS)


@pytest.mark.parametrize("target", ["numpy", "numba"])
@pytest.mark.parametrize(
    "asked",
    [
        lambda learner: learner.forward(0, 100_000),
        lambda learner: (run(learner), learner.backward(0, 100_000)),
        lambda learner: (run(learner), learner.backward(-3, STEPS)),
        lambda learner: (run(learner), learner.judge(STEPS, 3)),
        lambda learner: (run(learner), learner.loss(0, STEPS + 1)),
        lambda learner: (run(learner), learner.rows(STEPS, STEPS + 1)),
        lambda learner: (run(learner), learner.linearise(0, STEPS + 1)),
        lambda learner: (run(learner), learner.directions(0, STEPS + 1)),
        lambda learner: (run(learner), learner.seeds(0, STEPS + 1)),
        lambda learner: (run(learner), learner.errors(-1, STEPS)),
        lambda learner: (run(learner), learner.at_states(0, 0, STEPS + 1, np.zeros((STEPS + 1, 4, 4)))),
    ],
)
def test_steps_beyond_the_batch_are_refused(asked: Asked, target: str) -> None:
    error = told(wrong(asked), target)
    assert "are no window of a batch of 12 steps" in error.message
    assert Path(str(error.file)).name == Path(__file__).name


@pytest.mark.parametrize(
    "asked",
    [
        lambda learner: learner.backward(0, STEPS),
        lambda learner: learner.forward(3, STEPS),
        lambda learner: (learner.forward(0, 5), learner.judge(0, 6)),
        lambda learner: (run(learner), learner.forward(0, 5), learner.loss(0, STEPS)),
    ],
)
def test_steps_that_were_not_run_are_refused(asked: Asked) -> None:
    assert "forward has come to step" in told(wrong(asked)).message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda learner: Step(loss=1.0), "a Step with 0 of gradient and change"),
        (
            lambda learner: Step(loss=1.0, gradient=learner.gradient, change=learner.gradient),
            "a Step with 2 of gradient and change",
        ),
        (lambda learner: Step(loss=cast(float, None), gradient=learner.gradient), "a Step without a loss"),
        (lambda learner: Step(loss=1.0, gradient=learner.gradient[:3]), "a vector of shape (3,)"),
        (lambda learner: Step(loss=1.0, change=np.zeros((2, 2))), "a vector of shape (2, 2)"),
        (lambda learner: learner.gradient, "ndarray, which is no Step"),
    ],
)
def test_what_is_no_update_is_refused_at_its_yield(given: Asked, message: str) -> None:
    error = told(wrong(given))
    assert message in error.message
    assert error.message.startswith("algorithm 'wrong'")
    assert Path(str(error.file)).name == Path(__file__).name
    assert "yield" in Path(__file__).read_text(encoding="utf-8").splitlines()[cast(int, error.line) - 1]
    setup = adding()
    with Trainer(setup, Plan(target="numpy", threads=1)) as trainer:
        batch = next(trainer.batches.epoch(0))
        with pytest.raises(PluginError, match="algorithm 'wrong'"):
            Duel(NetworkLearner(trainer.network), batch, [1]).estimate(wrong(given))


def test_a_list_in_place_of_updates_is_refused() -> None:
    error = told(Returning())
    assert error.message == "updates of algorithm 'returning' returned list and yields nothing"
    assert error.line is not None
