"""The trainer: order of batches, updates, early stopping, exact resumption, and what it says of a NaN."""

import itertools
import math

import numpy as np
import pytest
import threadpoolctl

from lab.errors import NotFiniteError, TrainingError
from lab.training.batches import Batches
from lab.training.plan import Plan
from lab.training.snapshot import put_back, take
from lab.training.trainer import Trainer
from tests.training.support import ADDING, SUNSPOTS, adding, prepared, run_out, trained


def test_every_sequence_is_seen_once_an_epoch_and_the_order_follows_from_seed_and_epoch() -> None:
    batches = Batches(adding().data.train, 16, seed=3)
    columns = batches.columns(0)
    assert batches.count == len(columns) == 4
    assert sorted(np.concatenate(columns).tolist()) == list(range(60))
    assert all((a == b).all() for a, b in zip(columns, batches.columns(0), strict=True))
    assert any((a != b).any() for a, b in zip(columns[:3], batches.columns(1)[:3], strict=True))


def test_carried_streams_go_on_where_they_ended() -> None:
    data = prepared(SUNSPOTS).data.train
    batches = Batches(data, 3, seed=3, carry=True)
    columns = batches.columns(0)
    for before, after in itertools.pairwise(columns):
        assert (after == before + 1).all()
    flags = [batch.continued for batch in batches.epoch(0)]
    assert flags == [False] + [True] * (batches.count - 1)


@pytest.mark.parametrize(
    "make", [lambda: adding(dropout=0.2), lambda: prepared(SUNSPOTS)], ids=["dropout", "truncated"]
)
def test_resumed_run_is_the_same_to_the_last_bit(make) -> None:  # type: ignore[no-untyped-def]
    with trained(make()) as whole:
        parameters = whole.network.parameters.copy()
        history = whole.history
        updates = whole.update
    for stop in (1, 3, updates - 2):
        with Trainer(make(), Plan(target="numpy")) as first:
            while not (first.update >= stop and first.can_save):
                assert first.advance() is not None
            state = take(first)
        with Trainer(make(), Plan(target="numpy")) as second:
            put_back(second, state)
            run_out(second)
            assert second.update == updates
            assert second.network.parameters.tobytes() == parameters.tobytes()
            assert repr(second.history) == repr(history)


def test_two_runs_are_the_same_to_the_last_bit_and_another_seed_is_not() -> None:
    with trained(adding()) as one, trained(adding()) as two:
        assert one.network.parameters.tobytes() == two.network.parameters.tobytes()
    setup = adding()
    other = setup.spec.model_copy(update={"seed": 4})
    object.__setattr__(setup, "spec", other)
    with trained(setup) as three:
        assert three.network.parameters.tobytes() != one.network.parameters.tobytes()


def test_learns_the_adding_problem() -> None:
    """Always answering 1 gives 0.167; 40 short epochs must get well below, else nothing is learned."""
    with trained(adding(epochs=60, rate=0.02)) as trainer:
        assert trainer.history[0][1] > 0.1
        assert trainer.history[-1][0] < 0.05


def test_early_stopping_goes_by_validation_and_keeps_the_best() -> None:
    with trained(adding(epochs=500, rate=0.05, more="early_stopping = 5")) as trainer:
        losses = [validation for _, validation in trainer.history]
        assert len(losses) < 500
        assert trainer.done
        assert len(losses) - 1 - int(np.argmin(losses)) == 5
        trainer.keep_best()
        assert trainer.evaluate("validation").loss == pytest.approx(min(losses), rel=1e-6)


def test_number_of_updates_ends_a_run_within_an_epoch() -> None:
    setup = adding()
    training = setup.spec.training.model_copy(update={"epochs": None, "updates": 6})
    object.__setattr__(setup, "spec", setup.spec.model_copy(update={"training": training}))
    with trained(setup) as trainer:
        assert trainer.update == 6
        assert trainer.epoch == 2  # 4 batches of the first epoch, 2 of the second


def test_truncated_over_the_whole_sequence_is_bptt() -> None:
    more = "\nupdate_every = 12\nreach_back = 12"
    whole = adding(epochs=1, dtype="float64")
    windows = adding(epochs=1, dtype="float64")
    found = type(windows.algorithm)
    assert found.__name__ == "BPTT"
    text = f'algorithm = "truncated-bptt"{more}'
    filled = ADDING.format(cell="lstm", dropout=0.0, optimizer="adam", rate=0.01, epochs=1, dtype="float64", more="")
    truncated = prepared(filled.replace('algorithm = "bptt"', text))
    with trained(whole) as one, trained(truncated) as two:
        assert one.network.parameters.tobytes() == two.network.parameters.tobytes()


def test_windows_of_a_layer_of_two_directions_are_refused() -> None:
    setup = prepared(SUNSPOTS.replace("hidden = 5", "hidden = 5\nbidirectional = true"))
    with Trainer(setup, Plan(target="numpy")) as trainer, pytest.raises(TrainingError, match="two directions"):
        trainer.advance()


def test_nan_names_update_layer_and_equation() -> None:
    setup = adding(rate=1.0)
    with Trainer(setup, Plan(target="numpy")) as trainer:
        trainer.advance()
        trainer.network.named(trainer.network.parameters)["layers.0.W_f"][0, 0] = math.nan
        trainer.network.refresh()
        with pytest.raises(NotFiniteError, match=r"update 2.*W_f"):
            run_out(trainer)


def test_overflow_in_the_scan_names_the_first_step_and_the_authors_line() -> None:
    text = ADDING.format(cell="elman", dropout=0.0, optimizer="sgd", rate=0.1, epochs=1, dtype="float32", more="")
    setup = prepared(text.replace("hidden = 6", 'hidden = 6\nactivation = "linear"'))
    with Trainer(setup, Plan(target="numpy")) as trainer:
        views = trainer.network.named(trainer.network.parameters)
        views["layers.0.U"][...] = 1e6 * np.eye(6)
        views["layers.0.W"][...] = 1.0
        trainer.network.refresh()
        with pytest.raises(NotFiniteError) as caught:
            run_out(trainer)
    message = str(caught.value)
    assert "layers.0 at step" in message
    assert "elman.py" in message
    assert "activate" in message or "U @ s.h" in message


def test_every_blas_has_one_thread_while_a_run_is_open() -> None:
    """Also SciPy's, which only the compiled code calls: it must not be loaded behind the limit."""
    with Trainer(adding(), Plan(target="numba")) as trainer:
        trainer.advance()
        counts = [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
        assert len(counts) >= 2
        assert set(counts) == {1}


def test_a_run_on_auto_switches_once_at_an_update_boundary_and_notes_it() -> None:
    with Trainer(adding(epochs=400), Plan(target="auto")) as trainer:
        while trainer.plan.switched is None:
            assert trainer.advance() is not None, "the run ended before the compiled code was ready"
        assert trainer.plan.switched <= trainer.update
        names = {type(executor.scanner).__name__ for executor in trainer.network.executors}
        assert names == {"NumbaScanner"}
        assert trainer.advance() is not None
