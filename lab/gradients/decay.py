"""How a gradient decays on its way back through time, in a few numbers and a verdict."""

from dataclasses import dataclass
from typing import Any, Final, Literal, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Verdict = Literal["vanishes", "reaches", "explodes", "early"]

VANISHES_BELOW: Final = 0.9
"""γ below which a gradient vanishes, if it also falls under VANISHED within QUARTER of the sequence."""
VANISHED: Final = 0.01
QUARTER: Final = 0.25
EXPLODES_ABOVE: Final = 1.05
"""γ above which it explodes."""
EARLY_UPDATES: Final = 10
"""Before so many updates it is too early to tell: what is seen are the weights as they were drawn."""
EARLY_LAGS: Final = 8
"""With a mean at fewer lags than this no slope is fitted."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Decay:
    """The decay of a mean norm over t - k: the factor γ for each step, and after how many steps a share is left.

    None where there is none: `gamma` with too few lags, the steps where the norm does not fall so far.
    """

    gamma: float | None
    steps_to_tenth: int | None
    steps_to_hundredth: int | None
    verdict: Verdict


def mean_by_lag(norms: Array) -> Array:
    """The geometric mean over t of norms[t, t - lag], for lag 0 ... T - 1.

    Zeros are left out as NaN is, unless all that there are are zeros; NaN where nothing is known.
    """
    steps = len(norms)
    found = np.full(steps, np.nan)
    for lag in range(steps):
        values = np.diagonal(norms, -lag)
        values = values[~np.isnan(values)]
        positive = values[values > 0]
        if len(positive):
            found[lag] = np.exp(np.log(positive).mean())
        elif len(values):
            found[lag] = 0.0
    return found


def decay(mean: Array, updates: int) -> Decay:
    """γ by least squares on the logarithm of the mean norm, and the verdict, after so many updates."""
    usable = np.flatnonzero(np.isfinite(mean) & (mean > 0))
    gamma = None
    if len(usable) >= EARLY_LAGS:
        gamma = float(np.exp(np.polyfit(usable, np.log(mean[usable]), 1)[0]))
    elif np.count_nonzero(np.isfinite(mean)) >= EARLY_LAGS and mean[0] > 0:
        gamma = 0.0  # nothing at all goes back
    hundredth = _first_below(mean, VANISHED)
    verdict: Verdict = "reaches"
    if gamma is None or updates < EARLY_UPDATES:
        verdict = "early"
    elif gamma > EXPLODES_ABOVE:
        verdict = "explodes"
    elif gamma < VANISHES_BELOW and hundredth is not None and hundredth <= QUARTER * len(mean):
        verdict = "vanishes"
    return Decay(gamma=gamma, steps_to_tenth=_first_below(mean, 0.1), steps_to_hundredth=hundredth, verdict=verdict)


def _first_below(mean: Array, share: float) -> int | None:
    """The first lag at which the mean is below a share of that at lag 0."""
    below = np.flatnonzero(mean < share * mean[0])
    return int(below[0]) if len(below) else None
