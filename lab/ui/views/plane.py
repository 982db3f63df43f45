"""The plane of a phase portrait: principal components that do not flip, ranges that do not twitch, and what is seen."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lab.ui.words import Text

Array = NDArray[Any]
_ROOM: Final = 0.12
_TOO_LARGE: Final = 1.6
"""A range that is wider than needed by this factor is made narrower."""
MOST_POINTS: Final = 2000


def principal(points: Array, before: Array | None) -> tuple[Array, Array, Array]:
    """Mean (D,), the first two principal axes (2, D) and their shares of the variance (2,) of points (N, D).

    Points that are not finite are left out. An axis keeps the sign that is nearer to the axis `before`.
    """
    known = points[np.isfinite(points).all(axis=1)]
    units = points.shape[1]
    if len(known) < 2:
        return np.zeros(units), np.eye(2, units), np.zeros(2)
    known = known[:: max(1, len(known) // MOST_POINTS)]
    middle = known.mean(axis=0)
    _, sizes, axes = np.linalg.svd(known - middle, full_matrices=False)
    axes = axes[:2] if len(axes) > 1 else np.concatenate([axes, np.zeros((1, units))])
    variance = np.zeros(2)
    variance[: min(2, len(sizes))] = sizes[:2] ** 2
    if before is not None and before.shape == axes.shape:
        axes = np.where((axes * before).sum(axis=1, keepdims=True) < 0, -axes, axes)
    return middle, axes, variance / max(float((sizes**2).sum()), 1e-30)


def widened(paths: Array, before: tuple[float, float, float, float] | None) -> tuple[float, float, float, float]:
    """Left, right, low and high around all points; what was shown before stays as long as it is about right."""
    known = paths.reshape(-1, 2)
    known = known[np.isfinite(known).all(axis=1)]
    if not len(known):
        return before or (-1.0, 1.0, -1.0, 1.0)
    (left, low), (right, high) = known.min(axis=0).tolist(), known.max(axis=0).tolist()
    width = max(right - left, high - low, 1e-6)
    if before is not None:
        fits = before[0] <= left and right <= before[1] and before[2] <= low and high <= before[3]
        if fits and max(before[1] - before[0], before[3] - before[2]) < _TOO_LARGE * width:
            return before
    room = _ROOM * width
    return left - room, right + room, low - room, high + room


def loop_of(states: Array) -> Text:
    """In words how the state (T, D) moves: around a loop, to a point, or on and on."""
    steps = len(states)
    speed = np.linalg.norm(np.diff(states, axis=0), axis=1) if steps > 1 else np.zeros(1)
    spread = float(np.linalg.norm(states.std(axis=0)))
    if spread < 1e-3:
        return Text("Stands still at a point.", "停在一点不动。")
    tail = max(3, steps // 8)
    if steps >= 16 and float(speed[-tail:].mean()) < 0.02 * spread:
        return Text("Comes to rest at a fixed point.", "最终停在一个不动点。")
    period = _period(states)
    if period:
        first, last = (float(np.linalg.norm(part.std(axis=0))) for part in (states[:period], states[-period:]))
        how = Text("", "") if 0.8 < last / max(first, 1e-12) < 1.25 else Text(", widening", "，逐渐扩大")
        how = Text(", narrowing", "，逐渐缩小") if last / max(first, 1e-12) <= 0.8 else how
        return Text("A loop of {n} steps{how}.", "周期 {n} 步的环{how}。").with_(n=period, how=how)
    return Text("Wanders: no period in {n} steps.", "游走：{n} 步内没有周期。").with_(n=steps)


def _period(states: Array) -> int:
    """After how many steps the path is near itself again, having been far away; 0 if it never is."""
    steps = len(states)
    if steps < 16:
        return 0
    centred = states - states.mean(axis=0)
    total = float((centred**2).sum())
    likeness = np.array([float((centred[lag:] * centred[: steps - lag]).sum()) for lag in range(steps // 3)])
    likeness /= total * (1 - np.arange(steps // 3) / steps)
    below = np.flatnonzero(likeness < 0.3)
    if not len(below):
        return 0
    first = int(below[0])
    peak = first + int(np.argmax(likeness[first:]))
    return peak if likeness[peak] > 0.5 and math.isfinite(likeness[peak]) else 0
