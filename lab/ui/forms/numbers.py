"""Numbers in fields: shown with all their digits, read as people write them, and stepped by sensible amounts."""

import math
import unicodedata
from decimal import Decimal
from typing import Final

_MINUS: Final = "−"
_FIRST_FLOAT: Final = 1e-4
"""Where steps from 0 on begin, in a range that spans decades."""
_LEAST: Final = 1e-9
"""Below this a step down in a range that spans decades ends at its lower limit."""


def shown(value: object) -> str:
    """A number with every digit it has: `0.001`, `1e−8`, `−3`; other values as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, float):
        if math.isinf(value):
            return "∞" if value > 0 else _MINUS + "∞"
        if value == 0:
            return "0"
        text = repr(value)
        if "e" in text and 1e-6 <= abs(value) < 1:
            text = format(Decimal(text), "f")
        return text.replace("e+", "e").replace("e-0", "e-").replace("-", _MINUS)
    return str(value).replace("-", _MINUS)


def parsed(text: str, *, whole: bool) -> int | float | None:
    """The number that `text` is, or None. Full-width digits, a true minus, `∞` and spaces between digits are read."""
    plain = unicodedata.normalize("NFKC", text).strip().replace(_MINUS, "-").replace("∞", "inf")
    plain = plain.replace("\u2009", "").replace("\u00a0", "").replace(" ", "").replace("_", "").replace("·10^", "e")
    if not plain or not plain.isascii():
        return None
    try:
        if not whole:
            value = float(plain)
            return None if math.isnan(value) else value
        if any(mark in plain for mark in ".eE"):
            exact = Decimal(plain)
            return int(exact) if exact == exact.to_integral_value() and abs(exact) < 10**20 else None
        return int(plain)
    except (ValueError, ArithmeticError):
        return None


def spans_decades(low: float | None, high: float | None, *, whole: bool) -> bool:
    """Whether a range is one of magnitudes: it has no upper limit, or one more than a hundred times the lower."""
    low = 0.0 if low is None else low
    if low < 0:
        return False
    if high is None:
        return True
    return high > max(100 * max(low, 1.0), 1000.0) if whole else high > 100.0


def stepped(
    value: float, up: bool, low: float | None, high: float | None, *, whole: bool, fine: bool = False
) -> int | float:
    """The value after a step up or down, within the range.

    Where the range spans decades, steps go 1, 2, 5, 10, and from a power of two to the next; otherwise by a twentieth
    of the range, or by the last digit that is shown where that is less. `fine` steps by the last digit.
    """
    if fine:
        found = _by(value, up, 1.0 if whole else _last_digit(value))
    elif spans_decades(low, high, whole=whole):
        found = _whole_step(int(value), up) if whole else _decade_step(value, up)
    else:
        found = _by(value, up, _even_step(value, low, high, whole=whole))
    found = max(found, low) if low is not None else found
    found = min(found, high) if high is not None else found
    return int(found) if whole else float(found)


def _by(value: float, up: bool, step: float) -> float:
    exact, amount = Decimal(repr(value)), Decimal(repr(step))
    return float(exact + amount if up else exact - amount)


def _even_step(value: float, low: float | None, high: float | None, *, whole: bool) -> float:
    span = 20.0 if low is None or high is None else high - low
    nice = 10.0 ** math.floor(math.log10(span / 20)) if span > 0 else 1.0
    step = max(nice * (5 if span / 20 >= 5 * nice else 2 if span / 20 >= 2 * nice else 1), 1.0 if whole else 0.0)
    return 1.0 if whole and span <= 1000 else step if whole else min(step, _last_digit(value))


def _last_digit(value: float) -> float:
    """One in the last place that is shown; of a whole number 0.1."""
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return 10.0 ** min(exponent, -1) if value else 0.1


def _whole_step(value: int, up: bool) -> int:
    if value <= 0:
        return 1 if up else 0
    if value & (value - 1) == 0:
        return value * 2 if up else value // 2
    return round(_decade_step(value, up))


def _decade_step(value: float, up: bool) -> float:
    if value <= 0:
        return _FIRST_FLOAT if up else value
    decade = Decimal(10) ** math.floor(math.log10(value))
    exact = Decimal(repr(value))
    marks = [decade * Decimal(m) for m in ("0.5", "1", "2", "5", "10", "20")]
    near = [mark for mark in marks if (mark > exact if up else mark < exact)]
    found = float(near[0] if up else near[-1])
    return found if up or found >= _LEAST else 0.0
