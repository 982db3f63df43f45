"""Gates: what each gate lets through, unit by unit and step by step."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.api import hookimpl
from lab.ui.api import Sentence, Text, View
from lab.ui.views.frames import layer_label
from lab.ui.views.heatmap import ends
from lab.ui.views.numbers import fixed, short
from lab.ui.views.units import UnitsView

Array = NDArray[Any]
KNOWN = {
    "forget": (Text("forget", "遗忘"), "series2"),
    "update": (Text("update", "更新"), "series2"),
    "input": (Text("input", "输入"), "series1"),
    "output": (Text("output", "输出"), "series3"),
    "reset": (Text("reset", "重置"), "series3"),
    "candidate": (Text("candidate", "候选"), "series4"),
}
"""The words and the colour of gates by their names in the equations; others have no colour."""
OPEN = 0.8
SHUT = 0.2
"""A gate stays open, or shut, where its mean is beyond these."""
KEEPS = 0.98
"""A unit whose mean gate is above this keeps what it has."""


class Gates(UnitsView):
    """Units over time, from paper (shut) to full colour (open); values with a sign, such as a candidate, in two."""

    name = "gates"
    title = {"en": "Gates", "zh": "门"}
    needs = ("gates", "inputs")
    help = "views"
    colours = "gate"
    what = Text("gates", "门")
    choice_name = Text("Which gate", "哪个门")

    def choices(self, names: list[str]) -> list[tuple[str, Text, str]]:
        short = len({name.rsplit("/", 1)[0] for name in names}) == 1
        found = []
        for name in names:
            block, _, gate = name.rpartition("/")
            text, role = KNOWN.get(gate, (Text.plain(gate), "muted"))
            if not short:
                where = layer_label(block)
                text = Text(f"{text.en} {where}", f"{text.zh} {where}")
            found.append((name, text, role))
        order = list(KNOWN)
        return sorted(found, key=lambda one: order.index(_gate(one[0])) if _gate(one[0]) in order else len(order))

    def levels(self, values: Array) -> tuple[float, float]:
        finite = values[np.isfinite(values)]
        if finite.size and (finite.min() < 0 or finite.max() > 1):
            reach = max(1.0, float(np.abs(finite).max()))
            return -reach, reach
        return 0.0, 1.0

    def describe_bar(self, key: str, low: float, high: float) -> None:
        colours = "signed" if low < 0 else "gate"
        self.map.picture.recolour(colours)
        middle = (low + high) / 2
        ticks = [(value, short(value)) for value in (low, middle, high)]
        gate = _gate(key)
        label = {"forget": "f", "input": "i", "output": "o", "update": "z", "reset": "r", "candidate": "c̃"}.get(
            gate, gate
        )
        self.map.bar.describe(Text.plain(label), low, high, ends(ticks), colours)

    def nothing(self) -> Text:
        layers = (self.stage.about.get("layers") or {}).values()
        if layers and not any(layer.get("gates") for layer in layers):
            return Text("This network has no gates.", "此网络没有门。")
        return super().nothing()

    def judge(self, values: Array) -> Sentence:
        gate = _gate(self._key)
        name = KNOWN[gate][0] if gate in KNOWN else Text.plain(gate)
        means = values.mean(axis=0)
        mean = float(means.mean())
        if values.min() < 0 or values.max() > 1:
            size = float(np.abs(values).mean())
            words = Text("The {gate} has a mean size of {mean}.", "“{gate}”的平均幅度为 {mean}。")
            return Sentence(words.with_(gate=name, mean=fixed(size, 2)))
        if mean > OPEN:
            words = Text("The {gate} gate stays open: mean {mean}", "{gate}门基本打开：均值 {mean}")
        elif mean < SHUT:
            words = Text("The {gate} gate stays shut: mean {mean}", "{gate}门基本关闭：均值 {mean}")
        else:
            words = Text("The {gate} gate is half open: mean {mean}", "{gate}门半开：均值 {mean}")
        keep = int((means > KEEPS).sum())
        shut = int((means < 1 - KEEPS).sum())
        if keep:
            more = Text("; {n} of {units} over 0.98.", "；{units} 个单元中 {n} 个高于 0.98。")
        elif shut:
            more = Text("; {m} of {units} under 0.02.", "；{units} 个单元中 {m} 个低于 0.02。")
        else:
            more = Text(".", "。")
        both = Text(words.en + more.en, words.zh + more.zh)
        return Sentence(both.with_(gate=name, mean=fixed(mean, 2), n=keep, m=shut, units=values.shape[1]))


def _gate(key: str) -> str:
    return key.rsplit("/", 1)[-1]


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [Gates]
