"""The panel of the experiment: a form made from what its parts declare, or its text where no form can be made."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any, Final, final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from lab.errors import ExperimentError
from lab.experiment.problems import EntryError
from lab.registry.catalog import Catalog
from lab.runner.messages import WorkerState
from lab.ui.actions import OPEN
from lab.ui.document import OpenDocument
from lab.ui.forms.checking import explained, name_of
from lab.ui.forms.editors import LineEditor, LinesEditor
from lab.ui.forms.fields import Field, sections
from lab.ui.forms.head import Head
from lab.ui.forms.network import Network
from lab.ui.forms.row import MISSING, Row
from lab.ui.forms.section import Section
from lab.ui.forms.text_page import TextPage
from lab.ui.forms.watching import Watching
from lab.ui.forms.wrong import Remedy, Wrong, WrongList
from lab.ui.labels import label_of
from lab.ui.theme import dress
from lab.ui.translation import spoken
from lab.ui.words import Text, bind, bind_call

_TABLES: Final = {
    "data": ("dataset", "input"),
    "output": ("output",),
    "training": ("training",),
    "rest": ("", "weights"),
}


_DATA: Final = ("dataset", "input")
_REST: Final = ("", "weights")


@final
class ExperimentPanel(QWidget):
    """The left side of the window.

    What can be edited now has a frame. A live key that changes while a network learns, by whatever way, is told by
    `live_edited` with its path and value. `watch_changed` is that of `Watching`.
    """

    live_edited = Signal(str, object)
    watch_changed = Signal(object, int, float)

    def __init__(self, document: OpenDocument, catalog: Catalog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._catalog = catalog
        self._rows: dict[str, Row] = {}
        self._live: dict[str, object] = {}
        self._running = False
        self._run: Text | None = None
        self._dropped: tuple[str, ...] = ()
        self._order: list[Row] = []
        self._build()
        document.opened.connect(self._forget)
        document.changed.connect(self._refresh)
        document.file_changed.connect(self._show_title)
        document.dropped.connect(self._show_dropped)
        document.finishing.connect(self.commit)
        document.refused_changed.connect(self._show_faults)
        document.faults_asked.connect(self._go_to_fault)
        bind_call(self, self._show_title)

    def showEvent(self, event: QShowEvent) -> None:
        """Make the form when it is first seen: the window starts with the gallery in its place."""
        super().showEvent(event)
        if not self._rows:
            self._refresh()

    def follow(self, state: WorkerState) -> None:
        """Frame what can be edited in this state of the worker."""
        running = state in OPEN
        if running != self._running:
            if running:
                self.commit()
            self._running = running
            self._show_editable()

    def show_run(self, run: Text | None) -> None:
        """What the run that is seen is called, under the title: "Run 14"."""
        self._run = run
        self._show_title()

    def use_catalog(self, catalog: Catalog) -> None:
        """Make the form anew from other plugins."""
        self._catalog = catalog
        self._refresh()

    def commit(self) -> None:
        """Take over what is being typed, also while the panel floats and another window is in front."""
        focused = self.window().focusWidget()
        if self._pages.currentWidget() is self.text_page:
            self.text_page.take()
        elif isinstance(focused, LineEditor) and self.isAncestorOf(focused) and focused.isModified():
            focused.committed.emit(focused.text())
        elif isinstance(focused, LinesEditor) and self.isAncestorOf(focused):
            focused.take()

    def row(self, path: str) -> Row | None:
        """The row of a key, if the form has one."""
        return self._rows.get(path)

    def _build(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self.header = Head(self)
        self.as_text = self.header.as_text
        self.as_text.toggled.connect(self._show_page)
        whole.addWidget(self.header)
        self._pages = QStackedWidget(self)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Its room is always kept, so that fields do not become narrower when a section is opened.
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        form = QWidget(self._scroll)
        column = QVBoxLayout(form)
        column.setContentsMargins(12, 0, 2, 12)
        column.setSpacing(0)
        self.wrong = WrongList(form)
        self._data = Section(Text("Data", "数据"), parent=form)
        self._network = Network(form)
        self._training = Section(Text("Training", "训练"), parent=form)
        self.watching = Watching(form)
        self._rest = Section(Text("General", "基本"), opened=False, parent=form)
        for widget in (
            self.wrong,
            self._data,
            self._network.section,
            self._training,
            self.watching.section,
            self._rest,
        ):
            column.addWidget(widget)
        column.addStretch(1)
        self._scroll.setWidget(form)
        self.text_page = TextPage(self._document, self._explained, self)
        self._pages.addWidget(self._scroll)
        self._pages.addWidget(self.text_page)
        whole.addWidget(self._pages, 1)
        self._foot = QLabel(self)
        self._foot.setWordWrap(True)
        self._foot.setContentsMargins(12, 6, 12, 8)
        self._foot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        dress(self._foot, 12, role="muted")
        words = Text("Fields without a frame take effect in the next run.", "没有边框的项在下一次运行时生效。")
        bind(self._foot, self._foot.setText, words)
        whole.addWidget(self._foot)
        self._foot.hide()
        self._network.added.connect(partial(self._try, self._document.add_layer))
        self._network.repeated.connect(lambda index: self._try(lambda: self._document.repeat_layer(index)))
        self._network.moved.connect(lambda index, to: self._try(lambda: self._document.move_layer(index, to)))
        self._network.removed.connect(lambda index: self._try(lambda: self._document.remove(f"layers.{index}")))
        self.watching.changed.connect(self.watch_changed)

    def _sections(self) -> list[Section]:
        network = (self._network.section, *self._network.layers, self._network.output)
        return [self._data, *network, self._training, self.watching.section, self._rest]

    def _show_title(self) -> None:
        self.header.show_document(self._document, self._run)

    def _refresh(self) -> None:
        """Show the document as it is now; rows that stay the same keep their focus and what is typed."""
        document = self._document
        if document.shown is not None:
            fields = sections(document.shown.spec, self._catalog)
            values = document.values
            self._make_rows(fields)
            self._show_values(values)
            self._lay_out(fields)
            self._tell_live(values)
        self._show_wrong()
        self._show_faults()
        self._show_page()
        self._show_editable()

    def _forget(self) -> None:
        """Give up what was typed and refused, and the name of the run: they were of another experiment."""
        self._run = None
        for row in self._rows.values():
            row.forget()
        for section in self._sections():
            section.show_wrong(False)
        self._live = {}
        self._scroll.verticalScrollBar().setValue(0)

    def _make_rows(self, fields: dict[str, list[Field]]) -> None:
        wanted = {field.path: field for group in fields.values() for field in group}
        for path in [path for path, row in self._rows.items() if wanted.get(path) != row.field]:
            row = self._rows.pop(path)
            row.forget()
            row.hide()
            row.setParent(None)
            row.deleteLater()
        for path, field in wanted.items():
            if path not in self._rows:
                self._rows[path] = self._new_row(field)
        self._rows = {path: self._rows[path] for path in wanted}

    def _new_row(self, field: Field) -> Row:
        row = Row(field, self)
        row.edited.connect(partial(self._edit, row))
        row.reset.connect(partial(self._reset, row))
        row.reverted.connect(partial(self._revert, row))
        row.settled.connect(self._document.settle)
        row.refused_changed.connect(self._keep_refused)
        return row

    def _show_values(self, values: Mapping[str, object]) -> None:
        edits = set(self._document.edits())
        for path, row in self._rows.items():
            value, wrong = values.get(path, row.field.default), None
            problem = self._document.problem(path)
            if problem is not None:
                given = self._given(path)
                value = value if given is None else given
                wrong = self._explained(problem)
            original = self._original(path)
            row.show_value(value, wrong=wrong, original=original, changed=path in edits and original is not MISSING)

    def _lay_out(self, fields: dict[str, list[Field]]) -> None:
        layers = [name for name in fields if name.startswith("layers.")]
        self._network.show_layers([self._cell_of(index) for index in range(len(layers))])
        places = {self._data: _DATA, self._network.output: ("output",), self._training: ("training",)}
        places |= {part: (name,) for part, name in zip(self._network.layers, layers, strict=True)}
        places[self._rest] = _REST
        placed = {
            section: [self._rows[field.path] for table in tables for field in fields.get(table, [])]
            for section, tables in places.items()
        }
        for section, rows in placed.items():
            section.show_rows(rows, [self._waits(row) for row in rows])
        rows = [row for one in placed.values() for row in one]
        if rows != self._order:
            self._order = rows
            for before, after in pairwise([self.as_text, *(row.control for row in rows)]):
                QWidget.setTabOrder(before, after)

    def _waits(self, row: Row) -> bool:
        path = row.field.path
        quiet = row.message is None and not self._document.written(path)
        return row.field.rare and quiet and path not in self._document.edits()

    def _tell_live(self, values: Mapping[str, object]) -> None:
        before = self._live
        live = {path: values[path] for path, row in self._rows.items() if row.field.live and path in values}
        self._live = live
        if self._running and self._document.document is not None:
            for path, value in live.items():
                if path in before and before[path] != value and value is not None:
                    self.live_edited.emit(path, value)

    def _show_wrong(self) -> None:
        wrong = [self._wrong(problem) for problem in self._document.problems if problem.path not in self._rows]
        if self._dropped:
            names = [label_of(path).name for path in self._dropped]
            taken = Text(
                "Taken out, as it no longer fits: {names}. Undo brings it back.",
                "不再适用，已删去：{names}。撤销可恢复。",
            )
            listed = Text(", ".join(name.en for name in names), "、".join(name.zh for name in names))
            wrong.append(Wrong(taken.with_(names=listed), "note"))
            self._dropped = ()
        self.wrong.show_wrong(wrong)
        self.text_page.show_document()

    def _explained(self, problem: EntryError) -> Text:
        row = self._rows.get(problem.path)
        return explained(problem, None if row is None else row.field, self._given(problem.path))

    def _wrong(self, problem: EntryError) -> Wrong:
        words = explained(problem, None, None)
        if not problem.unknown_key or not self._document.written(problem.path):
            return Wrong(words)
        path = problem.path
        remedies = [Remedy(Text("Remove", "删除"), lambda: self._try(lambda: self._document.remove(path)))]
        guess = problem.message.rpartition("did you mean ")[2].strip("'?")
        if guess != problem.message.strip("'?"):
            rename = Text("Rename to {name}", "改名为 {name}").with_(name=guess)
            remedies.insert(0, Remedy(rename, lambda: self._try(lambda: self._document.rename(path, guess))))
        return Wrong(words, remedies=tuple(remedies))

    def _show_dropped(self, paths: tuple[str, ...]) -> None:
        self._dropped = paths
        self._show_wrong()

    def _show_page(self) -> None:
        text = self.as_text.isChecked() or self._document.shown is None
        self.as_text.setEnabled(self._document.shown is not None)
        self._pages.setCurrentWidget(self.text_page if text else self._scroll)

    def _show_editable(self) -> None:
        for row in self._rows.values():
            row.show_editable(row.field.live or not self._running)
        self._network.show_editable(not self._running)
        self.text_page.editor.setReadOnly(self._running)
        self._foot.setVisible(self._running)

    def _show_faults(self) -> None:
        """Count what is wrong in the title, and mark the sections that hold it."""
        self._show_title()
        wrong = [row for row in self._rows.values() if row.wrong is not None]
        for section in self._sections():
            section.show_wrong(any(section.isAncestorOf(row) for row in wrong))

    def _keep_refused(self) -> None:
        self._document.keep_refused({row.field.path: why for row in self._order if (why := row.typed) is not None})

    def _go_to_fault(self) -> None:
        """Go to the first fault: its line while the text is seen, else its field, or the list above all fields."""
        problems = self._document.problems
        if problems and self._pages.currentWidget() is self.text_page:
            self.text_page.go_to(problems[0].line or 1)
            return
        self.as_text.setChecked(False)
        row = self._rows.get(self._document.faults[0].path)
        if row is None:
            self._scroll.ensureWidgetVisible(self.wrong)
            return
        for section in self._sections():
            if section.isAncestorOf(row):
                section.open()
                section.more.setChecked(section.more.isChecked() or row.isHidden())
        row.focus()
        self._scroll.ensureWidgetVisible(row)

    def _edit(self, row: Row, value: object, typing: bool) -> None:
        path = row.field.path
        if value is None:
            self._try(lambda: self._document.remove(path), row)
        else:
            self._try(lambda: self._document.set(path, value, typing=typing), row)

    def _reset(self, row: Row) -> None:
        if self._document.written(row.field.path):
            self._try(lambda: self._document.remove(row.field.path), row)

    def _revert(self, row: Row) -> None:
        self._try(lambda: self._document.revert(row.field.path), row)

    def _try(self, change: Callable[[], Any], row: Row | None = None) -> None:
        """Change the document; what is refused is said where it was asked for."""
        try:
            change()
        except ExperimentError as error:
            if row is None:
                self.wrong.show_wrong([Wrong(spoken(error))])
            elif isinstance(error, EntryError):
                row.refuse(explained(error, row.field, None))
            else:
                row.refuse(self._refusal(error, row))

    def _refusal(self, error: ExperimentError, row: Row) -> Text:
        problems: tuple[EntryError, ...] = getattr(error, "problems", ())
        own = next((one for one in problems if one.path == row.field.path), problems[0] if problems else None)
        return spoken(error) if own is None else explained(own, row.field, None)

    def _given(self, path: str) -> object:
        try:
            return self._document.given(path)
        except KeyError:
            return None

    def _original(self, path: str) -> object:
        try:
            return self._document.original(path)
        except KeyError:
            return MISSING

    def _cell_of(self, index: int) -> Text:
        shown = self._document.shown
        row = self._rows.get(f"layers.{index}.cell")
        if shown is None or row is None:
            return Text.plain("")
        return name_of(row.field, shown.spec.layers[index].cell.name)
