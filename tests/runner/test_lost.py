"""The worker in trouble: killed, stopped, stuck, abandoned. Nothing is left behind, and the run goes on elsewhere."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import lab.runner.worker as worker_module
from lab.experiment.checkpoint import State
from lab.experiment.file import read_text
from lab.experiment.runs import Run, Scalar
from lab.experiment.store import Store
from lab.registry.manager import load_catalog
from lab.runner.inline import begun
from lab.runner.messages import WorkerState
from lab.runner.worker import Worker
from lab.training.plan import Plan
from lab.training.setup import set_up
from tests.cli.support import ROOT
from tests.runner.support import MISBEHAVING, Watched, same, series, shared_memory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # nothing is compiled yet
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "misbehaving.py").write_text(MISBEHAVING)
    worker = Worker(tmp_path / "runs", [plugins], threads=1, patience=0.8)
    yield Watched(worker, tmp_path / "runs")
    worker.close()
    assert not shared_memory()


def ended(pid: int) -> bool:
    """Whether a process is gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_killed_a_worker_is_lost_and_its_run_goes_on_in_another(watched: Watched) -> None:
    worker = watched.worker
    worker.look({"hidden-states": {}}, [0], 30.0, 0.5)
    worker.speed(100)
    worker.begin(series(60, every=7), target="numpy")
    watched.until(lambda: watched.updates > 16 and watched.frames)
    worker.set_value("training.learning_rate", 0.003)
    watched.until(lambda: watched.noted)
    changed = watched.noted[0].update
    watched.until(lambda: watched.updates > changed + 2)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    lost = watched.reach(WorkerState.LOST)
    assert lost.run is not None
    assert lost.problem is not None
    assert "SIGKILL" in lost.problem.message
    assert "Resume" in lost.problem.remedy
    assert not shared_memory()
    assert watched.stored(lost.run)[0].state == "interrupted"
    watched.forget()
    worker.speed(None)
    worker.resume(lost.run)
    watched.reach(WorkerState.FINISHED)
    assert watched.frames, "what was looked at before is looked at again"
    assert [one.update for one in watched.noted] == [changed]
    kept = watched.stored(lost.run)
    rates = [scalar.value for scalar in kept[1] if scalar.name == "learning_rate"]
    assert rates == [0.01] * changed + [0.003] * (60 - changed), "what was changed is changed again"
    same(kept, uninterrupted(watched, kept[0]))


def uninterrupted(watched: Watched, run: Run) -> tuple[Run, list[Scalar], State]:
    """The same experiment with the same plan, trained in one go."""
    catalog = load_catalog()
    with Store(watched.runs) as store:
        document = read_text(store.experiment(run.id), catalog)
    setup = set_up(document.spec, catalog)
    with begun(watched.runs, document, setup, Plan.from_json(run.plan), lambda: None) as session:
        outcome = session.train(lambda progress: None, lambda: False)
    return watched.stored(outcome.run.id)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(series(9, optimizer="sleeps"), id="update"),
        pytest.param(series(9), id="dataset", marks=pytest.mark.slow),
    ],
)
def test_a_plugin_that_never_comes_back_is_named_and_the_worker_lost(watched: Watched, text: str) -> None:
    if "sleeps" not in text:
        text = text.replace('"airline-passengers"', '"never"').replace('transform = "seasonal-difference"\n', "")
    watched.until(lambda: watched.worker.state is WorkerState.IDLE)
    watched.worker.begin(text, target="numpy")
    start = time.monotonic()
    lost = watched.reach(WorkerState.LOST)
    assert time.monotonic() - start < 4
    assert lost.problem is not None
    assert "a plugin has not come back for 0.8 s" in lost.problem.message
    assert Path(lost.problem.file).name == "misbehaving.py"
    assert lost.problem.line is not None
    assert "time.sleep" in MISBEHAVING.splitlines()[lost.problem.line - 1]
    assert watched.worker.pid is None or ended(watched.worker.pid)


