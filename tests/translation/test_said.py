"""Real errors of all kinds, as the window shows them in Chinese: whole sentences with nothing English left in them."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from lab.components.tables import read_csv
from lab.errors import LabError, StoreError
from lab.experiment.checkpoint import load as load_checkpoint
from lab.experiment.database import FILE
from lab.experiment.edit import remove, set_value
from lab.experiment.file import read_file, read_text
from lab.experiment.problems import InvalidExperimentError
from lab.experiment.store import Store
from lab.model.alone import trace_alone
from lab.registry.manager import load_catalog
from lab.runner.trouble import problem_of
from lab.training.plan import Plan
from lab.training.setup import set_up
from lab.training.trainer import Trainer
from lab.ui.filing import problem_of as filed
from lab.ui.translation import said, spoken
from tests.plugins.helpers import BROKEN, load_text
from tests.plugins.test_broken import EXPECTED
from tests.translation.test_catalogue import CHINESE, CODE, ENGLISH

CATALOG = load_catalog(entry_points=False)
EXPERIMENT = """
version = 1
name = "x"

[dataset]
plugin = "airline-passengers"

[[layers]]
cell = "lstm"
hidden = 4

[training]
epochs = 1
"""
CELL = """
from lab.api import Cell, glorot, hookimpl, tanh, zeros


class Mine(Cell):
    name = "mine"
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {{"W": glorot(hidden, inputs), "b": zeros(hidden)}}

    def step(self, p, x, s):
        {step}


@hookimpl
def lab_register_cells():
    return [Mine]
