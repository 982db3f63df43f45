"""What views ask of frames: the one that can be drawn, the sample in it, how much of it is finite."""

from collections.abc import Sequence
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.runner.messages import WorkerState
from lab.telemetry.frames import Frame
from lab.ui.stage import Stage
from lab.ui.translation import placed
from lab.ui.views.names import sample_name
from lab.ui.views.ticks import looks_monthly
from lab.ui.words import Text

Array = NDArray[Any]
_SOME: Final = 100
_STEP: Final = Text("Time step t", "时间步 t")


@final
class Shown:
    """The frame of a probe that is drawn: the latest, or the last finite one where the latest has nothing finite."""

    def __init__(self, stage: Stage, probe: str) -> None:
        latest, finite = stage.frames.get(probe), stage.finite.get(probe)
        self.latest = latest
        self.stale = latest is not None and finite is not None and finite.update < latest.update
        self.frame = finite if self.stale else latest

    @property
    def label(self) -> Text | None:
        """What must stand beside a frame that is not the latest."""
        if not self.stale or self.frame is None or self.latest is None:
            return None
        words = Text("NaN now; shown: update {shown}", "现为 NaN；显示第 {shown} 次更新")
        return words.with_(shown=f"{self.frame.update:,}")


def broken(stage: Stage) -> bool:
    """Whether the run ended in an error."""
    return stage.state in (WorkerState.FAILED, WorkerState.LOST)


def waiting(stage: Stage, what: Text, *, state: bool = False) -> Text:
    """Why there is nothing to see yet, and which key helps; `what` will be seen, in a few words.

    `state` says that it can be seen only of a network that has a state.
    """
    layers = (stage.about.get("layers") or {}).values()
    if state and layers and not any(layer.get("states") for layer in layers):
        return Text("This network has no state: it remembers nothing.", "此网络没有状态，不记忆任何内容。")
    if stage.hindrance is not None:
        return placed(stage.hindrance)
    if stage.state in (WorkerState.STARTING, WorkerState.COMPILING, WorkerState.RUNNING):
        return Text("Waiting for first updates: {what} will be here.", "等待最初几次更新，{what}会显示在这里。").with_(
            what=what
        )
    if stage.state is WorkerState.LOST:
        return Text("The worker is lost. Resume from the checkpoint.", "工作进程已丢失。请从检查点继续。")
    if stage.state is WorkerState.FAILED:
        return Text("The run failed before anything was seen.", "运行在有结果之前就失败了。")
    if stage.about and stage.state is not WorkerState.IDLE:
        return Text("Not measured yet: {what} will be here.", "尚未测量，{what}会显示在这里。").with_(what=what)
    return Text("Press F5 to run: {what} will be here.", "按 F5 运行，{what}会显示在这里。").with_(what=what)


def length_of(inputs: Frame | None, sample: int, steps: int) -> int:
    """How many steps a sample really has."""
    if inputs is None or "lengths" not in inputs.arrays:
        return steps
    lengths = inputs.arrays["lengths"]
    return int(min(steps, max(1, lengths[min(sample, len(lengths) - 1)]))) if len(lengths) else 0


def steps_of(inputs: Frame | None, sample: int) -> int:
    """How many steps there are to be of a sample that no network has run yet; some number before that is known."""
    return _SOME if inputs is None else max(1, length_of(inputs, sample, len(next(iter(inputs.arrays.values())))))


def of_sample(array: Array, sample: int) -> Array:
    """One sample (T, ...) of an array (T, B, ...), the last where there are fewer; no steps where there is none."""
    return array[:, min(sample, array.shape[1] - 1)] if array.shape[1] else np.zeros((0, *array.shape[2:]), array.dtype)


def finite_steps(values: Array) -> int:
    """How many steps, from the first, have only finite values; of values (T, ...)."""
    if not len(values):
        return 0
    good: NDArray[np.bool_] = np.all(np.isfinite(values.reshape(len(values), -1)), axis=1)
    return int(len(good) if good.all() else np.argmin(good))


def lost(values: Array) -> str:
    """What values that are not all finite are: NaN, or infinite."""
    return "NaN" if np.isnan(values).any() else "∞"


def labels_of(inputs: Frame | None, stage: Stage) -> list[str]:
    """What the samples are called."""
    if inputs is not None and inputs.notes.get("labels"):
        return [str(one) for one in inputs.notes["labels"]]
    return [str(one) for one in stage.about.get("samples") or ()]


def times_of(inputs: Frame | None, sample: int = 0) -> list[str]:
    """What the steps of a sample are called, or nothing."""
    if inputs is None:
        return []
    each = inputs.notes.get("times_by_sample") or ()
    return [str(one) for one in (each[sample] if 0 <= sample < len(each) else inputs.notes.get("times") or ())]


def steps_table(inputs: Frame | None, sample: int, steps: int) -> dict[str, Array]:
    """The first columns of a table that has a row for each step of a sample: its number, and what it is called."""
    times = times_of(inputs, sample)[:steps]
    return {"step": np.arange(steps), **({"label": np.array(times)} if times else {})}


def time_of(times: Sequence[str], step: int) -> str:
    """A step for a reading: its number, and what it is called."""
    return f"t = {step}" + (f"  {times[step]}" if 0 <= step < len(times) else "")


def steps_name(inputs: Frame | None, sample: int) -> Text:
    """The name of an axis of steps: with the sample where there are several to choose from."""
    times = times_of(inputs, sample)
    name = Text("Year", "年份") if looks_monthly(times) else Text("Time", "时间") if times else _STEP
    labels = [] if inputs is None else [str(one) for one in inputs.notes.get("labels") or ()]
    if len(labels) < 2:
        return name
    words = Text("{name} of {sample}", "{sample}的{name}")
    called = sample_name(labels[min(sample, len(labels) - 1)])
    return words.with_(name=name, sample=Text(called.en[:1].lower() + called.en[1:], called.zh))


def layer_label(block: str) -> str:
    """`layers.0.reverse` as `1 ←`: layers are counted from 1, as people do; other names stay."""
    parts = block.split(".")
    if len(parts) < 2 or not parts[1].isdigit():
        return block
    return str(int(parts[1]) + 1) + (" ←" if "reverse" in parts else "")
