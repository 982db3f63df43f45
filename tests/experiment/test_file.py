"""Reading experiment files: what they mean, and one clear, placed message for everything that is wrong."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from lab.errors import ExperimentError, StoreError
from lab.experiment.file import MAX_BYTES, document_of, read_file, read_text
from lab.experiment.problems import EntryError, InvalidExperimentError
from lab.experiment.settings import Settings
from lab.experiment.spec import Spec
from tests.experiment.components import CATALOG, SHORT

FULL = """\
version = 1
name = "Airline passengers"                    # a comment
name_zh = "航空乘客"
note = ""
seed = 11
dtype = "float64"

[dataset]
plugin = "airline-passengers"
transform = "scaling"

[input]
encoding = "features"

[[layers]]
cell = "lstm"
hidden = 20
bidirectional = true
dropout = 0.25
forget_bias = 2                                # a whole number for a real one

[[layers]]
cell = "gru"
bias = false
reset = "after"

[output]
readout = "last"
hidden = [8, 4]
loss = "mean-squared-error"

[training]
algorithm = "truncated-bptt"
update_every = 4
optimizer = "adam"
beta1 = 0.8
learning_rate = 0.5
schedule = "step"
factor = 0.1
checkpoint_every = 100
updates = 30

[weights]
file = "start.safetensors"
"layers.0.W_h" = [[1, 1], [1, 1.5]]
"""


def problems(text: str) -> list[EntryError]:
    """What is wrong with the text of a file, in the order in which it is told."""
    with pytest.raises(InvalidExperimentError) as caught:
        read_text(text, CATALOG, file=Path("a.toml"))
    return list(caught.value.problems)


def problem(text: str) -> EntryError:
    """The only thing that is wrong with the text of a file."""
    (found,) = problems(text)
    return found


def test_shortest_file_has_the_documented_defaults() -> None:
    spec = read_text(SHORT, CATALOG).spec
    assert (spec.version, spec.name, spec.seed, spec.dtype) == (1, "untitled", 7, "float32")
    assert spec.dataset.plugin.settings == {"transform": "log-difference"}
    assert (spec.input.encoding, spec.input.size) == ("features", None)
    (layer,) = spec.layers
    assert (layer.hidden, layer.bidirectional, layer.dropout, layer.bias) == (32, False, 0.0, True)
    assert layer.cell.settings == {"forget_bias": 1.0, "activation": "tanh"}
    assert (spec.output.readout, spec.output.hidden, spec.output.loss.name) == ("every-step", (), "mean-squared-error")
    training = spec.training
    assert (training.algorithm.name, training.optimizer.name, training.schedule.name) == ("bptt", "adam", "constant")
    assert (training.learning_rate, training.clip_norm, training.clip_value) == (0.01, 1.0, 0.0)
    assert (training.l1, training.l2, training.weight_decay) == (0, 0, 0)
    assert (training.batch_size, training.carry_state, training.early_stopping) == (16, False, 0)
    assert (training.epochs, training.updates) == (500, None)
    assert (training.checkpoint_seconds, training.checkpoint_updates) == (10.0, None)
    assert (spec.weights.file, dict(spec.weights.values)) == ("", {})


def test_every_key_arrives_where_it_belongs() -> None:
    spec = read_text(FULL, CATALOG).spec
    assert (spec.name_in("en"), spec.name_in("zh"), spec.note_in("zh")) == ("Airline passengers", "航空乘客", "")
    assert spec.dtype == "float64"
    lstm, gru = spec.layers
    assert (lstm.cell.name, lstm.hidden, lstm.bidirectional, lstm.dropout) == ("lstm", 20, True, 0.25)
    assert lstm.cell.settings == {"forget_bias": 2.0, "activation": "tanh"}
    assert isinstance(lstm.cell.settings["forget_bias"], float)
    assert (gru.cell.settings["reset"], gru.bias) == ("after", False)
    assert spec.output.hidden == (8, 4)
    training = spec.training
    assert training.algorithm.settings == {"update_every": 4, "reach_back": 20}
    assert training.optimizer.settings == {"beta1": 0.8, "beta2": 0.999}
    assert training.schedule.settings == {"every": 100, "factor": 0.1}
    assert (training.epochs, training.updates, training.checkpoint_updates) == (None, 30, 100)
    assert spec.weights.file == "start.safetensors"
    assert spec.weights.values["layers.0.W_h"] == [[1.0, 1.0], [1.0, 1.5]]


def test_loss_and_encoding_follow_the_task() -> None:
    spec = read_text(SHORT.replace("airline-passengers", "characters"), CATALOG).spec
    assert (spec.input.encoding, spec.output.loss.name) == ("one-hot", "cross-entropy")


def test_embedding_has_a_size_and_nothing_else_has() -> None:
    text = SHORT.replace("airline-passengers", "characters")
    assert read_text(f'{text}[input]\nencoding = "embedding"\n', CATALOG).spec.input.size == 16
    assert read_text(f'{text}[input]\nencoding = "embedding"\nsize = 5\n', CATALOG).spec.input.size == 5
    assert "size belongs to the encoding 'embedding'" in problem(f"{text}[input]\nsize = 5\n").message


def test_spec_cannot_be_changed_and_can_be_sent_to_a_process() -> None:
    spec = read_text(FULL, CATALOG).spec
    with pytest.raises(ValidationError, match="frozen"):
        setattr(spec, "seed", 3)  # noqa: B010 (the type checker refuses it as well)
    spec.weights.values["layers.0.W_h"][0][0] = 9.0
    assert spec.weights.values["layers.0.W_h"][0][0] == 1.0
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301
    assert hash(copy.deepcopy(spec)) == hash(spec)


def test_settings_are_told_apart_by_content_alone() -> None:
    assert Settings({"a": [1, [2]], "b": "x"}) == Settings({"b": "x", "a": (1, (2,))})
    assert Settings({"a": 1}) != Settings({"a": 2})
    assert repr(Settings({"a": [1]})) == "Settings({'a': [1]})"


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("seed = 11", "sed = 11", 5, "unknown key outside the tables: 'sed'; did you mean 'seed'?"),
        ("seed = 11", "epochs = 11", 5, "It is a key of [training]"),
        ("seed = 11", "seed = -1", 5, "seed must be at least 0, not -1"),
        ("seed = 11", "seed = true", 5, "seed must be a whole number, not true"),
        ("seed = 11", "seed = 1.0", 5, "seed must be a whole number, not 1.0"),
        ("seed = 11", 'seed = "11"', 5, "seed must be a whole number, not '11'"),
        ('"float64"', '"float46"', 6, "dtype must be 'float32' or 'float64', not 'float46'; did you mean 'float64'?"),
        ('name = "Airline passengers"  ', 'name = ""', 2, "name must not be empty"),
        ('name = "Airline passengers"  ', 'name = "a\\u001b[31m"', 2, "name must be one line"),
        ('plugin = "airline-passengers"', "plugin = 3", 9, "dataset.plugin must be text, not 3"),
        ('plugin = "airline-passengers"', 'plugin = "airlin"', 9, "unknown dataset 'airlin'; did you mean 'airline"),
        ('transform = "scaling"', 'transform = "scalin"', 10, "did you mean 'scaling'?"),
        ('transform = "scaling"', "hidden = 3", 10, "It is a key of [[layers]] and [output]"),
        ('cell = "lstm"', 'cel = "lstm"', 15, "[[layers]] does not say its cell"),
        ("hidden = 20", "hiden = 20", 17, "unknown key in [[layers]]: 'hiden'; did you mean 'hidden'?"),
        ("hidden = 20", "hidden = 0", 17, "layers.0.hidden must be at least 1, not 0"),
        ("hidden = 20", "hidden = 10000000", 17, "layers.0.hidden must be at most 1 000 000, not 10000000"),
        ("bidirectional = true", "bidirectional = 1", 18, "layers.0.bidirectional must be true or false, not 1"),
        ("dropout = 0.25", "dropout = 1.0", 19, "layers.0.dropout must be below 1, not 1.0"),
        ("dropout = 0.25", "dropout = nan", 19, "layers.0.dropout must be a finite number, not nan"),
        ("forget_bias = 2", "forget_bias = 12", 20, "forget_bias of cell 'lstm' must be a number from -10 to 10"),
        ("forget_bias = 2", "forgetbias = 2", 20, "did you mean 'forget_bias'?"),
        ('reset = "after"', "forget_bias = 2", 25, "unknown key in [[layers]]: 'forget_bias'"),
        ("hidden = [8, 4]", "hidden = [8, 0]", 29, "output.hidden.1 must be at least 1, not 0"),
        ("hidden = [8, 4]", "hidden = 8", 29, "output.hidden must be a list, not 8"),
        (
            '"mean-squared-error"',
            '"cross-entropy"',
            30,
            "loss 'cross-entropy' does not fit a dataset whose task is regr",
        ),
        ("update_every = 4", "update_every = 40", 33, "reach_back must not be less than update_every"),
        ("learning_rate = 0.5", "learning_rate = -1", 37, "training.learning_rate must be at least 0, not -1"),
        ("learning_rate = 0.5", "learning_rate = inf", 37, "training.learning_rate must be a finite number, not inf"),
        ("checkpoint_every = 100", 'checkpoint_every = "10 days"', 40, 'must be a time such as "10 s"'),
        ("checkpoint_every = 100", "checkpoint_every = 0", 40, "must be at least 1 update"),
        ("checkpoint_every = 100", 'checkpoint_every = "0 s"', 40, "must be longer than 0 s"),
        ("updates = 30", "updates = 30\nepochs = 3", 32, "training must have epochs or updates, not both"),
        ("[[1, 1], [1, 1.5]]", "[[1, 1], [1]]", 45, "weights.layers.0.W_h is ragged"),
        ("[[1, 1], [1, 1.5]]", "[[1, inf]]", 45, "weights.layers.0.W_h has a value that is not finite"),
        ("[[1, 1], [1, 1.5]]", '["x"]', 45, "weights.layers.0.W_h must be a number, a list of numbers"),
        ('"start.safetensors"', "3", 44, "weights.file must be text, not 3"),
        (
            "version = 1",
            "version = 2",
            1,
            "the file is of version 2; this program reads versions up to 1. Update RNN Lab",
        ),
        ("version = 1", "version = 0", 1, "version must be at least 1, not 0"),
    ],
)
def test_one_wrong_entry_is_one_placed_message(old: str, new: str, line: int, told: str) -> None:
    found = problems(FULL.replace(old, new))
    assert [one.file for one in found] == ["a.toml"] * len(found)
    assert [one.line for one in found if told in str(one)] == [line]


def test_all_problems_are_told_in_the_order_of_lines() -> None:
    text = FULL.replace("seed = 11", "seed = -1").replace("beta1", "beta3").replace('"gru"', '"grue"')
    found = problems(text)
    assert [(one.line, one.path) for one in found] == [(5, "seed"), (23, "layers.1.cell"), (36, "training.beta3")]
    with pytest.raises(InvalidExperimentError) as caught:
        read_text(text, CATALOG, file=Path("a.toml"))
    assert str(caught.value) == "a.toml:5: seed must be at least 0, not -1 (and 2 more problems)"
    moved = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (str(moved), [one.key for one in moved.problems]) == (str(caught.value), [one.key for one in found])


def test_an_unknown_component_does_not_make_its_keys_wrong() -> None:
    assert problem(FULL.replace('cell = "lstm"', 'cell = "lsmt"')).path == "layers.0.cell"


@pytest.mark.parametrize("table", ["dataset", "layers"])
def test_missing_table_names_what_could_be_in_it(table: str) -> None:
    lines = {"dataset": SHORT[: SHORT.index("[[")], "layers": SHORT[SHORT.index("[[") :]}
    missing = problem(SHORT.replace(lines[table], ""))
    assert missing.message.startswith("there is no table [")
    assert "one of: " in (missing.remedy or "")
    assert missing.line is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SHORT.replace("[[layers]]", "[layers]"), "Begin each layer with [[layers]], in double brackets"),
        ("dataset = 3\n[[layers]]\ncell = 'lstm'\n", "dataset must be a table, [dataset], not 3"),
        ("layers = [1]\n[dataset]\nplugin = 'table'\n", "layers.0 must be a table, [[layers]], not 1"),
        ("weights = 3\n" + SHORT, "weights must be a table, [weights], not 3"),
        (SHORT + "[output]\nloss = []\n", "output.loss must be text, not []"),
        (SHORT.replace('plugin = "airline-passengers"', ""), "[dataset] does not say its plugin"),
    ],
)
def test_what_is_no_table_is_told_once(text: str, told: str) -> None:
    assert told in str(problem(text))


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("seed = 3\nname = airline\n", 2, 'Write name = "airline"'),
        ("carry_state = True\n", 1, "Write carry_state = true"),
        ("[dataset\nplugin = 'x'\n", 1, "Close the brackets of the header"),
        ("seed = 3\nseed = 4\n", 2, "this is not TOML: cannot overwrite a value"),
        ("seed 3\n", 1, 'Write key = value, text in "quotes", and tables as [name]'),
        ("a = '''\n\n", 3, "this is not TOML"),
        ("seed = 3\r\n\r\nname = \x00\r\n", 3, "this is not TOML"),
        ("\n\nseed = " + "9" * 5000, 3, "a number has too many digits"),
        ("a = " + "[" * 100_000, 1, "lists or tables are nested too deeply"),
    ],
)
def test_what_is_not_toml_is_placed_and_has_a_remedy(text: str, line: int, told: str) -> None:
    found = problem(text)
    assert (found.line, found.file) == (line, "a.toml")
    assert told in str(found)


def test_ambiguous_keys_say_whose_they_are() -> None:
    text = SHORT + '[training]\noptimizer = "factored"\nschedule = "step"\n'
    training = read_text(text, CATALOG).spec.training
    assert (training.optimizer.settings["factor"], training.schedule.settings["factor"]) == (2.0, 0.5)
    told = problem(text + "factor = 0.5\n")
    assert told.message == "'factor' could belong to the optimizer or the schedule"
    assert told.remedy == 'Say which: "optimizer.factor" or "schedule.factor"'
    training = read_text(text + '"optimizer.factor" = 3.0\n"schedule.factor" = 0.25\n', CATALOG).spec.training
    assert (training.optimizer.settings["factor"], training.schedule.settings["factor"]) == (3.0, 0.25)
    alone = SHORT + '[training]\nschedule = "step"\nfactor = 0.5\n'
    assert "given twice" in problem(alone + '"schedule.factor" = 0.5\n').message
    assert '"optimizer.factor" must be' not in problem(text + '"optimizer.factor" = 0.5\n').message


def test_a_hyperparameter_with_the_name_of_a_common_key_needs_its_owner() -> None:
    spec = read_text(SHORT.replace('"lstm"', '"dropper"\ndropout = 0.5\n"cell.dropout" = false'), CATALOG).spec
    assert (spec.layers[0].dropout, spec.layers[0].cell.settings["dropout"]) == (0.5, False)


def test_file_is_read_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "航空.toml"
    path.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    document = read_file(path, CATALOG)
    assert document.file == path
    assert document.spec == read_text(FULL, CATALOG).spec
    assert document.line("layers", 1, "reset") == 25
    assert document.line("layers", 1, "hidden") == 22
    assert document.line("nothing") is None
    assert document_of(document.spec).spec == document.spec


def test_file_that_cannot_be_read_is_one_message(tmp_path: Path) -> None:
    def told(path: Path) -> ExperimentError:
        with pytest.raises(ExperimentError) as caught:
            read_file(path, CATALOG)
        assert caught.value.file == str(path)
        return caught.value

    assert told(tmp_path / "none.toml").message == "there is no such experiment file"
    assert told(tmp_path).message == "the experiment file is a folder"
    assert "cannot be read" in told(Path("a\0b")).message
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert told(tmp_path / "pipe").message == "the experiment file is a device or a pipe"
    large = tmp_path / "large.toml"
    with large.open("wb") as stream:
        stream.truncate(2 * 1024**3)
    assert told(
        large
    ).message == f"the file has 2 147 483 648 bytes; an experiment file has at most {MAX_BYTES:,}".replace(",", " ")
    latin = tmp_path / "latin.toml"
    latin.write_bytes('seed = 3\nname = "Müller"\n'.encode("latin-1"))
    assert (told(latin).line, told(latin).remedy) == (2, "Save it as UTF-8")
    assert "byte 19 is 0xfc" in told(latin).message


def test_ten_thousand_wrong_keys_are_told_in_a_second() -> None:
    text = "".join(f"key{number} = 1\n" for number in range(10_000)) + SHORT
    found = problems(text)
    assert len(found) == 10_000
    assert found[-1].line == 10_000


def test_errors_are_of_the_family_of_the_lab() -> None:
    assert issubclass(InvalidExperimentError, ExperimentError)
    assert not issubclass(InvalidExperimentError, StoreError)
    assert isinstance(read_text(SHORT, CATALOG).spec, Spec)
