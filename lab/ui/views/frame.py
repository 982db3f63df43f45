"""The frame around a view: title, reading, sentence, menu; a view that raises is replaced by its message."""

import inspect
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, final

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lab.errors import LabError
from lab.runner.messages import Problem, WorkerState
from lab.runner.trouble import plugin_place
from lab.ui.api import Key, Sentence, View
from lab.ui.icons import bind_icon
from lab.ui.keys import shown
from lab.ui.stage import Stage
from lab.ui.theme import bind_theme, dress, ground, theme
from lab.ui.translation import said
from lab.ui.verbs import VIEW_MENU
from lab.ui.views import export
from lab.ui.views.canvas import Canvas
from lab.ui.views.heading import HEIGHT, paint_heading
from lab.ui.views.plot import LEFT
from lab.ui.views.saving import Saving
from lab.ui.widgets import Elided, Mark
from lab.ui.words import Text, bind, bind_call, language

SENTENCE_SECONDS: Final = 0.5
"""Seconds between two sentences at least: words that change faster cannot be read."""
AFTER: Final = 0.01
"""Seconds from a picture to its sentence: one tick is not to do both."""
_ICONS: Final = {"good": ("good", "good"), "warning": ("warning", "warning"), "error": ("error", "error")}
_MORE: Final = Text("What the view can show otherwise; saving; help ({keys})", "其他显示方式、保存、帮助（{keys}）")


def framed(kind: type[View], stage: Stage) -> "ViewFrame":
    """A view in its frame; where it cannot be made, why is its `problem`, and stands in its place."""
    try:
        return ViewFrame(kind(stage))
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the other views are made
        remedy = "Mend the file of the view, and open the window again."
        return ViewFrame(_unmade(kind)(stage), _problem(kind, "failed", error, remedy))


