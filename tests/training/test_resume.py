"""A run that is killed, again and again, ends with the same bits as one that is not.

Real processes, really killed: at the first checkpoint, somewhere in the middle, while a checkpoint is being written,
and when the last one has just been written.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.cli.app import main
from lab.compile.program import Program
from lab.compile.targets.numba import NumbaTarget
from lab.experiment.checkpoint import State, latest
from lab.experiment.file import read_text
from lab.experiment.runs import Run, Scalar
from lab.experiment.store import Store
from lab.registry.manager import load_catalog
from lab.training.plan import Plan
from lab.training.setup import set_up
from lab.training.snapshot import put_back, take
from lab.training.trainer import Trainer
from tests.cli.support import checkpoints, start, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

DROPOUT = """
seed = 5
[dataset]
plugin = "adding-problem"
length = 10
train_size = 70
validation_size = 20
test_size = 20
[[layers]]
cell = "lstm"
hidden = 5
dropout = 0.3
[[layers]]
cell = "gru"
hidden = 4
[output]
readout = "last"
[training]
optimizer = "adam"
schedule = "on-plateau"
patience = 3
batch_size = 16
epochs = {epochs}
early_stopping = 150
checkpoint_every = 7
"""

CARRIED = """
seed = 5
[dataset]
plugin = "sunspots"
window = 20
[[layers]]
cell = "lstm"
hidden = 5
dropout = 0.1
[training]
algorithm = "truncated-bptt"
update_every = 6
reach_back = 9
optimizer = "momentum"
learning_rate = 0.01
schedule = "cosine"
batch_size = 3
carry_state = true
epochs = {epochs}
early_stopping = 150
checkpoint_every = 11
"""


class Kept:
    """What a folder of runs has of its only run."""

    def __init__(self, folder: Path) -> None:
        with Store(folder, create=False) as store:
            (self.run,) = store.runs()
            self.scalars: list[Scalar] = store.scalars(self.run.id)
            self.text = store.experiment(self.run.id)
            state = latest(store.run_folder(self.run.id))
        assert state is not None
        self.state: State = state


def killed(folder: Path, condition: Callable[[], object], *words: object, every: float = 0.005) -> None:
    """Begin or resume, and kill the process when the condition holds."""
    process = start("run", *words, "--runs", folder, "--json")
    wait_until(condition, process, every=every)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def only(folder: Path) -> Run:
    with Store(folder, create=False) as store:
        (run,) = store.runs()
    return run


def killed_and_resumed(folder: Path, updates: int, *words: object) -> Kept:
    """A run that is killed at several instants, and then comes to its end."""
    killed(folder, lambda: checkpoints(folder), *words)
    run = only(folder).id
    assert only(folder).state == "interrupted"
    for share in (0.3, 0.6):
        killed(folder, lambda share=share: only(folder).updates > share * updates, "--resume", run)  # type: ignore[misc]
    killed(folder, lambda: list(folder.glob("*/.*.part")), "--resume", run, every=0.0002)
    process = start("run", "--resume", run, "--runs", folder, "--json")
    last = folder / run / f"checkpoint-{updates:012d}.safetensors"
    while not last.exists() and process.poll() is None:
        time.sleep(0.0002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode in (-signal.SIGKILL, 0)  # what is left to do then is done in a moment
    assert main(["run", "--resume", run, "--runs", str(folder), "--json"]) == 0
    return Kept(folder)


def same(first: State, second: State) -> None:
    assert set(first.arrays) == set(second.arrays)
    for name, array in first.arrays.items():
        assert array.tobytes() == second.arrays[name].tobytes(), name
    different = {"seconds"}
    assert {k: v for k, v in first.counters.items() if k not in different} == {
        k: v for k, v in second.counters.items() if k not in different
    }
    assert (first.update, first.score) == (second.update, second.score)


@pytest.mark.parametrize(
    ("text", "epochs", "target"),
    [
        pytest.param(DROPOUT, 100, "numpy", id="dropout-numpy"),
        pytest.param(CARRIED, 90, "numba", id="carried-numba"),
        pytest.param(DROPOUT, 100, "numba", id="dropout-numba", marks=pytest.mark.slow),
        pytest.param(CARRIED, 90, "numpy", id="carried-numpy", marks=pytest.mark.slow),
    ],
)
def test_killed_at_several_instants_a_run_ends_with_the_same_bits(
    tmp_path: Path, text: str, epochs: int, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text(text.format(epochs=epochs), encoding="utf-8")
    words = (file, "--target", target, "--threads", "1")
    assert main(["run", *map(str, words), "--runs", str(tmp_path / "whole"), "--json"]) == 0
    whole = Kept(tmp_path / "whole")
    assert whole.run.updates > 400
    broken = killed_and_resumed(tmp_path / "broken", whole.run.updates, *words)
    capsys.readouterr()
    same(whole.state, broken.state)
    assert list(map(repr, whole.scalars)) == list(map(repr, broken.scalars))
    assert broken.run.metrics == whole.run.metrics
    assert broken.run.plan == whole.run.plan
    assert (broken.run.state, broken.run.updates, broken.run.epochs) == ("finished", whole.run.updates, epochs)
    assert broken.run.seconds > 0
    assert len(list((tmp_path / "broken").glob("*/*.part"))) == 0


def test_the_switch_to_compiled_code_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "runs"
    file = tmp_path / "experiment.toml"
    text = DROPOUT.format(epochs=400).replace("early_stopping = 150", "")
    file.write_text(text, encoding="utf-8")
    catalog = load_catalog()
    with Trainer(set_up(read_text(text, catalog).spec, catalog), Plan(target="numba")):
        pass  # what is compiled is kept on disk, so that the switch comes soon
    killed(folder, lambda: checkpoints(folder), file, "--target", "auto", "--threads", "1")
    run = only(folder).id
    killed(folder, lambda: only(folder).plan["switched"] is not None, "--resume", run)
    switched = only(folder).plan["switched"]
    assert main(["run", "--resume", run, "--runs", str(folder), "--json"]) == 0
    capsys.readouterr()
    kept = Kept(folder)
    assert kept.run.plan["switched"] == switched > 0
    state, losses = uninterrupted(kept.text, kept.run.plan)
    same(kept.state, state)
    assert [scalar.value for scalar in kept.scalars if scalar.name == "train.loss"] == losses


def uninterrupted(text: str, plan: Any) -> tuple[State, list[float]]:
    """The last state, and the loss of each update, of a run of the same plan that nothing disturbs."""
    catalog = load_catalog()
    losses = []
    with Trainer(set_up(read_text(text, catalog).spec, catalog), Plan.from_json(plan)) as trainer:
        while (progress := trainer.advance()) is not None:
            losses += [progress.scalars["train.loss"]] if progress.kind == "update" else []
        return take(trainer), losses


def test_a_run_killed_before_its_first_checkpoint_begins_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs"
    file = tmp_path / "experiment.toml"
    file.write_text(DROPOUT.format(epochs=3), encoding="utf-8")
    assert main(["run", str(file), "--target", "numpy", "--runs", str(folder), "--json"]) == 0
    whole = Kept(folder)
    with Store(folder, create=False) as store:
        store.claim(whole.run.id)
        store.change(whole.run.id, state="running", metrics={})
    for checkpoint in checkpoints(folder):
        checkpoint.unlink()
    assert main(["run", "--resume", whole.run.id, "--runs", str(folder), "--json"]) == 0
    capsys.readouterr()
    again = Kept(folder)
    same(whole.state, again.state)
    assert np.isfinite(again.state.arrays["parameters"]).all()
    assert list(map(repr, again.scalars)) == list(map(repr, whole.scalars))


def test_compiled_code_takes_over_where_the_plan_can_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready between the last update of an epoch and the first batch of the next, it waits for the update after that."""
    catalog = load_catalog()
    spec = read_text(DROPOUT.format(epochs=6), catalog).spec
    allowed = threading.Event()
    compile_now = NumbaTarget.compile

    def late(self: NumbaTarget, program: Program, dtype: Any) -> None:
        compile_now(self, program, dtype)
        assert allowed.wait(60)

    monkeypatch.setattr(NumbaTarget, "compile", late)
    with Trainer(set_up(spec, catalog), Plan(target="auto")) as first:
        while first.epoch < 2:
            assert first.advance() is not None
        ended = first.update
        allowed.set()
        while any(thread.name == "lab-compile" for thread in threading.enumerate()):
            time.sleep(0.01)
        while first.advance() is not None:
            pass
        assert first.plan.switched == ended + 1
        kept = take(first)
    with Trainer(set_up(spec, catalog), Plan.from_json(first.plan.as_json())) as second:
        while second.advance() is not None:
            pass
        same(kept, take(second))
    # So it is for a run that was restored there: what it computed behind its last update was not compiled code's.
    with Trainer(set_up(spec, catalog), Plan(target="auto")) as third:
        while third.epoch < 2:
            assert third.advance() is not None
        state = take(third)
    with Trainer(set_up(spec, catalog), Plan(target="auto")) as fourth:
        put_back(fourth, state)
        assert fourth.advance() is not None
        while any(thread.name == "lab-compile" for thread in threading.enumerate()):
            time.sleep(0.01)
        while fourth.advance() is not None:
            pass
        assert fourth.plan.switched == ended + 1
