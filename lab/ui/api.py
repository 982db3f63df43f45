"""All that a plugin of a view may import from the window, beside `lab.api`, Qt and pyqtgraph."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from lab.components.base import Registered
from lab.ui.stage import Cursor, Curve, Overlay, Stage
from lab.ui.words import Text, bind, bind_call

Mark = Literal["", "good", "warning", "error"]


@final
@dataclass(frozen=True, slots=True)
class Sentence:
    """What a view says of what it shows: fact first, number second, consequence last. A mark only where it judges.

    `detail` is the same with all that there was no room for.
    """

    text: Text
    mark: Mark = ""
    detail: Text | None = None

    @property
    def full(self) -> Text:
        """All there is to say: for the tooltip, and for screen readers."""
        return self.text if self.detail is None else self.detail


@final
@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend: `look` is `line`, `dots`, `dash`, `square` or `diamond`; `series` 1-8, 0 text, -1 muted.

    `dash` is that of the line.
    """

    text: Text
    look: str
    series: int
    dash: int = 0


class View(Registered, QWidget):
    """Abstract: one view. It is made once, and drawn again and again from the stage.

    `name` is unique; `title` by language; `needs` names the probes whose frames it draws, which are measured only while
    it can be seen. The window draws title, sentence, legend and buttons around it.
    """

    _kind = "view"
    needs: ClassVar[tuple[str, ...]] = ()
    help: ClassVar[str] = ""
    """Page of the help that explains it, without the ending."""
    headed: ClassVar[bool] = False
    """True where the view draws its axis name and legend itself, above its own plots."""

    told = Signal()
    """The reading or the sentence has changed without a refresh: the mouse, the cursor or a choice moved."""

    def __init__(self, stage: Stage) -> None:
        QWidget.__init__(self)
        self.stage = stage

    @abstractmethod
    def refresh(self) -> None:
        """Draw what is new on the stage. Called only while visible, at most 30 times a second; must take 2 ms or so."""

    @abstractmethod
    def sentence(self) -> Sentence:
        """What is seen, in at most 60 characters; while there is nothing to see: why, and which key helps."""

    @abstractmethod
    def table(self) -> Mapping[str, NDArray[Any]]:
        """What is drawn, as named arrays: the CSV and the npz. Empty while there is nothing."""

    def legend(self) -> tuple[Key, ...]:
        """Entries of the legend, which stands above the data."""
        return ()

    def axis(self) -> Text:
        """The name of the vertical axis, with its unit; it stands above it."""
        return Text.plain("")

    def reading(self) -> Text:
        """A short reading at the right of the title: a value under the mouse, an error."""
        return Text.plain("")

    def chooser(self) -> QWidget | None:
        """A small control beside the title (which gate, which colour), made once."""
        return None

    def restyle(self) -> None:
        """The theme or the text size has changed: take colours and fonts anew (`lab.ui.theme`)."""


__all__ = ["Cursor", "Curve", "Key", "Overlay", "Sentence", "Stage", "Text", "View", "bind", "bind_call"]
