"""The duel: exact algorithms are exact, random ones right in the mean, and nothing of the network moves."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import lab.training.rivals as rivals_module
from lab.components.algorithm import Algorithm, Batch, Step
from lab.errors import HyperparameterError, LabError, PluginError, TrainingError
from lab.training.batches import select
from lab.training.duel import Duel, algorithm_of, algorithms_in
from lab.training.learner import NetworkLearner
from lab.training.looking import Lookout
from lab.training.plan import Plan
from lab.training.rivals import Rivals
from lab.training.setup import Setup
from lab.training.trainer import Trainer
from tests.training.support import SUNSPOTS, adding, catalog, prepared

CATALOG = catalog()
STEPWISE = SUNSPOTS.replace("seed = 3", 'seed = 3\ndtype = "float64"', 1)
"""A target at every step: windows count different numbers of them."""


def duel_of(setup: Setup, sequences: Any = None) -> Duel:
    with Trainer(setup, Plan(target="numpy")) as trainer:
        batch = next(trainer.batches.epoch(0)) if sequences is None else Batch(sequences=sequences)
        return Duel(NetworkLearner(trainer.network), batch, [setup.spec.seed])


def made(name: str, **values: Any) -> Algorithm:
    return CATALOG.get("algorithm", name)(**values)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def small() -> Duel:
    return duel_of(adding(dtype="float64", cell="gru"))


def test_rtrl_is_exact_in_all_and_in_each_layer(small: Duel) -> None:
    found = small.measure(made("rtrl"), 5)
    for part in (found.whole, *found.layers):
        assert part.cosine == pytest.approx(1, abs=1e-10)
        assert part.ratio == pytest.approx(1, abs=1e-10)
    assert [part.name for part in found.layers] == ["layers.0", "readout"]
    assert found.bias < 1e-10
    assert (found.random, found.repeats, found.variance) == (False, 1, 0)
    assert found.seconds > 0
    assert found.bytes > 0


def test_windows_without_truncation_add_up_to_the_gradient() -> None:
    """20 steps in windows of 6 and a last one of 2: only weighted by their targets they are the mean over all."""
    one = duel_of(prepared(STEPWISE))
    whole = one.learner.steps
    exact = one.estimate(made("rtrl", update_every=6))
    np.testing.assert_allclose(exact.vector, one.exact, rtol=0, atol=1e-10 * one.norm)
    assert one.estimate(made("truncated-bptt", update_every=whole, reach_back=whole)).vector == pytest.approx(one.exact)
    cut = one.measure(made("truncated-bptt", update_every=6, reach_back=6), 5)
    assert 0.5 < cut.whole.cosine < 1 - 1e-6
    assert cut.bias > 1e-3


def test_uoro_is_right_in_the_mean(small: Duel) -> None:
    found = small.measure(made("uoro"), 60)
    assert found.random
    assert found.repeats == 60
    assert found.bias < 3 * found.bias_error
    assert found.variance > 0.01
    assert found.bias_error == pytest.approx(np.sqrt(found.variance / 60))
    # One estimate is farther away than the mean of many.
    assert found.whole.cosine < 0.999


def test_the_same_numbers_again_and_others_for_each_repeat(small: Duel) -> None:
    first, again, other = (small.estimate(made("uoro"), repeat).vector for repeat in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_dropout_falls_alike_for_all() -> None:
    text = SUNSPOTS.replace("seed = 3", 'seed = 3\ndtype = "float64"', 1)
    layer = '[[layers]]\ncell = "gru"\nhidden = 5\n'
    one = duel_of(prepared(text.replace(layer, layer + "dropout = 0.5\n" + layer)))
    assert one.measure(made("rtrl"), 2).whole.cosine == pytest.approx(1, abs=1e-10)


class Restless(Algorithm):
    """Moves the parameters and gives a change."""

    name = "restless"

    def updates(self, learner: Any, batch: Batch) -> Any:
        learner.begin(batch)
        learner.forward(0, learner.steps)
        loss = learner.backward(0, learner.steps)
        learner.parameters[:] += 1
        yield Step(loss=loss, change=-0.25 * learner.gradient)
        yield Step(loss=loss, change=-0.25 * learner.gradient)


class Broken(Algorithm):
    """Raises."""

    name = "broken"

    def updates(self, learner: Any, batch: Batch) -> Any:
        learner.parameters[:] = 0
        raise ZeroDivisionError("no oil")
        yield


class Idle(Algorithm):
    """Makes nothing."""

    name = "idle"

    def updates(self, learner: Any, batch: Batch) -> Any:
        yield from ()


class Fickle(Restless):
    """Gives one of each."""

    name = "fickle"

    def updates(self, learner: Any, batch: Batch) -> Any:
        (first, _) = super().updates(learner, batch)
        yield first
        yield Step(loss=0.0, gradient=learner.gradient)


def test_a_change_is_compared_by_its_direction_and_the_weights_stay(small: Duel) -> None:
    before = small.learner.parameters.copy()
    found = small.measure(Restless(), 3)
    assert found.change
    assert found.whole.cosine == pytest.approx(1)
    assert np.isnan([found.whole.ratio, found.bias, found.variance]).all()
    assert (small.learner.parameters == before).all()


def test_what_goes_wrong_is_told_and_leaves_the_weights(small: Duel) -> None:
    before = small.learner.parameters.copy()
    with pytest.raises(PluginError, match="algorithm 'broken' failed: ZeroDivisionError: no oil") as broken:
        small.measure(Broken(), 3)
    assert broken.value.file == __file__
    with pytest.raises(TrainingError, match="makes no update"):
        small.estimate(Idle())
    with pytest.raises(PluginError, match="by turns"):
        small.estimate(Fickle())
    assert (small.learner.parameters == before).all()


def test_a_batch_without_targets_has_no_exact_gradient() -> None:
    setup = prepared(STEPWISE)
    some = select(setup.data.train, np.arange(setup.batch))
    with pytest.raises(TrainingError, match="no step of the batch"):
        duel_of(setup, replace(some, counted=np.zeros((some.steps, some.count), bool)))


def test_names_with_settings() -> None:
    text = "bptt, truncated-bptt(update_every=5,reach_back=7),uoro,bptt"
    labels = algorithms_in(text)
    assert labels == ["bptt", "truncated-bptt(update_every=5,reach_back=7)", "uoro"]
    own = made("truncated-bptt", update_every=3)
    cut = algorithm_of(labels[1], CATALOG, own)
    assert cut.values() == {"update_every": 5, "reach_back": 7}
    assert algorithm_of("truncated-bptt", CATALOG, own) is own
    assert algorithm_of("truncated-bptt()", CATALOG, own).values() == {"update_every": 20, "reach_back": 20}
    assert algorithm_of("uoro", CATALOG, own).name == "uoro"


@pytest.mark.parametrize(
    ("label", "kind", "words"),
    [
        ("rtlr", PluginError, "did you mean 'rtrl'"),
        ("tbptt", PluginError, "did you mean"),
        ("truncated-bptt(updates_every=5)", HyperparameterError, "did you mean 'update_every'"),
        ("truncated-bptt(5)", LabError, "gives no value"),
        ("truncated-bptt(5", LabError, "is no algorithm"),
    ],
)
def test_labels_that_are_wrong(label: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        algorithm_of(label, CATALOG, made("bptt"))


def test_rivals_are_followed_from_look_to_look() -> None:
    setup = adding(dtype="float64", cell="gru")
    with Trainer(setup, Plan(target="numpy")) as trainer:
        lookout = Lookout(trainer, CATALOG)
        lookout.choose({"duel": {"algorithms": "rtrl,uoro,rtlr"}}, range(4))
        for update in (1, 2, 3):
            while trainer.update < update:
                trainer.advance()
            (frame,) = lookout.every()
            (again,) = lookout.every()
        assert not lookout.problems
    assert again.arrays["rtrl/update"].tolist() == frame.arrays["rtrl/update"].tolist() == [1, 2, 3]
    assert frame.arrays["rtrl/cosine"] == pytest.approx([1, 1, 1], abs=1e-6)
    assert frame.arrays["rtrl/ratio"] == pytest.approx([1, 1, 1], abs=1e-6)
    assert (again.arrays["uoro/cosine"] == frame.arrays["uoro/cosine"]).all(), "the same numbers at the same update"
    assert abs(frame.arrays["uoro/cosine"]).max() < 0.999
    assert frame.notes["reasons"]["rtlr"].startswith("unknown algorithm 'rtlr'")
    assert set(frame.notes["seconds"]) == {"rtrl", "uoro"}


def test_without_a_choice_the_one_that_trains_is_among_the_cheap_ones() -> None:
    setup = prepared(SUNSPOTS)
    with Trainer(setup, Plan(target="numpy")) as trainer:
        frame = Lookout(trainer, CATALOG).once("duel")
        windows = Lookout(trainer, CATALOG).once("duel", {"algorithms": "truncated-bptt(update_every=6,reach_back=9)"})
    assert frame.notes["algorithms"][0] == frame.notes["trains"] == "truncated-bptt"
    assert {"uoro", "rtrl"} < set(frame.notes["algorithms"])
    assert "bptt" not in frame.notes["algorithms"]
    # A name alone has the settings of the run.
    (label,) = windows.notes["algorithms"]
    assert windows.arrays[f"{label}/cosine"] == frame.arrays["truncated-bptt/cosine"]


def test_old_looks_are_thinned_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals_module, "MOST", 20)
    setup = adding(dtype="float64", cell="elman")
    with Trainer(setup, Plan(target="numpy")) as trainer:
        rivals = Rivals(setup.spec.seed)
        batch = next(trainer.batches.epoch(0)).sequences
        for update in range(50):
            found = rivals.measure(trainer.network, batch, {"bptt": setup.algorithm}, update)["bptt"]
    assert 10 <= len(found.updates) <= 20
    assert found.updates[0] == 0
    assert found.updates[-1] == 49
    assert (np.diff(found.updates) > 0).all()
