"""What sets runs apart: the keys in which their experiments differ, side by side, and what each run reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Slot
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from lab.errors import LabError
from lab.experiment.facts import facts
from lab.experiment.file import read_text
from lab.experiment.runs import Run
from lab.experiment.write import text_of
from lab.registry.catalog import Catalog
from lab.ui.labels import choice_of, label_of
from lab.ui.panels.run_words import duration, number, title
from lab.ui.theme import bind_theme, dress, theme
from lab.ui.words import Text, bind, bind_call, language

_FEW: Final = Text("Tick two or more runs to see in what they differ.", "勾选两个或更多运行，查看它们的差异。")
_SAME: Final = Text(
    "These experiments are the same; only the results may differ.", "这些实验完全相同，只有结果可能不同。"
)
_NAME: Final = Text("Differences of the compared runs", "所比较运行的差异")
_LAYER: Final = Text("Layer {n}: {name}", "第 {n} 层：{name}")
_RESULTS: Final[Mapping[str, Text]] = {
    "validation.loss": Text("Validation loss", "验证损失"),
    "test.loss": Text("Test loss", "测试损失"),
    "epochs": Text("Epochs trained", "已训练轮数"),
    "updates": Text("Updates", "更新次数"),
    "seconds": Text("Time", "用时"),
}
_LEFT_OUT: Final = ("name", "name_zh")
_SWATCH: Final = 10
_BAR: Final = 12
"""Room for the scroll bar."""
_LEAST: Final = 84
"""Pixels of the narrowest column of a run."""
_COMPONENTS: Final = {
    "plugin": "dataset", "cell": "cell", "loss": "loss", "algorithm": "algorithm", "optimizer": "optimizer",
    "schedule": "schedule",
}  # fmt: skip
"""The keys that name a component, and its kind."""

Index = QModelIndex | QPersistentModelIndex
_ROOT: Final = QModelIndex()


@final
@dataclass(frozen=True, slots=True)
class Compared:
    """One run that is compared: what is known of it, the text of its experiment, and the number of its colour."""

    run: Run
    experiment: str
    series: int


@final
@dataclass(frozen=True, slots=True)
class Difference:
    """One row: a key, what it is called, and its value in each run, None where a run does not have it."""

    key: str
    name: Text
    values: tuple[Any, ...]


def differences(runs: Sequence[Compared], catalog: Catalog | None) -> list[Difference]:
    """The keys whose values are not the same in all runs, in the order of the file.

    With a catalog the values that a file left out are filled in, so that a default is no difference.
    """
    known = [_complete(one.experiment, catalog) for one in runs]
    keys = list(dict.fromkeys(key for one in known for key in one if key not in _LEFT_OUT))
    rows = [Difference(key, _called(key), tuple(one.get(key) for one in known)) for key in keys]
    return [row for row in rows if any(value != row.values[0] for value in row.values[1:])]


def results(runs: Sequence[Compared]) -> list[Difference]:
    """What the runs reached: their losses, their own metric, and what it took."""
    known = [
        {**one.run.metrics, **{name: getattr(one.run, name) for name in ("epochs", "updates", "seconds")}}
        for one in runs
    ]
    own = dict.fromkeys(
        name for one in runs for name in one.run.metrics if name.startswith("test.") and name not in _RESULTS
    )
    names = {**{name: Text.plain(_metric(name)) for name in own}, **_RESULTS}
    rows = [Difference(key, name, tuple(one.get(key) for one in known)) for key, name in names.items()]
    return [row for row in rows if any(value is not None for value in row.values)]


@final
class DifferencesPanel(QWidget):
    """A table of what `differences` and `results` find, a column for each run, in its colour."""

    def __init__(self, catalog: Catalog | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.catalog = catalog
        self.model = _Table(self)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setContentsMargins(12, 10, 12, 8)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        dress(self.message, 12, role="muted")
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.setStyleSheet(
            "QTableView { background: transparent; } QTableView::item { padding: 0 2px 0 8px; }"
            "QAbstractScrollArea::corner { background: transparent; }"
        )
        self.table.viewport().setAutoFillBackground(False)
        bind(self.table, self.table.setAccessibleName, _NAME)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message)
        column.addWidget(self.table, 1)
        self._runs: Sequence[Compared] = ()
        self.same = True
        """True where the experiments do not differ."""
        bind_call(self, self._say)
        bind_theme(self, self._size)

    def show_runs(self, runs: Sequence[Compared]) -> None:
        """Compare these runs; fewer than two show how to choose some."""
        self._runs = tuple(runs)
        found = differences(runs, self.catalog) if len(runs) > 1 else []
        self.model.fill(self._runs, found, results(runs) if len(runs) > 1 else [], self.catalog)
        self.same = not found
        self._say()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._widen()

    def _widen(self) -> None:
        """The names as wide as they are, and the runs share what is left, if that is enough to read them."""
        count = len(self._runs)
        if count < 2:
            return
        names = min(self.table.sizeHintForColumn(0) + 10, round(0.45 * self.width()))
        self.table.setColumnWidth(0, names)
        room = self.width() - names - _BAR
        for column in range(1, count + 1):
            self.table.setColumnWidth(column, max(theme.px(_LEAST), room // count))

    def _say(self) -> None:
        few = len(self._runs) < 2
        self.message.setText(str(_FEW if few else _SAME))
        self.message.setVisible(few or self.same)
        self.table.setVisible(not few)
        self.model.translate()
        self._widen()

    def _size(self) -> None:
        self.table.verticalHeader().setDefaultSectionSize(theme.px(26))
        self.table.setFont(theme.font(12, tabular=True))
        self.table.setIconSize(QSize(_SWATCH, _SWATCH))
        self.model.translate()
        self._widen()


@final
class _Table(QAbstractTableModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._runs: Sequence[Compared] = ()
        self._rows: list[Difference] = []
        self._catalog: Catalog | None = None

    def fill(
        self,
        runs: Sequence[Compared],
        found: list[Difference],
        reached: list[Difference],
        catalog: Catalog | None,
    ) -> None:
        """Other runs, other rows."""
        self.beginResetModel()
        self._runs, self._rows, self._catalog = runs, [*found, *reached], catalog
        self.endResetModel()

    @Slot()
    def translate(self) -> None:
        """The same in another language or theme."""
        if self._rows:
            last = self.index(len(self._rows) - 1, len(self._runs))
            self.dataChanged.emit(self.index(0, 0), last)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._runs))

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 1 + len(self._runs)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.colour("muted" if not index.column() else "text")
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.key}\n{self._shown(row, index.column())}"
        if role == Qt.ItemDataRole.DisplayRole:
            return self._shown(row, index.column())
        return None

    def _shown(self, row: Difference, column: int) -> str:
        return _shown(row, column - 1, self._catalog) if column else str(row.name)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 < section <= len(self._runs):
            return "" if role == Qt.ItemDataRole.DisplayRole else None
        one = self._runs[section - 1]
        if role == Qt.ItemDataRole.FontRole:
            # Not the font of the header: below a widget with a style sheet of its own Qt paints it in the one before.
            return theme.font(12, tabular=True)
        if role == Qt.ItemDataRole.DisplayRole:
            return str(one.run.number)
        if role == Qt.ItemDataRole.ToolTipRole:
            return title(one.run)
        if role == Qt.ItemDataRole.DecorationRole and one.series:
            swatch = QPixmap(_SWATCH, _SWATCH)
            swatch.fill(theme.colour(f"series{one.series}"))
            return swatch
        return None


def _complete(text: str, catalog: Catalog | None) -> dict[str, Any]:
    if catalog is not None:
        try:
            return facts(text_of(read_text(text, catalog).spec))
        except LabError:
            pass  # a run of a plugin that is not there any more: what its file says is all that is known
    return facts(text)


def _called(key: str) -> Text:
    parts = key.split(".")
    name = label_of(key).name
    if parts[0] == "layers" and len(parts) > 2 and parts[1] != "0":
        return _LAYER.with_(n=int(parts[1]) + 1, name=name)
    return name


def _metric(name: str) -> str:
    words = name.removeprefix("test.").replace("_", " ")
    return words.upper() if len(words) <= 4 else words[:1].upper() + words[1:]


def _shown(row: Difference, column: int, catalog: Catalog | None) -> str:
    value = row.values[column]
    if value is None:
        return "–"
    if row.key == "seconds":
        return str(duration(value))
    if isinstance(value, bool):
        return str(Text("yes", "是") if value else Text("no", "否"))
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        exact = row.key in _RESULTS or row.key.startswith("test.")
        return number(value) if exact else f"{value:g}".replace("-", "−")
    kind = _COMPONENTS.get(row.key.rpartition(".")[2])
    if kind and catalog is not None and value in catalog.names(kind):
        return str(Text.of(catalog.entry(kind, value).title, value))
    return str(choice_of(value)) if language.code == "zh" else str(value)
