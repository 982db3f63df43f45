"""What a network reaches on the test part, in the dataset's own measure, beside the best of the baselines."""

from collections.abc import Mapping
from typing import Any, Final

from lab.ui.api import Sentence
from lab.ui.views import names
from lab.ui.views.numbers import short
from lab.ui.words import Text

_IN_UNITS: Final = ("rmse", "mae")
"""Measures that say how far off predictions are, in the unit of the data; any other one is named."""


def reached(notes: Mapping[str, Any], about: Mapping[str, Any]) -> Sentence | None:
    """In one sentence; None where nothing was measured. Whether more is better is what the measure says."""
    error = notes.get("error")
    if not isinstance(error, int | float):
        return None
    measure, unit = str(notes.get("metric", "")), names.unit(str(notes.get("unit", "")))
    values: dict[str, object] = {"e": short(error), "unit": unit, "metric": names.metric(measure)}
    off = measure in _IN_UNITS
    stated = {name: float(value) for name, value in (about.get("baselines") or {}).items()}
    if not stated:
        plain = Text("Off by {e} {unit} on the test part ({metric}).", "测试部分误差 {e} {unit}（{metric}）。")
        bare = Text("On the test part, {metric}: {e}.", "测试部分{metric}：{e}。")
        return Sentence(_shortest(values, *((plain,) if off and unit.en else ()), bare))
    higher = about.get("better") == "higher"
    name, best = (max if higher else min)(stated.items(), key=lambda one: one[1])
    values |= {"name": names.baseline(name), "b": short(best)}
    judged = (
        Text("Off by {e} {unit} on the test part; {name}: {b}.", "测试部分误差 {e} {unit}；{name}：{b}。"),
        Text("Off by {e} on the test part; {name}: {b}.", "测试部分误差 {e}；{name}：{b}。"),
    )
    named = (
        Text("On the test part, {metric}: {e}; {name}: {b}.", "测试部分{metric}：{e}；{name}：{b}。"),
        Text("{metric}: {e}; {name}: {b}.", "{metric}：{e}；{name}：{b}。"),
        Text("{metric}: {e}.", "{metric}：{e}。"),
    )
    good = error > best if higher else error < best
    return Sentence(_shortest(values, *(judged[0 if unit.en else 1 :] if off else ()), *named), "good" if good else "")


def _shortest(values: Mapping[str, object], *words: Text) -> Text:
    """The first that fits, begun with a capital."""
    text = names.fitting(*(one.with_(**values) for one in words))
    return Text(text.en[:1].upper() + text.en[1:], text.zh)
