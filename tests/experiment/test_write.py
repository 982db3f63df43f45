"""The canonical text: reading it gives the same experiment, whatever the experiment is."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import ExperimentError
from lab.experiment.file import document_of, read_file, read_text
from lab.experiment.spec import Choice, InputSpec, LayerSpec, OutputSpec, Spec, TrainingSpec, WeightsSpec
from lab.experiment.write import text_of, write_file
from lab.hyperparameters import Hyperparameter
from tests.experiment.components import CATALOG, SHORT

texts = st.text(st.characters(codec="utf-8", exclude_characters="\r"))
lines = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=20)
sizes = st.integers(1, 1000)


def values(declared: Hyperparameter) -> st.SearchStrategy[Any]:
    """Values that a hyperparameter allows."""
    if declared.choices:
        return st.sampled_from(declared.choices)
    low, high = declared.low, declared.high
    reals = st.floats(low, high, allow_nan=False, allow_infinity=False)
    kinds: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
        bool: st.booleans,
        int: lambda: st.integers(1 if low is None else int(low), 10**9),
        float: lambda: reals,
        str: lambda: texts,
        list[str]: lambda: st.lists(texts, max_size=3),
        list[float]: lambda: st.lists(reals, max_size=3),
    }
    return kinds[declared.type]()


def choices(kind: str, *names: str) -> st.SearchStrategy[Choice]:
    """Components of a kind with any settings (those of two that must fit together at their defaults)."""

    def filled(name: str) -> st.SearchStrategy[Choice]:
        declared = CATALOG.get(kind, name).hyperparameters()
        drawn = {
            key: st.just(one.default) if name == "truncated-bptt" else values(one) for key, one in declared.items()
        }
        return st.builds(Choice, name=st.just(name), settings=st.fixed_dictionaries(drawn))

    return st.sampled_from(names or CATALOG.names(kind)).flatmap(filled)


penalties = st.floats(0, 1e300)
trainings = st.builds(
    TrainingSpec,
    algorithm=choices("algorithm"),
    optimizer=choices("optimizer"),
    schedule=choices("schedule"),
    learning_rate=penalties,
    clip_norm=penalties,
    weight_decay=penalties,
    batch_size=sizes,
    carry_state=st.booleans(),
    updates=st.none() | sizes,
    early_stopping=sizes,
    checkpoint_every=sizes | st.sampled_from(["10 s", "1.5 min", "2 h"]),
)
weights = st.builds(
    WeightsSpec,
    file=texts,
    values=st.dictionaries(
        st.sampled_from(["layers.0.W_h", "output.V"]), st.lists(st.floats(allow_nan=False, allow_infinity=False))
    ),
)
specs = st.builds(
    Spec,
    name=st.just("x") | lines.filter(bool),
    name_zh=lines,
    note=texts,
    note_zh=texts,
    seed=st.integers(0, 2**63 - 1),
    dtype=st.sampled_from(["float32", "float64"]),
    dataset=st.builds(dict, plugin=choices("dataset", "airline-passengers", "table")),
    input=st.just(InputSpec()) | st.builds(InputSpec, encoding=st.just("embedding"), size=sizes),
    layers=st.lists(
        st.builds(
            LayerSpec,
            cell=choices("cell"),
            hidden=sizes,
            dropout=st.floats(0, 1, exclude_max=True),
            bias=st.booleans(),
        ),
        min_size=1,
        max_size=3,
    ),
    output=st.builds(OutputSpec, loss=choices("loss", "mean-squared-error"), hidden=st.lists(sizes, max_size=3)),
    training=trainings,
    weights=weights,
)


@given(specs)
def test_text_of_any_experiment_reads_as_that_experiment(spec: Spec) -> None:
    again = read_text(text_of(spec), CATALOG).spec
    assert again == spec
    text = text_of(again)
    assert text_of(read_text(text, CATALOG).spec) == text


def test_all_defaults_are_written_out() -> None:
    text = text_of(read_text(SHORT, CATALOG).spec)
    assert tomllib.loads(text) == {
        "version": 1,
        "name": "untitled",
        "note": "",
        "seed": 7,
        "dtype": "float32",
        "dataset": {"plugin": "airline-passengers", "transform": "log-difference"},
        "input": {"encoding": "features"},
        "layers": [
            {
                "cell": "lstm",
                "forget_bias": 1.0,
                "activation": "tanh",
                "hidden": 32,
                "bidirectional": False,
                "dropout": 0.0,
                "bias": True,
            }
        ],
        "output": {"readout": "every-step", "hidden": [], "loss": "mean-squared-error"},
        "training": {
            "algorithm": "bptt",
            "optimizer": "adam",
            "beta1": 0.9,
            "beta2": 0.999,
            "learning_rate": 0.01,
            "schedule": "constant",
            "clip_norm": 1.0,
            "clip_value": 0.0,
            "l1": 0.0,
            "l2": 0.0,
            "weight_decay": 0.0,
            "batch_size": 16,
            "carry_state": False,
            "epochs": 500,
            "early_stopping": 0,
            "checkpoint_every": "10 s",
        },
    }


def test_a_note_of_several_lines_stays_readable() -> None:
    spec = read_text('note = "one\\n\\ttwo"\n' + SHORT, CATALOG).spec
    assert 'note = """\none\n' in text_of(spec)


def test_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "航空.toml"
    text = document_of(read_text(SHORT, CATALOG).spec).text
    write_file(path, text)
    assert read_file(path, CATALOG).text == text

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExperimentError, match="cannot be written: No space left on device"):
        write_file(path, "other")
    assert path.read_text("utf-8") == text
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ExperimentError, match="No such file or directory"):
        write_file(tmp_path / "none" / "a.toml", text)