"""
STEPS = (
    "return self.next(h=tanh(p.W @ s.h + p.b))",
    "return self.next(h=tanh(p.V @ x))",
    "return self.next(h=x)",
    "return tanh(x)",
    "return self.next(c=x)",
    "return self.next(h=tanh(p.b) if x else p.b)",
    "return self.next(h=tanh(p.W @ x) + float(s.h))",
    "return self.next(h=undefined(x))",
)
ENTRIES = (
    ("hidden = 4", "hidden = 0"),
    ("hidden = 4", 'hidden = "four"'),
    ("hidden = 4", "hiden = 4"),
    ("hidden = 4", "hidden = 4\nforget_bias = 99"),
    ("hidden = 4", 'hidden = 4\nactivation = "tan"'),
    ("hidden = 4", "hidden = 4\ndropout = 1.5"),
    ("hidden = 4", "hidden = [1, 2]\nbias = 3"),
    ('"lstm"', '"lsmt"'),
    ("cell =", "sell ="),
    ("[[layers]]", "[layers]"),
    ("epochs = 1", 'epochs = 1\nupdates = 3\noptimizer = "adm"'),
    ("epochs = 1", 'epochs = 1\ncheckpoint_every = "soon"'),
    ("epochs = 1", "epochs = 1\nlearning_rate = -1\nclip_norm = true"),
    ("epochs = 1", "epochs = 1\n[output]\nloss = 'cross-entropy'\nhidden = [0]"),
    ("epochs = 1", "epochs = 1\n[weights]\nW = [[1, 2], [3]]"),
    ("epochs = 1", "epochs = 1\n[input]\nencoding = 'one-hut'"),
    ('name = "x"', 'name = "a\\u0007b"'),
    ("version = 1", "version = 99"),
    ('plugin = "airline-passengers"', ""),
    ('plugin = "airline-passengers"', 'plugin = "airline-passengers'),
    ('plugin = "airline-passengers"', "plugin = airline"),
    ("[dataset]", "[dataset"),
    ("epochs = 1", "epochs = = 1"),
    ("epochs = 1", "epochs = [1, 2"),
    ("epochs = 1", "epochs = 1\nepochs = 2"),
)
TABLES = (
    "",
    "\n\n",
    "a,b\n",
    "a,a\n1,2\n",
    "a,b\n1,2\n3\n",
    'a,b\n1,"2\n',
    'a,b\n"1"x,2\n',
    "a,b\n1,2\n3,\n5,6\n7,8\n",
    "a,b\n1,2\n3,none\n5,6\n7,8\n",
    "a\0b\n1\n",
    "1,2\n3,4\n",
    "name,town\nx,y\nz,w\n",
)


def check(error: LabError) -> str:
    """The Chinese sentences for an error, in which no word of an English sentence is left."""
    chinese = spoken(error).zh
    assert spoken(error).en != chinese
    assert CHINESE.search(chinese)
    names = CODE.sub("", chinese.replace(error.file or "\0", ""))
    assert not ENGLISH.search(names), chinese
    assert chinese.endswith(("。", "？")), chinese
    if error.remedy:
        assert CHINESE.search(said(error.remedy).zh), error.remedy
    return chinese


@pytest.mark.parametrize(("old", "new"), ENTRIES)
def test_experiments(old: str, new: str) -> None:
    assert old in EXPERIMENT
    with pytest.raises(InvalidExperimentError) as caught:
        read_text(EXPERIMENT.replace(old, new), CATALOG)
    check(caught.value)
    for problem in caught.value.problems:
        check(problem)


@pytest.mark.parametrize("step", STEPS)
def test_cells(step: str, tmp_path: Path) -> None:
    catalog = load_text(tmp_path, CELL.format(step=step))
    with pytest.raises(LabError) as caught:
        trace_alone(catalog.get("cell", "mine")(), inputs=3, hidden=4)
    check(caught.value)


@pytest.mark.parametrize("plugin", EXPECTED)
def test_plugins(plugin: str) -> None:
    """What is told of each broken plugin, which the tests of plugins make sure of."""
    message, remedy = EXPECTED[plugin]
    check(LabError(message, remedy=remedy, file=str(BROKEN / f"{plugin}.py")))


@pytest.mark.parametrize("text", TABLES)
def test_tables(text: str, tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LabError) as caught:
        CATALOG.get("dataset", "table")(file=str(file)).load(7)
    check(caught.value)


def _folder(path: Path) -> None:
    read_csv(str(path))


def _nothing(path: Path) -> None:
    read_csv(str(path / "there" / "is" / "nothing.csv"))


def _utf16(path: Path) -> None:
    (path / "a.csv").write_bytes("a,b\n".encode("utf-16"))
    read_csv(str(path / "a.csv"))


def _latin(path: Path) -> None:
    (path / "a.csv").write_bytes("é,b\n".encode("latin-1"))
    read_csv(str(path / "a.csv"))


def _column(path: Path) -> None:
    (path / "a.csv").write_text("year,sales\n1,2\n")
    read_csv(str(path / "a.csv")).numbers("sale")


def _experiment_folder(path: Path) -> None:
    read_file(path, CATALOG)


def _no_experiment(path: Path) -> None:
    read_file(path / "x.toml", CATALOG)


def _set_nothing(path: Path) -> None:
    set_value(read_text(EXPERIMENT, CATALOG), "trainning.epochs", "3", CATALOG)


def _set_table(path: Path) -> None:
    set_value(read_text(EXPERIMENT, CATALOG), "training", "3", CATALOG)


def _remove(path: Path) -> None:
    remove(read_text(EXPERIMENT, CATALOG), "training.clip_norm", CATALOG)


def _no_runs(path: Path) -> None:
    Store(path, create=False)


def _no_run(path: Path) -> None:
    with Store(path) as store:
        store.find("nothing")


def _no_database(path: Path) -> None:
    (path / FILE).write_bytes(b"this is no database, and longer than a header of one" * 40)
    Store(path, create=False)


def _other_database(path: Path) -> None:
    with sqlite3.connect(path / FILE) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    Store(path, create=False)


def _file_for_runs(path: Path) -> None:
    (path / "runs").write_text("")
    Store(path / "runs")


def _no_checkpoint(path: Path) -> None:
    save_file({"a": np.zeros(2)}, path / "a.safetensors")
    load_checkpoint(path / "a.safetensors")


def _short_checkpoint(path: Path) -> None:
    (path / "a.safetensors").write_bytes(b"short")
    load_checkpoint(path / "a.safetensors")


def _lost_checkpoint(path: Path) -> None:
    load_checkpoint(path / "a.safetensors")


def _set_up(path: Path, text: str) -> None:
    setup = set_up(read_text(EXPERIMENT + text, CATALOG).spec, CATALOG)
    Trainer(setup, Plan(target="numpy", threads=1)).close()


def _weights(path: Path) -> None:
    save_file({"layers.0.W": np.zeros((2, 2))}, path / "a.safetensors")
    _set_up(path, f'[weights]\nfile = "{(path / "a.safetensors").as_posix()}"\n')


def _no_weights(path: Path) -> None:
    _set_up(path, '[weights]\nfile = "nothing.safetensors"\n')


def _too_large(path: Path) -> None:
    _set_up(path, "[output]\nhidden = [1000000, 1000000]\n")


@pytest.mark.parametrize(
    "attempt",
    [
        _folder,
        _nothing,
        _utf16,
        _latin,
        _column,
        _experiment_folder,
        _no_experiment,
        _set_nothing,
        _set_table,
        _remove,
        _no_runs,
        _no_run,
        _no_database,
        _other_database,
        _file_for_runs,
        _no_checkpoint,
        _short_checkpoint,
        _lost_checkpoint,
        _weights,
        _no_weights,
        _too_large,
    ],
)
def test_files_and_the_store(attempt: Callable[[Path], None], tmp_path: Path) -> None:
    with pytest.raises(LabError) as caught:
        attempt(tmp_path)
    chinese = check(caught.value)
    assert said(problem_of(caught.value).message).zh in chinese
    assert said(filed(caught.value).message).zh == said(problem_of(caught.value).message).zh


def test_a_note_of_a_damaged_checkpoint(tmp_path: Path) -> None:
    """An error within a note, with the file before it."""
    error = StoreError("the checkpoint is damaged: its content is not what was written", file=str(tmp_path))
    assert said(f"a checkpoint is passed over: {error}").zh == (
        f"跳过一个检查点：{tmp_path}: 检查点已损坏：内容与写入时不同"
    )


def test_what_the_system_says_is_chinese(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        os.stat(tmp_path / "nothing")
    chinese = said(f"the settings cannot be written: {caught.value}").zh
    assert chinese == f"无法写入设置：没有这个文件或文件夹：'{tmp_path / 'nothing'}'"
