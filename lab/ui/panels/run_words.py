"""How a run is told in one or two short lines."""

import math
from typing import Final

from lab.experiment.runs import Run
from lab.ui.words import Text

_STATES: Final = {
    "created": Text("not started", "未开始"),
    "running": Text("running", "运行中"),
    "paused": Text("paused", "已暂停"),
    "interrupted": Text("interrupted at update {update:,}", "在第 {update:,} 次更新中断"),
    "failed": Text("failed at update {update:,}", "第 {update:,} 次更新失败"),
}
_EPOCHS: Final = Text("{count:,} epochs", "{count:,} 轮")
_EPOCH: Final = Text("1 epoch", "1 轮")
_UPDATES: Final = Text("{count:,} updates", "{count:,} 次更新")
_RATE: Final = Text("lr {value:g}", "学习率 {value:g}")
_SECONDS: Final = Text("{value} s", "{value} 秒")
_MINUTES: Final = Text("{value} min", "{value} 分")
_LOSSES: Final = ("validation.loss", "test.loss", "train.loss")
_LETTERS: Final = 4
"""Names of cells of at most so many letters are abbreviations."""


def name(run: Run) -> Text:
    """The name of a run: what a person called it, else that of its experiment by language."""
    chinese = run.facts.get("name_zh") if run.name == run.facts.get("name") else None
    return Text(run.name, str(chinese or run.name))


def numbered(run: Run) -> Text:
    """`14 · Airline passengers`: no other run of the folder is called so."""
    words = name(run)
    return Text(f"{run.number} · {words.en}", f"{run.number} · {words.zh}")


def title(run: Run) -> str:
    """The same in the language that is shown."""
    return str(numbered(run))


def summary(run: Run) -> Text:
    """`LSTM 32 · 500 epochs · 9 s`; of a run that did not finish, what became of it."""
    parts = [Text.plain(network(run))] if network(run) else []
    if run.state == "finished":
        parts += [_EPOCH if run.epochs == 1 else _EPOCHS.with_(count=run.epochs), duration(run.seconds)]
        if not run.epochs:
            parts[-2] = _UPDATES.with_(count=run.updates)
    else:
        parts.append(_STATES[run.state].with_(update=run.updates))
        rate = run.facts.get("training.learning_rate")
        if run.state in ("running", "paused", "created") and isinstance(rate, int | float):
            parts.append(_RATE.with_(value=rate))
    return Text(" · ".join(part.en for part in parts), " · ".join(part.zh for part in parts))


def network(run: Run) -> str:
    """`LSTM 32`, of the first layer."""
    cell = str(run.facts.get("layers.0.cell", ""))
    if not cell:
        return ""
    name = cell.upper() if len(cell) <= _LETTERS else cell.capitalize()
    hidden = run.facts.get("layers.0.hidden")
    return f"{name} {hidden}" if hidden else name


def duration(seconds: float) -> Text:
    """A time in seconds, or from two minutes on in minutes."""
    if seconds < 120:
        return _SECONDS.with_(value=f"{seconds:.2g}" if seconds < 1 else round(seconds))
    return _MINUTES.with_(value=round(seconds / 60))


def result(run: Run, curve: list[float]) -> str:
    """The loss that a run reached, or has now; `NaN` where it failed by that, a dash where there is none."""
    if run.state == "failed" and run.error and any(word in run.error for word in ("NaN", "nan", "finite")):
        return "NaN"
    value = next((run.metrics[name] for name in _LOSSES if name in run.metrics), curve[-1] if curve else math.nan)
    return number(value) if math.isfinite(value) else "–"


def number(value: float) -> str:
    """Two to three digits, with a true minus."""
    text = f"{value:.2g}" if abs(value) < 0.1 else f"{value:.3g}"
    mantissa, _, exponent = text.partition("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")) if exponent else ""
    return (f"{mantissa}·10{raised}" if raised else mantissa).replace("-", "−")
