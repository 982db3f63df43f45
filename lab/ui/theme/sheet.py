"""The style sheet over Fusion: as little as gives hairlines, flat tools and visible focus."""

from string import Template
from typing import Final

from lab.resources import resource_folder
from lab.ui.theme.tokens import Tokens

# Properties that widgets set: `primary` (the one main button), `seg` (a choice shown as underlined words), `flat` (a
# tool without a frame), `bad` (a field whose value is refused), `side` (an entry of the gallery's list).
_SHEET: Final = Template("""
QMainWindow::separator { background: $line; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QMenuBar { background: $chrome; spacing: 0; padding: 0 4px; }
QMenuBar::item { padding: ${p5}px 9px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $sunken; color: $text; }
QMenu { background: $raised; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: ${p5}px 24px ${p5}px 10px; border-radius: 4px; }
QMenu::icon { padding-left: 8px; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $faint; background: transparent; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QToolBar { background: $chrome; border: 0; border-bottom: 1px solid $line; padding: 6px 8px; spacing: 4px; }
QToolBar::separator { background: $line; width: 1px; margin: 4px 6px; }
QToolButton { border: 1px solid transparent; border-radius: 5px; padding: 0 6px; background: transparent; }
QToolButton:hover { background: $sunken; }
QToolButton:pressed, QToolButton:checked { background: $sunken; }
QToolButton:focus { border: 1px solid $accent; }
QToolButton:disabled { color: $faint; background: transparent; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolBar QToolButton { padding: 0 8px; min-height: ${tool}px; }
QToolButton[primary="true"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: $bold;
    padding: 0 14px 0 10px; }
QToolButton[primary="true"]:hover { background: $accent_hover; }
QToolButton[primary="true"]:focus { border: 2px solid $text; padding: 0 13px 0 9px; }
QToolButton[primary="true"]:disabled { background: transparent; color: $faint; border-color: transparent; }
QToolButton[seg="true"], QToolBar QToolButton[seg="true"], QToolBar QToolButton[seg="true"]:hover {
    background: transparent; border: 0; border-radius: 0; border-bottom: 2px solid transparent; padding: 0 8px;
    min-height: ${seg}px; color: $muted; }
QToolButton[seg="true"]:hover, QToolBar QToolButton[seg="true"]:hover { color: $text; }
QToolButton[seg="true"]:checked, QToolBar QToolButton[seg="true"]:checked {
    background: transparent; color: $text; border-bottom: 2px solid $accent; font-weight: $bold; }
QToolButton[seg="true"]:focus, QToolBar QToolButton[seg="true"]:focus { background: $sunken; }
QToolButton[side="true"] { border: 1px solid transparent; padding: 0 8px; text-align: left; }
QToolButton[side="true"]:checked { background: $accent_soft; border-color: transparent; font-weight: $bold; }
QToolButton[side="true"]:focus { border-color: $accent; }
QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit { background: $sheet; color: $text;
    border: 1px solid $field; border-radius: 4px; padding: 0 6px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border: 2px solid $accent; padding: 0 5px; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { background: $chrome; color: $faint;
    border-color: $line; }
QLineEdit[bad="true"], QComboBox[bad="true"], QAbstractSpinBox[bad="true"] { border: 1px solid $error;
    background: $error_soft; }
QLineEdit[bad="true"]:focus, QComboBox[bad="true"]:focus, QAbstractSpinBox[bad="true"]:focus {
    border: 2px solid $error; }
QTextBrowser { border: 0; padding: 0; }
QTextBrowser:focus { border: 0; padding: 0; }
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus { border: 0; padding: 0; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator, QGroupBox::indicator {
    width: ${box}px; height: ${box}px; border: 1px solid $field; border-radius: 3px; background: $sheet; }
QRadioButton::indicator { border-radius: ${round}px; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked, QGroupBox::indicator:checked {
    background: $accent; border-color: $accent; image: url("$check"); }
QRadioButton::indicator:checked { border: ${ring}px solid $accent; width: ${dot}px; height: ${dot}px;
    background: $on_accent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $accent; }
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $line; background: $chrome; }
QComboBox::drop-down { border: 0; width: ${drop}px; }
QComboBox::down-arrow { image: url("$chevron"); width: ${arrow}px; height: ${arrow}px; }
QComboBox QAbstractItemView { background: $raised; color: $text; border: 1px solid $line; outline: 0;
    selection-background-color: $accent_soft; selection-color: $text; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: 0; background: transparent; width: ${spin}px; }
QAbstractSpinBox::up-arrow { image: url("$chevron_up"); width: ${spin_arrow}px; height: ${spin_arrow}px; }
QAbstractSpinBox::down-arrow { image: url("$chevron"); width: ${spin_arrow}px; height: ${spin_arrow}px; }
QPushButton { background: $raised; color: $text; border: 1px solid $field; border-radius: 5px; padding: 0 12px;
    min-height: ${button}px; }
QPushButton:hover { background: $sunken; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border: 2px solid $accent; padding: 0 11px; min-height: ${button_focus}px; }
QPushButton:disabled { color: $faint; border-color: $line; background: $chrome; }
QPushButton[primary="true"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: $bold; }
QPushButton[primary="true"]:hover { background: $accent_hover; }
QPushButton[primary="true"]:focus { border: 2px solid $text; }
QPushButton[primary="true"]:disabled { background: $line; color: $faint; border-color: $line; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; border: 0; border-bottom: 2px solid transparent;
    padding: ${tab_top}px 2px 3px 2px; margin: 0 8px 0 12px; color: $muted;
    min-height: ${tab}px; max-height: ${tab}px; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; font-weight: $bold; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { color: $accent; }
QTabBar::tear { image: none; width: 0; }
QTabBar::scroller { width: ${scroller}px; }
QTabBar QToolButton { border: 0; border-radius: 0; padding: 0; }
QTabBar QToolButton::left-arrow { image: url("$chevron_left"); width: ${arrow}px; height: ${arrow}px; }
QTabBar QToolButton::right-arrow { image: url("$chevron_right"); width: ${arrow}px; height: ${arrow}px; }
QTabWidget::pane { border: 0; border-top: 1px solid $line; }
QMainWindow#views, QMainWindow#views QTabBar { background: $sheet; }
QStatusBar { background: $chrome; border-top: 1px solid $line; color: $muted; }
QStatusBar::item { border: 0; }
QScrollArea { border: 0; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $field; border-radius: 3px; min-height: 32px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: $field; border-radius: 3px; min-width: 32px; margin: 2px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSlider::groove:horizontal { height: 3px; background: $field; border-radius: 1px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 1px; }
QSlider::handle:horizontal { background: $raised; border: 1px solid $muted; width: 12px; height: 12px;
    margin: -6px 0; border-radius: 7px; }
QSlider::handle:horizontal:focus { border: 2px solid $accent; }
QSlider::sub-page:horizontal:disabled { background: $faint; }
QProgressBar { border: 0; background: $line; max-height: 2px; min-height: 2px; }
QProgressBar::chunk { background: $accent; }
QProgressBar[failed="true"]::chunk { background: $error; }
QHeaderView::section { background: $chrome; color: $muted; border: 0; border-bottom: 1px solid $line;
    padding: 4px 8px; font-weight: 400; }
QTableView, QListView, QTreeView { background: $sheet; border: 0; gridline-color: $line; outline: 0;
    selection-background-color: $accent_soft; selection-color: $text; alternate-background-color: $chrome; }
QToolTip { background: $raised; color: $text; border: 1px solid $field; padding: 4px 6px; }
""")


