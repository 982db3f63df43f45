"""File → Own data: from a CSV file or a text to an experiment that reads it."""

from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from lab.errors import DataError, LabError
from lab.registry.catalog import Catalog
from lab.ui.aside import Aside
from lab.ui.data_settings import check, described, settings_of
from lab.ui.datafile import Look, Task, beginning, experiment_text, in_words, look
from lab.ui.forms.editors import LineEditor
from lab.ui.forms.row import DOT_WIDTH, MISSING, Row
from lab.ui.preview import ColumnList, Preview
from lab.ui.theme import dress, ground, theme
from lab.ui.translation import spoken
from lab.ui.widgets import Mark, Segments
from lab.ui.words import Text, bind, bind_call

_TASKS: Final[tuple[Task, ...]] = ("table", "characters")
_LONG: Final = 15
"""Looks at a check after which it is said that it takes a while: 0.3 s."""
_MARKED: Final = Text("Correct the value that is marked.", "请改正标出的值。")


@final
class OwnData(QDialog):
    """Shows a file, asks what is to be learned from it, and makes the experiment. `made` has its text and its name.

    Files are read in another thread, and what would be learned from them is made ready there, so that a large one does
    not stop the window. The experiment can be made once that has been possible. A window that is closed is gone, and
    what it has read.
    """

    made = Signal(str, str)

    def __init__(self, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._catalog = catalog
        self._look: Look | None = None
        self._task: Task | None = None
        self._values: dict[str, object] = {}
        self._rows: dict[str, Row] = {}
        self._reader = Aside("own data", daemon=True)  # who quits does not wait for what is being read
        self._reading: Future[Look] | None = None
        self._checking: Future[None] | None = None
        self._wanted = False
        """Whether the experiment is to be made as soon as it is checked."""
        self._polls = 0
        self._found, self._fine = Text.plain(""), "good"
        self._text = ""
        self._said, self._level = Text.plain(""), "note"
        self._timer = QTimer(self)
        self._timer.setInterval(20)
        self._timer.timeout.connect(self._poll)
        self._build()
        self._show_look()

    def open_file(self, file: str, task: Task | None = None) -> None:
        """Look into a file, as what it seems to be or as a `task` says."""
        self.file.show_text(file)
        self._task = task
        self._drop_reading()
        self._drop_check()
        self._reading = self._reader.submit(partial(look, file, task))
        self._say(Text("Reading…", "正在读取…"), "note")
        self._create.setEnabled(False)
        self._timer.start()

    @property
    def busy(self) -> bool:
        """Whether a file is being read or checked."""
        return self._reading is not None or self._checking is not None

    @property
    def message(self) -> Text:
        """What is said of the file at the moment."""
        return self._said

    def row(self, name: str) -> Row | None:
        """The row of a setting, if it is asked for now."""
        return self._rows.get(name)

    def make(self) -> None:
        """Make the experiment, as soon as it is known that it can be run."""
        if self._look is None or self._reading is not None:
            return
        for row in self._rows.values():
            if isinstance(row.control, LineEditor) and row.control.isModified():
                row.control.committed.emit(row.control.text())
        self._wanted = self._create.isEnabled()
        if self._wanted and self._checking is None:
            self.made.emit(self._text, f"{Path(self._look.file).stem}.toml")
            self.accept()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave what is being read."""
        self._end()
        super().closeEvent(event)

    def done(self, result: int) -> None:
        """Close the window."""
        self._end()
        super().done(result)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file may be dropped anywhere."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look into it."""
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            self.open_file(files[0])

    def _end(self) -> None:
        self._timer.stop()
        self._drop_reading()
        self._drop_check()
        self._reader.end()
        self._look = None

    def _build(self) -> None:
        self.setAcceptDrops(True)
        ground(self, "chrome")
        room = self.screen().availableGeometry()
        self.resize(min(theme.px(880), room.width() - 40), min(theme.px(560), room.height() - 60))
        bind(self, self.setWindowTitle, Text("Own data", "自己的数据"))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(10)
        whole.addLayout(self._file_line())
        said = QHBoxLayout()
        said.setSpacing(6)
        self._mark = Mark("", parent=self)
        said.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        said.addWidget(self._label, 1)
        whole.addLayout(said)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        self.preview = Preview(self)
        middle.addWidget(self.preview, 1)
        middle.addWidget(self._side())
        whole.addLayout(middle, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        cancel, self._create = QPushButton(self), QPushButton(self)
        self._create.setProperty("primary", True)
        self._create.setDefault(True)
        cancel.setAutoDefault(False)
        bind(cancel, cancel.setText, Text("Cancel", "取消"))
        bind(cancel, cancel.setToolTip, Text("Close without making an experiment (Esc)", "关闭，不创建实验（Esc）"))
        bind(self._create, self._create.setText, Text("Make the experiment", "创建实验"))
        bind(
            self._create,
            self._create.setToolTip,
            Text("Open an experiment that reads this file", "打开读取此文件的实验"),
        )
        cancel.clicked.connect(self.reject)
        self._create.clicked.connect(self.make)
        buttons.addWidget(cancel)
        buttons.addWidget(self._create)
        whole.addLayout(buttons)
        bind_call(self, self._speak)

    def _file_line(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        label = QLabel(self)
        bind(label, label.setText, Text("File", "文件"))
        self.file = LineEditor(self)
        self.file.setFixedHeight(theme.px(28))
        bind(self.file, self.file.setAccessibleName, Text("File of data", "数据文件"))
        bind(self.file, self.file.setToolTip, Text("Type a path, or drop a file here", "输入路径，或把文件拖到这里"))
        bind(self.file, self.file.setPlaceholderText, Text("A CSV file or a text, in UTF-8", "CSV 文件或文本（UTF-8）"))
        self.file.committed.connect(self._commit_file)
        label.setBuddy(self.file)
        choose = QPushButton(self)
        choose.setAutoDefault(False)
        bind(choose, choose.setText, Text("Choose…", "选择…"))
        bind(choose, choose.setToolTip, Text("Choose a file of data", "选择数据文件"))
        choose.clicked.connect(self._choose_file)
        line.addWidget(label)
        line.addWidget(self.file, 1)
        line.addWidget(choose)
        return line

    def _side(self) -> QWidget:
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedWidth(theme.px(300))
        inside = QWidget(area)
        self._form = QVBoxLayout(inside)
        self._form.setContentsMargins(0, 0, 4, 0)
        self._form.setSpacing(2)
        self._add_heading(Text("What is to be predicted", "要预测什么"))
        self.task = Segments((Text("A column", "一列数值"), Text("The next character", "下一个字符")), parent=self)
        self.task.chosen.connect(self._choose_task)
        tasks = QHBoxLayout()
        tasks.setContentsMargins(6, 0, 0, 0)
        tasks.addWidget(self.task)
        tasks.addStretch(1)
        self._form.addLayout(tasks)
        self._columns_heading = self._add_heading(Text("Columns to read", "读入的列"))
        self.columns = ColumnList(self)
        self.columns.setFixedHeight(theme.px(112))
        self.columns.chosen.connect(self._describe)
        listed = QHBoxLayout()
        listed.setContentsMargins(DOT_WIDTH, 0, 0, 0)
        listed.addWidget(self.columns)
        self._form.addLayout(listed)
        self._settings = QVBoxLayout()
        self._settings.setSpacing(0)
        self._form.addSpacing(6)
        self._form.addLayout(self._settings)
        self._form.addStretch(1)
        area.setWidget(inside)
        return area

    def _add_heading(self, words: Text) -> QLabel:
        label = QLabel(self)
        dress(label, 13, 600)
        label.setContentsMargins(DOT_WIDTH, 6, 0, 2)
        bind(label, label.setText, words)
        self._form.addWidget(label)
        return label

    def _commit_file(self, file: str) -> None:
        if file.strip():
            self.open_file(file.strip(), None)

    def _choose_file(self) -> None:
        title = Text("Choose a file of data", "选择数据文件")
        kinds = Text(
            "Tables and texts (*.csv *.tsv *.txt);;All files (*)", "表格与文本 (*.csv *.tsv *.txt);;所有文件 (*)"
        )
        folder = str(Path(self.file.text()).parent) if self.file.text() else ""
        name, _ = QFileDialog.getOpenFileName(self, str(title), folder, str(kinds))
        if name:
            self.open_file(name)

    def _choose_task(self, index: int) -> None:
        if self.file.text():
            self.open_file(self.file.text(), _TASKS[index])

    def _poll(self) -> None:
        if self._reading is not None and self._reading.done():
            reading, self._reading = self._reading, None
            self._timer.stop()
            try:
                self._look = reading.result()
            except DataError as error:
                self._look = None
                self._show_look()
                self.preview.show_beginning(beginning(self.file.text()))
                self._say(in_words(error), "error")
            else:
                self._show_look()
        elif self._checking is not None and self._checking.done():
            checking, self._checking = self._checking, None
            self._timer.stop()
            try:
                checking.result()
            except LabError as error:
                self._refuse(in_words(error) if isinstance(error, DataError) else spoken(error))
            else:
                self._create.setEnabled(True)
                self._say(self._found, self._fine)
                if self._wanted:
                    self.make()
        elif self._checking is not None:
            self._polls += 1
            if self._polls == _LONG:
                checking_now = Text("{found} Checking the data…", "{found}正在检查数据…")
                self._say(checking_now.with_(found=self._found), "note")

    def _show_look(self) -> None:
        look = self._look
        table = look is not None and look.task == "table"
        self.preview.show_look(look)
        if look is not None:
            self.task.choose(_TASKS.index(look.task))
        elif self._task is not None:
            self.task.choose(_TASKS.index(self._task))
        self.columns.show_columns(look.columns if look is not None else ())
        self.columns.setVisible(table)
        self._columns_heading.setVisible(table)
        self._create.setEnabled(False)
        self._make_rows()
        self._describe()

    def _make_rows(self) -> None:
        for row in self._rows.values():
            row.hide()
            row.deleteLater()
        self._rows, self._values = {}, {}
        if self._look is None:
            return
        try:
            fields = settings_of(self._look, self._catalog)
        except LabError as error:
            self._say(spoken(error), "error")
            return
        for field in fields:
            name = field.path.rpartition(".")[2]
            row = self._rows[name] = Row(field, self)
            row.dot.hide()
            row.edited.connect(partial(self._edit, name))
            row.reset.connect(partial(self._edit, name, field.default, False))
            row.refused_changed.connect(self._describe)
            self._settings.addWidget(row)
            self._show_setting(name, field.default)

    def _edit(self, name: str, value: object, typing: bool) -> None:
        self._show_setting(name, value)
        self._describe()

    def _show_setting(self, name: str, value: object) -> None:
        self._values[name] = value
        self._rows[name].show_value(value, wrong=None, original=MISSING, changed=False)

    def _describe(self) -> None:
        """Say what was found, and find out whether it can be learned from; or why it cannot."""
        look = self._look
        self._drop_check()
        if look is None:
            self._say(
                Text(
                    "Choose a file: a CSV with columns of numbers, or any text.",
                    "请选择文件：含数值列的 CSV，或任意文本。",
                ),
                "note",
            )
            return
        words, level = described(look, self.columns.ticked(), self._values)
        if any(row.refused is not None for row in self._rows.values()):
            self._refuse(_MARKED)
        elif level == "error":
            self._refuse(words)
        else:
            self._found, self._fine = words, level
            self._check(look)

    def _check(self, look: Look) -> None:
        settings = dict(self._values)
        encoding = str(settings.pop("encoding", "one-hot"))
        if look.task == "table":
            settings["columns"] = self.columns.ticked()
        self._text = experiment_text(look, settings, encoding)
        self._polls = 0
        self._checking = self._reader.submit(partial(check, self._text, self._catalog))
        self._say(self._found, "note")
        self._timer.start()

    def _drop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._reading = None

    def _drop_check(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
        self._checking, self._wanted = None, False

    def _refuse(self, why: Text) -> None:
        self._wanted = False
        self._create.setEnabled(False)
        self._say(why, "error")

    def _say(self, words: Text, level: str) -> None:
        self._said, self._level = words, level
        self._speak()

    def _speak(self) -> None:
        self._label.setText(str(self._said))
        dress(self._label, 13, role="error" if self._level == "error" else "text")
        self._mark.show_mark(self._level, "muted" if self._level == "note" else self._level)
