"""One way of drawing predictions; a view shows the one that suits what is predicted."""

from abc import abstractmethod

from PySide6.QtWidgets import QVBoxLayout, QWidget

from lab.telemetry.frames import Frame
from lab.ui.api import Key, Sentence
from lab.ui.stage import Stage
from lab.ui.words import Text


class Part(QWidget):
    """Abstract: draws the frames of the probe `predictions` that have what it needs."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.output = 0
        """Which of several real outputs is drawn."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.column = column

    @abstractmethod
    def show_frame(self, frame: Frame, inputs: Frame | None, label: Text | None) -> None:
        """Draw a frame; `label` says so where it is not the latest."""

    @abstractmethod
    def sentence(self, frame: Frame) -> Sentence:
        """What is seen."""

    @abstractmethod
    def restyle(self) -> None:
        """Colours and sizes of the theme have changed."""

    def reading(self) -> Text:
        """What is under the mouse."""
        return Text.plain("")

    def legend(self) -> tuple[Key, ...]:
        """Entries of the legend."""
        return ()

    def move_cursor(self) -> None:
        """The time cursor is elsewhere."""

    def smooth(self, wanted: bool) -> None:
        """Draw curves antialiased."""
