"""The director: opens the real window, runs experiments in it, and takes pictures when there is something to see."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, final

from PySide6.QtWidgets import QApplication

from lab.resources import resource_folder
from lab.runner.messages import WorkerState
from lab.ui.app import application, make_desk
from lab.ui.desk import Desk
from lab.ui.settings import Settings, follow

PATIENCE: Final = 240.0
"""Seconds that a scene may take to come about."""
LOOKS: Final = (("light", "en"), ("light", "zh"), ("dark", "en"), ("dark", "zh"))
SIZES: Final = ((1600, 1000), (1024, 768))


@final
class Director:
    """One window, with settings and runs of its own in `folder`."""

    def __init__(self, out: Path, folder: Path, say: Callable[[str], None]) -> None:
        self.out = out
        self._say = say
        self.app: QApplication = application()[0]
        self.settings = Settings(folder / "settings.toml")
        follow(self.settings)
        self.desk: Desk = make_desk(self.settings, folder / "runs")
        self.taken: list[Path] = []

    def begin(self) -> None:
        """Show the window."""
        self.desk.window.resize(*SIZES[0])
        self.desk.window.show()
        self.desk.show_gallery()
        self.desk.start()
        self.wait(0.5)

    def wait(self, seconds: float) -> None:
        """Let the window live."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents()
            time.sleep(0.005)

    def until(self, condition: Callable[[], bool]) -> bool:
        """Let the window live until something is so; False where it takes too long."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                return False
            self.wait(0.05)
        return True

    def open(self, name: str, **changes: object) -> None:
        """Open a shipped experiment, with some keys changed, `training__epochs=20`, and wait for what its data tell."""
        self.desk.filing.open_path(resource_folder() / "experiments" / f"{name}.toml")
        for key, value in changes.items():
            self.desk.document.set(key.replace("__", "."), value)
        self.until(lambda: self.desk.stage.spec is self.desk.document.spec)
        self.wait(0.5)

    def run(self, updates: int | None = None) -> None:
        """Press Run, and wait for the end, or for so many updates and then press Pause."""
        self.desk.actions.run.trigger()
        stage = self.desk.stage
        ends = (WorkerState.FINISHED, WorkerState.FAILED, WorkerState.LOST, WorkerState.STOPPED)
        if updates is None:
            self.until(lambda: stage.state in ends)
        else:
            self.until(lambda: stage.state in ends or stage.update >= updates)
            if stage.state not in ends:
                self.desk.actions.run.trigger()
                self.until(lambda: stage.state is WorkerState.PAUSED)
        self.wait(1.5)

    def kill_worker(self) -> None:
        """End the worker from outside, as a lack of memory would."""
        pid = self.desk.session.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: self.desk.stage.state is WorkerState.LOST)
        self.wait(0.5)

    def leave(self) -> None:
        """Go on without what is not saved."""
        self.desk.document.undo_stack.clear()
        self.desk.document.new()

    @contextmanager
    def look(self, theme: str, language: str, size: tuple[int, int]) -> Iterator[None]:
        """A theme, a language and a size of the window."""
        self.settings.set_value("theme", theme)
        self.settings.set_value("language", language)
        self.desk.window.resize(*size)
        self.wait(0.6)
        yield

    def take(self, name: str) -> None:
        """Take a picture of the window as it is."""
        self.wait(0.4)
        path = self.out / f"{name}.png"
        self.desk.window.grab().save(str(path))
        self.taken.append(path)
        self._say(str(path))

    def take_all(self, name: str, *, sizes: tuple[tuple[int, int], ...] = SIZES) -> None:
        """Take a picture in both themes, both languages and all sizes: the same trained window, dressed anew."""
        for theme, language in LOOKS:
            for size in sizes:
                with self.look(theme, language, size):
                    self.take(f"{name}_{theme}_{language}_{size[0]}x{size[1]}")
        with self.look("light", "en", SIZES[0]):
            pass

    def close(self) -> None:
        """End the worker and close the window."""
        self.desk.leave()
        self.desk.close()