def test_silence_is_a_loss_but_a_pause_is_not(watched: Watched) -> None:
    watched.worker.begin(series(9), target="numpy", then_pause=True)
    watched.reach(WorkerState.PAUSED)
    end = time.monotonic() + 1.0
    watched.until(lambda: time.monotonic() > end)
    assert watched.worker.state is WorkerState.PAUSED
    assert watched.worker.pid is not None
    os.kill(watched.worker.pid, signal.SIGSTOP)
    lost = watched.reach(WorkerState.LOST)
    assert lost.problem is not None
    assert "not been heard of for 0.8 s" in lost.problem.message
    assert ended(watched.worker.pid)


def test_what_works_on_without_end_is_not_lost_but_ends_when_stopped_twice(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "STOP_AGAIN", 0.2)
    watched.worker.begin(series(9, optimizer="spins"), target="numpy")
    watched.until(lambda: watched.updates == 2)
    # The second update is told before the third begins, which does not end: between the two it would stop.
    begun = time.monotonic() + 0.5
    watched.until(lambda: time.monotonic() > begun)
    watched.worker.stop()
    watched.worker.stop()
    end = time.monotonic() + 1.2
    watched.until(lambda: time.monotonic() > end)
    assert watched.worker.state is WorkerState.RUNNING
    watched.worker.stop()
    lost = watched.reach(WorkerState.LOST)
    assert lost.problem is not None
    assert lost.problem.message == "the worker did not stop, and was ended"


def test_closed_while_it_trains_and_compiles_a_worker_leaves_a_checkpoint_and_nothing_else(watched: Watched) -> None:
    watched.worker.look({"hidden-states": {}}, [0], 30.0, 0.5)
    watched.worker.begin(series(10_000))
    watched.until(lambda: watched.updates > 5 and watched.frames)
    assert watched.worker.state is WorkerState.COMPILING
    pid = watched.worker.pid
    assert pid is not None
    start = time.monotonic()
    watched.worker.close()
    watched.worker.close()
    assert time.monotonic() - start < 2, "a compilation is not waited for"
    assert ended(pid)
    assert not shared_memory()
    with Store(watched.runs) as store:
        (run,) = store.runs()
    assert run.state == "interrupted"
    assert watched.stored(run.id)[2].update == run.updates > 5
    assert watched.worker.poll() == []


def test_without_a_window_the_worker_ends_and_keeps_the_run(tmp_path: Path) -> None:
    script = tmp_path / "window.py"
    script.write_text(
        "import sys, time\nfrom pathlib import Path\nfrom lab.runner.worker import Worker\n"
        "from tests.runner.support import series\n"
        "if __name__ == '__main__':\n"
        f"    worker = Worker(Path({str(tmp_path / 'runs')!r}), threads=1)\n"
        "    worker.look({'hidden-states': {}}, [0], 30.0, 0.5)\n    worker.speed(100)\n"
        "    worker.begin(series(10_000), target='numpy')\n"
        "    while not worker.frames():\n        worker.poll()\n        time.sleep(0.01)\n"
        "    print(worker.pid, flush=True)\n    time.sleep(1000)\n"
    )
    window = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert window.stdout is not None
    pid = int(window.stdout.readline())
    memory = list(Path("/dev/shm").glob(f"rnnlab-{window.pid:x}-*"))
    assert memory or sys.platform != "linux"
    window.send_signal(signal.SIGKILL)
    window.communicate()
    end = time.monotonic() + 8
    while not ended(pid):
        assert time.monotonic() < end, "an orphan"
        time.sleep(0.02)
    assert not any(one.exists() for one in memory)
    with Store(tmp_path / "runs") as store:
        (run,) = store.runs()
    assert run.state == "interrupted"
    assert run.updates > 0


def test_a_crash_in_native_code_is_told_with_the_stacks(watched: Watched) -> None:
    watched.until(lambda: watched.worker.state is WorkerState.IDLE)
    assert watched.worker.pid is not None
    os.kill(watched.worker.pid, signal.SIGSEGV)
    problem = watched.reach(WorkerState.LOST).problem
    assert problem is not None
    assert "SIGSEGV" in problem.message
    assert "Fatal Python error: Segmentation fault" in problem.details
    assert "serving.py" in problem.details
