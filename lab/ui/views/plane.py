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
MOST_POINTS: Final = 1000
_BASIS: Final = 6
_ROUNDS: Final = 12
_MORE_ROUNDS: Final = 4


def sampled(states: Array) -> Array:
    """Some of the states (T, B, D) as points (N, D), evenly apart; those that are not finite are left out."""
    points = states.reshape(-1, states.shape[-1])
    if len(points) > MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, MOST_POINTS).astype(np.intp)]
    return np.asarray(points[np.isfinite(points).all(axis=1)])


def principal(points: Array, before: Array | None) -> Array:
    """The first two principal axes (2, D) of points (N, D); each keeps the sign that is nearer to the one `before`."""
    units = points.shape[1]
    if len(points) < 2:
        return np.asarray(np.eye(2, units))
    centred = points - points.mean(axis=0)
    # The few leading directions, by turning a small basis towards them: a whole decomposition of a wide state would
    # cost more than all the drawing. The axes of before are nearly there.
    basis = np.random.default_rng(0).normal(size=(units, min(units, _BASIS)))
    rounds = _ROUNDS
    if before is not None and before.shape == (2, units):
        basis[:, :2], rounds = before.T, _MORE_ROUNDS
    for _ in range(rounds):
        basis, _upper = np.linalg.qr(centred.T @ (centred @ basis))
    _, _, turned = np.linalg.svd(centred @ basis, full_matrices=False)
    axes = (basis @ turned.T).T[:2]
    if len(axes) < 2:
        axes = np.concatenate([axes, np.zeros((1, units))])
    if before is not None and before.shape == axes.shape:
        axes = np.where((axes * before).sum(axis=1, keepdims=True) < 0, -axes, axes)
    return np.asarray(axes)


def shares(points: Array, axes: Array) -> Array:
    """The shares of the variance of points (N, D) along two axes (2, D)."""
    if len(points) < 2:
        return np.zeros(2)
    centred = points - points.mean(axis=0)
    return np.asarray(((centred @ axes.T) ** 2).sum(axis=0) / max(float((centred**2).sum()), 1e-30))


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
    products = centred @ centred.T
    likeness = np.array([products.trace(lag) for lag in range(steps // 3)])
    likeness /= total * (1 - np.arange(steps // 3) / steps)
    below = np.flatnonzero(likeness < 0.3)
    if not len(below):
        return 0
    first = int(below[0])
    peak = first + int(np.argmax(likeness[first:]))
    return peak if likeness[peak] > 0.5 and math.isfinite(likeness[peak]) else 0
