"""What is changed while a network learns: from the next update on, and again in a run that is resumed."""

from dataclasses import replace

import numpy as np
import pytest

from lab.errors import LabError
from lab.experiment.checkpoint import State
from lab.training.live import live_keys
from lab.training.plan import LiveChange, Plan
from lab.training.setup import Setup
from lab.training.snapshot import put_back, take
from lab.training.trainer import Progress, Trainer
from tests.training.support import ADDING, SUNSPOTS, adding, prepared, run_out

CHANGES = [
    pytest.param({4: ("learning_rate", 0.003)}, id="rate"),
    pytest.param({4: ("batch_size", 7)}, id="batch"),
    pytest.param({3: ("epochs", 5), 9: ("epochs", 3)}, id="longer, shorter"),
    pytest.param({2: ("epochs", 1)}, id="cut short"),
    pytest.param({4: ("epochs", 3), 5: ("batch_size", 9)}, id="longer, smaller batches"),
    pytest.param({3: ("updates", 21), 9: ("updates", 20)}, id="updates"),
    pytest.param({1: ("early_stopping", 1), 4: ("epochs", 9)}, id="early"),
    pytest.param({3: ("clip_norm", 0.01), 5: ("batch_size", 11), 6: ("learning_rate", 0.1), 9: ("l2", 0.01)}, id="all"),
]


def made(setup: Setup, changes: dict[int, tuple[str, object]]) -> tuple[list[State], list[Progress], Plan]:
    """A run that is changed after some of its updates: every state it could be kept in, and what it did."""
    plan = Plan(target="numpy")
    states, steps = [], []
    with Trainer(setup, plan) as trainer:
        while (progress := trainer.advance()) is not None:
            steps.append(progress)
            if progress.kind == "update" and progress.update in changes:
                trainer.change(*changes[progress.update])
            if trainer.can_save:
                states.append(take(trainer))
    return states, steps, plan


