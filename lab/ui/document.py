"""The experiment that is open: its text, what it says, what is wrong with it, and every edit, which can be undone."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from tomlkit.exceptions import TOMLKitError

from lab.errors import ExperimentError, LabError
from lab.experiment.draft import Draft
from lab.experiment.edit import Change, assign, names_component, parse_key, remove
from lab.experiment.file import Document
from lab.experiment.lines import KeyPath
from lab.experiment.problems import EntryError
from lab.experiment.repair import written_at
from lab.experiment.spec import Spec
from lab.experiment.write import write_file
from lab.registry.catalog import Catalog
from lab.resources import resource_folder
from lab.runner.files import absolute_files
from lab.ui.blank import blank
from lab.ui.labels import label_of
from lab.ui.reading import Reading, at, gone, is_written, read, read_path, stamp
from lab.ui.recent import recent_files, remember
from lab.ui.translation import spoken
from lab.ui.words import Text

MERGED: Final = 1
"""The kind of an edit that may become one with the edit before it."""
_TEXT: Final = Text("Text", "文本")
_WHILE_IT_RAN: Final = Text("Changes made while it ran", "运行中的更改")


@final
@dataclass(frozen=True, slots=True)
class Fault:
    """Why an experiment cannot run: the key at fault, and the reason in a sentence that names it."""

    path: str
    why: Text


@final
class OpenDocument(QObject):
    """The open experiment. A text with errors is open as well: `problems` says what is wrong with it.

    `path` is its file, None while it has none of its own. Every edit is one command of `undo_stack`.
    """

    opened = Signal()
    """Another experiment is open; `changed` follows."""
    changed = Signal()
    """The text is another, and what it says perhaps too."""
    file_changed = Signal()
    """The file, its name or whether all is saved is another."""
    dropped = Signal(object)
    """Paths of keys that an edit took out because they no longer fit."""
    finishing = Signal()
    """Whoever holds something that is being typed must hand it over now."""
    refused_changed = Signal()
    """Something else was typed and refused, or is no longer to be seen."""
    faults_asked = Signal()
    """Whoever shows what is wrong must go to the first of it now."""

    def __init__(self, catalog: Catalog, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.catalog = catalog
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(1000)
        self.path: Path | None = None
        self.name = ""
        self._now = self._base = read("", catalog)
        self._refused: dict[str, Text] = {}
        self._gesture = 0
        self._stamp: tuple[int, int] | None = None
        self._dirty = False
        self._edits: tuple[str, ...] | None = None
        self._kept = ""
        self.new()

    @property
    def text(self) -> str:
        """The text as it would be saved."""
        return self._now.text

    @property
    def document(self) -> Document | None:
        """What the text says; None while anything is wrong with it."""
        return self._now.document

    @property
    def shown(self) -> Document | None:
        """What can be shown of it: `document`, or what is right in it; None where the text is no TOML."""
        return self._now.shown

    @property
    def spec(self) -> Spec | None:
        """The values of `document`."""
        return None if self._now.document is None else self._now.document.spec

    @property
    def title(self) -> Text:
        """The name of the experiment in both languages; that of its file while it cannot be read."""
        shown = self.shown
        return Text.plain(self.name) if shown is None else Text(*map(shown.spec.name_in, ("en", "zh")))

    @property
    def place(self) -> str | None:
        """The file, from whose folder the names of data are meant."""
        return None if self.path is None else str(self.path)

    @property
    def problems(self) -> tuple[EntryError, ...]:
        """Everything that is wrong with the text, in the order of lines."""
        return self._now.problems

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Why it cannot run: what was typed and refused, and what is wrong with the text."""
        wrong = [Fault(problem.path, spoken(problem)) for problem in self.problems if problem.path not in self._refused]
        return (*(Fault(path, _named(path, why)) for path, why in self._refused.items()), *wrong)

    @property
    def dirty(self) -> bool:
        """Whether there is anything to save."""
        return self._now.text not in (self._base.text, self._kept)

    def new(self) -> None:
        """A new experiment without a file: a small network on a shipped series."""
        cells, datasets = self.catalog.names("cell"), self.catalog.names("dataset")
        dataset = "airline-passengers" if "airline-passengers" in datasets else next(iter(datasets), "")
        cell = "lstm" if "lstm" in cells else next(iter(cells), "")
        self.open_text(blank({"dataset.plugin": dataset, "layers.0.cell": cell}))

    def open(self, path: Path) -> None:
        """Open a file, whatever is wrong in it. A shipped one opens as a copy that has no file yet.

        ExperimentError where there is no text to be had; what was open then stays open.
        """
        reading, decoded = read_path(path, self.catalog)
        shipped = path.resolve().is_relative_to(resource_folder().resolve())
        self._begin(reading, path.absolute() if decoded and not shipped else None, path.name)
        if self.path is not None:
            remember(self.path)

    def open_text(self, text: str, name: str = "", edited: str | None = None) -> None:
        """Open a text that has no file: an example, a run of the store, data of one's own. `name` is for saving it.

        `edited` is what became of it while it ran: an edit like any other, but one that is kept already.
        """
        self._begin(read(text, self.catalog), None, name, edited)

    def save(self, path: Path | None = None) -> None:
        """Write the file, or another one, in one step. ExperimentError where it cannot be written; nothing is lost."""
        self.finish()
        target = (path or self.path or Path()).absolute()
        if os.path.isdir(target):  # that of Path raises where a name cannot be, which writing tells better
            raise ExperimentError("the experiment has no file yet", remedy="Choose a name for it")
        now = self._now
        if now.document is not None and self.path is not None and target.parent != self.path.parent:
            moved = absolute_files(now.document, self.path.parent, self.catalog)
            now = read(moved.text, self.catalog)
        if not now.text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in now.text):
            raise ExperimentError("the text has half a character, which no file can have", remedy="Take it out")
        write_file(target, now.text)
        self.path, self.name = target, target.name
        self._now = self._base = read(now.text, self.catalog, target)
        self._kept = now.text
        self._edits = None
        self._stamp = stamp(target)
        self.undo_stack.setClean()
        self._gesture += 1
        self._dirty = False
        remember(target)
        self.file_changed.emit()
        self.changed.emit()

    @property
    def changed_outside(self) -> bool:
        """Whether another program has written the file since it was read."""
        return self.path is not None and self._stamp is not None and stamp(self.path) != self._stamp

    def recent(self) -> list[Path]:
        """The files opened last, the latest first."""
        return recent_files()

    def set(self, path: str, value: object, *, typing: bool = False) -> None:
        """Give the key at `path` a value (see `lab.experiment.edit.assign`).

        With `typing`, edits of one key that follow one another until `settle` are one command. ExperimentError where
        the experiment would be wrong, or more wrong than it is; it then stays as it was.
        """
        key = parse_key(path)
        if self._says(path, key, value):
            return
        if self._now.document is not None:
            change = _told(lambda document: assign(document, path, value, self.catalog), self._now.document)
            self._push(read(change.document.text, self.catalog, self.path), path, typing=typing)
        else:
            self._draft(path, lambda draft: draft.put(key, value), typing=typing, around=key)

    def remove(self, path: str) -> None:
        """Take a key out, so that it has its default, or a layer (`layers.1`). ExperimentError as `set` raises."""
        if self._now.document is not None:
            change = _told(lambda document: remove(document, path, self.catalog), self._now.document)
            self._push(read(change.document.text, self.catalog, self.path), path)
        else:
            key = _any_key(path)
            self._draft(path, lambda draft: draft.drop(key), around=key)

    def revert(self, path: str) -> None:
        """Give a key what it has in the file. ExperimentError as `set` raises."""
        key = parse_key(path)
        if path in self._base.values and is_written(self._base, key):
            self.set(path, self._base.values[path])
        elif is_written(self._now, key):
            self.remove(path)

    def rename(self, path: str, name: str) -> None:
        """Call a key by another name in the same table: what to do about a misspelled one."""
        key = parse_key(path)
        self._draft(path, lambda draft: draft.rename(key, name), around=key)

    def add_layer(self) -> None:
        """A layer at the end, like the last one."""
        self.repeat_layer(self.layers - 1)

    def repeat_layer(self, index: int) -> None:
        """A copy of a layer behind it."""
        self._draft("layers", lambda draft: draft.repeat(("layers",), index))

    def move_layer(self, index: int, to: int) -> None:
        """Put a layer in another place."""
        self._draft("layers", lambda draft: draft.move(("layers",), index, to))

    @property
    def values(self) -> Mapping[str, object]:
        """The values of `shown` by path; none where there is nothing to show."""
        return self._now.values

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return 0 if self._now.shown is None else len(self._now.shown.spec.layers)

    def keep_refused(self, refused: Mapping[str, Text]) -> None:
        """Know which keys are seen with something that was typed and refused, and why: with these and no others."""
        if self._refused != refused:
            self._refused = dict(refused)
            self.refused_changed.emit()

    def show_faults(self) -> None:
        """Have the first of the faults shown where it is."""
        self.faults_asked.emit()

    def replace_text(self, text: str, *, typing: bool = True) -> None:
        """Take another text, whatever it says."""
        if text != self._now.text:
            self._push(read(text, self.catalog, self.path), "", typing=typing)

    def settle(self) -> None:
        """What is typed from now on is another edit."""
        self._gesture += 1

    def finish(self) -> None:
        """Have what is being typed taken over: call it before running, saving or closing."""
        self.finishing.emit()
        self.settle()

    def problem(self, path: str) -> EntryError | None:
        """What is wrong with the key at `path`."""
        return at(self._now.problems, _any_key(path)) if self._now.problems else None

    def written(self, path: str) -> bool:
        """Whether the key stands in the text; otherwise it has its default."""
        return is_written(self._now, _any_key(path))

    def given(self, path: str) -> object:
        """The value of a key as it is written, right or wrong. KeyError where it is not."""
        return written_at(self._now.tables, _any_key(path))

    def edits(self) -> tuple[str, ...]:
        """The paths whose values are not those of the file, or of the text that was opened.

        Of a layer that was added or removed that of its cell, and none of the keys that came or went with a component.
        """
        if self._edits is None:
            here, there = self._now.values, self._base.values
            shared = {path for path in here if path in there and here[path] != there[path]}
            cells = {path for path in here.keys() ^ there.keys() if _is_cell(path)}
            both = self._now.shown is not None and self._base.shown is not None
            self._edits = tuple(path for path in {**there, **here} if path in shared | cells) if both else ()
        return self._edits

    def differs(self, path: str) -> bool:
        """Whether the value of a key is not that of the file."""
        return path in self.edits()

    def original(self, path: str) -> object:
        """The value that a key has in the file. KeyError where it has none."""
        return self._base.values[path]

    def use_catalog(self, catalog: Catalog) -> None:
        """Read the text again with other plugins. What was done before can still be undone, as far as it is text."""
        self.catalog = catalog
        self._base = read(self._base.text, catalog, self.path)
        self._show(read(self._now.text, catalog, self.path))

    def _begin(self, reading: Reading, path: Path | None, name: str, edited: str | None = None) -> None:
        self.path, self.name = path, name
        self._now = self._base = reading
        self._edits = None
        self._stamp = None if path is None else stamp(path)
        self._gesture += 1
        self._dirty = False
        self.undo_stack.clear()
        self._kept = reading.text if edited is None else edited
        if self._kept != reading.text:
            with QSignalBlocker(self):  # nobody has seen it without this edit
                self.undo_stack.push(_Edit(self, reading, read(self._kept, self.catalog), "", -1, _WHILE_IT_RAN))
        self.opened.emit()
        self.file_changed.emit()
        self.changed.emit()

    def _says(self, path: str, key: KeyPath, value: object) -> bool:
        """Whether the key has this value already, and nothing is wrong with it."""
        if at(self._now.problems, key) is not None:
            return False
        values = self._now.values
        return path in values and type(values[path]) is type(value) and values[path] == value

    def _draft(
        self, path: str, change: Callable[[Draft], object], *, typing: bool = False, around: KeyPath = ()
    ) -> None:
        """A change of the text itself; refused where it makes something wrong that was not wrong before.

        A component that is named at `around` may show that other keys are wrong. Those in its table that mean nothing
        any more are taken out.
        """
        try:
            draft = Draft(self._now.text)
            change(draft)
            while True:
                reading = read(draft.text, self.catalog, self.path)
                fresh = reading.adds_to(self._now)
                foreign = [one for one in fresh if one.unknown_key and around and one.key[:-1] == around[:-1]]
                if not [one for one in foreign if draft.drop(one.key)]:
                    break
            refused = [one for one in fresh if one.key == around or not names_component(around)]
            if refused:
                raise refused[0].with_place(None)
        except (TOMLKitError, KeyError, TypeError) as error:
            raise _unchangeable() from error
        self._push(reading, path, typing=typing)

    def _push(self, reading: Reading, path: str, *, typing: bool = False) -> None:
        lost = gone(self._now.text, reading.text, path) if path else ()
        gesture = self._gesture
        if not typing:
            self._gesture += 1
        if reading.text != self._now.text:
            self.undo_stack.push(_Edit(self, self._now, reading, path, gesture if typing else -1))
        if lost:
            self.dropped.emit(lost)

    def _show(self, reading: Reading) -> None:
        known = reading.components is self.catalog
        self._now = reading if known else read(reading.text, self.catalog, self.path)
        self._edits = None
        self.changed.emit()
        if self.dirty != self._dirty:
            self._dirty = self.dirty
            self.file_changed.emit()


