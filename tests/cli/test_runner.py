"""The runner: in which order it writes, and what it does when writing, or learning, fails."""

from pathlib import Path

import numpy as np
import pytest

import lab.runner.recorder as recorder_module
from lab.errors import NotFiniteError, StoreError
from lab.experiment.checkpoint import State, latest, save
from lab.experiment.file import document_of, read_text
from lab.experiment.store import Store
from lab.registry.manager import load_catalog
from lab.runner.inline import Outcome, begun
from lab.training.plan import Plan
from lab.training.setup import set_up
from tests.cli.support import ADDING, checkpoints


def train(folder: Path, text: str = ADDING, plan: Plan | None = None) -> Outcome:
    catalog = load_catalog()
    document = document_of(read_text(text, catalog).spec)
    setup = set_up(document.spec, catalog)
    with begun(folder, document, setup, plan or Plan(target="numpy"), lambda: None) as session:
        return session.train(lambda progress: None, lambda: False)


def test_curves_and_plan_are_in_the_store_before_the_checkpoint_that_needs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    plan = Plan(target="numpy")

    def watched(folder: Path, state: State) -> Path:
        with Store(tmp_path, create=False) as store:
            (run,) = store.runs()
            updates = [scalar.update for scalar in store.scalars(run.id, ["train.loss"])]
            seen.append((state.update, run.plan["variants"], run.updates))
            assert updates == list(range(1, state.update + 1))
        plan.variants[f"{state.update}"] = [1, 2]
        return save(folder, state)

    monkeypatch.setattr(recorder_module, "save", watched)
    outcome = train(tmp_path, ADDING + "checkpoint_every = 4\n", plan)
    assert outcome.error is None
    assert [update for update, _, _ in seen] == [1, 5, 9, 12]
    assert [updates for _, _, updates in seen] == [1, 5, 9, 12]
    assert [sorted(map(int, variants)) for _, variants, _ in seen] == [[], [1], [1, 5], [1, 5, 9]]
    assert sorted(outcome.run.plan["variants"]) == ["1", "5", "9"]


def test_parameters_that_are_not_finite_never_become_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "overflows.py").write_text(
        "from lab.api import Optimizer, hookimpl\n"
        'class Overflows(Optimizer):\n    name = "overflows"\n'
        "    def update(self, parameters, gradient, slots, rate, count):\n"
        "        parameters -= rate * gradient\n"
        "        if count == 12:\n            parameters[0] = float('inf')\n"
        "@hookimpl\ndef lab_register_optimizers():\n    return [Overflows]\n"
    )
    monkeypatch.setenv("LAB_PLUGIN_PATH", str(folder))
    text = ADDING.replace("[training]", '[training]\noptimizer = "overflows"\ncheckpoint_every = 1')
    outcome = train(tmp_path / "runs", text)
    assert isinstance(outcome.error, NotFiniteError)
    assert "after the last update, 12" in outcome.error.message
    assert outcome.run.state == "failed"
    state = latest(tmp_path / "runs" / outcome.run.id)
    assert state is not None
    assert state.update == 11
    assert np.isfinite(state.arrays["parameters"]).all()


def test_a_checkpoint_that_cannot_be_written_leaves_the_run_at_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, state: State) -> Path:
        if state.update > 4:
            raise StoreError("there is no room left")
        return save(folder, state)

    monkeypatch.setattr(recorder_module, "save", full)
    outcome = train(tmp_path, ADDING + "checkpoint_every = 4\n")
    assert isinstance(outcome.error, StoreError)
    assert (outcome.run.state, outcome.run.error) == ("interrupted", "there is no room left")
    assert [file.name for file in checkpoints(tmp_path)] == ["checkpoint-000000000001.safetensors"]


def test_old_checkpoints_are_pruned_and_the_best_is_kept(tmp_path: Path) -> None:
    outcome = train(tmp_path, ADDING.replace("epochs = 3", "epochs = 8") + "checkpoint_every = 1\n")
    kept = checkpoints(tmp_path)
    assert len(kept) <= 4
    assert kept[-1].name == f"checkpoint-{outcome.run.updates:012d}.safetensors"
