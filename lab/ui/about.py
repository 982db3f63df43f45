"""What RNN Lab is, which version, and under which licences its parts are."""

import platform
from typing import final

import PySide6
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

import lab
from lab.ui.theme import dress, ground
from lab.ui.words import Text, bind


@final
class AboutDialog(QDialog):
    """Version and licences; the version can be copied for a report."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        bind(self, self.setWindowTitle, Text("About RNN Lab", "关于 RNN Lab"))
        ground(self, "chrome")
        self.finished.connect(self.deleteLater)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(8)
        name = QLabel("RNN Lab")
        dress(name, 20, 600)
        column.addWidget(name)
        self._version = (
            f"RNN Lab {lab.__version__} · Python {platform.python_version()} · "
            f"PySide6 {PySide6.__version__} · {platform.system()} {platform.machine()}"
        )
        version = QLabel(self._version)
        dress(version, 12, 400, "muted", tabular=True)
        version.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(version)
        words = QLabel()
        words.setWordWrap(True)
        words.setMinimumWidth(420)
        dress(words, 13)
        bind(
            words,
            words.setText,
            Text(
                "A laboratory for recurrent neural networks: a cell is its equations, everything else follows from "
                "them.\n\nRNN Lab is under the MIT licence; the font Inter is under the SIL Open Font License; Qt and "
                "PySide6 are under the LGPL. Each data set names its source beside it.",
                "循环神经网络的实验室：单元就是它的方程，其余一切由方程得出。\n\n"
                "RNN Lab 采用 MIT 许可；Inter 字体采用 SIL 开放字体许可；Qt 与 PySide6 采用 LGPL 许可。"
                "每个数据集都附有来源说明。",
            ),
        )
        column.addWidget(words)
        row = QHBoxLayout()
        copy, close = QPushButton(), QPushButton()
        copy.setAutoDefault(False)
        close.setProperty("primary", True)
        close.setDefault(True)
        bind(copy, copy.setText, Text("Copy version", "复制版本信息"))
        bind(close, close.setText, Text("Close", "关闭"))
        bind(copy, copy.setToolTip, Text("Copy what to say when you ask for help", "复制求助时需要提供的版本信息"))
        bind(close, close.setToolTip, Text("Close this window (Esc)", "关闭此窗口（Esc）"))
        copy.clicked.connect(self._copy)
        close.clicked.connect(self.accept)
        row.addWidget(copy)
        row.addStretch(1)
        row.addWidget(close)
        column.addSpacing(8)
        column.addLayout(row)
        close.setFocus()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._version)
