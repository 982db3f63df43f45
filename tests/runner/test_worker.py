"""The worker at work: runs in a real process, commanded and watched as the window does it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lab.experiment.store import Store
from lab.runner.messages import Curves, WorkerState
from lab.runner.worker import Worker
from tests.runner.support import MISBEHAVING, Watched, counting, same, series, shared_memory


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One worker for all tests of this file, as a window has one for all runs."""
    plugins = tmp_path_factory.mktemp("plugins")
    (plugins / "misbehaving.py").write_text(MISBEHAVING)
    runs = tmp_path_factory.mktemp("runs")
    worker = Worker(runs, [plugins], threads=1)
    watched = Watched(worker, runs)
    watched.until(lambda: worker.state is WorkerState.IDLE)
    yield watched
    worker.close()
    assert not shared_memory()


@pytest.fixture
def watched(warm: Watched) -> Watched:
    warm.worker.look({}, [0], 30.0, 0.02)
    warm.worker.speed(None)
    warm.forget()
    return warm


def finished(watched: Watched, text: str) -> str:
    """A run that nothing disturbs."""
    watched.worker.begin(text, target="numpy")
    changed = watched.reach(WorkerState.FINISHED)
    assert changed.run is not None
    return changed.run


def test_the_worker_tells_how_many_processors_it_keeps_busy(watched: Watched) -> None:
    watched.worker.begin(series(10**6), target="numpy")
    # One thread that works all the time and two that wake now and then; a loaded machine may leave it a tenth.
    watched.until(lambda: any(0.1 < one.busy < 1.5 for one in watched.said if isinstance(one, Curves)))
    watched.worker.stop()
    watched.reach(WorkerState.STOPPED)


def test_a_run_is_an_ordinary_run_of_the_store_and_every_scalar_arrives(watched: Watched) -> None:
    watched.worker.look({"hidden-states": {}}, [0], 30.0, 0.5)
    run = finished(watched, series(30))
    assert watched.states == [WorkerState.STARTING, WorkerState.RUNNING, WorkerState.FINISHED]
    kept, scalars, _ = watched.stored(run)
    assert (kept.state, kept.updates, kept.epochs) == ("finished", 30, 30)
    assert sorted(map(repr, watched.scalars)) == sorted(map(repr, scalars))
    about = watched.began.about
    assert watched.began.run == run
    assert (about["epochs"], about["updates"], about["metric"]) == (30, 30, "rmse")
    assert about["layers"]["layers.0"]["states"] == {"h": 6, "c": 6}
    assert "forget" in about["layers"]["layers.0"]["gates"]
    assert "learning_rate" in about["live"]
    assert about["samples"]
    last = watched.frames[-1]
    assert (last.probe, last.update) == ("hidden-states", 30)
    assert last.arrays["layers.0/h"].shape == (about["splits"][about["split"]]["steps"], 1, 6)


def test_pause_one_update_one_epoch_and_on(watched: Watched) -> None:
    watched.worker.look({"weights": {}}, [0], 30.0, 0.02)
    watched.worker.begin(series(12), target="numpy", then_pause=True)
    watched.reach(WorkerState.PAUSED)
    assert watched.updates == 1
    with Store(watched.runs) as store:
        assert store.find(watched.began.run).state == "paused"
    for update in (2, 3):
        watched.worker.one_update()
        watched.reach(WorkerState.PAUSED)
        assert watched.updates == update
        assert watched.frames[-1].update == update, "what is seen while paused is what there is"
    watched.worker.one_epoch()
    watched.reach(WorkerState.PAUSED)
    assert [s.update for s in watched.scalars if s.name == "train.epoch_loss"][-1] == watched.updates == 3
    watched.worker.go_on()
    watched.reach(WorkerState.FINISHED)
    assert watched.updates == 12


