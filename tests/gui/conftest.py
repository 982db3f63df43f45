"""The window in tests: drawn offscreen, with settings and runs in a folder of the test, and nothing left running."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from lab.ui.desk import Desk

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


@pytest.fixture
def light(qapp: "QApplication") -> Iterator[None]:
    """The light theme at its normal size, and so again after the test."""
    from lab.ui.theme import theme

    theme.install(qapp)
    theme.use("light")
    yield
    theme.enlarge(1.0)
    theme.use_text_size(1.0)


@pytest.fixture
def make_desk(qapp: object, tmp_path: Path) -> Iterator[Callable[..., "Desk"]]:
    """Make the whole window with a real worker; folders of further plugins may be given."""
    from lab.registry.manager import load_headless
    from lab.resources import plugin_folder
    from lab.ui.desk import Desk
    from lab.ui.settings import Settings

    made: list[Desk] = []

    def make(*plugins: Path) -> Desk:
        manager = load_headless([plugin_folder(), *plugins], entry_points=False)
        desk = Desk(manager, Settings(tmp_path / "settings.toml"), tmp_path / "runs", plugins)
        made.append(desk)
        desk.window.resize(1600, 1000)
        desk.window.show()
        desk.show_gallery()
        desk.start()
        return desk

    yield make
    for desk in made:
        pid = desk.session.worker_pid
        desk.leave()
        assert desk.session.worker_pid is None
        desk.window.deleteLater()
        if pid is not None:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
    if Path("/dev/shm").is_dir():
        assert not list(Path("/dev/shm").glob(f"rnnlab-{os.getpid():x}-*"))
