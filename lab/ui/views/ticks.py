"""Where the ticks of an axis stand, and what is written beside them."""

import math
from collections.abc import Callable, Sequence

from lab.ui.views.numbers import fixed, number, power, short

Tick = tuple[float, str]


def linear(low: float, high: float, most: int, *, whole: bool = False, base: int = 10) -> list[Tick]:
    """At most `most` ticks between two values, at round numbers; at multiples of `base` where that is 12 or so."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return []
    step = _step((high - low) / most, base)
    if whole:
        step = max(round(step), 1)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals > 4 or step >= 1e6:
        return [(k * step, short(k * step, 3)) for k in range(first, last + 1)]
    return [(k * step, fixed(k * step + 0.0, decimals)) for k in range(first, last + 1)]


def logarithmic(low: float, high: float, most: int) -> list[Tick]:
    """Ticks of an axis whose positions are logarithms to base ten: powers of ten, finer where there are few."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return []
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last - first >= 1:
        step = max(1, math.ceil((last - first + 1) / most))
        return [(float(k), power(k)) for k in range(first, last + 1) if k % step == 0]
    between = [
        (math.log10(mantissa) + exponent, number(mantissa * 10.0**exponent, 2))
        for exponent in range(math.floor(low), math.ceil(high) + 1)
        for mantissa in ((1, 2, 3, 5, 7) if most >= 4 else (1, 3))
    ]
    return [tick for tick in between if low <= tick[0] <= high]


def fitting(ticks: Sequence[Tick], width: Callable[[str], float], room: float) -> tuple[list[Tick], str]:
    """Ticks whose labels have room, and the power of ten that they are then to be multiplied by, or nothing.

    Labels that do not say the value of their place, such as those of a logarithmic axis, stay as they are.
    """
    plain = all(label in (short(value, 2), short(value, 3)) for value, label in ticks)
    if not plain or not ticks or max(width(label) for _, label in ticks) <= room:
        return list(ticks), ""
    exponent = math.floor(math.log10(max(abs(value) for value, _ in ticks)) + 1e-9)
    smaller = [(value, short(value / 10.0**exponent)) for value, _ in ticks]
    if len({label for _, label in smaller}) < len(smaller):
        return list(ticks), ""
    return smaller, "·" + power(exponent)


def of_units(count: int, most: int) -> list[Tick]:
    """Ticks of rows that are counted from 1: the first, and then round numbers."""
    if count < 1:
        return []
    if count <= most:
        return [(float(k), str(k + 1)) for k in range(count)]
    step = max(1, round(_step(count / max(most, 1), 8 if count % 8 == 0 else 10)))
    return [(0.0, "1"), *((float(k - 1), str(k)) for k in range(step, count + 1, step) if k > 1)]


def of_steps(labels: Sequence[str], low: float, high: float, most: int, *, longest: int = 10) -> list[Tick]:
    """Ticks of steps in time: what they are called, or their numbers where that is nothing, or too long to be read."""
    if labels and (looks_monthly(labels) or max(len(labels[0]), len(labels[-1])) <= longest):
        return labelled(labels, low, high, most)
    return linear(low, high, most, whole=True)


def labelled(labels: Sequence[str], low: float, high: float, most: int) -> list[Tick]:
    """Ticks at some of the positions that have labels: where the year changes if they are dates, else evenly."""
    first, last = max(0, math.ceil(low)), min(len(labels) - 1, math.floor(high))
    if last < first or most < 1:
        return []
    if looks_monthly(labels):
        years = [(float(k), labels[k][:4]) for k in range(first, last + 1) if labels[k].endswith("-01")]
        if len(years) > 1:
            return years[:: max(1, math.ceil(len(years) / most))]
        most = max(1, most // 2)
    step = max(1, round(_step((last - first + 1) / most, 10)))
    return [(float(k), labels[k]) for k in range(first, last + 1) if k % step == 0]


def looks_monthly(labels: Sequence[str]) -> bool:
    """True for labels like `1952-07`."""
    return bool(labels) and all(len(one) == 7 and one[4] == "-" for one in (labels[0], labels[-1]))


def _step(least: float, base: int) -> float:
    if base == 10:
        scale = 10.0 ** math.floor(math.log10(least))
        return next(scale * k for k in (1, 2, 5, 10) if scale * k >= least * (1 - 1e-9))
    if least <= 1:
        return 1.0
    halves = [k for k in (2, 3, 4, 6) if base % k == 0 and k < base]
    for step in (*halves, *(base * k for k in (1, 2, 4, 5, 10, 20, 50, 100, 200, 500, 1000))):
        if step >= least:
            return float(step)
    return _step(least, 10)
