"""Where files are: the shipped ones, inside the package once installed, beside it in a source tree; and the runs."""

import os
from functools import cache
from pathlib import Path
from typing import Final

RUNS_VARIABLE: Final = "RNN_LAB_RUNS"
"""The environment variable that names the folder of runs."""


def runs_folder() -> Path:
    """The folder of runs where nobody names another one."""
    named = os.environ.get(RUNS_VARIABLE, "").strip()
    if named:
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_data_path("rnn-lab", appauthor=False) / "runs"


def resource_folder() -> Path:
    """The folder of data, experiments, help and icons."""
    return _shipped("resources")


def plugin_folder() -> Path:
    """The folder of the built-in plugins."""
    return _shipped("plugins")


@cache
def _shipped(name: str) -> Path:
    package = Path(__file__).resolve().parent
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / name
