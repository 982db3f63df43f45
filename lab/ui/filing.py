"""New, Open, Open recent, Save, Save as: the questions that a person is asked, and the answers carried out."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from lab.errors import ExperimentError, LabError
from lab.runner.messages import Problem
from lab.ui.document import OpenDocument
from lab.ui.words import Text

ENDING: Final = ".toml"
_KINDS: Final = Text("Experiments (*.toml);;All files (*)", "实验 (*.toml);;所有文件 (*)")


@final
class Filing(QObject):
    """The commands of the file menu for one document. Each returns whether it was carried out.

    What is not saved is asked about before it is left. `failed` has a Problem where a file cannot be read or written.
    """

    failed = Signal(object)
    opened = Signal()
    """Another experiment is open now."""

    def __init__(self, document: OpenDocument, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._window = document, window

    def new(self) -> bool:
        """A new experiment in place of the open one."""
        return self._leaving(self._document.new)

    def open(self) -> bool:
        """Ask for a file and open it."""
        self._document.finish()
        folder = str(self._document.path.parent if self._document.path is not None else Path.home())
        title = Text("Open an experiment", "打开实验")
        name, _ = QFileDialog.getOpenFileName(self._window, str(title), folder, str(_KINDS))
        return bool(name) and self.open_path(Path(name))

    def open_path(self, path: Path) -> bool:
        """Open a file, with its errors marked where it has any."""
        return self._leaving(lambda: self._document.open(path))

    def open_text(self, text: str, name: str = "", edited: str | None = None) -> bool:
        """Open a text that has no file (see `OpenDocument.open_text`)."""
        return self._leaving(lambda: self._document.open_text(text, name, edited))

    def save(self) -> bool:
        """Save to the file, or ask for one where there is none."""
        path = self._document.path
        if path is None:
            return self.save_as()
        if self._document.changed_outside and not self._overwrite(path):
            return False
        return self._carried_out(self._document.save)

    def save_as(self) -> bool:
        """Ask for a file and save to it."""
        document = self._document
        document.finish()
        folder = document.path.parent if document.path is not None else Path.home()
        name = document.name or f"experiment{ENDING}"
        title = Text("Save the experiment", "保存实验")
        chosen, _ = QFileDialog.getSaveFileName(self._window, str(title), str(folder / name), str(_KINDS))
        if not chosen:
            return False
        path = Path(chosen)
        if not path.suffix:
            path = path.with_name(path.name + ENDING)
            if os.path.exists(path) and not self._replace(path):
                return False
        return self._carried_out(lambda: document.save(path))

    def may_leave(self) -> bool:
        """Whether the open experiment may be left: it is saved, or a person saves it now or gives it up."""
        self._document.finish()
        if not self._document.dirty:
            return True
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(str(Text("Unsaved changes", "未保存的更改")))
        question = Text("Save the changes to “{name}”?", "保存对“{name}”的更改吗？")
        box.setText(str(question.with_(name=self._document.title)))
        box.setInformativeText(str(Text("They are lost otherwise.", "否则更改将丢失。")))
        save = box.addButton(str(Text("Save", "保存")), QMessageBox.ButtonRole.AcceptRole)
        give_up = box.addButton(str(Text("Do not save", "不保存")), QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton(str(Text("Cancel", "取消")), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(save)
        box.setEscapeButton(cancel)
        box.exec()
        answer = box.clickedButton()
        box.deleteLater()
        return answer is give_up or (answer is save and self.save())

    def fill_recent(self, menu: QMenu) -> None:
        """Fill a menu with the files opened last. Connect it to `aboutToShow`."""
        menu.clear()
        files = self._document.recent()
        for number, path in enumerate(files, 1):
            action = menu.addAction(f"&{number % 10}  {path.name}")
            action.setToolTip(str(path))
            action.setStatusTip(str(path))
            action.triggered.connect(partial(self._open_recent, path))
        if not files:
            menu.addAction(str(Text("No file yet", "还没有文件"))).setEnabled(False)
        menu.setToolTipsVisible(True)

    def _open_recent(self, path: Path, _checked: bool = False) -> None:
        self.open_path(path)

    def _leaving(self, enter: Callable[[], None]) -> bool:
        if self.may_leave() and self._carried_out(enter):
            self.opened.emit()
            return True
        return False

    def _carried_out(self, work: Callable[[], None]) -> bool:
        try:
            work()
        except ExperimentError as error:
            self.failed.emit(problem_of(error))
            return False
        return True

    def _overwrite(self, path: Path) -> bool:
        words = Text(
            "Another program has changed “{name}” since it was opened. Write over it?",
            "打开之后，另一个程序修改了“{name}”。要覆盖吗？",
        )
        return self._agreed(words.with_(name=path.name))

    def _replace(self, path: Path) -> bool:
        words = Text("There is a file “{name}” already. Write over it?", "已有文件“{name}”。要覆盖吗？")
        return self._agreed(words.with_(name=path.name))

    def _agreed(self, words: Text) -> bool:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setText(str(words))
        over = box.addButton(str(Text("Write over it", "覆盖")), QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton(str(Text("Cancel", "取消")), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)
        box.exec()
        answer = box.clickedButton()
        box.deleteLater()
        return answer is over


def problem_of(error: LabError) -> Problem:
    """An error for the one channel of problems."""
    # A key, as at the beginning of "layers.0.hidden is missing", keeps its small letter.
    key = "." in error.message.partition(" ")[0]
    message = error.message if key else error.message[:1].upper() + error.message[1:]
    return Problem(level="error", message=message, remedy=error.remedy or "", file=error.file or "", line=error.line)
