"""Numbers as people read them: a true minus, few digits, powers of ten raised."""

import math
from typing import Final

_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(exponent: int) -> str:
    """`10⁻²`."""
    return "10" + str(exponent).translate(_RAISED)


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits: `0.84`, `−12.5`, `12,400`, `3.1·10⁻⁶`, `NaN`, `∞`."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    exponent = math.floor(math.log10(abs(rounded)))
    if exponent < -3 or exponent > 6:
        return signed(f"{rounded / 10.0**exponent:.{max(digits - 2, 0)}f}·{power(exponent)}")
    return signed(f"{rounded:,.{max(digits - 1 - exponent, 0)}f}")


def short(value: float, digits: int = 3) -> str:
    """The same without zeros at the end, and without a factor of one: `1`, `0.5`, `1.04`, `5·10⁷`, `−10³⁵`."""
    factor, times, tens = number(value, digits).partition("·")
    if "." in factor:
        factor = factor.rstrip("0").rstrip(".")
    if times and factor in ("1", "−1"):
        return factor[:-1] + tens
    return factor + times + tens


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals, and a true minus; one of ten digits and more as a power of ten."""
    if not math.isfinite(value) or abs(value) >= 1e9:
        return number(value)
    return signed(f"{value:,.{decimals}f}")


def signed(text: str) -> str:
    """The same with a true minus instead of a hyphen."""
    return text.replace("-", "−")


def share(value: float) -> str:
    """A share of one in percent: `97%`, `0.4%`."""
    if not math.isfinite(value):
        return number(value)
    percent = 100 * value
    decimals = 0 if percent >= 10 or percent == 0 else 1
    return f"{percent:.{decimals}f}%"
