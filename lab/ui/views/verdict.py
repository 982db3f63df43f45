"""What the gradient through time does, in words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, final

from lab.ui.api import Mark, Sentence, Text
from lab.ui.views.names import fitting
from lab.ui.views.numbers import fixed, share

LEAST: Final = 8
"""Steps that a sequence must have for a course to be fitted."""
SHUT, SATURATED = 0.8, 0.2
"""Below this mean of the gate that keeps, and above this share of saturated gates, they are why a gradient is lost."""
_KEEPS: Final = {"forget": Text("forget", "遗忘"), "update": Text("update", "更新")}
"""The words for the gate that the old state is multiplied with."""
_FULL: Final = Text("{fact} ({figures}).{advice}", "{fact}（{figures}）。{advice}")
_BRIEF: Final = Text("{fact}; {figures}.{advice}", "{fact}；{figures}。{advice}")


@final
class _Found(NamedTuple):
    """What happens, in full and in brief, `{n}` being steps and `{t}` the last of them; and what to do about it."""

    fact: Text
    brief: Text
    mark: Mark
    advice: Text = Text("", "")
    brief_advice: Text = Text("", "")


_CLIP: Final = Text(" Clip the norm.", "请裁剪范数。"), Text(" Clip.", "请裁剪。")
_MANY: Final = {
    "explodes": _Found(
        Text("Explodes: tenfold every {n} steps", "梯度爆炸：每 {n} 步增大十倍"),
        Text("Explodes: ×10 every {n} steps", "梯度爆炸：每 {n} 步十倍"),
        "error",
        *_CLIP,
    ),
    "vanishes": _Found(
        Text("Vanishes: a hundredth after {n} steps", "梯度消失：{n} 步后剩百分之一"),
        Text("Vanishes: 1% after {n} steps", "梯度消失：{n} 步后剩 1%"),
        "warning",
    ),
    "reaches": _Found(
        Text("Reaches back: a tenth is left after {n} steps", "可追溯：{n} 步后剩十分之一"),
        Text("Reaches back: 10% after {n} steps", "可追溯：{n} 步后剩 10%"),
        "good",
    ),
    "reaches all": _Found(
        Text("Reaches back all {n} steps: over a tenth is left", "可追溯全部 {n} 步：剩余超过十分之一"),
        Text("Reaches all {n} steps: over 10%", "可追溯全部 {n} 步：超过 10%"),
        "good",
    ),
}
_ONE: Final = {
    "explodes": _Found(
        Text("One loss, at t = {t}: tenfold every {n} steps", "仅 t = {t} 处有损失：每 {n} 步增大十倍"),
        Text("One loss: ×10 every {n} steps", "仅一处损失：每 {n} 步十倍"),
        "error",
        *_CLIP,
    ),
    "vanishes": _Found(
        Text("One loss, at t = {t}: vanishes, a hundredth after {n} steps", "仅 t = {t} 处有损失：{n} 步后剩百分之一"),
        Text("One loss: vanishes, 1% after {n} steps", "仅一处损失：消失，{n} 步后剩 1%"),
        "warning",
    ),
    "reaches": _Found(
        Text("One loss, at t = {t}: a tenth is left after {n} steps", "仅 t = {t} 处有损失：{n} 步后剩十分之一"),
        Text("One loss: 10% left after {n} steps", "仅一处损失：{n} 步后剩 10%"),
        "good",
    ),
    "reaches all": _Found(
        Text("One loss, at t = {t}: over a tenth reaches the start", "仅 t = {t} 处有损失：超过十分之一可追溯到开头"),
        Text("One loss: over 10% reaches the start", "仅一处损失：超过 10% 可追溯到开头"),
        "good",
    ),
}


def judged(notes: Mapping[str, Any], steps: int, *, alone: bool = False) -> Sentence:
    """The verdict of a frame in words: what happens, after how many steps, and why, as far as is known.

    With `alone` there is one loss, at the last of the steps.
    """
    gamma, verdict = value_of(notes.get("gamma")), str(notes.get("verdict", "early"))
    n: Any = {
        "explodes": max(1, round(1 / math.log10(gamma))) if gamma > 1 else 0,
        "vanishes": notes.get("steps_to_hundredth"),
        "reaches": notes.get("steps_to_tenth"),
    }.get(verdict)
    if verdict == "reaches" and n is None:
        verdict, n = "reaches all", steps
    found = (_ONE if alone else _MANY).get(verdict)
    if found is None:
        return Sentence(_untold(steps, alone=alone))
    fact, brief = (text.with_(n=n, t=steps - 1) for text in (found.fact, found.brief))
    gammas, reasons = _figures(notes)
    full = _put(_FULL, fact, [whole for whole, _ in gammas + reasons], found.advice)
    shorter = [
        one
        for figures in (gammas + reasons, gammas + reasons[:1], reasons[:1], gammas)
        for one in (
            _put(_FULL, fact, [whole for whole, _ in figures], found.advice),
            _put(_BRIEF, brief, [words for _, words in figures], found.brief_advice),
        )
    ]
    return Sentence(fitting(*shorter), found.mark, full)


def _put(words: Text, fact: Text, figures: Sequence[Text], advice: Text) -> Text:
    if not figures:
        return Text("{fact}.{advice}", "{fact}。{advice}").with_(fact=fact, advice=advice)
    listed = Text(", ".join(one.en for one in figures), "，".join(one.zh for one in figures))
    return words.with_(fact=fact, figures=listed, advice=advice)


def _figures(notes: Mapping[str, Any]) -> tuple[list[tuple[Text, Text]], list[tuple[Text, Text]]]:
    """γ, and the reasons, the one that tells more first; as far as they are known, each in full and in brief."""
    gamma, kept, saturated = (value_of(notes.get(name)) for name in ("gamma", "kept", "saturated"))
    gammas, reasons = [], []
    if math.isfinite(gamma):
        g = fixed(gamma, 2)
        gammas.append((Text.plain(f"γ = {g}"), Text.plain(f"γ {g}")))
    if math.isfinite(kept):
        f, gate = fixed(kept, 2), _KEEPS.get(str(notes.get("keeps")), _KEEPS["forget"])
        whole = Text("mean {gate} gate {f}", "{gate}门均值 {f}").with_(f=f, gate=gate)
        reasons.append((whole, Text("{gate} {f}", "{gate}门 {f}").with_(f=f, gate=gate)))
    if math.isfinite(saturated):
        words = Text("{s} saturated", "{s} 饱和").with_(s=share(saturated))
        reasons.append((words, words))
    if kept >= SHUT and saturated > SATURATED:
        reasons.reverse()
    return gammas, reasons


def _untold(steps: int, *, alone: bool) -> Text:
    short = Text("Too short to tell: {n} steps.", "序列只有 {n} 步，无法判断。").with_(n=steps)
    early = Text("Too early to tell: few updates, or no gradient.", "现在判断还太早：更新太少，或没有梯度。")
    if alone:
        short = Text("One loss, at t = {t}: too short to tell.", "仅 t = {t} 处有损失：序列太短，无法判断。")
        early = Text("One loss, at t = {t}: too early to tell.", "仅 t = {t} 处有损失：现在判断还太早。")
    return (short if steps < LEAST else early).with_(t=steps - 1)


def value_of(value: Any) -> float:
    """A number of the notes of a frame; NaN where there is none."""
    return float(value) if isinstance(value, (int, float)) else math.nan
