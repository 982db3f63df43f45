"""The window in tests: drawn offscreen, with settings and runs in a folder of the test, and nothing left running."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    from PySide6.QtCore import QCoreApplication, QEvent

    from lab.ui.words import language

    yield
    # Without an event loop Qt keeps what was deleted later: each test would restyle the windows of all before it.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    language.use("en")
