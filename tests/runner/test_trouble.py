"""A store that cannot be written to: training waits, says so, and goes on as if nothing had been."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lab.experiment.checkpoint import State, latest, newest_update, save
from lab.experiment.store import Store
from lab.runner.messages import Changed, WorkerState
from lab.runner.worker import Worker
from tests.runner.support import Watched, series
from tests.trouble import locked, no_room, read_only

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other means for each of these")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    worker = Worker(tmp_path / "runs", threads=1)
    yield Watched(worker, tmp_path / "runs")
    worker.close()


def held(watched: Watched) -> Changed:
    """Wait until training waits."""
    watched.until(lambda: any(isinstance(one, Changed) and one.problem for one in watched.said))
    return next(one for one in watched.said if isinstance(one, Changed) and one.problem)


def trained_on(watched: Watched) -> None:
    """It went on by itself; all of it is stored, once, and nothing is left out."""
    before = watched.updates
    watched.until(lambda: watched.updates > before + 5)
    watched.worker.stop()
    assert watched.reach(WorkerState.STOPPED).problem is None
    complete(watched, "interrupted", watched.updates)


def complete(watched: Watched, state: str, updates: int) -> None:
    """There is one run, whose curves have every update up to its checkpoint."""
    with Store(watched.runs, create=False) as store:
        (run,) = store.runs()
        assert (run.state, run.updates, run.error) == (state, updates, None)
        assert [one.update for one in store.scalars(run.id, ["train.loss"])] == list(range(1, updates + 1))
        kept = latest(store.run_folder(run.id))
    assert kept is not None
    assert kept.update == updates


def test_a_store_that_is_locked_is_waited_for(watched: Watched) -> None:
    watched.worker.begin(series(100_000), target="numpy")
    watched.until(lambda: watched.updates > 3)
    with locked(watched.runs):
        changed = held(watched)
        assert changed.state is WorkerState.PAUSED
        assert changed.problem is not None
        assert changed.problem.level == "warning"
        assert "in use by another process" in changed.problem.message
        assert changed.problem.remedy
        said = sum(isinstance(one, Changed) and one.problem is not None for one in watched.said)
        assert said == 1
    watched.reach(WorkerState.RUNNING)
    trained_on(watched)


def test_a_run_that_begins_while_the_store_is_locked_waits(watched: Watched) -> None:
    Store(watched.runs).close()
    with locked(watched.runs):
        watched.worker.begin(series(9), target="numpy")
        changed = held(watched)
        assert changed.state is WorkerState.STARTING
    watched.reach(WorkerState.FINISHED)
    complete(watched, "finished", 9)


def test_what_waits_to_begin_is_dropped_by_a_stop(watched: Watched) -> None:
    Store(watched.runs).close()
    with locked(watched.runs):
        watched.worker.begin(series(9), target="numpy")
        held(watched)
        watched.worker.stop()
        watched.reach(WorkerState.IDLE)
    with Store(watched.runs) as store:
        assert store.runs() == []
    assert [path for path in watched.runs.iterdir() if path.is_dir()] == []


def test_on_a_full_disk_training_waits_and_goes_on_when_there_is_room(watched: Watched) -> None:
    watched.worker.begin(series(100_000, every=10), target="numpy")
    watched.until(lambda: watched.updates > 12)
    assert watched.worker.pid is not None
    with no_room(watched.worker.pid):
        changed = held(watched)
        assert changed.state is WorkerState.PAUSED
        assert changed.problem is not None
        assert "choose another folder" in changed.problem.remedy
        assert changed.run is not None
        kept = newest_update(watched.runs / changed.run)
        assert kept is not None
        assert kept > 0, "what was stored stands"
        watched.worker.go_on()
        before = len(watched.said)
        watched.until(lambda: any(isinstance(one, Changed) and one.problem for one in watched.said[before:]))
        held_at = watched.updates
    run = changed.run
    watched.until(lambda: (newest_update(watched.runs / run) or 0) >= held_at)
    trained_on(watched)


def test_a_run_that_waits_can_be_stopped_and_goes_on_later(watched: Watched) -> None:
    watched.worker.begin(series(100_000, every=10), target="numpy")
    watched.until(lambda: watched.updates > 12)
    assert watched.worker.pid is not None
    with no_room(watched.worker.pid):
        run = held(watched).run
        assert run is not None
        watched.worker.stop()
        stopped = watched.reach(WorkerState.STOPPED)
        assert stopped.problem is not None
        assert (stopped.problem.level, stopped.problem.details) == ("warning", "")
    with Store(watched.runs) as store:
        assert store.find(run).state == "interrupted"
    watched.worker.resume(run)
    trained_on(watched)


def test_a_run_of_a_read_only_store_is_shown(watched: Watched) -> None:
    watched.worker.begin(series(9), target="numpy")
    run = watched.reach(WorkerState.FINISHED).run
    assert run is not None
    watched.worker.close()
    before = {path: path.read_bytes() for path in watched.runs.rglob("*") if path.is_file()}
    worker = Worker(watched.runs, threads=1)
    shown = Watched(worker, watched.runs)
    try:
        with read_only(watched.runs):
            worker.look({"hidden-states": {}}, [0], 30.0, 0.5)
            worker.resume(run, then_pause=True)
            changed = shown.reach(WorkerState.FINISHED)
            assert changed.problem is not None
            assert "cannot be written to" in changed.problem.message
            assert shown.began.about["update"] == 9
            shown.until(lambda: shown.frames)
            worker.begin(series(9), target="numpy")
            refused = shown.reach(WorkerState.FAILED).problem
            assert refused is not None
            assert "cannot be made" in refused.message
            assert "choose another" in refused.remedy
    finally:
        worker.close()
    assert {path: path.read_bytes() for path in watched.runs.rglob("*") if path.is_file()} == before


def test_the_newest_checkpoint_is_told_without_reading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert newest_update(tmp_path) is None
    for update in (3, 12):
        save(tmp_path, State(arrays={"parameters": np.zeros(5000)}, update=update))
    newest = tmp_path / f"checkpoint-{12:012d}.safetensors"
    with monkeypatch.context() as patched:
        patched.setattr("lab.experiment.checkpoint.load", None)
        assert newest_update(tmp_path) == 12
    newest.write_bytes(newest.read_bytes()[:-100])
    assert newest_update(tmp_path) == 3, "one that was cut off is none"
