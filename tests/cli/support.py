"""Commands in this process and in others, and a small experiment for them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.cli.app import main

ROOT = Path(__file__).parents[2]

ADDING = """\
version = 1
name = "Adding, small"
seed = 3

[dataset]
plugin = "adding-problem"
length = 12
train_size = 60
validation_size = 20
test_size = 20

[[layers]]
cell = "gru"
hidden = 6
reset = "after"

[output]
readout = "last"

[training]
learning_rate = 0.01
batch_size = 16
epochs = 3
"""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line of stdout."""
        return json.loads(self.out.splitlines()[-1])


class Lab:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Done:
        self._capsys.readouterr()
        code = main([str(word) for word in words])
        captured = self._capsys.readouterr()
        return Done(code, captured.out, captured.err)

    def trained(self, *words: object) -> Any:
        """The JSON of a run that has to succeed, on the target numpy."""
        done = self("run", *words, "--target", "numpy", "--json")
        assert done.code == 0, done.err
        return done.json


def start(*words: object, **environment: str) -> subprocess.Popen[str]:
    """A command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def ended(process: subprocess.Popen[str], timeout: float = 60) -> Done:
    """Wait for the end of a process."""
    out, err = process.communicate(timeout=timeout)
    return Done(process.returncode, out, err)


def wait_until(
    condition: Callable[[], object], process: subprocess.Popen[str], timeout: float = 60, every: float = 0.005
) -> None:
    """Wait for something that a process does, looking `every` so many seconds; it must not end before."""
    end = time.monotonic() + timeout
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end, "the process did not come so far"
        time.sleep(every)


def checkpoints(runs: Path) -> list[Path]:
    """All checkpoints of a folder of runs."""
    return sorted(runs.glob("*/checkpoint-*.safetensors"))


def stop(process: subprocess.Popen[str], *signals: signal.Signals) -> Done:
    """Send signals, a moment apart, and wait for the end."""
    for one in signals:
        process.send_signal(one)
        time.sleep(0.3)
    return ended(process)


def only_line(text: str) -> str:
    """The one line of a text that must have no other."""
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


def table(file: Path, values: Sequence[float], name: str = "flow") -> Path:
    """A CSV file with one column."""
    file.write_text("\n".join([name, *map(str, values)]) + "\n", encoding="utf-8")
    return file
