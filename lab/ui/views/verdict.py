"""What the gradient through time does, in words."""

import math
from collections.abc import Mapping
from typing import Any, Final

from lab.ui.api import Mark, Sentence, Text
from lab.ui.views.names import fitting
from lab.ui.views.numbers import fixed, share

LEAST: Final = 8
"""Steps that a sequence must have for a course to be fitted."""


def judged(notes: Mapping[str, Any], steps: int) -> Sentence:
    """The verdict of a frame in words: what happens, after how many steps, and why, as far as is known."""
    gamma = value_of(notes.get("gamma"))
    verdict = str(notes.get("verdict", "early"))
    tenth, hundredth = notes.get("steps_to_tenth"), notes.get("steps_to_hundredth")
    g = fixed(gamma, 2) if math.isfinite(gamma) else ""
    if verdict == "explodes":
        after = max(1, round(1 / math.log10(gamma))) if gamma > 1 else 0
        words = Text(
            "Explodes: tenfold every {n} steps, γ = {g}. Clip the norm.",
            "梯度爆炸：每 {n} 步增大十倍，γ = {g}。请裁剪范数。",
        )
        return Sentence(words.with_(n=after, g=g), "error")
    if verdict == "vanishes":
        words = Text(
            "Vanishes: a hundredth after {n} steps (γ = {g}){why}.", "梯度消失：{n} 步后剩百分之一（γ = {g}）{why}。"
        )
        full = words.with_(n=hundredth, g=g, why=_reason(notes))
        return Sentence(fitting(full, words.with_(n=hundredth, g=g, why="")), "warning")
    if verdict == "reaches":
        if tenth is None:
            words = Text(
                "Reaches back all {n} steps: over a tenth is left (γ = {g}).",
                "可追溯全部 {n} 步：剩余超过十分之一（γ = {g}）。",
            )
            return Sentence(words.with_(n=steps, g=g), "good")
        words = Text(
            "Reaches back: a tenth is left after {n} steps (γ = {g}).", "可追溯：{n} 步后剩十分之一（γ = {g}）。"
        )
        return Sentence(words.with_(n=tenth, g=g), "good")
    if steps < LEAST:
        return Sentence(Text("Too short to tell: {n} steps.", "序列只有 {n} 步，无法判断。").with_(n=steps))
    return Sentence(Text("Too early to tell: few updates, or no gradient.", "现在判断还太早：更新太少，或没有梯度。"))


def judged_alone(notes: Mapping[str, Any], steps: int) -> Sentence:
    """The same where there is one loss, at the last of so many steps: that is said first."""
    gamma, verdict = value_of(notes.get("gamma")), str(notes.get("verdict", "early"))
    tenth, hundredth = notes.get("steps_to_tenth"), notes.get("steps_to_hundredth")
    words = Text("One loss, at t = {t}: {found}", "仅 t = {t} 处有损失：{found}")

    def said(found: Text, mark: Mark) -> Sentence:
        return Sentence(words.with_(t=steps - 1, found=found), mark)

    if verdict == "explodes":
        after = max(1, round(1 / math.log10(gamma))) if gamma > 1 else 0
        return said(Text("tenfold every {n} steps; clip.", "每 {n} 步增大十倍，请裁剪。").with_(n=after), "error")
    if verdict == "vanishes":
        left = Text("vanishes, a hundredth after {n} steps.", "梯度消失，{n} 步后剩百分之一。")
        return said(left.with_(n=hundredth), "warning")
    if verdict == "reaches" and tenth is None:
        return said(Text("over a tenth reaches the start.", "超过十分之一可追溯到开头。"), "good")
    if verdict == "reaches":
        return said(Text("a tenth is left after {n} steps.", "{n} 步后剩十分之一。").with_(n=tenth), "good")
    if steps < LEAST:
        return said(Text("too short to tell.", "序列太短，无法判断。"), "")
    return said(Text("too early to tell.", "现在判断还太早。"), "")


def _reason(notes: Mapping[str, Any]) -> Text:
    forget, saturated = value_of(notes.get("forget")), value_of(notes.get("saturated"))
    if math.isfinite(forget) and forget < 0.8:
        return Text("; forget {f}", "；遗忘门 {f}").with_(f=fixed(forget, 2))
    if math.isfinite(saturated) and saturated > 0.2:
        return Text("; {s} saturated", "；{s} 饱和").with_(s=share(saturated))
    return Text.plain("")


def value_of(value: Any) -> float:
    """A number of the notes of a frame; NaN where there is none."""
    return float(value) if isinstance(value, (int, float)) else math.nan
