"""What every test runs under: no file of the person running them is read or written, and examples are repeatable."""

from pathlib import Path

import pytest
from hypothesis import settings

# Compiling a function inside an example takes longer than any deadline that would catch a slow example.
settings.register_profile("lab", derandomize=True, deadline=None, max_examples=30)
settings.load_profile("lab")


@pytest.fixture(autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Own data, settings and state folders, without the user's plugins and runs."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    monkeypatch.delenv("LAB_PLUGIN_PATH", raising=False)
    return home