def test_what_an_experiment_learns_from_is_told_before_it_runs(watched: Watched) -> None:
    watched.worker.look({"inputs": {}, "predictions": {}, "hidden-states": {}}, [0], 30.0, 0.5)
    watched.worker.prepare(series(7))
    watched.until(lambda: watched.prepared and len(watched.frames) == 2)
    (told,) = watched.prepared
    watched.worker.begin(series(7), target="numpy")
    watched.reach(WorkerState.FINISHED)
    assert watched.states == [WorkerState.STARTING, WorkerState.RUNNING, WorkerState.FINISHED]
    run, before = watched.began.about, told.about
    of_the_run = {"plan", "update"}
    assert {name: before[name] for name in run if name not in of_the_run} == {
        name: value for name, value in run.items() if name not in of_the_run
    }
    assert (before["update"], run["update"]) == (0, 1)
    inputs, predictions = sorted(watched.frames[:2], key=lambda frame: frame.probe)
    assert (inputs.probe, predictions.probe) == ("inputs", "predictions")
    assert set(predictions.arrays) == {"truth", "position", "baseline/naive", "baseline/seasonal naive"}
    last = next(frame for frame in reversed(watched.frames) if frame.probe == "predictions")
    assert np.array_equal(last.arrays["truth"], predictions.arrays["truth"])


def test_the_data_are_loaded_once_where_they_were_prepared(watched: Watched) -> None:
    def loaded() -> int:
        return (watched.runs / "loaded").stat().st_size

    text = counting(watched.runs / "loaded", seed=1)
    watched.worker.prepare(text)
    watched.until(lambda: watched.prepared)
    assert watched.prepared[0].problem is None
    assert loaded() == 1
    watched.worker.prepare(text.replace("hidden = 6", "hidden = 5"))
    watched.until(lambda: len(watched.prepared) == 2)
    assert loaded() == 1, "the network is another, the data are the same"
    finished(watched, text)
    assert loaded() == 1
    finished(watched, text)
    assert loaded() == 2, "they may be others by now"
    watched.worker.prepare(counting(watched.runs / "loaded", seed=2))
    watched.until(lambda: len(watched.prepared) == 3)
    assert loaded() == 3


def test_why_an_experiment_could_not_run_is_told_and_the_worker_goes_on(watched: Watched) -> None:
    watched.worker.prepare(series(7).replace('"lstm"', '"lstm"\nforget_bias = "much"'))
    watched.until(lambda: watched.prepared)
    assert watched.prepared[-1].problem is not None
    assert "forget_bias" in watched.prepared[-1].problem.message
    assert watched.states == []
    for _ in range(5):
        watched.worker.prepare(series(7))
    watched.until(lambda: watched.prepared[-1].about)
    assert len(watched.prepared) == 2, "of what was asked for since only the last is told"
    finished(watched, series(2))


def test_a_learning_rate_changes_at_the_next_update_and_is_kept_with_the_run(watched: Watched) -> None:
    watched.worker.begin(series(8), target="numpy", then_pause=True)
    watched.reach(WorkerState.PAUSED)
    watched.worker.one_update()
    watched.reach(WorkerState.PAUSED)
    watched.worker.set_value("training.learning_rate", 0.003)
    watched.until(lambda: watched.noted)
    (note,) = watched.noted
    assert note.update == 2
    assert note.text == {"en": "lr 0.01 → 0.003", "zh": "学习率 0.01 → 0.003"}
    watched.worker.go_on()
    run = watched.reach(WorkerState.FINISHED).run
    assert run is not None
    rates = [scalar.value for scalar in watched.scalars if scalar.name == "learning_rate"]
    assert rates == [0.01] * 2 + [0.003] * 6
    kept, _, _ = watched.stored(run)
    assert kept.plan["changes"] == [{"update": 2, "key": "learning_rate", "value": 0.003, "before": 0.01}]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("training.learning_rate", -1.0, "training.learning_rate must be at least 0"),
        ("training.learning_rate", "fast", "must be a number"),
        ("training.carry_state", True, "training.carry_state cannot change while a network learns"),
        ("layers.0.hidden", 3, "layers.0.hidden cannot change while a network learns"),
    ],
)
def test_what_cannot_change_is_refused_and_training_goes_on(
    watched: Watched, path: str, value: object, words: str
) -> None:
    watched.worker.begin(series(3), target="numpy", then_pause=True)
    watched.reach(WorkerState.PAUSED)
    watched.worker.set_value(path, value)
    watched.until(lambda: watched.problems)
    assert words in watched.problems[0].message
    assert watched.problems[0].level == "error"
    watched.worker.set_value("training.learning_rate", 0.01)
    watched.worker.go_on()
    watched.reach(WorkerState.FINISHED)
    assert not watched.noted, "nothing has changed"


