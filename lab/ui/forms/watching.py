"""What is watched while a network learns: which sample, and how often the views are drawn."""

from collections.abc import Sequence
from typing import Final, final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from lab.ui.forms.fields import Field
from lab.ui.forms.row import MISSING, Row
from lab.ui.forms.section import Section
from lab.ui.words import Text

RATES: Final = (30.0, 10.0, 5.0, 1.0)
"""Frames a second to choose from."""

_NONE: Final = Text.plain("")
_WAITING: Final = Text("Once a run begins", "运行后可选")


@final
class Watching(QObject):
    """The section of the form that changes nothing in the experiment: the choice is the window's alone."""

    changed = Signal(int, float)
    """The index of the sample and the frames a second."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.sample, self.rate = 0, RATES[0]
        self.section = Section(Text("Watching", "观测"), parent=parent)
        every = tuple((rate, Text("{n} per second", "每秒 {n} 次").with_(n=int(rate))) for rate in RATES)
        self._redraw = self._row("watching.redraw", Text("Redraw", "刷新"), REDRAW_HELP, every)
        self._redraw.edited.connect(self._set_rate)
        self._redraw.show_value(self.rate, wrong=None, original=MISSING, changed=False)
        self._sample = self._waiting()
        self._show_rows()

    def show_samples(self, labels: Sequence[str]) -> None:
        """The samples that can be watched, none before a run."""
        row = self._waiting() if not labels else self._choice(labels)
        if row.field != self._sample.field:
            self._sample.hide()
            self._sample.deleteLater()
            self._sample = row
            self._show_rows()
        else:
            row.deleteLater()
        self.sample = self.sample if self.sample < len(labels) else 0
        if labels:
            self._sample.show_value(self.sample, wrong=None, original=MISSING, changed=False)

    def choose(self, sample: int) -> None:
        """Show that another sample was chosen elsewhere."""
        if any(option == sample for option, _ in self._sample.field.options):
            self.sample = sample
            self._sample.show_value(sample, wrong=None, original=MISSING, changed=False)

    @property
    def rows(self) -> tuple[Row, Row]:
        """Sample and redraw."""
        return self._sample, self._redraw

    def _choice(self, labels: Sequence[str]) -> Row:
        options = tuple((index, _named(label)) for index, label in enumerate(labels))
        row = self._row("watching.sample", Text("Sample", "样本"), SAMPLE_HELP, options)
        row.edited.connect(self._set_sample)
        return row

    def _waiting(self) -> Row:
        row = self._row("watching.sample", Text("Sample", "样本"), SAMPLE_HELP, ((None, _WAITING),))
        row.show_value(None, wrong=None, original=MISSING, changed=False)
        row.show_editable(False)
        return row

    def _row(self, path: str, label: Text, words: Text, options: tuple[tuple[object, Text], ...]) -> Row:
        field = Field(path=path, kind="choice", label=label, help=words, unit=_NONE, options=options)
        return Row(field, self.section.body)

    def _show_rows(self) -> None:
        self.section.show_rows([self._sample, self._redraw], [False, False])

    def _set_sample(self, index: int) -> None:
        self.sample = index
        self._sample.show_value(index, wrong=None, original=MISSING, changed=False)
        self.changed.emit(self.sample, self.rate)

    def _set_rate(self, rate: float) -> None:
        self.rate = rate
        self._redraw.show_value(rate, wrong=None, original=MISSING, changed=False)
        self.changed.emit(self.sample, self.rate)


SAMPLE_HELP: Final = Text("The sequence whose states and gates are shown", "显示其状态与门的序列")
REDRAW_HELP: Final = Text("How often views are drawn; seldom costs less", "视图刷新的频率；越低开销越小")


def _named(label: str) -> Text:
    """A sample that has only a number is called by it, counted from 1."""
    if not label.isdecimal():
        return Text.plain(label)
    return Text("Sequence {n}", "第 {n} 条序列").with_(n=int(label) + 1)
