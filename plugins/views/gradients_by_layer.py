"""Gradients by layer: how large the gradient of each layer is, update by update."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lab.api import hookimpl
from lab.telemetry.frames import Frame
from lab.ui.api import Key, Sentence, Stage, Text, View
from lab.ui.views.canvas import Canvas
from lab.ui.views.choice import Choice
from lab.ui.views.curves import Line, Thinned
from lab.ui.views.frames import layer_label, waiting
from lab.ui.views.marks import Band, Note, Rule
from lab.ui.views.names import fitting
from lab.ui.views.numbers import number, share
from lab.ui.views.plot import Axis, Plot
from lab.ui.views.ticks import linear, logarithmic

Array = NDArray[Any]
MOST = 8
"""Curves at once; there are as many colours and dashes. Of more the largest are shown, or a part of a layer."""
NOTHING = np.zeros(0, np.int64), np.zeros((0, 0)), np.zeros((0, 0))
"""Updates (N,), norms (N, P) and ratios (N, P) before the first frame."""
LAYER, NUMBER = Text("layer {n}", "第 {n} 层"), Text("{n}", "{n}")
PLACES = {"input": Text("input", "输入层"), "output": Text("output", "输出层")}
MODES = (Text("layers", "各层"), Text("parameters", "各参数"), Text("change / weight", "变化/权重"))
LAYERS, _, RATIOS = range(len(MODES))


class GradientsByLayer(View):
    """The norm of the gradient of each layer or parameter, or of its change in proportion to it, on a log axis."""

    name = "gradients-by-layer"
    title = {"en": "Gradients by layer", "zh": "各层梯度"}
    needs = ("gradients",)
    help = "views"
    headed = True

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._canvas = Canvas(self._arrange)
        x = Axis(lambda low, high, most: linear(low, high, most, whole=True), Text("Update", "更新次数"))
        self._plot = Plot(self._canvas, x, Axis(logarithmic, Text("Gradient norm, log", "梯度范数，对数"), grid=True))
        self._all = Line(self._plot, "muted", alpha=150, z=0)
        self._total = Thinned()
        self._lines = [Line(self._plot, f"series{k + 1}", dash=k) for k in range(MOST)]
        self._choice = Choice(Text("What is measured", "显示内容"))
        self._choice.chosen.connect(self._choose)
        self._frame: Frame | None = None
        self._updates, self._norms, self._ratios = NOTHING
        self._names: list[str] = []
        self._layers: list[str] = []
        self._parts: list[list[int]] = []
        self._wanted = MODES[LAYERS]
        self._offer()
        self._clip = 0.0
        self._shown: dict[str, Array] = {}
        self._fresh = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._canvas)
        self._canvas.whole.connect(self._again)
        self._canvas.pointed.connect(self.told)
        stage.reset.connect(self._forget)

    def refresh(self) -> None:
        self._canvas.smooth(not self.stage.live)
        total = self.stage.curve("gradient.norm")
        new = self._total.follow(total.updates, total.values)
        spec = self.stage.spec
        if spec is not None and not len(self._updates):
            self._clip = float(spec.training.clip_norm or 0.0)
        if not (self._take() or new or self._fresh):
            return
        self._fresh = False
        self._shown = self._series()
        x = np.array(self._updates, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            curves = {name: np.log10(values) for name, values in self._shown.items()}
        for line, values in zip(self._lines, [*curves.values(), *[None] * MOST], strict=False):
            if values is None:
                line.clear_points()
            else:
                line.show_points(x, values)
        total_x, total_y = self._total.outline() if self._choice.current == LAYERS else (x[:0], x[:0])
        with np.errstate(divide="ignore", invalid="ignore"):
            total_y = np.log10(total_y)
        self._all.show_points(total_x, total_y)
        known = np.concatenate([*curves.values(), total_y])
        known = known[np.isfinite(known)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (-3.0, 0.5)
        if self._clip > 0 and self._choice.current != RATIOS:
            low, high = min(low, math.log10(self._clip)), max(high, math.log10(self._clip))
        self._plot.set_range((0.0, self._last()), (math.floor(low * 2 - 0.2) / 2, math.ceil(high * 2 + 0.2) / 2))
        self._mark()
        self._plot.caption(self.axis(), self.legend())

    def _take(self) -> bool:
        frame = self.stage.frames.get("gradients")
        if frame is None or frame is self._frame or "norms" not in frame.arrays:
            return False
        self._frame = frame
        count = frame.arrays["norms"].shape[1]
        names = [str(one) for one in frame.notes.get("names", ())][:count]
        layers = [str(one) for one in frame.notes.get("layer", names)][:count]
        if (names, layers) != (self._names, self._layers):
            self._names, self._layers = names, layers
            self._offer()
        self._clip = float(frame.notes.get("clip") or 0.0)
        self._updates = np.asarray(frame.arrays["updates"])
        self._norms, self._ratios = (np.asarray(frame.arrays[name], np.float64) for name in ("norms", "ratios"))
        return True

    def _series(self) -> dict[str, Array]:
        """The curves by name, at most as many as there are colours."""
        if not len(self._updates):
            return {}
        mode = self._choice.current
        if mode in (LAYERS, RATIOS):
            found = self._by_layer(mode)
        else:
            places = self._parts[mode - len(MODES)] if mode >= len(MODES) else range(len(self._names))
            found = {self._names[place]: self._norms[:, place] for place in places}
        largest = sorted(found, key=lambda name: -float(np.nan_to_num(found[name][-1], nan=np.inf)))[:MOST]
        return {name: found[name] for name in found if name in largest}

    def _by_layer(self, mode: int) -> dict[str, Array]:
        found = {}
        for layer in dict.fromkeys(self._layers):
            places = [place for place, one in enumerate(self._layers) if one == layer]
            norms, ratios = self._norms[:, places], self._ratios[:, places]
            found[layer] = _mean(ratios) if mode == RATIOS else np.sqrt((norms**2).sum(axis=1))
        return found

    def _offer(self) -> None:
        """Beside the layers and the largest parameters those of each layer, where there are more than the largest.

        Those of a large layer are parted by their letter: `W_i`, `W_f` and so on are `W`.
        """
        parts: dict[str, list[int]] = {}
        for place, (name, layer) in enumerate(zip(self._names, self._layers, strict=False)):
            letter = name.rpartition(".")[2].partition("_")[0]
            parts.setdefault(f"{layer}.{letter}" if self._layers.count(layer) > MOST else layer, []).append(place)
        if len(self._names) <= MOST:
            parts = {}
        self._parts = list(parts.values())
        words = [_called(part) for part in parts]
        names = (*MODES, *words)
        self._choice.offer(names, (), names.index(self._wanted) if self._wanted in names else LAYERS)

    def _choose(self, index: int) -> None:
        self._wanted = self._choice.names[index]
        self._again()

    def _mark(self) -> None:
        rules, notes = [], []
        if self._clip > 0 and self._choice.current != RATIOS:
            rules.append(Rule(math.log10(self._clip), "muted", level=True, dash=True))
        for update, _ in self.stage.marks:
            rules.append(Rule(update, "axis"))
        bad = None if _follows_none(self._norms, self._ratios) else _first_bad(self._norms)
        if bad is not None:
            update = int(self._updates[bad])
            rules.append(Rule(update, "error"))
            lost = [
                name for name, value in zip(self._names, self._norms[bad], strict=False) if not math.isfinite(value)
            ]
            words = Text("not finite from update {u}: {names}", "第 {u} 次更新起非有限：{names}")
            first = [_called(name) for name in lost[:2]]
            more = "…" if len(lost) > 2 else ""
            listed = Text(", ".join(one.en for one in first) + more, "、".join(one.zh for one in first) + more)
            filled = words.with_(u=f"{update:,}", names=listed)
            notes.append(Note(filled, update, role="error", bold=True, align="beside", dx=5, row=0))
        bands = [] if bad is None else [Band(self._updates[bad], 1e12)]
        if bands != self._plot.bands:
            self._plot.bands = bands
            self._plot.update()
        self._plot.mark(rules, notes)

    def _last(self) -> float:
        now = max(int(self._updates[-1]) if len(self._updates) else 0, self.stage.update)
        planned = int(self.stage.about.get("updates") or 0)
        step = max(64, 2 ** math.ceil(math.log2(now + 1)))
        return float(max(min(step, planned) if planned else step, now))

    def sentence(self) -> Sentence:
        if not len(self._updates):
            return Sentence(waiting(self.stage, Text("gradient norms", "梯度范数")))
        now = self._norms[-1]
        if _follows_none(self._norms, self._ratios):
            words = Text("This rule follows no gradient: see change / weight.", "该算法不用梯度：请看“变化/权重”。")
            return Sentence(words)
        lost = int((~np.isfinite(now)).sum())
        if lost:
            first = _called(self._names[int(np.argmin(np.isfinite(now)))]) if self._names else ""
            words = Text("{n} of {all} gradients are not finite: {first}.", "{all} 个梯度中 {n} 个非有限：{first}。")
            brief = Text("{n} of {all} gradients are not finite.", "{all} 个梯度中 {n} 个非有限。")
            values = {"n": lost, "all": len(now), "first": first}
            return Sentence(fitting(words.with_(**values), brief.with_(**values)), "error")
        totals = np.sqrt((self._norms[-100:] ** 2).sum(axis=1))
        if self._clip > 0 and len(totals) >= 10:
            clipped = float((totals > self._clip).mean())
            words = Text("Clipped in {share} of the last {n} measurements.", "最近 {n} 次测量中 {share} 被裁剪。")
            return Sentence(words.with_(share=share(clipped), n=len(totals)), "warning" if clipped > 0.5 else "")
        limit = self._limit() if self._clip else Text("no clipping", "未裁剪")
        words = Text("Norm {v}, {limit}; largest: {name}.", "范数 {v}，{limit}；最大：{name}。")
        name = _called(self._names[int(np.argmax(now))]) if self._names else ""
        values = {"v": number(float(totals[-1]), 2), "limit": limit, "name": name}
        brief = Text("Norm {v}, {limit}.", "范数 {v}，{limit}。")
        return Sentence(fitting(words.with_(**values), brief.with_(**values)))

    def legend(self) -> tuple[Key, ...]:
        layers = self._choice.current == LAYERS
        layer = LAYER if self._choice.current in (LAYERS, RATIOS) else NUMBER
        keys = tuple(Key(_called(name, layer), "line", place + 1, place) for place, name in enumerate(self._shown))
        whole = (Key(Text("all", "全部"), "line", -1),) if layers and self._shown else ()
        # In front where there are many: what there is no room for is left out at the end.
        clip = (Key(self._limit(), "dash", -1),) if self._clip > 0 and self._choice.current != RATIOS else ()
        return keys + whole + clip if layers else clip + keys

    def _limit(self) -> Text:
        return Text("clip at {c}", "裁剪于 {c}").with_(c=number(self._clip, 2))

    def axis(self) -> Text:
        if self._choice.current == RATIOS:
            return Text("Change / weight, log", "变化/权重，对数")
        return Text("Gradient norm, log", "梯度范数，对数")

    def reading(self) -> Text:
        if self._canvas.pointer is None or not len(self._updates):
            return Text.plain("")
        place = min(int(np.searchsorted(self._updates, self._canvas.pointer[1])), len(self._updates) - 1)
        total = math.sqrt(float((self._norms[place] ** 2).sum()))
        words = Text("update {u}  norm {v}", "第 {u} 次  范数 {v}")
        return words.with_(u=f"{int(self._updates[place]):,}", v=number(total))

    def table(self) -> Mapping[str, Array]:
        """Norms of all layers and parameters, and changes in proportion to the weight, whichever are drawn."""
        if not len(self._updates):
            return {}
        return {
            "update": self._updates,
            **{f"norm {name}": values for name, values in self._by_layer(LAYERS).items()},
            **{f"norm {name}": self._norms[:, place] for place, name in enumerate(self._names)},
            **{f"ratio {name}": self._ratios[:, place] for place, name in enumerate(self._names)},
        }

    def chooser(self) -> QWidget | None:
        return self._choice

    def restyle(self) -> None:
        self._canvas.restyle()

    def _arrange(self, inside: QRectF) -> None:
        self._plot.place(inside)

    def _again(self, *_: object) -> None:
        self._fresh = True
        self.refresh()
        self.told.emit()

    def _forget(self) -> None:
        self._frame = None
        self._updates, self._norms, self._ratios = NOTHING
        self._names, self._layers = [], []
        self._offer()
        self._total.clear()
        self._plot.free = False
        self._fresh = True


def _called(name: str, layer: Text = LAYER) -> Text:
    """A layer or one of its parameters: `layers.0.U_i` as `layer 1 U_i`."""
    parts = name.split(".")
    if len(parts) > 1 and parts[0] == "layers":
        where = layer.with_(n=layer_label(name))
        rest = [part for part in parts[2:] if part != "reverse"]
    else:
        where, rest = PLACES.get(parts[0], Text.plain(parts[0])), parts[1:]
    return Text(" ".join([where.en, *rest]), " ".join([where.zh, *rest]))


def _first_bad(norms: Array) -> int | None:
    """The first of the last run of measurements (N, P) with a value that is not finite, if the latest has one."""
    good = np.isfinite(norms).all(axis=1)
    if not len(good) or good[-1]:
        return None
    return int(np.flatnonzero(good)[-1]) + 1 if good.any() else 0


def _follows_none(norms: Array, ratios: Array) -> bool:
    """Whether there is no gradient at all, though there are changes."""
    return bool(len(norms)) and not np.isfinite(norms).any() and bool(np.isfinite(ratios).any())


def _mean(ratios: Array) -> Array:
    """Over the parameters of a layer, (N, P) to (N,): those of zeros have no ratio, and do not count."""
    known = np.isfinite(ratios)
    count = known.sum(axis=1)
    return np.where(count, np.where(known, ratios, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [GradientsByLayer]