def gone_on(setup: Setup, plan: Plan, state: State | None) -> tuple[State, list[Progress]]:
    """The rest of a run, with the plan as the store has it."""
    with Trainer(setup, Plan.from_json(plan.as_json())) as trainer:
        if state is not None:
            put_back(trainer, state)
        steps = list(iter(trainer.advance, None))
        assert trainer.plan.as_json() == plan.as_json()
        return take(trainer), steps


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("text", ["adding", "sunspots"])
def test_resumed_anywhere_a_changed_run_ends_with_the_same_bits(
    text: str, changes: dict[int, tuple[str, object]]
) -> None:
    """Batches that are carried on, and cut into windows, besides: there a batch size waits for the next epoch."""
    setup = adding(dropout=0.2, more='schedule = "cosine"') if text == "adding" else prepared(SUNSPOTS)
    if text == "sunspots":
        changes = {update * 2 + 1: change for update, change in changes.items()}
        changes = {update: (key, 2 if key == "batch_size" else value) for update, (key, value) in changes.items()}
    states, steps, plan = made(setup, changes)
    assert len(plan.changes) == len(changes)
    last = states[-1]
    every = max(len(states) // 6, 1)
    for state in [None, *states[::every]]:
        end, after = gone_on(setup, plan, state)
        assert (end.update, end.counters) == (last.update, last.counters)
        for name, array in last.arrays.items():
            assert array.tobytes() == end.arrays[name].tobytes(), (state and state.update, name)
        assert list(map(repr, after)) == list(map(repr, steps[len(steps) - len(after) :]))


def test_a_change_holds_from_the_next_update_on() -> None:
    _, steps, _ = made(adding(), {3: ("learning_rate", 0.5)})
    rates = [step.scalars["learning_rate"] for step in steps if step.kind == "update"]
    assert rates == [0.01] * 3 + [0.5] * 5


def test_each_sequence_is_seen_once_in_an_epoch_whatever_the_batch_size() -> None:
    seen: list[int] = []
    plan = Plan(target="numpy")
    with Trainer(adding(), plan) as trainer:
        begin = trainer.learner.begin

        def counted(batch: object) -> None:
            seen.append(batch.sequences.count)  # type: ignore[attr-defined]
            begin(batch)  # type: ignore[arg-type]

        trainer.learner.begin = counted  # type: ignore[method-assign]
        before = trainer.total_updates
        while (progress := trainer.advance()) is not None:
            if progress.update == 2 and progress.kind == "update":
                trainer.change("batch_size", 10)
        assert seen == [16, 16, 10, 10, 8, *[10] * 6]
        assert (before, trainer.total_updates, trainer.update) == (8, 11, 11)


def test_a_larger_batch_than_there_was_room_for_gets_room() -> None:
    _, steps, _ = made(adding(), {1: ("batch_size", 60)})
    assert len([step for step in steps if step.kind == "update"]) == 3
    with Trainer(adding(), Plan(target="numpy")) as trainer, pytest.raises(LabError, match="at most 1 000 000"):
        trainer.change("batch_size", 10**7)


def test_hyperparameters_that_are_declared_live_change_too() -> None:
    setup = adding(optimizer="momentum")
    assert "momentum" in live_keys(setup)
    with Trainer(setup, Plan(target="numpy")) as trainer:
        trainer.advance()
        assert trainer.change("momentum", 0.5) == LiveChange(update=1, key="momentum", value=0.5, before=0.9)
        trainer.advance()
        assert trainer.advance() is not None
        assert trainer.updater.optimizer.momentum == 0.5  # type: ignore[attr-defined]
        assert trainer.setup.spec.training.optimizer.settings["momentum"] == 0.5
        with pytest.raises(LabError, match="momentum of optimizer 'momentum' must be a number from 0 to 1"):
            trainer.change("momentum", 2.0)
        with pytest.raises(LabError, match=r"training\.optimizer cannot change"):
            trainer.change("optimizer", "adam")


def test_another_change_by_hand_ends_what_was_to_be_changed_again() -> None:
    states, _, plan = made(adding(), {2: ("learning_rate", 0.02), 5: ("learning_rate", 0.05)})
    early = next(state for state in states if state.update == 3)
    with Trainer(adding(), Plan.from_json(plan.as_json())) as trainer:
        put_back(trainer, early)
        assert trainer.setup.spec.training.learning_rate == 0.02
        trainer.change("clip_norm", 0.5)
        steps = list(iter(trainer.advance, None))
        assert [change.key for change in trainer.plan.changes] == ["learning_rate", "clip_norm"]
    assert {step.scalars["learning_rate"] for step in steps if step.kind == "update"} == {0.02}


def test_a_value_that_is_to_stay_is_not_changed_again() -> None:
    setup = adding()
    states, _, plan = made(setup, {5: ("learning_rate", 0.05)})
    before = setup.spec.training.learning_rate
    with Trainer(setup, Plan.from_json(plan.as_json())) as trainer:
        put_back(trainer, next(state for state in states if state.update == 3))
        trainer.change("learning_rate", before)
        steps = list(iter(trainer.advance, None))
        assert trainer.plan.changes == []
    assert {step.scalars["learning_rate"] for step in steps if step.kind == "update"} == {before}


def test_a_weight_set_by_hand_is_in_the_state_and_in_the_plan() -> None:
    with Trainer(adding(), Plan(target="numpy")) as trainer:
        trainer.advance()
        trainer.advance()
        trainer.set_weight("layers.0.b_f", np.full(6, 3.0))
        plan, state = replace(trainer.plan), take(trainer)
        rest = list(iter(trainer.advance, None))
        end = take(trainer)
    assert plan.changes == [LiveChange(update=1, key="weights.layers.0.b_f")]
    again, steps = gone_on(adding(), plan, state)
    assert again.arrays["parameters"].tobytes() == end.arrays["parameters"].tobytes()
    assert list(map(repr, rest)) == list(map(repr, steps))


def test_checkpoints_from_before_sequences_were_counted_are_read() -> None:
    states, _, plan = made(adding(), {})
    state = next(one for one in states if one.update == 2)
    counters = {name: value for name, value in state.counters.items() if name in ("epoch", "batch", "best")}
    end, _ = gone_on(adding(), plan, replace(state, counters={**counters, "stopped_early": 0}))
    assert end.arrays["parameters"].tobytes() == states[-1].arrays["parameters"].tobytes()


def test_an_embedding_can_be_resumed() -> None:
    text = ADDING.replace("adding-problem", "copy-memory").split("length = 12")[0].format(dtype="float32")
    text += '[input]\nencoding = "embedding"\nsize = 3\n[[layers]]\ncell = "gru"\nhidden = 4\n[training]\nupdates = 4\n'
    states, _, plan = made(prepared(text), {2: ("batch_size", 5)})
    end, _ = gone_on(prepared(text), plan, states[1])
    assert end.arrays["parameters"].tobytes() == states[-1].arrays["parameters"].tobytes()


def test_a_run_is_made_longer_and_shorter_while_it_lasts() -> None:
    """An epoch has 4 batches; the one that has begun is brought to its end, and so is a number of updates at once."""
    for changes, updates, epochs in (
        ({3: ("epochs", 3)}, 12, 3),
        ({6: ("epochs", 1)}, 8, 2),
        ({4: ("epochs", 1)}, 4, 1),
        ({6: ("updates", 5)}, 6, 2),
        ({6: ("updates", 9)}, 9, 3),
    ):
        with Trainer(adding(), Plan(target="numpy")) as trainer:
            while (progress := trainer.advance()) is not None:
                if progress.update in changes and (progress.kind != "update" or progress.update % 4):
                    trainer.change(*changes.pop(progress.update))
            assert (trainer.update, trainer.epoch, trainer.total_updates) == (updates, epochs, updates)


def test_a_schedule_over_the_length_of_a_run_goes_by_the_length_it_has_now() -> None:
    """A cosine over 8 updates, of which 4 were made, is from there on one over 16."""
    setup = adding(more='schedule = "cosine"')
    _, steps, _ = made(setup, {4: ("epochs", 4)})
    rates = [step.scalars["learning_rate"] for step in steps if step.kind == "update"]
    expected = [setup.schedule.rate(0.01, update, 8 if update < 4 else 16, []) for update in range(16)]
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize(("more", "key", "value"), [("", "epochs", 5), ("early_stopping = 1", "early_stopping", 0)])
def test_a_run_that_has_ended_goes_on_when_it_is_made_longer(more: str, key: str, value: int) -> None:
    setup = adding(more=more, rate=0.5 if more else 0.01, epochs=6 if more else 2)
    states, _, plan = made(setup, {})
    assert (states[-1].counters["epoch"] < 6) if more else (states[-1].counters["epoch"] == 2)
    with Trainer(setup, Plan.from_json(plan.as_json())) as trainer:
        put_back(trainer, states[-1])
        assert trainer.done
        assert trainer.advance() is None
    with Trainer(setup, Plan.from_json(plan.as_json())) as trainer:
        put_back(trainer, states[-1])
        trainer.change(key, value)
        run_out(trainer)
        assert trainer.epoch == (6 if more else 5)
        plan, end = Plan.from_json(trainer.plan.as_json()), take(trainer)
    again, _ = gone_on(setup, plan, states[-1])
    assert again.arrays["parameters"].tobytes() == end.arrays["parameters"].tobytes()
    assert again.counters == end.counters
