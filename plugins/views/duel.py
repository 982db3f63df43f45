"""Duel of algorithms: how near other algorithms come to the exact gradient while one of them trains."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from lab.api import hookimpl
from lab.telemetry.frames import Frame
from lab.ui.api import Key, Sentence, Stage, Text, View, bind
from lab.ui.theme import theme
from lab.ui.translation import said
from lab.ui.views.canvas import Canvas
from lab.ui.views.choice import Choice
from lab.ui.views.curves import Dots, Line
from lab.ui.views.frames import waiting
from lab.ui.views.marks import Note, Rule
from lab.ui.views.names import fitting
from lab.ui.views.numbers import fixed, number
from lab.ui.views.plot import Axis, Plot
from lab.ui.views.rows import Row, Rows
from lab.ui.views.ticks import Tick, linear, logarithmic

Array = NDArray[Any]
MOST = 8
"""Curves at once; there are as many colours."""
BESIDE, BELOW = 520, 290
"""From this width on the table stands beside the curves, from this height on below them; else there is a legend."""
TABLE = 270
"""The width of the table beside the curves."""
MODES = (Text("cosine", "余弦"), Text("norm ratio", "范数比"))
COSINE, RATIO = range(2)
HEADS = (Text("cosine", "余弦"), Text("norm", "范数比"), Text("time", "用时"))


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """One algorithm: its curves over updates, (N,), and the seconds of its latest pass."""

    updates: Array
    cosines: Array
    ratios: Array
    seconds: float


class Duel(View):
    """Cosine and norm ratio of each algorithm's gradient to the exact one, over updates, and a table of the latest."""

    name = "duel"
    title = {"en": "Duel of algorithms", "zh": "算法对决"}
    needs = ("duel",)
    help = "duel"
    headed = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._canvas = Canvas(self._arrange)
        x = Axis(lambda low, high, most: linear(low, high, most, whole=True), Text("Update", "更新次数"))
        self._plot = Plot(self._canvas, x, Axis(self._ticks, self.axis_of(COSINE), grid=True))
        self._lines = [Line(self._plot, f"series{k + 1}", dash=k) for k in range(MOST)]
        self._ends = [Dots(self._plot, f"series{k + 1}") for k in range(MOST)]
        self._rows = Rows(self._canvas)
        self._choice = Choice(Text("What is compared", "比较内容"))
        self._choice.offer(MODES)
        self._choice.chosen.connect(self._again)
        self._frame: Frame | None = None
        self._rivals: dict[str, Rival] = {}
        self._reasons: dict[str, str] = {}
        self._tabled = False
        self.addAction(self._menu().menuAction())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._canvas)
        self._canvas.whole.connect(self._again)
        self._canvas.pointed.connect(self.told)
        stage.reset.connect(self._forget)
        self._draw()

    def _menu(self) -> QMenu:
        """The algorithms there are, made anew each time it opens."""
        menu = QMenu(self)
        bind(menu, menu.setTitle, Text("Algorithms", "训练算法"))

        def fill() -> None:
            menu.clear()
            for name, title in self._known().items():
                action = menu.addAction(str(title))
                action.setCheckable(True)
                action.setChecked(name in self._chosen())
                action.triggered.connect(lambda _=False, name=name: self._toggle(name))
            if not menu.actions():
                menu.addAction(str(Text("They are listed once training has begun", "训练开始后在此列出"))).setEnabled(
                    False
                )

        menu.aboutToShow.connect(fill)
        return menu

    def _known(self) -> dict[str, Text]:
        known = {} if self._frame is None else self._frame.notes.get("known") or {}
        return {name: Text.of(title, name) for name, title in known.items()}

    def _chosen(self) -> list[str]:
        return [] if self._frame is None else [str(name) for name in self._frame.notes.get("algorithms") or ()]

    def _toggle(self, name: str) -> None:
        """One more or one less; the last one stays."""
        chosen = self._chosen()
        wanted = [one for one in chosen if one != name] if name in chosen else [*chosen, name]
        if wanted:
            self.stage.asked.emit("duel", {"algorithms": ",".join(wanted)})

    def refresh(self) -> None:
        self._canvas.smooth(not self.stage.live)
        frame = self.stage.frames.get("duel")
        if frame is self._frame:
            return
        self._frame = frame
        self._rivals, self._reasons = ({}, {}) if frame is None else (_rivals(frame), dict(frame.notes["reasons"]))
        self._draw()

    def _draw(self) -> None:
        mode = self._choice.current
        curves = [self._values(rival, mode) for rival in list(self._rivals.values())[:MOST]]
        for line, end, rival, values in zip(self._lines, self._ends, self._rivals.values(), curves, strict=False):
            line.show_points(rival.updates, values)
            end.show_points(rival.updates[-1:], values[-1:])
        for points in (*self._lines[len(curves) :], *self._ends[len(curves) :]):
            points.clear_points()
        last = max([float(rival.updates[-1]) for rival in self._rivals.values()], default=1.0)
        first = min([float(rival.updates[0]) for rival in self._rivals.values()], default=0.0)
        self._plot.set_range((first, max(last, first + 1.0)), _reach(curves, mode))
        rules = [Rule(1.0 if mode == COSINE else 0.0, "muted", level=True, dash=True)]
        notes = []
        if self._rivals and self._lost():
            words = Text("NaN in a gradient", "梯度中有 NaN")
            notes = [Note(words, last, role="error", bold=True, align="right", dx=-5, row=0)]
        self._plot.mark(rules, notes)
        self._rows.show_rows(HEADS, self._table_rows())
        self._canvas.arranged()

    def _values(self, rival: Rival, mode: int) -> Array:
        if mode == COSINE:
            return rival.cosines
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log10(rival.ratios))

    def _table_rows(self) -> list[Row]:
        rows = []
        for key, rival in zip(self._keys(), self._rivals.values(), strict=True):
            ratio = "–" if math.isnan(rival.ratios[-1]) else number(float(rival.ratios[-1]))
            figures = (_cosine(float(rival.cosines[-1])), ratio, _time(rival.seconds))
            rows.append(Row(key, figures))
        for name, reason in self._reasons.items():
            rows.append(Row(Key(Text.plain(name), "square", -1), words=said(reason)))
        return rows

    def _keys(self) -> list[Key]:
        return [
            Key(Text.plain(name), "line", *((place + 1, place) if place < MOST else (-1, 0)))
            for place, name in enumerate(self._rivals)
        ]

    def _lost(self) -> bool:
        return any(not math.isfinite(rival.cosines[-1]) for rival in self._rivals.values())

    def sentence(self) -> Sentence:
        if self._frame is None:
            return Sentence(waiting(self.stage, Text("the algorithms", "各算法")))
        if not self._rivals:
            return Sentence(
                Text("None of the chosen algorithms can run this network.", "所选算法均不适用于此网络。"), "warning"
            )
        if self._lost():
            return Sentence(
                Text("NaN or nothing in a gradient: no direction.", "有梯度为 NaN 或为零，无方向可言。"), "error"
            )
        order = sorted(self._rivals, key=lambda name: -float(self._rivals[name].cosines[-1]))
        near, far = order[0], order[-1]
        values = {
            "n": near,
            "a": _cosine(float(self._rivals[near].cosines[-1])),
            "m": far,
            "b": _cosine(float(self._rivals[far].cosines[-1])),
        }
        if near == far:
            return Sentence(
                Text("{n}: cosine {a} to the exact gradient.", "{n}：与精确梯度的余弦为 {a}。").with_(**values)
            )
        words = Text("Cosine {a} for {n}, {b} for {m}.", "余弦：{n} 为 {a}，{m} 为 {b}。")
        brief = Text("Nearest: {n}, cosine {a}.", "最接近：{n}，余弦 {a}。")
        least = Text("Cosines from {b} to {a}.", "余弦从 {b} 到 {a}。")
        return Sentence(fitting(*(one.with_(**values) for one in (words, brief, least))))

    def legend(self) -> tuple[Key, ...]:
        return tuple(self._keys())

    def axis(self) -> Text:
        return self.axis_of(self._choice.current)

    def axis_of(self, mode: int) -> Text:
        """What is drawn upwards."""
        if mode == COSINE:
            return Text("Cosine to the exact gradient", "与精确梯度的余弦")
        return Text("Norm / exact norm, log", "范数/精确范数，对数")

    def reading(self) -> Text:
        if self._canvas.pointer is None or not self._rivals:
            return Text.plain("")
        _, x, y = self._canvas.pointer
        mode = self._choice.current
        found = []
        for name, rival in self._rivals.items():
            place = min(int(np.searchsorted(rival.updates, x)), len(rival.updates) - 1)
            value = float(self._values(rival, mode)[place])
            if math.isfinite(value):
                shown = rival.cosines if mode == COSINE else rival.ratios
                found.append((abs(value - y), name, int(rival.updates[place]), float(shown[place])))
        if not found:
            return Text.plain("")
        _, name, update, value = min(found)
        words = Text("update {u}  {name} {v}", "第 {u} 次  {name} {v}")
        return words.with_(u=f"{update:,}", name=name, v=_cosine(value) if mode == COSINE else number(value))

    def table(self) -> Mapping[str, Array]:
        found: dict[str, Array] = {}
        for name, rival in self._rivals.items():
            found |= {
                f"{name} update": rival.updates,
                f"{name} cosine": rival.cosines,
                f"{name} norm ratio": rival.ratios,
            }
            found[f"{name} seconds"] = np.array([rival.seconds])
        return found

    def chooser(self) -> QWidget | None:
        return self._choice

    def restyle(self) -> None:
        self._canvas.restyle()
        self._rows.update()

    def _ticks(self, low: float, high: float, most: int) -> list[Tick]:
        return linear(low, high, most) if self._choice.current == COSINE else logarithmic(low, high, most)

    def _arrange(self, inside: QRectF) -> None:
        beside = inside.width() >= BESIDE * theme.scale
        below = not beside and inside.height() - self._rows.height >= (BELOW - 100) * theme.scale
        shown = (beside or below) and bool(self._rivals or self._reasons)
        self._rows.setVisible(shown)
        left = QRectF(inside)
        if shown and beside:
            left.setWidth(inside.width() - theme.px(TABLE + 16))
            top = inside.top() + 4
            self._rows.place(QRectF(inside.right() - theme.px(TABLE), top, theme.px(TABLE), inside.height() - 4))
        elif shown:
            left.setHeight(inside.height() - self._rows.height - 6)
            self._rows.place(QRectF(inside.left(), left.bottom() + 6, inside.width(), self._rows.height))
        self._plot.place(left)
        # The table has the signs of the curves; they need not stand twice.
        self._plot.caption(self.axis(), () if shown else self.legend())

    def _again(self, *_: object) -> None:
        self._draw()
        self.told.emit()

    def _forget(self) -> None:
        self._frame = None
        self._rivals, self._reasons = {}, {}
        self._plot.free = False
        self._draw()


