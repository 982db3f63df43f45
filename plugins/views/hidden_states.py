"""Hidden states: what each unit remembers at each step of a sample."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.api import hookimpl
from lab.ui.api import Sentence, Text, View
from lab.ui.views.frames import broken, layer_label
from lab.ui.views.heatmap import ends
from lab.ui.views.numbers import short
from lab.ui.views.units import UnitsView

Array = NDArray[Any]
SATURATED = 0.95
"""A unit whose mean size is above this share of the largest possible state hardly moves any more."""
SWINGING = 0.4
"""A unit swings where one period holds at least this share of its variance."""
LARGE = 100.0
"""The colour bar grows by powers of two up to here, then by powers of ten."""
STILL = 0.02
"""A unit is still where its standard deviation is less than this."""


class HiddenStates(UnitsView):
    """Units over time, the sign in two colours; states beyond 1 in size stretch the colour bar."""

    name = "hidden-states"
    title = {"en": "Hidden states", "zh": "隐藏状态"}
    needs = ("hidden-states", "inputs")
    help = "views"
    colours = "signed"
    what = Text("hidden states", "隐藏状态")
    choice_name = Text("Which state", "哪个状态")

    def choices(self, names: list[str]) -> list[tuple[str, Text, str]]:
        short = len({name.rsplit("/", 1)[0] for name in names}) == 1
        found = []
        for name in names:
            block, _, state = name.rpartition("/")
            found.append((name, Text.plain(state if short else f"{state} {layer_label(block)}"), ""))
        return found

    def levels(self, values: Array) -> tuple[float, float]:
        finite = values[np.isfinite(values)]
        largest = float(np.abs(finite).max()) if finite.size else 1.0
        base = 2.0 if largest < LARGE else 10.0
        reach = 1.0 if largest <= 1.0 else float(base ** np.ceil(np.log(float(largest)) / np.log(base)))
        return -reach, reach

    def describe_bar(self, key: str, low: float, high: float) -> None:
        label = key.rsplit("/", 1)[-1] or "h"
        ticks = [(value, short(value)) for value in (low, 0.0, high)]
        self.map.bar.describe(Text.plain(label), low, high, ends(ticks))

    def judge(self, values: Array) -> Sentence:
        units = values.shape[1]
        bounded = self.levels(values)[1] == 1.0
        saturated = int((np.abs(values).mean(axis=0) > SATURATED).sum()) if bounded else 0
        mark = "error" if broken(self.stage) and saturated > units / 2 else ""
        period, swinging = common_period(values)
        if saturated > units / 2:
            words = Text("{n} of {units} units are saturated.", "{units} 个单元中有 {n} 个饱和。")
            return Sentence(words.with_(n=saturated, units=units), "error" if mark else "warning")
        if swinging >= 2:
            words = Text(
                "{n} of {units} units swing with a period of {p} steps", "{units} 个单元中有 {n} 个以 {p} 步为周期"
            )
            more = Text("; {m} saturated.", "；{m} 个饱和。") if saturated else Text(".", "。")
            both = Text(words.en + more.en, words.zh + more.zh)
            return Sentence(both.with_(n=swinging, units=units, p=period, m=saturated))
        still = int((values.std(axis=0) < STILL).sum())
        words = Text(
            "{n} of {units} units move; {m} saturated, {still} still.",
            "{units} 个单元中 {n} 个在变化；{m} 个饱和，{still} 个静止。",
        )
        return Sentence(words.with_(n=units - still, units=units, m=saturated, still=still))


def common_period(values: Array) -> tuple[int, int]:
    """The period in steps that most units share, and how many units swing with it; of values (T, D)."""
    steps = len(values)
    if steps < 16:
        return 0, 0
    power = np.abs(np.fft.rfft(values - values.mean(axis=0), axis=0)) ** 2
    power[0] = 0
    total = np.maximum(power.sum(axis=0), 1e-12)
    # A period must be seen three times to be called one.
    power[:3] = 0
    strongest = int(np.argmax((power / total).sum(axis=1)))
    if strongest < 3:
        return 0, 0
    around = power[strongest - 1 : strongest + 2].sum(axis=0) / total
    return round(steps / strongest), int(((around > SWINGING) & (values.std(axis=0) > STILL)).sum())


@hookimpl
def lab_register_views() -> list[type[View]]:
    return [HiddenStates]
