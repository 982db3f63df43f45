"""The actions of the window, and when each can be used."""

from typing import Final, Literal, final

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMenu

from lab.runner.messages import WorkerState
from lab.ui.icons import bind_icon, icon
from lab.ui.keys import taken
from lab.ui.theme import bind_theme, theme
from lab.ui.verbs import CHOICES, FILE, PANEL, RUN, VIEW, Verb
from lab.ui.words import Text, bind, bind_call, language

Meaning = Literal["run", "pause", "resume"]

BUSY: Final = frozenset({WorkerState.STARTING, WorkerState.COMPILING, WorkerState.RUNNING})
"""States in which the worker goes on by itself."""
OPEN: Final = BUSY | {WorkerState.PAUSED}
"""States in which a run is under way."""
RESUMABLE: Final = frozenset({WorkerState.STOPPED, WorkerState.FAILED, WorkerState.LOST, WorkerState.FINISHED})
"""States of a run that can go on from a checkpoint; a finished one where it is made longer."""
_BEGINNING: Final = frozenset({"run", "run_anew", "one_update", "one_epoch"})
"""What begins a run where none is under way."""
_NOT_YET: Final = Text("Cannot run yet. {why}", "还不能运行。{why}")


@final
class Actions(QObject):
    """The actions as attributes. Whoever does the work connects `triggered`; `follow` says what can be done now.

    `run` is one action with three meanings, told by `meaning`. `perspectives`, `languages` and `themes` are groups
    whose actions have the chosen name as their data. `panel` has what can be done with the panel that has the focus,
    `all` every action by name.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.all: dict[str, QAction] = {}
        self.meaning: Meaning = "run"
        self._words: dict[QAction, tuple[Text, Text]] = {}
        self._edits: dict[QAction, str] = {}
        self._fault: Text | None = None
        self._run_icon = "run"
        groups = {name: QActionGroup(self) for name in ("perspective", "language", "theme")}
        for verb in (*RUN, *FILE, *VIEW, *PANEL, *CHOICES):
            action = self._make(verb)
            if verb.group:
                groups[verb.group].addAction(action)
        self.perspectives, self.languages, self.themes = groups.values()
        take = self.all.__getitem__
        self.run, self.run_anew, self.stop = take("run"), take("run_anew"), take("stop")
        self.one_update, self.one_epoch, self.snapshot = take("one_update"), take("one_epoch"), take("snapshot")
        self.new, self.open, self.own_data, self.gallery = take("new"), take("open"), take("own_data"), take("gallery")
        self.save, self.save_as, self.settings, self.quit = (
            take("save"),
            take("save_as"),
            take("settings"),
            take("quit"),
        )
        self.undo, self.redo, self.help, self.about = take("undo"), take("redo"), take("help"), take("about")
        self.toggle_left, self.toggle_right = take("toggle_left"), take("toggle_right")
        self.toggle_problems, self.reset_arrangement = take("toggle_problems"), take("reset_arrangement")
        self.enlarge, self.present, self.export = take("enlarge"), take("perspective.present"), take("export")
        self.next_view, self.previous_view = take("next_view"), take("previous_view")
        self.filter_runs, self.view_menu = take("filter_runs"), take("view_menu")
        self.panel = {verb.name.removeprefix("panel."): take(verb.name) for verb in PANEL}
        self.larger, self.smaller, self.normal_size = take("larger"), take("smaller"), take("normal_size")
        self.recent = QMenu()
        bind(self, self.recent.setTitle, Text("Open recent", "最近打开"))
        bind_theme(self, self._draw_run)
        bind_theme(self, self._tick_choices)
        bind_call(self, self._tick_choices)
        self.follow(WorkerState.IDLE, has_document=False, dirty=False)

    def follow(
        self,
        state: WorkerState,
        has_document: bool,
        dirty: bool,
        *,
        checkpoint: int | None = None,
        fault: Text | None = None,
    ) -> None:
        """Show what can be done in a state of the worker.

        `checkpoint` is the update of the one that a run would go on from, if there is any. `fault` is why none can
        begin: the tooltips say it, and the verbs stay, as they lead to the place.
        """
        under_way = state in OPEN
        self._fault = None if under_way else fault
        self._show_meaning(state, checkpoint)
        self.run.setEnabled(has_document)
        self.run_anew.setEnabled(has_document and not under_way)
        for action in (self.one_update, self.one_epoch):
            action.setEnabled(has_document or under_way)
        for action in (self.run_anew, self.one_update, self.one_epoch):
            self._show_words(action)
        for action in (self.stop, self.snapshot):
            action.setEnabled(under_way)
        self.save.setEnabled(has_document and dirty)
        with_view = (self.enlarge, self.export, self.view_menu, self.next_view, self.previous_view)
        with_document = (*with_view, self.save_as, self.toggle_left)
        arranging = (*self.perspectives.actions(), self.toggle_right, self.reset_arrangement, *self.panel.values())
        for action in (*with_document, *arranging, self.filter_runs):
            action.setEnabled(has_document)
        if not has_document:
            self.undo.setEnabled(False)
            self.redo.setEnabled(False)

    def follow_history(self, stack: QUndoStack) -> None:
        """Let undo and redo act on a stack of edits, and say in their tooltips what they would change."""
        self.undo.triggered.connect(stack.undo)
        self.redo.triggered.connect(stack.redo)
        stack.canUndoChanged.connect(self.undo.setEnabled)
        stack.canRedoChanged.connect(self.redo.setEnabled)
        self.undo.setEnabled(stack.canUndo())
        self.redo.setEnabled(stack.canRedo())
        stack.undoTextChanged.connect(self._name_undo)
        stack.redoTextChanged.connect(self._name_redo)
        self._name_undo(stack.undoText())
        self._name_redo(stack.redoText())

    def _make(self, verb: Verb) -> QAction:
        action = QAction(self)
        action.setObjectName(verb.name)
        action.setCheckable(verb.check)
        action.setData(verb.data or None)
        action.setShortcuts([QKeySequence(keys) for keys in taken(verb.keys)])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setIconVisibleInMenu(False)
        # Only macOS moves entries to the menu of the application, and it guesses them from English words.
        action.setMenuRole(_ROLES.get(verb.name, QAction.MenuRole.NoRole))
        if verb.icon and verb.name != "run":
            bind_icon(action, action.setIcon, verb.icon)
        self.all[verb.name] = action
        self._words[action] = (verb.text, verb.tip)
        bind_call(action, lambda: self._show_words(action))
        return action

    def _show_words(self, action: QAction) -> None:
        text, tip = self._words[action]
        action.setText(str(text))
        # A thin space between icon and word, which the style does not give.
        action.setIconText(f"\u2009{text}")
        edit = self._edits.get(action)
        if edit:
            tip = Text("{text}: {edit}", "{text}：{edit}").with_(text=text, edit=edit)
        if self._fault is not None and action.objectName() in _BEGINNING:
            tip = _NOT_YET.with_(why=self._fault)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({keys})" if keys else str(tip))

    @Slot(str)
    def _name_undo(self, edit: str) -> None:
        self._name_edit(self.undo, edit)

    @Slot(str)
    def _name_redo(self, edit: str) -> None:
        self._name_edit(self.redo, edit)

    def _name_edit(self, action: QAction, edit: str) -> None:
        self._edits[action] = edit
        self._show_words(action)

    def _show_meaning(self, state: WorkerState, checkpoint: int | None) -> None:
        if state in BUSY:
            self.meaning, words = "pause", (Text("Pause", "暂停"), Text("Pause after this update", "在本次更新后暂停"))
        elif state is WorkerState.PAUSED:
            self.meaning, words = "resume", (Text("Resume", "继续"), Text("Go on training", "继续训练"))
        elif state in RESUMABLE and checkpoint is not None:
            resume = Text("Resume from {update}", "从 {update} 继续").with_(update=checkpoint)
            self.meaning, words = "resume", (resume, Text("Go on from the last checkpoint", "从最近的检查点继续"))
        else:
            self.meaning, words = "run", (Text("Run", "运行"), Text("Run this experiment", "运行此实验"))
        self._words[self.run] = words
        self._show_words(self.run)
        name = "pause" if self.meaning == "pause" else "run"
        if name != self._run_icon:
            self._run_icon = name
            self._draw_run()

    def _tick_choices(self) -> None:
        for group, chosen in ((self.languages, language.code), (self.themes, theme.choice)):
            for action in group.actions():
                action.setChecked(action.data() == chosen)

    def _draw_run(self) -> None:
        self.run.setIcon(icon(self._run_icon, "on_accent"))


_ROLES: Final = {
    "quit": QAction.MenuRole.QuitRole,
    "settings": QAction.MenuRole.PreferencesRole,
    "about": QAction.MenuRole.AboutRole,
}