def _rivals(frame: Frame) -> dict[str, Rival]:
    """The algorithms of a frame that could be measured, in their order."""
    seconds = frame.notes["seconds"]
    found = {}
    for name in frame.notes["algorithms"]:
        if frame.arrays.get(f"{name}/update", np.zeros(0)).size:
            updates, cosines, ratios = (frame.arrays[f"{name}/{what}"] for what in ("update", "cosine", "ratio"))
            found[name] = Rival(updates, np.asarray(cosines, np.float64), np.asarray(ratios, np.float64), seconds[name])
    return found


def _reach(curves: Sequence[Array], mode: int) -> tuple[float, float]:
    """The vertical range: of all that is finite and of what would be exact, in steps, so that it moves seldom."""
    known = np.concatenate([*curves, np.array([0.0] if mode == RATIO else [0.0, 1.0])])
    known = known[np.isfinite(known)]
    low, high = float(known.min()), float(known.max())
    if mode == COSINE:
        return (math.floor(low * 5) / 5 - 0.03 if low < 0 else -0.03), 1.03
    return math.floor(low * 2 - 0.2) / 2, math.ceil(high * 2 + 0.2) / 2


def _cosine(value: float) -> str:
    """Three decimals; one that is not quite 1 is not called 1."""
    return fixed(math.copysign(min(abs(value), 0.999), value) if abs(value) < 1 - 1e-6 else value, 3)


def _time(seconds: float) -> str:
    return f"{number(1e3 * seconds, 2)} ms" if seconds < 1 else f"{number(seconds, 2)} s"


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [Duel]
