"""Changing one key: what `--set` and the forms do to an experiment and to its text."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import ExperimentError
from lab.experiment.edit import assign, parse_key, parse_value, remove, set_value
from lab.experiment.file import Document, read_text
from lab.experiment.problems import InvalidExperimentError
from tests.experiment.components import CATALOG, SHORT
from tests.experiment.test_file import FULL

INLINE = "layers = [{cell = 'lstm', hidden = 3}]\ndataset = {plugin = 'table'}\ntraining.epochs = 3\n"
SCATTERED = (
    "[[layers]]\ncell = 'lstm'\n[dataset]\nplugin = 'table'\n[[layers]]\ncell = 'gru'\n[training]\noptimizer = 'sgd'\n"
)


def changed(document: Document, path: str, text: str) -> Document:
    """The document after a change that drops nothing."""
    change = set_value(document, path, text, CATALOG)
    assert change.messages == ()
    return change.document


def refusal(document: Document, path: str, text: str) -> ExperimentError:
    """What `--set` is refused with."""
    with pytest.raises(ExperimentError) as caught:
        set_value(document, path, text, CATALOG)
    assert (caught.value.file, caught.value.line) == (None, None)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("64", 64),
        (" 1e-3 ", 1e-3),
        ("1_000", 1000),
        ("true", True),
        ("True", "True"),
        ("lstm", "lstm"),
        ('"64"', "64"),
        ("'a b'", "a b"),
        ("[8, 4]", [8, 4]),
        ("[]", []),
        ("", ""),
        ("8, 4", "8, 4"),
        ("5#1", "5#1"),
        ("5 # five", "5 # five"),
        ("1\nx = 2", "1\nx = 2"),
        ("10 s", "10 s"),
        (r"C:\data\x.csv", r"C:\data\x.csv"),
        ("2020-01-01", "2020-01-01"),
        ("12:30:00", "12:30:00"),
        ("2020-01-01T12:30:00Z", "2020-01-01T12:30:00Z"),
        ("客运", "客运"),
    ],
)
def test_value_is_toml_or_itself(text: str, value: object) -> None:
    found = parse_value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ['"a', "[1", "{a = }", "1\udc80", "[" * 100_000])
def test_value_that_begins_and_does_not_end_is_refused(text: str) -> None:
    with pytest.raises(ExperimentError, match=r"is not a TOML value|is not valid Unicode") as caught:
        parse_value(text)
    assert caught.value.remedy


def test_key_is_a_table_and_one_key_in_it() -> None:
    assert parse_key("seed") == ("seed",)
    assert parse_key("layers.10.hidden") == ("layers", 10, "hidden")
    assert parse_key("weights.layers.0.W_h") == ("weights", "layers.0.W_h")
    assert parse_key("training.schedule.factor") == ("training", "schedule.factor")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("trainin.epochs", "unknown table 'trainin'; did you mean 'training'?"),
        ("seed.x", "seed stands outside the tables: seed=…"),
        ("layers.hidden", "Write the number of the layer, from 0, and a key: layers.0.hidden"),
        ("layers.-1.hidden", "names no key of a layer"),
        ("layers.0", "names no key of a layer"),
        ("training", "'training' is a table. Name a key in it: training.algorithm"),
        ("sed", "unknown key outside the tables: 'sed'; did you mean 'seed'?"),
        ("", "unknown key outside the tables: ''"),
        ("layers.0.hiden", "unknown key in [[layers]]: 'hiden'; did you mean 'hidden'?"),
        ("layers.2.hidden", "layers"),
        ("layers.7.hidden", "there is no layers 7; the experiment has 2, counted from 0"),
        ("training.learning_rat", "did you mean 'learning_rate'?"),
    ],
)
def test_unknown_key_names_the_nearest(path: str, told: str) -> None:
    assert told in str(refusal(read_text(FULL, CATALOG), path, "3"))


def test_comments_and_order_stay() -> None:
    document = read_text(FULL, CATALOG, file=Path("a.toml"))
    after = changed(changed(document, "layers.0.forget_bias", "3"), "training.batch_size", "8")
    assert after.text == FULL.replace("forget_bias = 2  ", "forget_bias = 3  ").replace(
        "updates = 30\n", "updates = 30\nbatch_size = 8\n"
    )
    assert after.spec.layers[0].cell.settings["forget_bias"] == 3.0
    assert after.file == Path("a.toml")
    assert document.text == FULL
    assert document.spec.training.batch_size == 16


def test_what_is_not_there_yet_is_added_where_it_belongs() -> None:
    document = read_text(SHORT, CATALOG)
    document = changed(document, "seed", "3")
    document = changed(document, "training.learning_rate", "1")
    document = changed(document, "weights.layers.0.W_h", "[[1, 2]]")
    document = changed(document, "output.hidden", "[4]")
    document = changed(document, "layers.1.cell", "gru")
    document = changed(document, "layers.1.reset", "after")
    spec = document.spec
    assert (spec.seed, spec.training.learning_rate, spec.output.hidden) == (3, 1.0, (4,))
    assert spec.weights.values["layers.0.W_h"] == [[1.0, 2.0]]
    assert [layer.cell.name for layer in spec.layers] == ["lstm", "gru"]
    assert spec.layers[1].cell.settings["reset"] == "after"
    assert document.text.count("[[layers]]") == 2


@pytest.mark.parametrize("text", [INLINE, SCATTERED, FULL.replace("\n", "\r\n"), SHORT])
def test_any_way_to_write_a_file_can_be_changed(text: str) -> None:
    document = read_text(text, CATALOG)
    count = len(document.spec.layers)
    document = changed(document, "layers.0.hidden", "5")
    document = changed(document, "dtype", "float64")
    document = changed(document, "input.encoding", "features")
    document = changed(document, f"layers.{count}.cell", "elman")
    document = changed(document, f"layers.{count}.hidden", "9")
    document = changed(document, "training.l2", "0.5")
    spec = read_text(document.text, CATALOG).spec
    assert spec == document.spec
    assert [layer.hidden for layer in spec.layers][:: count or 1] == [5, 9]
    assert (spec.dtype, spec.training.l2, len(spec.layers)) == ("float64", 0.5, count + 1)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("layers.0.hidden", "0", "layers.0.hidden must be at least 1, not 0"),
        ("layers.0.hidden", "many", "layers.0.hidden must be a whole number, not 'many'"),
        ("layers.0.forget_bias", "12", "forget_bias of cell 'lstm' must be a number from -10 to 10, not 12"),
        ("layers.0.cell", "lsmt", "unknown cell 'lsmt'; did you mean 'lstm'? See: plugins list"),
        ("layers.0.cell", "3", "layers.0.cell must be text, not 3"),
        ("name", "2024", "name must be text, not 2024"),
        ("output.loss", "cross-entropy", "does not fit a dataset whose task is regression"),
        ("training.reach_back", "2", "reach_back must not be less than update_every"),
        ("version", "2", "this program reads versions up to 1"),
    ],
)
def test_bad_value_is_refused_without_a_place(path: str, text: str, told: str) -> None:
    assert told in str(refusal(read_text(FULL, CATALOG), path, text))


def test_another_component_drops_what_only_the_old_one_knew() -> None:
    document = read_text(FULL, CATALOG)
    change = set_value(document, "layers.0.cell", "gru", CATALOG)
    assert change.messages == ("layers.0.forget_bias was dropped: only 'lstm' has it",)
    assert "forget_bias" not in change.document.text
    assert change.document.spec.layers[0].hidden == 20
    change = set_value(document, "training.algorithm", "bptt", CATALOG)
    assert change.messages == ("training.update_every was dropped: only 'truncated-bptt' has it",)
    assert change.document.spec.training.schedule.settings["factor"] == 0.1


def test_a_value_that_the_new_component_refuses_is_dropped() -> None:
    document = changed(read_text(SHORT, CATALOG), "layers.0.activation", "relu")
    assert changed(document, "layers.0.cell", "gru").spec.layers[0].cell.settings["activation"] == "relu"
    (message,) = set_value(document, "layers.0.cell", "elman", CATALOG).messages
    assert message.startswith("layers.0.activation was dropped: activation of cell 'elman' must be one of")


def test_a_dataset_of_another_task_drops_loss_and_encoding_that_do_not_fit() -> None:
    change = set_value(read_text(FULL, CATALOG), "dataset.plugin", "characters", CATALOG)
    assert [message.split(" was")[0] for message in change.messages] == [
        "dataset.transform",
        "input.encoding",
        "output.loss",
    ]
    spec = change.document.spec
    assert (spec.input.encoding, spec.output.loss.name) == ("one-hot", "cross-entropy")
    back = changed(change.document, "output.smoothing", "0.5")
    change = set_value(back, "dataset.plugin", "table", CATALOG)
    assert change.messages == ("output.smoothing was dropped: only 'cross-entropy' has it",)


def test_epochs_and_updates_drop_each_other() -> None:
    document = read_text(SHORT, CATALOG)
    document = changed(document, "training.updates", "3")
    change = set_value(document, "training.epochs", "2", CATALOG)
    assert change.messages == ("training.updates was dropped: training ends after either epochs or updates",)
    assert (change.document.spec.training.epochs, change.document.spec.training.updates) == (2, None)
    refusal(change.document, "training.updates", "many")


def test_another_encoding_drops_the_size_of_the_embedding() -> None:
    document = read_text(SHORT.replace("airline-passengers", "characters"), CATALOG)
    document = changed(changed(document, "input.encoding", "embedding"), "input.size", "5")
    change = set_value(document, "input.encoding", "one-hot", CATALOG)
    assert change.messages == ("input.size was dropped: only an embedding has a size",)


def test_a_key_keeps_its_owner_when_another_component_has_the_same_name() -> None:
    document = changed(read_text(SHORT, CATALOG), "training.schedule", "step")
    document = changed(document, "training.factor", "0.25")
    document = changed(document, "training.optimizer", "factored")
    assert '"schedule.factor" = 0.25' in document.text
    assert document.spec.training.schedule.settings["factor"] == 0.25
    document = changed(document, "training.optimizer.factor", "3")
    change = set_value(document, "training.optimizer", "adam", CATALOG)
    assert change.messages == ("training.optimizer.factor was dropped: only 'factored' has it",)
    assert change.document.spec.training.schedule.settings["factor"] == 0.25


def test_a_key_can_be_taken_out() -> None:
    document = read_text(FULL, CATALOG)
    assert remove(document, "layers.0.hidden", CATALOG).document.spec.layers[0].hidden == 32
    assert [layer.cell.name for layer in remove(document, "layers.0", CATALOG).document.spec.layers] == ["gru"]
    assert remove(document, "weights", CATALOG).document.spec.weights.file == ""
    with pytest.raises(ExperimentError, match=r"layers\.1\.hidden is not written in the experiment"):
        remove(document, "layers.1.hidden", CATALOG)
    with pytest.raises(ExperimentError, match=r"layers\.5 is not written"):
        remove(document, "layers.5", CATALOG)
    with pytest.raises(InvalidExperimentError, match=r"there is no table \[dataset\]") as caught:
        remove(document, "dataset", CATALOG)
    assert caught.value.line is None


values = st.one_of(
    st.integers(-5, 2**64),
    st.floats(),
    st.booleans(),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.lists(st.integers(1, 5), max_size=3),
    st.sampled_from(["gru", "lstm", "embedding", "table", "float64", "factored", "step"]),
)
paths = st.sampled_from(
    "seed name note dtype dataset.plugin dataset.transform dataset.file dataset.columns input.encoding input.size"
    " layers.0.cell layers.0.hidden layers.1.cell layers.1.activation layers.2.cell layers.1.dropout output.hidden"
    " output.loss training.optimizer training.schedule training.factor training.schedule.factor training.epochs"
    " training.updates training.clip_value weights.file weights.layers.0.b".split()
)


@given(st.sampled_from([FULL, SHORT, INLINE, SCATTERED]), st.lists(st.tuples(paths, values), max_size=6))
def test_any_change_is_made_as_asked_or_refused(text: str, changes: list[tuple[str, Any]]) -> None:
    document = read_text(text, CATALOG)
    for path, value in changes:
        try:
            change = assign(document, path, value, CATALOG)
        except ExperimentError:
            continue
        document = change.document
        found: Any = tomllib.loads(document.text)
        *tables, key = parse_key(path)
        for table in tables:
            found = found[table]
        assert found[key] == value
        assert read_text(document.text, CATALOG).spec == document.spec
