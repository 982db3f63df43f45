"""The plugins panel: every plugin that could not be used, with its line, and every component with where it is from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from lab.registry.catalog import Catalog, Entry, Failure
from lab.resources import plugin_folder
from lab.ui.theme import bind_theme, dress, ground, theme
from lab.ui.translation import said
from lab.ui.widgets import Elided, Mark, hairline
from lab.ui.words import Text, bind, bind_call

_KINDS: Final = {
    "cell": Text("Cells", "单元"),
    "dataset": Text("Datasets", "数据集"),
    "algorithm": Text("Training methods", "训练方法"),
    "optimizer": Text("Optimizers", "优化器"),
    "schedule": Text("Learning rate schedules", "学习率计划"),
    "loss": Text("Losses", "损失函数"),
    "metric": Text("Metrics", "度量"),
    "probe": Text("Probes", "探针"),
    "view": Text("Views", "视图"),
}
_FAILED: Final = Text("Not loaded", "未能加载")
_NONE: Final = Text("No plugin is loaded.", "没有加载任何插件。")
_SUMMARY: Final = Text("{count} components, {failed} failed", "{count} 个组件，{failed} 个失败")
_VERSION: Final = Text("{place} · version {version}", "{place} · 版本 {version}")
_LINE: Final = Text("{file}, line {line}", "{file}，第 {line} 行")
_OPEN: Final = Text("Open the file", "打开文件")


@final
class PluginsPanel(QWidget):
    """Lists a catalog. A place is a link: `source_asked` has the file and the line, 0 where none is known."""

    source_asked = Signal(str, int)

    def __init__(self, catalog: Catalog | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.summary = Elided()
        self.summary.setContentsMargins(12, 6, 12, 6)
        dress(self.summary, 12, role="muted", tabular=True)
        self._catalog: Catalog | None = None
        self._built = False
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._scroll, 1)
        column.addWidget(hairline())
        column.addWidget(self.summary)
        self.show_catalog(catalog)
        bind_call(self, self._say)

    def show_catalog(self, catalog: Catalog | None) -> None:
        """List another catalog: plugins were loaded anew."""
        self._catalog, self._built = catalog, False
        if self.isVisible():
            self._build()
        self._say()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._build()

    def _build(self) -> None:
        """The page, made when it is seen first: a start of the window need not wait for it."""
        if self._built:
            return
        self._built, catalog = True, self._catalog
        page = QWidget()
        ground(page, "chrome")
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 4, 12, 8)
        column.setSpacing(2)
        if catalog is None or not (catalog.components or catalog.failures):
            column.addWidget(_words(_NONE))
        else:
            self._fill(column, catalog)
        column.addStretch(1)
        self._scroll.setWidget(page)

    def _fill(self, column: QVBoxLayout, catalog: Catalog) -> None:
        if catalog.failures:
            column.addWidget(_heading(_FAILED, "error"))
            for failure in catalog.failures:
                column.addWidget(self._failure(failure))
        kinds = dict.fromkeys(entry.kind for entry in catalog.components)
        for kind in kinds:
            column.addWidget(_heading(_KINDS.get(kind, Text.plain(kind))))
            for entry in catalog.components:
                if entry.kind == kind:
                    column.addWidget(self._entry(entry))

    def _entry(self, entry: Entry) -> QWidget:
        place = Text.plain(short(entry.origin))
        if entry.version:
            place = _VERSION.with_(place=place, version=entry.version)
        return self._row("", Text.of(entry.title, entry.name), [], place, entry.origin, 0)

    def _failure(self, failure: Failure) -> QWidget:
        file = short(failure.file)
        place = Text.plain(file) if failure.line is None else _LINE.with_(file=file, line=failure.line)
        told = [said(text) for text in (failure.message, failure.remedy) if text]
        texts = [Text(one.en[:1].upper() + one.en[1:], one.zh) for one in told]
        return self._row("error", Text.plain(Path(failure.file).name), texts, place, failure.file, failure.line or 0)

    def _row(self, mark: str, name: Text, texts: Sequence[Text], place: Text, file: str, line: int) -> QWidget:
        """A name, what there is to say about it, and where it is from."""
        row = QWidget()
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 2, 0, 4)
        across.setSpacing(6)
        if mark:
            across.addWidget(Mark(mark, "error", 14), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(1)
        across.addLayout(column, 1)
        title = Elided()
        dress(title, 13, 600 if mark else 400)
        bind(title, title.setText, name)
        column.addWidget(title)
        for text in texts:
            label = QLabel()
            bind(label, label.setText, Text(_breakable(text.en), _breakable(text.zh)))
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            dress(label, 12)
            column.addWidget(label)
        column.addWidget(self._link(place, file, line))
        return row

    def _link(self, place: Text, file: str, line: int) -> QLabel:
        link = QLabel()
        link.setTextFormat(Qt.TextFormat.RichText)
        link.setWordWrap(True)
        link.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        there = Path(file).is_file()

        def show() -> None:
            colour = theme.colour("accent" if there and line else "muted").name()
            style = f"color:{colour}; text-decoration:none"
            words = _breakable(str(place))
            url = QUrl.fromLocalFile(file).toString()
            link.setText(f'<a href="{url}" style="{style}">{words}</a>' if there else words)
            link.setToolTip(f"{_OPEN}: {file}" if there else file)

        dress(link, 12, role="muted", tabular=True)
        bind_call(link, show)
        bind_theme(link, show)
        if there:
            link.setTextInteractionFlags(
                Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
            )
            link.linkActivated.connect(lambda _url: self.source_asked.emit(file, line))
        return link

    def _say(self) -> None:
        if self._catalog is None:
            self.summary.setText("")
            return
        count, failed = len(self._catalog.components), len(self._catalog.failures)
        self.summary.setText(str(_SUMMARY.with_(count=count, failed=failed)))


def short(file: str) -> str:
    """A file as people name it: `plugins/cells/lstm.py` for a built-in one, else the last two parts of its path."""
    path = Path(file)
    if path.suffix != ".py":
        return file
    folder = plugin_folder()
    if path.is_relative_to(folder):
        return f"plugins/{path.relative_to(folder).as_posix()}"
    return "/".join(path.parts[-2:])


def _breakable(text: str) -> str:
    """Text in which long paths and names can be broken behind their separators."""
    return text.replace("/", "/\u200b").replace("_", "_\u200b")


def _heading(words: Text, role: str = "text") -> QLabel:
    label = QLabel()
    label.setContentsMargins(0, 10, 0, 2)
    dress(label, 13, 600, role)
    bind(label, label.setText, words)
    return label


def _words(words: Text) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    dress(label, 12, role="muted")
    bind(label, label.setText, words)
    return label