@final
class _Edit(QUndoCommand):
    """From one reading of the text to another. Edits of one key made in one gesture become one."""

    def __init__(
        self, document: OpenDocument, before: Reading, after: Reading, path: str, gesture: int, name: Text = _TEXT
    ) -> None:
        super().__init__(str(label_of(path).name if path else name))
        self.document, self.before, self.after = document, before, after
        self.path, self.gesture = path, gesture

    def id(self) -> int:
        return MERGED if self.gesture >= 0 else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Edit) or (other.path, other.gesture) != (self.path, self.gesture):
            return False
        self.after = other.after
        self.setObsolete(self.after.text == self.before.text)
        return True

    def redo(self) -> None:
        self.document._show(self.after)

    def undo(self) -> None:
        self.document._show(self.before)


def _told(change: Callable[[Document], Change], document: Document) -> Change:
    """What a change makes of a document; what the editor of TOML cannot do is an ExperimentError as well."""
    try:
        return change(document)
    except TOMLKitError as error:
        raise _unchangeable() from error


def _unchangeable() -> ExperimentError:
    return ExperimentError("this cannot be changed here", remedy="Change it in the text")


def _named(path: str, why: Text) -> Text:
    return Text("{name}: {why}", "{name}：{why}").with_(name=label_of(path).name, why=why)


def _is_cell(path: str) -> bool:
    return path.startswith("layers.") and path.endswith(".cell")


def _any_key(path: str) -> KeyPath:
    """The key of a path, which may also be a table or a layer as a whole."""
    try:
        return parse_key(path)
    except LabError:
        return tuple(int(part) if part.isdecimal() else part for part in path.split("."))
