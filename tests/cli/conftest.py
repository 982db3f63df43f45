"""What the tests of the commands share."""

from pathlib import Path

import pytest

from tests.cli.support import ADDING, Lab


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of runs, which is not there yet."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("RNN_LAB_RUNS", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def lab(runs: Path, capsys: pytest.CaptureFixture[str]) -> Lab:
    """Runs commands in this process."""
    return Lab(capsys)


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """The file of a small experiment."""
    file = tmp_path / "adding.toml"
    file.write_text(ADDING, encoding="utf-8")
    return file
