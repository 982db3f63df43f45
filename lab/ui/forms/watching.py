"""What is watched while a network learns: which samples, which of them is shown, how often the views are drawn."""

from collections.abc import Callable, Sequence
from typing import Final, final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from lab.training.labels import HANDFUL, MOST_SAMPLES
from lab.ui.forms.fields import Field, Kind
from lab.ui.forms.row import MISSING, Row
from lab.ui.forms.section import Section
from lab.ui.views.names import sample_name
from lab.ui.words import Text

RATES: Final = (30.0, 10.0, 5.0, 1.0)
"""Frames a second to choose from."""

_NONE: Final = Text.plain("")
_WAITING: Final = Text("Once a run begins", "运行后可选")
_SAMPLES: Final = Text("Samples", "样本")
_SHOWN: Final = Text("Shown", "显示")


@final
class Watching(QObject):
    """The section of the form that changes nothing in the experiment: the choice is the window's alone.

    `samples` are the watched ones by number in their split, from 0, and `shown` is the place of one among them.
    """

    changed = Signal(object, int, float)
    """The watched samples, the place of the one that is shown, and the frames a second."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._wanted = tuple(range(HANDFUL))
        self._labels: tuple[str, ...] = ()
        self.shown, self.rate = 0, RATES[0]
        self.section = Section(Text("Watching", "观测"), parent=parent)
        every = tuple((rate, Text("{n} per second", "每秒 {n} 次").with_(n=int(rate))) for rate in RATES)
        redraw = _field("watching.redraw", "choice", Text("Redraw", "刷新"), REDRAW_HELP, options=every)
        self._redraw = self._row(redraw, self._set_rate)
        self._redraw.show_value(self.rate, wrong=None, original=MISSING, changed=False)
        self._many = self._row(self._numbers(), self._set_samples)
        self._one = self._row(self._choice(), self._set_shown)
        self._show()

    @property
    def samples(self) -> tuple[int, ...]:
        """The watched samples: of those that were asked for the ones that there are."""
        return tuple(sample for sample in self._wanted if sample < len(self._labels)) or (0,)

    def show_samples(self, labels: Sequence[str]) -> None:
        """The samples that can be watched, none before a run."""
        self._labels = tuple(labels)
        self.choose(self.shown)
        self._show()

    def choose(self, shown: int) -> None:
        """Show that another of the watched samples is the one that is shown; the first where there are not so many."""
        self.shown = shown if shown < len(self.samples) else 0
        if self._labels:
            self._one.show_value(self.shown, wrong=None, original=MISSING, changed=False)

    @property
    def rows(self) -> tuple[Row, Row, Row]:
        """Samples, the one shown, and redraw."""
        return self._many, self._one, self._redraw

    def _show(self) -> None:
        """Rows for the samples that there are; those that stay the same keep their focus."""
        self._many = self._kept(self._many, self._numbers(), self._set_samples)
        self._one = self._kept(self._one, self._choice(), self._set_shown)
        if self._labels:
            shown = [sample + 1 for sample in self.samples]
            self._many.show_value(shown, wrong=None, original=MISSING, changed=False)
        one = self.shown if self._labels else None
        self._one.show_value(one, wrong=None, original=MISSING, changed=False)
        self._one.show_editable(bool(self._labels))
        several = [self._many] if len(self._labels) > 1 else []
        self._many.setVisible(bool(several))
        rows = [*several, self._one, self._redraw]
        self.section.show_rows(rows, [False] * len(rows))

    def _numbers(self) -> Field:
        return _field("watching.samples", "list", _SAMPLES, SAMPLES_HELP, high=max(len(self._labels), 1))

    def _choice(self) -> Field:
        options: tuple[tuple[object, Text], ...] = ((None, _WAITING),)
        if self._labels:
            options = tuple((place, sample_name(self._labels[sample])) for place, sample in enumerate(self.samples))
        return _field("watching.sample", "choice", _SHOWN, SHOWN_HELP, options=options)

    def _kept(self, row: Row, field: Field, edited: Callable[..., None]) -> Row:
        if row.field == field:
            return row
        row.hide()
        row.deleteLater()
        return self._row(field, edited)

    def _row(self, field: Field, edited: Callable[..., None]) -> Row:
        row = Row(field, self.section.body)
        row.edited.connect(edited)
        return row

    def _set_samples(self, numbers: Sequence[int]) -> None:
        wanted = tuple(dict.fromkeys(number - 1 for number in numbers))
        if not 1 <= len(wanted) <= MOST_SAMPLES:
            self._many.refuse(Text("From 1 to {n} numbers", "1 到 {n} 个序号").with_(n=MOST_SAMPLES))
            return
        before = self.samples[self.shown]
        self._wanted = wanted
        self.shown = wanted.index(before) if before in wanted else 0
        self._show()
        self._tell()

    def _set_shown(self, place: int) -> None:
        self.choose(place)
        self._tell()

    def _set_rate(self, rate: float) -> None:
        self.rate = rate
        self._redraw.show_value(rate, wrong=None, original=MISSING, changed=False)
        self._tell()

    def _tell(self) -> None:
        self.changed.emit(self.samples, self.shown, self.rate)


SAMPLES_HELP: Final = Text(
    "The sequences that are watched, by number, up to 8; the phase portrait draws all of them",
    "被观测序列的序号，最多 8 个；相图绘出全部",
)
SHOWN_HELP: Final = Text("The one of them whose states, gates and gradients are shown", "其中显示状态、门与梯度的一条")
REDRAW_HELP: Final = Text("How often views are drawn; seldom costs less", "视图刷新的频率；越低开销越小")


def _field(
    path: str,
    kind: Kind,
    label: Text,
    words: Text,
    *,
    options: tuple[tuple[object, Text], ...] = (),
    high: int | None = None,
) -> Field:
    return Field(
        path=path, kind=kind, item="whole", label=label, help=words, unit=_NONE, options=options, low=1, high=high
    )
