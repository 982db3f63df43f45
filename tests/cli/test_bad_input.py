"""Bad input: exit code 2, one message that says what, where and what to do, and nothing written."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.cli.support import ADDING, Lab, only_line, table

FILES = {
    "key": (ADDING.replace("hidden = 6", "hiden = 6"), 14, "did you mean 'hidden'"),
    "type": (ADDING.replace("hidden = 6", 'hidden = "six"'), 14, "whole number"),
    "range": (ADDING.replace("learning_rate = 0.01", "learning_rate = -1"), 21, "at least 0"),
    "plugin": (ADDING.replace('cell = "gru"', 'cell = "gruu"'), 13, "did you mean 'gru'"),
    "choice": (ADDING.replace('"after"', '"behind"'), 15, "'before', 'after'"),
    "syntax": (ADDING.replace("seed = 3", "seed 3"), 3, "not TOML"),
    "readout": (ADDING.replace('readout = "last"', 'readout = "every-step"'), None, "one target for each sequence"),
    "no file": (ADDING.replace('"adding-problem"', '"table"').partition("length")[0], 5, "has no file"),
    "memory": (ADDING.replace("hidden = 6", "hidden = 900000"), None, "GiB"),
    "weights": (ADDING + '[weights]\n"output.b" = [1, 2]\n', 25, "output.b"),
    "windows": (
        ADDING.replace("hidden = 6", "hidden = 6\nbidirectional = true").replace(
            "[training]", '[training]\nalgorithm = "truncated-bptt"\nupdate_every = 5'
        ),
        None,
        "two directions",
    ),
}
FILES["no file"] = (FILES["no file"][0] + '[[layers]]\ncell = "gru"\n', *FILES["no file"][1:])


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_is_told_with_its_line(lab: Lab, tmp_path: Path, runs: Path, name: str) -> None:
    text, line, message = FILES[name]
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="utf-8")
    done = lab("run", file, "--target", "numpy", "--json")
    assert done.code == 2
    told = only_line(done.err)
    assert told.startswith(f"Error: {file}:{line}: " if line else f"Error: {file}: ")
    assert message in told
    assert done.json == {"error": done.json["error"]}
    assert (done.json["error"]["file"], done.json["error"]["line"]) == (str(file), line)
    assert not runs.exists()


def test_all_that_is_wrong_with_a_file_is_told_at_once(lab: Lab, tmp_path: Path, runs: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(
        'sed = 3\n[dataset]\nplugin = "sunspot"\n[[layers]]\ncell = "gru"\nhidden = -1\n[training]\nepochs = "ten"\n'
    )
    done = lab("run", file, "--json")
    assert done.code == 2
    told = done.err.splitlines()
    places = [f"Error: {file}:{line}: " for line in (1, 3, 6, 8)]
    assert [line[: len(place)] for line, place in zip(told, places, strict=True)] == places
    assert ["seed" in told[0], "'sunspots'" in told[1], "at least 1" in told[2], "'ten'" in told[3]] == [True] * 4
    listed = done.json["error"]["problems"]
    assert [(one["file"], one["line"]) for one in listed] == [(str(file), line) for line in (1, 3, 6, 8)]
    assert done.json["error"]["line"] == 1
    assert not runs.exists()


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"flow,rain\n1,2\n3\n", 3, "1 cell, not 2"),
        (b"flow\n1\nnan\n" + b"3\n" * 50, 3, "not a finite number"),
        (b"flow\n1\n\xff\xfe\n", 3, "not UTF-8"),
        (b"", None, "empty"),
        (b"level\n" + b"1\n" * 50, 1, "column"),
    ],
    ids=["ragged", "nan", "encoding", "empty", "column"],
)
def test_wrong_data_is_told_with_its_line(
    lab: Lab, tmp_path: Path, runs: Path, content: bytes, line: int | None, message: str
) -> None:
    data = tmp_path / "river.csv"
    data.write_bytes(content)
    file = tmp_path / "river.toml"
    file.write_text('[dataset]\nplugin = "table"\nfile = "river.csv"\ncolumns = ["flow"]\n[[layers]]\ncell = "gru"\n')
    done = lab("run", file, "--target", "numpy")
    assert done.code == 2
    told = only_line(done.err)
    assert told.startswith(f"Error: {data}:{line}: " if line else f"Error: {data}: ")
    assert message in told
    assert not runs.exists()


def test_a_file_of_two_gigabytes_is_not_read(lab: Lab, tmp_path: Path, runs: Path) -> None:
    huge = tmp_path / "huge.toml"
    with huge.open("wb") as stream:
        stream.truncate(2 * 2**30)
    assert "bytes" in only_line(lab("run", huge).err)
    data = ("run", "airline", "--set", "dataset.plugin=table", "--set", f"dataset.file={huge}")
    done = lab(*data)
    assert done.code == 2
    assert "MiB" in only_line(done.err)
    assert not runs.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "airlin"), "did you mean 'airline'"),
        (("run", "no/such.toml"), "no such experiment file"),
        (("run", "."), "a folder"),
        (("run", "airline", "--set", "layers.0.hiden=3"), "did you mean 'hidden'"),
        (("run", "airline", "--set", "layers.0.hidden"), "KEY=VALUE"),
        (("run", "airline", "--set", "dataset.plugin=table", "--set", "dataset.file=no.csv"), "no such file"),
        (("run", "airline", "--set", "weights.file=no.safetensors"), "no such file of weights"),
        (("run", "airline", "--target", "nump"), "did you mean 'numpy'"),
        (("run", "airline", "--device", "gpu"), "did you mean 'cpu'"),
        (("run", "airline", "--device", "cuda", "--target", "numba"), "contradict"),
        (("run", "airline", "--threads", "0"), "--threads"),
        (("run", "airline", "--sett", "a=1"), "--set"),
        (("run", "--resume", "nothing"), "there are no runs"),
        (("run", "airline", "--resume", "nothing"), "FILE cannot be given"),
        (("evaluate", "nothing"), "there are no runs"),
        (("predict", "nothing", "--steps", "0"), "--steps"),
        (("runs", "show", "nothing"), "there are no runs"),
        (("runs", "list", "--runs", "nowhere"), "no such folder"),
        (("runs", "list", "--csv", "--json"), "contradict"),
        (("plugins", "show", "lsmt"), "did you mean 'lstm'"),
        (("gradcheck", "gruu"), "did you mean 'gru'"),
        (("gradcheck", "gru", "--all"), "contradict"),
        (("source", "gruu", "--target", "numpy"), "did you mean 'gru'"),
        (("source", "gru", "--target", "latx"), "did you mean 'latex'"),
        (("source", "gru", "--target", "numpy", "--set", "rest=after"), "did you mean 'reset'"),
        (("source", "gru"), "--target"),
        (("runn",), "did you mean 'run'"),
        (("runs", "lst"), "list"),
    ],
)
def test_a_wrong_command_line_is_told(lab: Lab, runs: Path, words: tuple[str, ...], message: str) -> None:
    done = lab(*words)
    assert done.code == 2
    line = only_line(done.err)
    assert line.startswith("Error: ")
    assert message.casefold() in line.casefold()
    assert (done.json["error"]["message"] in line) if "--json" in words else not done.out
    assert not runs.exists()


def test_wrong_weights_are_told_with_their_file(lab: Lab, experiment: Path, tmp_path: Path, runs: Path) -> None:
    file = tmp_path / "weights.safetensors"
    for arrays, message in (
        ({"layers.0.W_q": np.zeros((6, 2), np.float32)}, "did you mean 'layers.0.W_"),
        ({"layers.0.W_z": np.zeros((2, 2), np.float32)}, "(2, 2)"),
        ({"output.b": np.full(1, np.nan, np.float32)}, "finite"),
    ):
        save_file(arrays, file)
        done = lab("run", experiment, "--set", f"weights.file={file}", "--target", "numpy")
        assert done.code == 2
        assert str(file) in only_line(done.err)
        assert message in done.err
    file.write_bytes(b"no safetensors")
    assert "cannot be read" in only_line(lab("run", experiment, "--set", f"weights.file={file}").err)
    assert not runs.exists()


def test_a_folder_of_runs_that_cannot_be_is_told(lab: Lab, experiment: Path, tmp_path: Path) -> None:
    table(tmp_path / "taken", [1])
    done = lab("run", experiment, "--runs", tmp_path / "taken", "--target", "numpy")
    assert done.code == 2
    # The run had begun to be computed; what was said on the way is not an error.
    assert [line for line in done.err.splitlines() if line.startswith("Error: ")]