def test_stopped_and_resumed_a_run_ends_as_if_it_had_not_been(watched: Watched) -> None:
    whole = finished(watched, series(40))
    watched.forget()
    watched.worker.speed(100)
    watched.worker.begin(series(40), target="numpy")
    watched.until(lambda: watched.updates > 4)
    watched.worker.stop()
    run = watched.reach(WorkerState.STOPPED).run
    assert run is not None
    with Store(watched.runs) as store:
        assert store.find(run).state == "interrupted"
    watched.worker.speed(None)
    watched.worker.resume(run)
    watched.reach(WorkerState.FINISHED)
    same(watched.stored(whole), watched.stored(run))
    assert watched.began.about["update"] > 4


def test_a_weight_is_set_while_paused_and_only_then(watched: Watched) -> None:
    watched.worker.look({"weights": {}}, [0], 30.0, 0.02)
    watched.worker.begin(series(4), target="numpy", then_pause=True)
    watched.reach(WorkerState.PAUSED)
    shape = watched.began.about["parameters"]["layers.0.b_f"]
    value = np.full(shape, 0.25)
    watched.worker.set_weight("layers.0.b_f", value)
    watched.until(lambda: watched.noted)
    assert watched.noted[0].text["zh"] == "手动设置 layers.0.b_f"
    watched.until(lambda: watched.frames and (watched.frames[-1].arrays["layers.0.b_f"] == value).all())
    watched.worker.set_weight("layers.0.b_f", np.full(shape, np.nan))
    watched.until(lambda: watched.problems)
    assert "not all finite" in watched.problems[0].message
    watched.worker.go_on()
    watched.reach(WorkerState.FINISHED)


def test_after_the_end_the_network_can_be_looked_at(watched: Watched) -> None:
    finished(watched, series(3))
    watched.forget()
    watched.worker.probe("hidden-states", {})
    watched.until(lambda: watched.frames)
    assert watched.frames[0].update == 3
    watched.worker.probe("hiden-states", {})
    watched.until(lambda: watched.problems)
    assert "hidden-states" in watched.problems[0].message
    assert watched.worker.state is WorkerState.FINISHED


def test_another_run_takes_the_place_of_the_one_that_is_trained(watched: Watched) -> None:
    watched.worker.speed(50)
    watched.worker.begin(series(500), target="numpy")
    watched.until(lambda: watched.updates > 2)
    first = watched.worker.run
    watched.worker.speed(None)
    watched.worker.begin(series(3), target="numpy")
    assert watched.reach(WorkerState.FINISHED).run != first
    assert first is not None
    assert watched.stored(first)[0].state == "interrupted"


def test_a_wrong_experiment_is_told_with_its_line_and_the_worker_is_ready_for_the_next(watched: Watched) -> None:
    watched.worker.begin(series(3).replace('"lstm"', '"lsmt"'), "/somewhere/mine.toml")
    problem = watched.reach(WorkerState.FAILED).problem
    assert problem is not None
    assert (problem.file, problem.line) == ("/somewhere/mine.toml", 10)
    assert "did you mean 'lstm'" in problem.message
    finished(watched, series(2))


@pytest.mark.parametrize(
    ("optimizer", "message"), [("raises", "unexpected KeyError: 'momentum'"), ("greedy", "memory ran out")]
)
def test_a_plugin_that_raises_is_named_with_its_line(watched: Watched, optimizer: str, message: str) -> None:
    watched.worker.begin(series(5, optimizer=optimizer), target="numpy")
    changed = watched.reach(WorkerState.FAILED)
    assert changed.problem is not None
    assert changed.problem.message == message
    assert Path(changed.problem.file).name == "misbehaving.py"
    assert changed.problem.line is not None
    assert "raise" in MISBEHAVING.splitlines()[changed.problem.line - 1]
    assert changed.problem.remedy
    assert "Traceback" in changed.problem.details
    assert changed.run is not None
    assert watched.stored(changed.run)[0].state == "failed"


def test_compiling_is_the_state_until_compiled_code_has_taken_over(watched: Watched) -> None:
    watched.worker.speed(200)
    watched.worker.begin(series(4000).replace("hidden = 6", "hidden = 7"))
    watched.reach(WorkerState.RUNNING)
    assert watched.states == [WorkerState.STARTING, WorkerState.COMPILING, WorkerState.RUNNING]
    watched.worker.stop()
    run = watched.reach(WorkerState.STOPPED).run
    assert run is not None
    assert watched.stored(run)[0].plan["switched"] > 0
