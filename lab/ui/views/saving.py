"""Saving from a view: the entries of its menu, the file that is asked for, and the writing beside the window."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from lab.ui.aside import Aside
from lab.ui.words import Text, bind

Take = Callable[[Path], Callable[[], None]]
"""Takes what is shown, and gives what writes it into the file; either may raise."""

LONG: Final = 0.3
"""Seconds of saving after which it is said: what is done sooner would only flicker."""
_SAVES: Final = (
    (
        "png",
        Text("Save picture (PNG)…", "保存图片（PNG）…"),
        Text("As it is on the screen, with twice as many pixels", "与屏幕所见相同，分辨率为两倍"),
    ),
    (
        "svg",
        Text("Save vectors (SVG)…", "保存矢量图（SVG）…"),
        Text("For print, and to be edited: words stay words", "适合印刷和编辑：文字仍是文字"),
    ),
    (
        "csv",
        Text("Save table (CSV)…", "保存表格（CSV）…"),
        Text(
            "The numbers that are drawn, one column for each, for a spreadsheet", "所画的数值，每列一项，供电子表格用"
        ),
    ),
    (
        "npz",
        Text("Save arrays (npz)…", "保存数组（npz）…"),
        Text("The numbers that are drawn, exactly, for numpy.load", "所画的数值，精确无损，供 numpy.load 读取"),
    ),
)


@final
class Saving(QObject):
    """Saves what one view shows, in each of the formats."""

    said = Signal(str)
    """What is being saved, in words, if that takes a while; nothing once it is done."""
    failed = Signal(object)
    """The exception because of which nothing was saved."""

    def __init__(self, title: Text, name: str, take: Take, parent: QWidget) -> None:
        super().__init__(parent)
        self._title, self._name, self._take, self._window = title, name, take, parent
        self._savings: list[tuple[Text, float, Future[None]]] = []
        self._watching = QTimer(self)
        self._watching.setInterval(20)
        self._watching.timeout.connect(self._look_after)

    def fill(self, menu: QMenu) -> None:
        """Add an entry for each format."""
        for ending, words, tip in _SAVES:
            action = QAction(menu)
            bind(action, action.setText, words)
            bind(action, action.setToolTip, tip)
            action.triggered.connect(lambda _=False, ending=ending: self.ask(ending))
            menu.addAction(action)

    def ask(self, ending: str) -> None:
        """Ask for a file, take what is shown, and save it beside the window."""
        chosen, _ = QFileDialog.getSaveFileName(self._window, str(self._title), f"{self._name}.{ending}", f"*.{ending}")
        if not chosen:
            return
        path = Path(chosen)
        path = path if path.suffix else path.with_suffix(f".{ending}")
        try:
            write = self._take(path)
        except Exception as error:  # noqa: BLE001 - the view gives its table, and may raise anything
            self.failed.emit(error)
            return
        aside = Aside("save", daemon=False)
        words = Text("Saving {name}…", "正在保存 {name}…").with_(name=path.name)
        self._savings.append((words, time.monotonic() + LONG, aside.submit(write)))
        aside.end()
        self._watching.start()

    @Slot()
    def _look_after(self) -> None:
        """Say what is still being saved, and what could not be."""
        done = [future for *_, future in self._savings if future.done()]
        self._savings = [one for one in self._savings if one[-1] not in done]
        late = [words for words, when, _ in self._savings if time.monotonic() > when]
        if done or late:
            self.said.emit(str(late[0]) if late else "")
        if not self._savings:
            self._watching.stop()
        for error in [future.exception() for future in done]:
            if error is not None:
                self.failed.emit(error)
