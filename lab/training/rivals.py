"""Rivals: what other algorithms would make of the watched samples while one of them trains, from look to look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.components.algorithm import Algorithm, Batch
from lab.components.dataset import Sequences
from lab.components.probe import Rival
from lab.errors import LabError
from lab.model.network import Network
from lab.training.duel import Duel
from lab.training.learner import NetworkLearner

Array = NDArray[Any]

MOST: Final = 1000
"""Looks of which the result is kept, of each algorithm; then every second one of the older ones is left out."""


@final
@dataclass(slots=True)
class _Past:
    """Update, cosine and ratio of the looks there were."""

    points: list[tuple[int, float, float]] = field(default_factory=list)

    def take(self, update: int, cosine: float, ratio: float) -> None:
        """Add a look; another one at the same update takes its place."""
        if self.points and self.points[-1][0] >= update:
            self.points.pop()
        if len(self.points) >= MOST:
            self.points = self.points[::2]
        self.points.append((update, cosine, ratio))

    def rival(self, seconds: float) -> Rival:
        """All there were."""
        updates, cosines, ratios = zip(*self.points, strict=True)
        return Rival(
            updates=np.array(updates, np.int64),
            cosines=np.array(cosines),
            ratios=np.array(ratios),
            seconds=seconds,
        )


@final
class Rivals:
    """Measures algorithms on samples, one pass each, and keeps what it found. Dropout and random numbers follow from
    the seed and the update.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._learner: NetworkLearner | None = None
        self._past: dict[str, _Past] = {}

    def measure(
        self, network: Network, samples: Sequences, rivals: Mapping[str, Algorithm | LabError], update: int
    ) -> dict[str, Rival]:
        """How near each comes with the parameters that the network has; those that are errors have that reason."""
        if self._learner is None or self._learner.network is not network:
            self._learner = NetworkLearner(network)
        duel = Duel(self._learner, Batch(sequences=samples), [self._seed, update])
        return {label: self._one(duel, label, rival, update) for label, rival in rivals.items()}

    def _one(self, duel: Duel, label: str, rival: Algorithm | LabError, update: int) -> Rival:
        try:
            if isinstance(rival, LabError):
                raise rival
            made = duel.estimate(rival)
        except LabError as error:
            nothing = np.zeros(0)
            return Rival(
                updates=np.zeros(0, np.int64), cosines=nothing, ratios=nothing, seconds=np.nan, reason=error.message
            )
        whole = duel.compare(made)[0]
        past = self._past.setdefault(label, _Past())
        past.take(update, whole.cosine, whole.ratio)
        return past.rival(made.seconds)
