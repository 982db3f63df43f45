"""The toolbar: verbs. Run, steps, stop; undo; speed; perspectives; where it is computed; panels."""

from collections.abc import Sequence
from functools import partial
from typing import Final, final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QSlider, QToolBar, QToolButton, QWidget

from lab.ui.actions import Actions
from lab.ui.icons import bind_icon
from lab.ui.theme import bind_theme, dress, set_font, theme
from lab.ui.words import Text, bind, bind_call

_STEPS: Final = 60
"""The slider goes from one update a second to a thousand in logarithmic steps; the last one is full speed."""

SPEED: Final = Text("Speed", "速度")


@final
class Toolbar(QToolBar):
    """The toolbar of the main window. `set_compact` and `set_bare` leave out what has no room or no meaning."""

    speed_chosen = Signal(object)
    """Updates a second at most, or None for full speed."""
    target_chosen = Signal(str)

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        bind(self, self.setAccessibleName, Text("Toolbar", "工具栏"))
        self._verbs = actions
        self._compact = self._bare = False
        self._run = self._button(actions.run)
        self._run.setProperty("primary", True)
        self._button(actions.one_update)
        self._epoch = self._button(actions.one_epoch)
        self._button(actions.stop)
        self.addSeparator()
        self._icon_only(self._button(actions.undo))
        self._icon_only(self._button(actions.redo))
        self._before_speed = self.addSeparator()
        self.speed = _Speed()
        self.speed.chosen.connect(self.speed_chosen)
        self._speed = self.addWidget(self.speed)
        stretch = QWidget()
        stretch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(stretch)
        self._segments = self.addWidget(_segments(actions))
        self.perspective = self._menu_button(Text("Perspective", "视图组合"))
        self.perspective.menu().addActions(actions.perspectives.actions())
        self._perspective = self.addWidget(self.perspective)
        bind_call(self, self.show_perspective)
        self._before_target = self.addSeparator()
        self.target = self._menu_button(Text("Computed by", "计算方式"))
        self._target = self.addWidget(self.target)
        self._targets: QActionGroup | None = None
        self._target_words = (Text.plain(""), Text.plain(""))
        bind_call(self, self._show_target)
        self.addSeparator()
        for action in (actions.toggle_left, actions.toggle_problems, actions.toggle_right):
            self._icon_only(self._button(action))
        bind_theme(self, self._resize)
        self._arrange()

    def set_compact(self, compact: bool) -> None:
        """Use less room: one epoch as an icon, no speed, perspectives as a menu, short words for the device."""
        if compact != self._compact:
            self._compact = compact
            self._arrange()

    def set_bare(self, bare: bool) -> None:
        """Leave out perspectives while the gallery is shown."""
        if bare != self._bare:
            self._bare = bare
            self._arrange()

    def set_targets(self, targets: Sequence[tuple[str, Text]], chosen: str = "auto") -> None:
        """The targets that can be chosen, by name; `target_chosen` tells which was."""
        menu = self.target.menu()
        menu.clear()
        self._targets = QActionGroup(menu)
        for name, text in targets:
            action = QAction(menu)
            bind(action, action.setText, text)
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.setData(name)
            self._targets.addAction(action)
            menu.addAction(action)
        self._targets.triggered.connect(self._choose_target)

    def show_target(self, text: Text, short: Text | None = None) -> None:
        """Show where it is computed, such as "CPU · compiled"; `short`, or its beginning, where room is little."""
        self._target_words = (text, short or Text(text.en.partition(" · ")[0], text.zh.partition(" · ")[0]))
        self._show_target()

    def _choose_target(self, action: QAction) -> None:
        self.target_chosen.emit(str(action.data()))

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.addWidget(button)
        return button

    def _menu_button(self, name: Text) -> QToolButton:
        button = QToolButton(self)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMenu(QMenu(button))
        bind_icon(button, button.setIcon, "chevron-down")
        bind(button, button.setToolTip, name)
        bind(button, button.setAccessibleName, name)
        return button

    def _icon_only(self, button: QToolButton) -> None:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def _arrange(self) -> None:
        style = Qt.ToolButtonStyle
        self._epoch.setToolButtonStyle(style.ToolButtonIconOnly if self._compact else style.ToolButtonTextBesideIcon)
        self._before_speed.setVisible(not self._compact)
        self._speed.setVisible(not self._compact)
        self._segments.setVisible(not self._compact and not self._bare)
        self._perspective.setVisible(self._compact and not self._bare)
        self._before_target.setVisible(not self._compact and not self._bare)
        self._show_target()

    def _resize(self) -> None:
        self.setIconSize(QSize(theme.px(16), theme.px(16)))

    def show_perspective(self) -> None:
        """Show the chosen perspective on the button that has them all."""
        action = self._verbs.perspectives.checkedAction()
        self.perspective.setText("" if action is None else action.text())

    def _show_target(self) -> None:
        text = str(self._target_words[1 if self._compact else 0])
        self.target.setText(text)
        self._target.setVisible(bool(text))


def _segments(actions: Actions) -> QWidget:
    """The perspectives side by side, the shown one underlined."""
    widget = QWidget()
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    for action in actions.perspectives.actions():
        button = QToolButton(widget)
        button.setProperty("seg", True)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        bind_theme(button, partial(_small, button))
        row.addWidget(button)
    return widget


def _small(button: QToolButton) -> None:
    set_font(button, theme.font(12))


@final
class _Speed(QWidget):
    """A slider from one update a second to full speed, with its value in words."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(8)
        name, self._value = QLabel(), QLabel()
        dress(name, 13, 400, "muted")
        dress(self._value, 13, 400, "text", tabular=True)
        bind(name, name.setText, SPEED)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setValue(_STEPS)
        self.slider.setFixedWidth(96)
        bind(self.slider, self.slider.setAccessibleName, SPEED)
        tip = Text("Slow training down to watch it", "放慢训练以便观察")
        bind(self.slider, self.slider.setToolTip, tip)
        name.setBuddy(self.slider)
        self.slider.valueChanged.connect(self._moved)
        for widget in (name, self.slider, self._value):
            row.addWidget(widget)
        bind_theme(self, self._resize)
        bind_call(self, self._show)

    def rate(self) -> float | None:
        """Updates a second at most; None at full speed."""
        position = self.slider.value()
        return None if position >= _STEPS else 10 ** (3 * position / (_STEPS - 1))

    def _moved(self) -> None:
        self._show()
        self.chosen.emit(self.rate())

    def _show(self) -> None:
        rate = self.rate()
        text = Text("full", "全速") if rate is None else Text.plain(f"{rate:.0f}/s" if rate >= 9.5 else f"{rate:.1f}/s")
        self._value.setText(str(text))
        self.slider.setAccessibleDescription(str(text))

    def _resize(self) -> None:
        # Wide enough for every value, so that nothing beside it moves.
        self._value.setMinimumWidth(theme.px(34))
