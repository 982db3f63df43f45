"""The runs of a folder as a list for a view: newest first, filtered, with ticks for those that are compared."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from lab.errors import StoreBusyError, StoreError
from lab.experiment.database import FILE
from lab.experiment.query import Query, text_of
from lab.experiment.runs import Run
from lab.experiment.store import Store
from lab.runner.waiting import kept
from lab.ui.panels.run_words import summary, title

RUN: Final = int(Qt.ItemDataRole.UserRole)
CURVE: Final = RUN + 1
SERIES: Final = RUN + 2
CURRENT: Final = RUN + 3
CURRENT_SERIES: Final = 2
"""The colour of the run on the stage; those compared with it get the next ones."""
_COMPARED: Final = (3, 4, 5, 6, 7, 8)
PATIENCE: Final = 0.1
"""Seconds that the window waits for other processes that use the store: it must not stand still."""
_ASKED: Final = 0.5
"""Seconds for what a person asked for."""
MOST: Final = len(_COMPARED)
"""Runs that can be compared with the one on the stage."""
_LAST: Final = 2.0
"""Seconds for what is to be deleted when the window closes."""
_POINTS: Final = 40
_CURVES: Final = ("validation.loss", "train.loss")
_ACTIVE: Final = ("created", "running", "paused")

Index = QModelIndex | QPersistentModelIndex
_ROOT: Final = QModelIndex()
T = TypeVar("T")


@final
class RunModel(QAbstractListModel):
    """Lists runs; curves are read when they are seen. Nothing is lost or half done where the store cannot be used."""

    failed = Signal(object)
    """A StoreError: runs cannot be read. Once, until they can be again."""
    refused = Signal(object)
    """A StoreError: what was asked for cannot be done now."""
    ticked = Signal()
    full = Signal()
    """More runs were to be compared than can be."""

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.current: str | None = None
        self.compared: list[str] = []
        self.trash: list[str] = []
        """Runs that were discarded here, and are deleted for good when the panel is closed."""
        self._store: Store | None = None
        self._unread = ""
        """Why runs cannot be read, as it was told; empty where they can."""
        self._version = (-1, -1)
        self._all: dict[str, Run] = {}
        self._searched: dict[str, str] = {}
        self._curves: dict[str, tuple[int, list[float]]] = {}
        self._shown: list[str] = []
        self._query = Query.read("")

    def close(self) -> None:
        """Let go of the database."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def total(self) -> int:
        """How many runs there are, filtered or not."""
        return len(self._all)

    def run(self, run: str) -> Run | None:
        """A run by its id."""
        return self._all.get(run)

    def shown(self) -> list[str]:
        """The ids in the list, from above."""
        return list(self._shown)

    def reload(self) -> None:
        """Read all runs anew."""
        found = self.attempt(lambda store: store.runs())
        if found is not None:
            self._all = {run.id: run for run in found}
            self._searched.clear()
            self._filter()

    def refresh(self) -> None:
        """Read what may have changed since: runs that go on, new ones, and those deleted by others.

        Costs next to nothing where nothing has. A run whose process has died is interrupted, though nobody wrote it.
        """
        version = self.attempt(lambda store: store.version())
        if version is None:
            return
        if not self._all:
            self.reload()
            self._version = (-1, -1) if self._unread else version
            return
        active = {run.id for run in self._all.values() if run.state in _ACTIVE}
        if version == self._version:
            known = self.attempt(lambda store: store.known(active)) if active else []
            self._add([run for run in known or () if run != self._all[run.id]])
            return

        def ask(store: Store) -> tuple[set[str], list[Run]]:
            there = store.ids()
            return there, store.known(active & there | there - self._all.keys())

        found = self.attempt(ask)
        if found is None:
            return
        self._version = version
        there, changed = found
        self._drop([run for run in self._all if run not in there])
        self._add(changed)

    def filter(self, text: str) -> None:
        """Show only the runs that a query means."""
        query = Query.read(text)
        if query != self._query:
            self._query = query
            self._filter()

    def look_at(self, run: str | None) -> None:
        """Another run is on the stage."""
        before, self.current = self.current, run
        if run is not None:
            self._read(run)
        self._repaint(one for one in (before, run) if one)

    def tick(self, run: str, on: bool) -> None:
        """Compare a run, or no more."""
        self.tick_all([run], on)

    def tick_all(self, runs: Sequence[str], on: bool) -> None:
        """Compare runs, or no more: told once. Of more than can be compared the first ones are."""
        before, chosen = set(self.compared), set(runs)
        if on:
            wanted = [*self.compared, *(run for run in runs if run not in before)]
        else:
            wanted = [run for run in self.compared if run not in chosen]
        self.compared = wanted[:MOST]
        if before ^ set(self.compared):
            self._repaint(before | set(self.compared))
            self.ticked.emit()
        if len(wanted) > MOST:
            self.full.emit()

    def number_of(self, run: str | None) -> int | None:
        """The number of a run, by which people know it; None of one that is not in the store."""
        found = None if run is None else self._all.get(run)
        return None if found is None else found.number

    def series_of(self, run: str) -> int:
        """The colour of a run that is seen, 0 of any other."""
        if run == self.current:
            return CURRENT_SERIES
        return _COMPARED[self.compared.index(run)] if run in self.compared else 0

    def change(self, run: str, *, name: str | None = None, note: str | None = None) -> bool:
        """Rename a run, or write a note to it; False where the store refuses."""

        def change(store: Store) -> None:
            store.change(run, name=name, note=note)

        done = self._carry_out(change)
        if done:
            self._read(run)
            self._repaint([run])
        return done

    def discard(self, runs: Sequence[str]) -> list[str] | None:
        """Take runs out of the list; returns those that could be: not one that is running. None: the store refuses."""
        gone: list[str] = []

        def discard(store: Store) -> None:
            gone.extend(store.discard(runs))

        if not self._carry_out(discard):
            return None
        self.trash += gone
        self._drop(gone)
        return gone

    def restore(self, runs: Sequence[str]) -> bool:
        """Put discarded runs back; False where the store refuses."""
        if not self._carry_out(lambda store: store.restore(runs)):
            return False
        self.trash = [run for run in self.trash if run not in runs]
        self._add(self.attempt(lambda store: store.known(runs)) or [])
        return True

    def empty_trash(self) -> None:
        """Delete what was discarded, for good. What cannot be deleted now is so when a later window is closed."""
        if self._carry_out(lambda store: store.purge(self.trash), _LAST):
            self.trash = []

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() else flags

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        run = self._all[self._shown[index.row()]]
        if role == RUN:
            return run
        if role == CURVE:
            return self._curve(run)
        if role == SERIES:
            return self.series_of(run.id)
        if role == CURRENT:
            return run.id == self.current
        if role == Qt.ItemDataRole.DisplayRole:
            return title(run)
        if role == Qt.ItemDataRole.EditRole:
            return run.name
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if self.series_of(run.id) else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(part for part in (title(run), str(summary(run)), run.error or "", run.note) if part)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{title(run)}, {summary(run)}"
        return None

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        run = self._shown[index.row()]
        if role == Qt.ItemDataRole.EditRole:
            name = " ".join(str(value).split())
            return bool(name) and (name == self._all[run].name or self.change(run, name=name))
        if role == Qt.ItemDataRole.CheckStateRole and run != self.current:
            self.tick(run, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        return False

    def attempt(self, ask: Callable[[Store], T]) -> T | None:
        """Ask the store; None where there is none yet, or where it cannot answer."""
        try:
            store = self._opened()
            found = None if store is None else ask(store)
        except StoreError as error:
            if str(error) != self._unread:
                self._unread = str(error)
                self.failed.emit(error)
            return None
        self._unread = ""
        return found

    def _carry_out(self, work: Callable[[Store], None], seconds: float = _ASKED) -> bool:
        """Do what was asked for; another process that writes is waited for, so long."""
        try:
            store = self._opened()
            if store is not None:
                kept(lambda: work(store), lambda _error, waited: waited < seconds, StoreBusyError)
        except StoreError as error:
            self.refused.emit(error)
            return False
        return store is not None

    def _opened(self) -> Store | None:
        """The store; None where there is none yet."""
        if self._store is None and (self.folder / FILE).exists():
            self._store = Store(self.folder, create=False, patience=PATIENCE)
        return self._store

    def _read(self, run: str) -> None:
        self._add(self.attempt(lambda store: store.known([run])) or [])

    def _add(self, runs: Sequence[Run]) -> None:
        """What was read of runs. New ones stand above all others, and the selection stays where it is."""
        last = max((run.number for run in self._all.values()), default=0)
        new = [run for run in runs if run.id not in self._all]
        for run in runs:
            self._all[run.id] = run
            self._searched.pop(run.id, None)
        if any(run.number < last for run in new):  # they were discarded, and are brought back to their places
            self._filter()
            return
        wanted = [run.id for run in sorted(new, key=lambda run: -run.number) if self._query.holds(run)]
        if wanted:
            self.beginInsertRows(_ROOT, 0, len(wanted) - 1)
            self._shown[:0] = wanted
            self.endInsertRows()
        self._repaint(run.id for run in runs)

    def _drop(self, runs: Sequence[str]) -> None:
        """Runs that are there no more; the others stay selected."""
        gone = set(runs)
        for run in gone:
            for known in (self._all, self._searched, self._curves):
                known.pop(run, None)
        rows = [row for row, run in enumerate(self._shown) if run in gone]
        while rows:
            last = first = rows.pop()
            while rows and rows[-1] == first - 1:
                first = rows.pop()
            self.beginRemoveRows(_ROOT, first, last)
            del self._shown[first : last + 1]
            self.endRemoveRows()
        self.tick_all(runs, on=False)

    def _curve(self, run: Run) -> list[float]:
        known = self._curves.get(run.id)
        if self._unread:  # to ask for each row would make the window wait for each
            return [] if known is None else known[1]
        if known is None or known[0] != run.updates:
            values = self.attempt(lambda store: store.thinned(run.id, _CURVES, _POINTS)) or []
            known = self._curves[run.id] = (run.updates, values)
        return known[1]

    def _filter(self) -> None:
        self.beginResetModel()
        holds = self._query.holds
        for run in self._all.values() if self._query.words else ():
            if run.id not in self._searched:
                self._searched[run.id] = text_of(run)
        shown = [run for run in self._all.values() if holds(run, self._searched.get(run.id))]
        self._shown = [run.id for run in sorted(shown, key=lambda run: -run.number)]
        self.endResetModel()

    def _repaint(self, runs: Iterable[str]) -> None:
        wanted = set(runs)
        if not wanted:
            return
        rows = [row for row, run in enumerate(self._shown) if run in wanted]
        for row in rows:
            self.dataChanged.emit(self.index(row), self.index(row))
