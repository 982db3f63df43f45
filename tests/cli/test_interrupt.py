"""Real signals to real processes; and what is imported, shown and left behind by them."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.experiment.checkpoint import latest
from lab.experiment.store import Store
from tests.cli.support import ROOT, checkpoints, ended, only_line, start, stop, wait_until
from tests.trouble import no_room

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
LONG = ("--set", "training.epochs=100000", "--target", "numpy")


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_checkpoint_and_the_line_that_resumes(
    runs: Path, experiment: Path, number: signal.Signals
) -> None:
    process = start("run", experiment, *LONG, "--json")
    wait_until(lambda: checkpoints(runs), process)
    done = stop(process, number)
    assert done.code == 130
    result = done.json
    assert result["state"] == "interrupted"
    with Store(runs, create=False) as store:
        (run,) = store.runs()
        state = latest(store.run_folder(run.id))
    assert run.state == "interrupted"
    assert state is not None
    assert state.update == run.updates == result["updates"]
    (line,) = re.findall("Go on with: (.+)", done.err)
    resumed = subprocess.Popen(shlex.split(line), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: _updates(runs) > run.updates, resumed)
    assert stop(resumed, signal.SIGINT).code == 130
    assert _updates(runs) > run.updates


@posix
def test_on_a_full_disk_a_run_waits_and_can_be_left_where_it_was_kept(runs: Path, experiment: Path) -> None:
    process = start("run", experiment, *LONG)
    wait_until(lambda: checkpoints(runs), process)
    before = checkpoints(runs)
    with no_room(process.pid):
        done = stop(process, signal.SIGINT)
    assert done.code == 130
    assert "Training waits, and goes on by itself" in done.err
    assert "choose another folder for runs" in done.err
    assert "Go on with: " in done.err
    assert checkpoints(runs) == before
    with Store(runs, create=False) as store:
        (run,) = store.runs()
        assert run.state == "interrupted"


@posix
def test_a_second_ctrl_c_stops_at_once_at_the_last_checkpoint(runs: Path, tmp_path: Path, experiment: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    flag = tmp_path / "second batch"
    (folder / "slow.py").write_text(
        "import pathlib, time\n"
        "from lab.api import Algorithm, Step, hookimpl\n"
        "class Slow(Algorithm):\n"
        '    name = "slow"\n    batches = 0\n'
        "    def updates(self, learner, batch):\n"
        "        self.batches += 1\n"
        f"        if self.batches > 1:\n            pathlib.Path({str(flag)!r}).touch()\n            time.sleep(100)\n"
        "        yield Step(loss=1.0, gradient=learner.gradient)\n"
        "@hookimpl\ndef lab_register_algorithms():\n    return [Slow]\n"
    )
    process = start("run", experiment, *LONG, "--set", "training.algorithm=slow", LAB_PLUGIN_PATH=str(folder))
    wait_until(flag.exists, process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None  # a checkpoint can be written behind the batch, which lasts
    begun = time.monotonic()
    done = stop(process, signal.SIGINT)
    assert time.monotonic() - begun < 20
    assert done.code == 130
    assert "press Ctrl-C again" in done.err
    assert "Interrupted after 1 updates. Go on with" in done.err
    with Store(runs, create=False) as store:
        (run,) = store.runs()
        state = latest(store.run_folder(run.id))
    assert run.state == "interrupted"
    assert state is not None
    assert state.update == 1


@posix
def test_before_there_is_a_run_nothing_is_written(runs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    flag = tmp_path / "reached"
    (folder / "slow.py").write_text(f"import pathlib, time\npathlib.Path({str(flag)!r}).touch()\ntime.sleep(8)\n")
    process = start("run", "airline", LAB_PLUGIN_PATH=str(folder))
    wait_until(flag.exists, process)
    done = stop(process, signal.SIGINT)
    assert done.code == 130
    assert "nothing was written" in only_line(done.err)
    assert not runs.exists()


def test_without_a_display_and_without_a_command_the_default_runs(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    process = start()
    wait_until(lambda: checkpoints(runs), process)
    done = stop(process, signal.SIGINT) if sys.platform != "win32" else ended(process)
    if sys.platform.startswith("linux"):
        assert done.err.startswith("There is no display")
    assert "'airline'" in done.err.splitlines()[0]
    with Store(runs, create=False) as store:
        assert [run.id.endswith("airline-passengers") for run in store.runs()] == [True]


def test_nothing_is_imported_that_a_command_does_not_need() -> None:
    heavy = ("numba", "scipy", "PySide6", "pyqtgraph", "cupy", "torch", "jax")
    script = (
        "import sys, json\n"
        "from lab.cli.app import main\n"
        f"light = [name for name in ({heavy!r} + ('numpy', 'pydantic', 'rich')) if name in sys.modules]\n"
        "code = main(['plugins', 'list', '--json'])\n"
        f"print(json.dumps([code, light, [name for name in {heavy!r} if name in sys.modules]]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, [], []]


def _updates(runs: Path) -> int:
    """How far the only run is, by the store."""
    if not (runs / "runs.sqlite3").exists():
        return 0
    with Store(runs, create=False) as store:
        return max((run.updates for run in store.runs()), default=0)