@final
class ViewFrame(QWidget):
    """Stands around one view. `header` is the part above it, which may also be the title bar of a dock.

    What the view raises while the frame is made is raised on, unless `problem` says that there is none to be made.
    """

    enlarge = Signal()
    failed = Signal(object)
    """The view raised: a Problem. Unless that was in saving, it is not called until a person asks for it again."""
    saving = Signal(str)
    """What is being saved, in words, if that takes a while; nothing once it is done."""
    help_asked = Signal(str)
    """The page of the help that explains the view."""

    def __init__(self, view: View, problem: Problem | None = None) -> None:
        super().__init__()
        # First all that the view is asked for: where it raises nothing of the frame is connected yet.
        chooser, entries = view.chooser(), view.actions()
        self._heading = None if view.headed else _Heading(view.axis(), view.legend())
        self.view = view
        self.title = Text.of(view.title, view.name)
        self.problem: Problem | None = None
        self._said = Sentence(Text.plain(""))
        self._said_at = 0.0
        self._state: WorkerState | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._say_again)
        self._saving = Saving(self.title, view.name, self._taken, self)
        self._saving.said.connect(self.saving)
        self._saving.failed.connect(self._unsaved)
        ground(self, "sheet")
        self.header = _Header(self.title, chooser)
        self.header.more.setMenu(self._menu(entries))
        self.header.enlarge.clicked.connect(self.enlarge)
        self._message: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.header)
        if self._heading is not None:
            self._column.addWidget(self._heading)
        self._column.addWidget(view, 1)
        for named in (self, view):
            bind(named, named.setAccessibleName, self.title)
        view.told.connect(self._told)
        theme.changed.connect(self._restyle)
        language.changed.connect(self._say_again)
        view.stage.reset.connect(self._anew)
        self._anew()
        if problem is not None:
            self._stand_in(problem, None)

    @property
    def name(self) -> str:
        """The name of the view."""
        return self.view.name

    @property
    def needs(self) -> tuple[str, ...]:
        """The probes whose frames the view draws."""
        return () if self.problem else self.view.needs

    @property
    def sentence(self) -> Text:
        """What the view says of what it shows."""
        return self._said.text

    def shown(self) -> bool:
        """Whether any of it can be seen."""
        # Not `visibleRegion`: what its own children cover is not in it.
        return self.isVisible() and not self.window().isMinimized()

    def refresh(self) -> None:
        """Draw what is new, and the sentence if it is time for one; nothing while hidden or after the view failed."""
        if self.problem is None and self.isVisible():
            self._guarded(self.view.refresh)
            self._show_words(force=self.view.stage.state is not self._state)

    def set_tabbed(self, tabbed: bool, *, alone: bool = False) -> None:
        """In tabs the title is on the tab: the header has one row. A view that is shown alone cannot be enlarged."""
        self.header.set_tabbed(tabbed, alone=alone)

    def show_menu(self) -> None:
        """Open the menu of the view, for whoever works by keys."""
        button = self.header.more
        # No entry is chosen yet: one with a menu of its own would open it.
        button.menu().popup(button.mapToGlobal(button.rect().bottomLeft()))

    def save(self, path: Path) -> None:
        """Save what is shown, in the format of the file's ending. LabError where that cannot be."""
        self._taken(path)()

    def ask_and_save(self, ending: str = "png") -> None:
        """Ask for a file, and save what is shown beside the window; what goes wrong is sent as `failed`."""
        self._saving.ask(ending)

    def retry(self) -> None:
        """Show the view again after it failed."""
        self.problem = None
        if self._message is not None:
            self._column.removeWidget(self._message)
            self._message.deleteLater()
            self._message = None
        self.view.show()
        self.refresh()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.refresh()

    def _menu(self, entries: Sequence[QAction]) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addActions(entries)
        if entries:
            menu.addSeparator()
        self._saving.fill(menu)
        if self.view.help:
            menu.addSeparator()
            action = QAction(menu)
            bind(action, action.setText, Text("Help on this view", "关于此视图的帮助"))
            bind(action, action.setToolTip, Text("Open the page that explains what is seen", "打开说明所见内容的页面"))
            action.triggered.connect(lambda: self.help_asked.emit(self.view.help))
            menu.addAction(action)
        return menu

    def _taken(self, path: Path) -> Callable[[], None]:
        below = [one for one in (self._heading, self._message or self.view) if one is not None]
        said = self.header.sentence
        table: Mapping[str, export.Array] = {}
        give = self.view.table if self.problem is None else lambda: table
        return export.taken(export.Saved(str(self.title), str(said.text), said.mark, below, give), path)

    @Slot(object)
    def _unsaved(self, error: BaseException) -> None:
        if isinstance(error, LabError):
            self.failed.emit(Problem(level="error", message=error.message, remedy=error.remedy or ""))
        else:
            remedy = "Mend the file of the view; nothing was written."
            self.failed.emit(_problem(type(self.view), "could not be saved", error, remedy))

    def _guarded(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the other views go on
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        remedy = "Mend the file of the view, and show it again."
        problem = _problem(type(self.view), "failed", error, remedy)
        self._stand_in(problem, self.retry)
        self.failed.emit(problem)

    def _stand_in(self, problem: Problem, retry: Callable[[], None] | None) -> None:
        """Put what went wrong in the place of the view."""
        self.problem = problem
        self.view.hide()
        self._message = _Failure(problem, retry)
        self._column.addWidget(self._message, 1)
        self.header.say(
            Sentence(Text("This view failed; the others go on.", "此视图出错，其他视图不受影响。"), "error")
        )
        self.header.read(Text.plain(""))

    @Slot()
    def _say_again(self) -> None:
        self._show_words(force=True)

    @Slot()
    def _anew(self) -> None:
        self._state = None  # the next refresh says something at once

    @Slot()
    def _told(self) -> None:
        if self.problem is None:
            self._guarded(lambda: self.header.read(self.view.reading()))
            self._show_words(force=not self.view.stage.live)

    def _show_words(self, *, force: bool = False) -> None:
        if self.problem is not None:
            return
        self._guarded(lambda: self.header.read(self.view.reading()))
        now = time.monotonic()
        if self.problem is None and force:
            self._said_at, self._state = now, self.view.stage.state
            self._later.stop()
            self._guarded(self._say)
        elif not self._later.isActive():
            # Not at once, where a picture was drawn just now; and the last picture must not keep the words of another.
            self._later.start(round(1e3 * max(self._said_at + SENTENCE_SECONDS - now, AFTER)))

    def _say(self) -> None:
        self._said = self.view.sentence()
        self.header.say(self._said)
        self.view.setAccessibleDescription(str(self._said.full))
        for canvas in self.view.findChildren(Canvas):
            canvas.setAccessibleName(str(self.title))
            canvas.setAccessibleDescription(str(self._said.full))
        if self._heading is not None:
            self._heading.show_words(self.view.axis(), self.view.legend())

    @Slot()
    def _restyle(self) -> None:
        if self.problem is None:
            self._guarded(self.view.restyle)


@final
class _Header(QWidget):
    """Title, choice, reading and buttons in one row, the sentence in a second; one row where the title is on a tab."""

    def __init__(self, title: Text, chooser: QWidget | None) -> None:
        super().__init__()
        self._title = Elided()
        self._title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._chooser = chooser
        self._reading = Elided()
        self._mark = Mark("", "text", 14)
        self._sentence = Elided()
        self._now = (Text.plain(""), Sentence(Text.plain("")))
        self.more = _button("more", Text("More", "更多"))
        bind(self.more, self.more.setToolTip, _MORE.with_(keys=shown(VIEW_MENU)))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.enlarge = _button("enlarge", Text("Enlarge", "放大"))
        self.enlarge.setParent(self)  # else it would be a window of its own for a moment, and take the focus
        ground(self, "sheet")
        dress(self._title, 13, 600)
        dress(self._reading, 12, 400, "muted", tabular=True)
        dress(self._sentence, 12, 400, "muted")
        bind(self._title, self._title.setText, title)
        self._reading.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._first, self._second = QHBoxLayout(), QHBoxLayout()
        column = QVBoxLayout(self)
        column.setSpacing(0)
        column.addLayout(self._first)
        column.addLayout(self._second)
        self._tabbed: bool | None = None
        self.set_tabbed(False)
        bind_theme(self, self._resize)
        bind_call(self, self._again)

    def set_tabbed(self, tabbed: bool, *, alone: bool = False) -> None:
        """One row or two, with the button that enlarges or without."""
        self.enlarge.setVisible(not tabbed and not alone)
        if tabbed == self._tabbed:
            return
        self._tabbed = tabbed
        for row in (self._first, self._second):
            while row.count():
                row.takeAt(0)
        chooser = [] if self._chooser is None else [self._chooser]
        above: Sequence[tuple[QWidget, int]] = (
            (self._title, 0), *((one, 0) for one in chooser), (self._reading, 1), (self.more, 0), (self.enlarge, 0)
        )  # fmt: skip
        below: Sequence[tuple[QWidget, int]] = ((self._mark, 0), (self._sentence, 1))
        if tabbed:
            above, below = (), (*below, *((one, 0) for one in chooser), (self._reading, 0), (self.more, 0))
        for row, widgets in ((self._first, above), (self._second, below)):
            row.setSpacing(6)
            for widget, stretch in widgets:
                row.addWidget(widget, stretch)
        self._title.setVisible(not tabbed)
        self._reading.setVisible(not tabbed)
        self._resize()

    @property
    def sentence(self) -> Sentence:
        """The sentence that is shown."""
        return self._now[1]

    def say(self, sentence: Sentence) -> None:
        """Show another sentence."""
        if sentence != self._now[1]:
            self._now = (self._now[0], sentence)
            icon, role = _ICONS.get(sentence.mark, ("", "text"))
            self._mark.show_mark(icon, role)
            dress(self._sentence, 12, 400, "text" if sentence.mark else "muted")
            self._again()

    def read(self, reading: Text) -> None:
        """Show another reading."""
        if reading != self._now[0]:
            self._now = (reading, self._now[1])
            self._again()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._share_out()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._share_out()  # what is chosen has another name, or there is more to choose from
        return done

    def _again(self) -> None:
        reading, sentence = self._now
        self._reading.setText(str(reading))
        self._sentence.setText(str(sentence.text))
        self._sentence.setToolTip(str(sentence.full))
        self._share_out()

    def _share_out(self) -> None:
        """The choice is folded where the reading needs the room."""
        if self._chooser is None:
            return
        whole, folded = self._chooser.sizeHint().width(), self._chooser.minimumSizeHint().width()
        if self._tabbed:
            room = self.width() // 2
        else:
            reading = self._reading.fontMetrics().horizontalAdvance(self._reading.text())
            room = self.width() - self._title.sizeHint().width() - reading - 2 * theme.px(24) - 48
        self._chooser.setMaximumWidth(whole if whole <= room else folded)

    def _resize(self) -> None:
        margins = (12, 0, 8, 2) if self._tabbed else (12, 6, 8, 4)
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(*margins)
        for button in (self.more, self.enlarge):
            button.setFixedSize(theme.px(24), theme.px(20 if self._tabbed else 24))
        self.setFixedHeight(theme.px(22) + 2 if self._tabbed else theme.px(24) + theme.px(17) + 10)


@final
class _Heading(QWidget):
    """The row of axis name and legend above a view that does not draw it."""

    def __init__(self, axis: Text, keys: tuple[Key, ...]) -> None:
        super().__init__()
        self._axis, self._keys = axis, keys
        bind_theme(self, self._resize)
        bind_call(self, self.update)

    def show_words(self, axis: Text, keys: tuple[Key, ...]) -> None:
        """Show other words."""
        if (axis, keys) != (self._axis, self._keys):
            self._axis, self._keys = axis, keys
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = self.rect().adjusted(10 + theme.px(LEFT), 0, -10, -2)
        paint_heading(painter, area.toRectF(), self._axis, self._keys)
        painter.end()

    def _resize(self) -> None:
        self.setFixedHeight(theme.px(HEIGHT))
        self.update()


@final
class _Failure(QWidget):
    """What stands in the place of a view that failed; one that was never made cannot be shown again."""

    def __init__(self, problem: Problem, retry: Callable[[], None] | None) -> None:
        super().__init__()
        words = QLabel()
        bind(words, words.setText, said(problem.message))
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        dress(words, 13, 400, "error")
        place = Elided(f"{problem.file}:{problem.line}" if problem.file else "")
        dress(place, 12, 400, "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 12, 24, 12)
        column.addWidget(words)
        column.addWidget(place)
        if retry is not None:
            again = QToolButton()
            again.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            bind(again, again.setText, Text("Show it again", "重新显示"))
            again.clicked.connect(lambda: retry())
            column.addWidget(again, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)


def _button(icon: str, words: Text) -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    bind_icon(button, button.setIcon, icon, "muted")
    bind(button, button.setToolTip, words)
    bind(button, button.setAccessibleName, words)
    return button


def _unmade(kind: type[View]) -> type[View]:
    """What stands for a view that cannot be made; of it nothing is known but what its class says."""

    @final
    class Unmade(View):
        name, title, help = kind.name, kind.title, kind.help

        def refresh(self) -> None:
            """There is nothing to draw."""

        def sentence(self) -> Sentence:
            return Sentence(Text.plain(""))

        def table(self) -> Mapping[str, export.Array]:
            return {}

    return Unmade


def _problem(kind: type[View], what: str, error: BaseException, remedy: str) -> Problem:
    file, line = plugin_place(traceback.walk_tb(error.__traceback__))
    if not file:
        file, line = _source(kind)
    message = error.message if isinstance(error, LabError) else f"{type(error).__name__}: {error}"
    return Problem(
        level="error",
        message=f"the view {kind.name!r} {what}: {message}",
        remedy=remedy,
        file=file,
        line=line,
        details="".join(traceback.format_exception(error)),
    )


def _source(kind: type[View]) -> tuple[str, int | None]:
    """Where the class of a view begins: it may be to blame though none of its lines was running."""
    try:
        return inspect.getsourcefile(kind) or "", inspect.getsourcelines(kind)[1]
    except (OSError, TypeError):
        return "", None