def sheet(tokens: Tokens, scale: float, bold: int) -> str:
    """The style sheet of a theme; what holds text or is as large as it grows with `scale`, its size (1 is normal).

    `bold` is the weight of what is emphasised.
    """
    icons = (resource_folder() / "icons").as_posix()
    theme = "dark" if tokens.dark else "light"
    lengths = {
        "p5": 5, "tab_top": 7, "tab": 16, "tool": 28, "seg": 26, "button": 26, "button_focus": 24, "box": 14,
        "drop": 18, "arrow": 12, "spin": 16, "spin_arrow": 10, "scroller": 40,
    }  # fmt: skip
    scaled = {name: round(length * scale) for name, length in lengths.items()}
    ring = round(5 * scale)
    colours = {name: getattr(tokens, name) for name in tokens.__slots__ if name not in ("dark", "series")}
    return _SHEET.substitute(
        colours,
        **scaled,
        # A chosen one is as wide as one that is not, its frame of one pixel included.
        ring=ring,
        dot=scaled["box"] + 2 - 2 * ring,
        round=scaled["box"] // 2 + 1,
        bold=bold,
        chevron=f"{icons}/chevron-down-{theme}.svg",
        check=f"{icons}/check-{theme}.svg",
        chevron_up=f"{icons}/chevron-up-{theme}.svg",
        chevron_left=f"{icons}/chevron-left-{theme}.svg",
        chevron_right=f"{icons}/chevron-right-{theme}.svg",
    )
