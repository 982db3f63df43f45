"""The probe: what it reads off a network while it learns, and what it may look at for that."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, Protocol, final

from numpy.typing import NDArray

from lab.components.base import Component, check_choice, check_signature
from lab.components.dataset import Data, Sequences
from lab.gradients.unrolled import ThroughTime

TIERS: Final = ("update", "sampled", "costly", "demand")
"""What a probe costs: so little that every frame may have it; some milliseconds; so much that it gets a larger share of
the time, apart from the others', for as long as someone looks at it; or so much that it is only asked."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """A series with the network's forecasts of it, one step after another, in the unit of the data, (R,) each.

    `position` numbers the steps; the validation part begins at `validation_from`, the test part at `test_from` (None
    where there is none). `baselines` are predictions of the dataset's baselines that are the series itself some steps
    before. `error` is the dataset's metric on the test part.
    """

    position: NDArray[Any]
    truth: NDArray[Any]
    forecast: NDArray[Any]
    validation_from: int | None
    test_from: int | None
    labels: Sequence[str] = ()
    baselines: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    error: float


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """How large gradients and changes were from the first update on, at N of the updates, (N,), rising.

    `norms` (N, P) are those of the gradient of each parameter before clipping, in the order of `parameters`; NaN for a
    rule that follows none. `ratios` (N, P) are ‖change‖ / ‖weight‖, NaN for a weight of zeros.
    """

    updates: NDArray[Any]
    norms: NDArray[Any]
    ratios: NDArray[Any]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rival:
    """An algorithm beside the exact gradient, at N of the looks so far, (N,) each: the updates there were, rising, the
    `cosines` between both, and the `ratios` of their norms (NaN for a rule that follows no gradient).

    `seconds` is what the latest took. Where it cannot run this network `reason` says why, and there is nothing else.
    """

    updates: NDArray[Any]
    cosines: NDArray[Any]
    ratios: NDArray[Any]
    seconds: float
    reason: str = ""


class LayerLook(Protocol):
    """One direction of a layer over the watched samples. Steps are those of the data, in both directions."""

    @property
    def reverse(self) -> bool:
        """Whether it reads the sequences from their end."""
        ...

    @property
    def states(self) -> Mapping[str, NDArray[Any]]:
        """Each state after each step, (T, B, ·); zero behind the end of a sample."""
        ...

    @property
    def watched(self) -> Mapping[str, NDArray[Any]]:
        """The values that the cell gives to be watched, (T, B, ·); zero behind the end of a sample."""
        ...

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:
        """The limits of watched values and states that have them: (0, 1) behind a sigmoid, (-1, 1) behind a tanh."""
        ...

    @property
    def parameters(self) -> Mapping[str, NDArray[Any]]:
        """The learned parameters by the names that the cell gives them."""
        ...


class Look(Protocol):
    """What a probe is given: the network as it is after `update` updates, on B watched samples of T steps.

    The samples are run through a network of their own with the same parameters, when something is asked for that needs
    it, so that a look never changes the training.
    """

    @property
    def update(self) -> int: ...
    @property
    def epoch(self) -> int: ...

    @property
    def task(self) -> str:
        """What the dataset asks, one of `regression`, `classification`, `binary`, `next-symbol`."""
        ...

    @property
    def data(self) -> Data:
        """The whole dataset."""
        ...

    @property
    def split(self) -> str:
        """The split that the watched samples are of."""
        ...

    @property
    def samples(self) -> Sequences:
        """The watched samples, as many steps of them as are watched."""
        ...

    @property
    def lengths(self) -> NDArray[Any]:
        """How many steps each watched sample has, (B,)."""
        ...

    @property
    def labels(self) -> Sequence[str]:
        """What the watched samples are called."""
        ...

    @property
    def times(self) -> Sequence[Sequence[str]]:
        """What the steps of each watched sample are called; empty where the dataset does not say."""
        ...

    @property
    def parameters(self) -> Mapping[str, NDArray[Any]]:
        """All learned parameters by their full names, `layers.0.W`; not to be changed."""
        ...

    @property
    def gradient(self) -> Mapping[str, NDArray[Any]]:
        """The gradient of the latest update that was looked at, before it was clipped; empty before the first."""
        ...

    @property
    def change(self) -> Mapping[str, NDArray[Any]]:
        """What that update added to the parameters; empty before the first."""
        ...

    @property
    def course(self) -> Course:
        """Norms of gradients and changes since the first update, the latest that was looked at included."""
        ...

    @property
    def clip_norm(self) -> float:
        """The norm at which gradients are clipped; 0 where they are not."""
        ...

    @property
    def layers(self) -> Mapping[str, LayerLook]:
        """The layers from the input upwards by name, `layers.0`; a second direction is `layers.0.reverse`."""
        ...

    @property
    def outputs(self) -> NDArray[Any]:
        """The network's output, (T, B, K), NaN behind the end of a sample; (B, K) where it gives one a sample."""
        ...

    def judged(self) -> tuple[NDArray[Any], NDArray[Any], float]:
        """Predictions (R, K), their targets, and the dataset's metric: over part of the split where it is large."""
        ...

    def through_time(self, layer: str, sample: int) -> ThroughTime:
        """The gradients through time of a layer in one of the watched samples; kept for as long as the look lasts."""
        ...

    def jacobians(self, layer: str, sample: int, steps: NDArray[Any]) -> NDArray[Any]:
        """∂s_t/∂s_{t-1} of a layer's whole state at some steps of a watched sample, (n, S, S): row the state after."""
        ...

    @property
    def algorithm(self) -> str:
        """The name of the algorithm that the run learns with."""
        ...

    @property
    def algorithms(self) -> Mapping[str, Mapping[str, str]]:
        """All algorithms there are, by name: their titles by language."""
        ...

    def duel(self, algorithms: str) -> Mapping[str, Rival]:
        """How near some come to the exact gradient on the watched samples, with the parameters as they are.

        `algorithms` are NAME or NAME(KEY=VALUE,...) with commas between; a name alone of the run's own algorithm has
        the settings of the run. Kept for as long as the look lasts.
        """
        ...

    def series(self) -> Series | None:
        """The whole series with its forecasts, where the dataset is one of a single real value; else None."""
        ...


class Probe(Component):
    """Abstract: something read off a network while it learns. Its hyperparameters are its settings.

    `tier` says what it costs: `update`, `sampled`, `costly` or `demand`.
    """

    tier: ClassVar[Literal["update", "sampled", "costly", "demand"]]
    _kind = "probe"

    @abstractmethod
    def measure(self, look: Look) -> Mapping[str, NDArray[Any]]:
        """Arrays by name, as a view needs them. An empty mapping says that there is nothing to see yet.

        NaN and infinity are to be passed on as they are; warnings about them are off.
        """

    def given(self, look: Look) -> Mapping[str, NDArray[Any]]:
        """Those of the arrays that the data alone give, for an experiment that has not begun to learn: none by default.

        They are seen before a run, so that what it will be judged by is known first.
        """
        return {}

    def notes(self, look: Look) -> Mapping[str, Any]:
        """Plain values (numbers, texts, lists, dictionaries) beside the arrays; called after `measure` or `given`."""
        return {}

    @classmethod
    def check_declaration(cls) -> None:
        super().check_declaration()
        check_choice(cls, "tier", TIERS)
        check_signature(cls, Probe, "measure")
        check_signature(cls, Probe, "given")
        check_signature(cls, Probe, "notes")
