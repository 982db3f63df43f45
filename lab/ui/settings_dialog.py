"""The dialog of settings: each takes effect as soon as it is changed, and what it refuses it explains in place."""

from pathlib import Path
from typing import final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from lab.ui.settings import SETTINGS, Setting, Settings
from lab.ui.theme import bind_theme, dress, ground, theme
from lab.ui.words import Text, bind, bind_call


@final
class SettingsDialog(QDialog):
    """A form made from the declared settings."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        bind(self, self.setWindowTitle, Text("Settings", "设置"))
        ground(self, "chrome")
        self.finished.connect(self.deleteLater)
        self.setMinimumWidth(520)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(16)
        form = QGridLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(2)
        form.setColumnStretch(1, 1)
        self.editors: dict[str, QWidget] = {}
        for index, setting in enumerate(SETTINGS):
            self._row(form, 3 * index, setting)
        column.addLayout(form)
        column.addStretch(1)
        buttons = QHBoxLayout()
        reset, close = QPushButton(), QPushButton()
        bind(reset, reset.setText, Text("Reset all", "全部恢复默认"))
        bind(reset, reset.setToolTip, Text("Give every setting its default", "把所有设置恢复为默认值"))
        bind(close, close.setText, Text("Close", "关闭"))
        bind(
            close,
            close.setToolTip,
            Text("Close this window; all is saved already (Esc)", "关闭此窗口；设置已全部保存（Esc）"),
        )
        close.setProperty("primary", True)
        close.setDefault(True)
        reset.setAutoDefault(False)
        reset.clicked.connect(settings.reset)
        close.clicked.connect(self.accept)
        buttons.addWidget(reset)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column.addLayout(buttons)
        settings.changed.connect(self._follow)

    def _row(self, form: QGridLayout, row: int, setting: Setting) -> None:
        title, hint = QLabel(), QLabel()
        dress(title, 13)
        bind_theme(title, lambda: title.setMinimumHeight(theme.px(26)))
        dress(hint, 12, 400, "muted")
        hint.setWordWrap(True)
        bind(title, title.setText, setting.title)
        bind(hint, hint.setText, setting.hint)
        editor: QWidget
        if setting.choices:
            editor = _Choice(self._settings, setting)
        elif setting.folder:
            editor = _Folder(self._settings, setting)
        elif isinstance(setting.default, float):
            editor = _decimal(self._settings, setting)
        else:
            editor = _whole(self._settings, setting)
        field = editor.field if isinstance(editor, _Folder) else editor
        title.setBuddy(field)
        bind(field, field.setAccessibleName, setting.title)
        bind(field, field.setAccessibleDescription, setting.hint)
        bind(field, field.setToolTip, setting.hint)
        form.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        form.addWidget(editor, row, 1)
        form.addWidget(hint, row + 1, 1)
        form.setRowMinimumHeight(row + 2, 8)
        self.editors[setting.key] = field

    def _follow(self, key: str) -> None:
        editor = self.editors[key]
        if isinstance(editor, QSpinBox | QDoubleSpinBox):
            editor.setValue(self._settings.value(key))


@final
class _Choice(QComboBox):
    """One of a few."""

    def __init__(self, settings: Settings, setting: Setting) -> None:
        super().__init__()
        self._settings, self._setting = settings, setting
        self.setMinimumHeight(26)
        bind_call(self, self._fill)
        self.activated.connect(self._chosen)
        settings.changed.connect(self._follow)

    def _fill(self) -> None:
        self.blockSignals(True)
        self.clear()
        for value, text in self._setting.choices:
            self.addItem(str(text), value)
        self.blockSignals(False)
        self._follow(self._setting.key)

    def _chosen(self, index: int) -> None:
        self._settings.set_value(self._setting.key, self.itemData(index))

    def _follow(self, key: str) -> None:
        if key == self._setting.key:
            self.setCurrentIndex(self.findData(self._settings.value(key)))


@final
class _Folder(QWidget):
    """A folder, typed or chosen; one that cannot be is refused in words."""

    def __init__(self, settings: Settings, setting: Setting) -> None:
        super().__init__()
        self._settings, self._setting = settings, setting
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.field = QLineEdit()
        self.field.setMinimumHeight(26)
        self.field.editingFinished.connect(self._edited)
        choose = QPushButton()
        choose.setAutoDefault(False)
        bind(choose, choose.setText, Text("Choose…", "选择…"))
        bind(choose, choose.setToolTip, Text("Choose the folder", "选择文件夹"))
        choose.clicked.connect(self._choose)
        row.addWidget(self.field, 1)
        row.addWidget(choose)
        column.addLayout(row)
        self._refused = QLabel()
        dress(self._refused, 12, 400, "error")
        self._refused.hide()
        column.addWidget(self._refused)
        bind(self._refused, self._refused.setText, Text("This is not a folder.", "这不是一个文件夹。"))
        settings.changed.connect(self._follow)
        self._follow(setting.key)

    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, str(self._setting.title), self.field.text())
        if folder:
            self.field.setText(folder)
            self._edited()

    def _edited(self) -> None:
        text = self.field.text().strip()
        path = Path(text).expanduser()
        # A folder that is not there yet is made when it is needed; a file in its place cannot be.
        refused = bool(text) and not _may_be_folder(path)
        self._refused.setVisible(refused)
        self.field.setProperty("bad", refused)
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)
        if not refused:
            self._settings.set_value(self._setting.key, str(path) if text else "")

    def _follow(self, key: str) -> None:
        if key == self._setting.key:
            self.field.setText(self._settings.value(key))


def _whole(settings: Settings, setting: Setting) -> QSpinBox:
    field = QSpinBox()
    field.setRange(round(setting.lowest), round(setting.highest))
    field.setSingleStep(round(setting.step))
    field.valueChanged.connect(lambda value: settings.set_value(setting.key, value))
    _dress_number(field, settings, setting)
    return field


def _decimal(settings: Settings, setting: Setting) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setDecimals(1)
    field.setRange(setting.lowest, setting.highest)
    field.setSingleStep(setting.step)
    field.valueChanged.connect(lambda value: settings.set_value(setting.key, value))
    _dress_number(field, settings, setting)
    return field


def _dress_number(field: QSpinBox | QDoubleSpinBox, settings: Settings, setting: Setting) -> None:
    field.setMinimumHeight(26)
    field.setKeyboardTracking(False)
    # The padding of the style sheet does not reach the text of a spin box.
    field.lineEdit().setTextMargins(4, 0, 0, 0)
    bind(field, lambda unit: field.setSuffix(f" {unit}" if unit else ""), setting.unit)
    bind(field, field.setSpecialValueText, setting.zero)
    field.setValue(settings.value(setting.key))


def _may_be_folder(path: Path) -> bool:
    try:
        return path.is_dir() or not path.exists()
    except OSError:  # no file can have this name
        return False
