"""The duel: the same weights, batch and random numbers through several algorithms, beside the exact gradient."""

import inspect
import math
import re
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast, final

import numpy as np
from numpy.typing import NDArray

from lab.components.algorithm import Algorithm, Batch
from lab.errors import LabError, PluginError, TrainingError
from lab.experiment.edit import parse_value
from lab.model.network import QUIET
from lab.registry.catalog import Catalog
from lab.training.learner import NetworkLearner
from lab.training.updates import updates_of

Array = NDArray[Any]

SLOW: Final = 5.0
"""Seconds of a batch from which on one run has to tell everything."""
TIMED, ENOUGH = 5, 1.0
"""Runs that are timed where one is like the other, and the seconds after which there are no more of them."""
_CALL: Final = re.compile(r"\s*([^()\s]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


@final
@dataclass(frozen=True, slots=True)
class Nearness:
    """The cosine between an estimate and the exact gradient, and the ratio of their norms; NaN where one is nothing."""

    name: str
    cosine: float
    ratio: float


@final
@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What one pass of an algorithm over the batch made: a gradient, or the `change` that a rule without one makes.

    `vector` is float64, shaped like the parameters. `random` says that the algorithm drew numbers for it.
    """

    vector: Array
    change: bool
    random: bool
    seconds: float

    @property
    def gradient(self) -> Array:
        """Where it points as a gradient does: against the change."""
        return -self.vector if self.change else self.vector


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an algorithm did. Where it is random these are means over `repeats` passes, each with its own numbers.

    `bias` is ‖mean estimate - g‖ / ‖g‖ and `bias_error` its standard error: what remains of the noise in the mean, and
    so about the bias that an unbiased algorithm shows. `variance` is E‖estimate - mean‖² / ‖g‖². Of a `change` only the
    direction is compared; ratios, bias and variance are then NaN. `seconds` is the median of a pass, `bytes` the most
    that it held at once beside the network and its buffers.
    """

    whole: Nearness
    layers: tuple[Nearness, ...]
    bias: float
    bias_error: float
    variance: float
    repeats: int
    seconds: float
    bytes: int
    change: bool
    random: bool


@final
class Duel:
    """One batch and the network of a learner, whose parameters stay as they are. TrainingError where nothing counts.

    An algorithm that makes several updates of a batch is compared by the sum of their gradients, each weighted by its
    share of the targets that count: a window's loss is the mean over its own. Where nothing is cut off and nothing
    changes between the windows, that is the gradient of the mean over the whole batch.
    """

    def __init__(self, learner: NetworkLearner, batch: Batch, seed: Sequence[int]) -> None:
        self.learner, self.batch = learner, batch
        self._seed = tuple(seed)
        self._weights = learner.parameters.copy()
        learner.carries = False  # no batch goes on from this one
        self._draw(0)
        learner.begin(batch)
        learner.forward(0, learner.steps)
        loss = learner.backward(0, learner.steps)
        if loss is None:
            raise TrainingError(
                "no step of the batch has a target that counts", remedy="Choose other sequences, or a larger batch"
            )
        self.loss = loss
        self.targets = learner.network.judged
        self.exact = learner.gradient.astype(np.float64)
        self.norm = float(np.linalg.norm(self.exact))
        """‖g‖ of the exact gradient g."""

    def estimate(self, algorithm: Algorithm, repeat: int = 0) -> Estimate:
        """One pass over the batch. LabError where the algorithm cannot run it, or makes nothing of it."""
        total = np.zeros_like(self.exact)
        self._draw(repeat)
        before = self.learner.random.bit_generator.state
        try:
            began = time.perf_counter()
            made = self._gather(algorithm, total)
            seconds = time.perf_counter() - began
        except LabError:
            raise
        except Exception as error:
            raise PluginError(
                f"the {algorithm.described()} failed: {type(error).__name__}: {error}",
                file=inspect.getsourcefile(type(algorithm)),
                remedy="Correct the plugin",
            ) from error
        finally:
            self.learner.parameters[:] = self._weights
            self.learner.network.refresh()
        if not made:
            raise TrainingError(
                "the algorithm makes no update of this batch", remedy="Choose other sequences, or a larger batch"
            )
        if len(made) > 1:
            raise PluginError(
                f"the {algorithm.described()} gives gradients and changes by turns",
                remedy="Let every Step have a gradient, or every Step a change",
            )
        drew = before != self.learner.random.bit_generator.state
        return Estimate(total, change="change" in made, random=drew, seconds=seconds)

    @QUIET
    def _gather(self, algorithm: Algorithm, total: Array) -> set[str]:
        """Add up what the updates of the batch would be; the kinds there were."""
        made = set()
        for step in updates_of(algorithm, self.learner, self.batch):
            if step.gradient is not None:
                total += step.gradient * (self.learner.network.judged / self.targets)
                made.add("gradient")
            elif step.change is not None:
                total += step.change
                made.add("change")
        return made

    def _draw(self, repeat: int) -> None:
        """The same masks of dropout for everyone, and numbers for the algorithm that only the repeat decides."""
        self.learner.memory.clear()
        self.learner.draw = np.random.default_rng([*self._seed, 2])
        self.learner.random = np.random.default_rng([*self._seed, 4, repeat])

    @QUIET
    def compare(self, estimate: Estimate) -> tuple[Nearness, ...]:
        """Everything together under the name `all`, then every layer."""
        mine = estimate.gradient
        names = self._layers()
        parts = [("all", mine, self.exact)]
        for name in dict.fromkeys(names.values()):
            own = [place for full, place in self.learner.network.plan.places.items() if names[full] == name]
            one, other = (np.concatenate([place.view(flat).ravel() for place in own]) for flat in (mine, self.exact))
            parts.append((name, one, other))
        return tuple(_nearness(name, one, other, estimate.change) for name, one, other in parts)

    def _layers(self) -> dict[str, str]:
        """The part of the network that each parameter belongs to, by its full name."""
        plan = self.learner.network.plan
        parts = {block.name: block.name for layer in plan.layers for block in layer}
        parts |= {"input": "embedding", plan.readout.name: "readout"}
        return {
            full: parts[max((name for name in parts if full.startswith(f"{name}.")), key=len)] for full in plan.places
        }

    def measure(self, algorithm: Algorithm, repeats: int, tell: Callable[[int], None] = lambda done: None) -> Result:
        """All there is to know of an algorithm; `tell` is given the passes that were made of a random one."""
        first, held = self._traced(algorithm)
        seconds, wanted = [], max(1, repeats) if first.random else 1
        mean, spread = first.gradient.copy(), 0.0
        found = [self.compare(first)]
        for repeat in range(1, wanted):
            tell(repeat)
            one = self.estimate(algorithm, repeat)
            seconds.append(one.seconds)
            found.append(self.compare(one))
            away = one.gradient - mean
            mean += away / (repeat + 1)
            spread += float(away @ (one.gradient - mean))
        if first.seconds < SLOW:
            while len(seconds) < TIMED and (len(seconds) < 2 or sum(seconds) < ENOUGH):
                seconds.append(self.estimate(algorithm).seconds)
        square = self.norm**2 if self.norm and not first.change else math.nan
        # Of one pass of a random algorithm nothing is known of its spread.
        variance = spread / max(wanted - 1, 1) / square if wanted > 1 or not first.random else math.nan
        return Result(
            whole=_mean([one[0] for one in found]),
            layers=tuple(_mean(column) for column in list(zip(*found, strict=True))[1:]),
            bias=float(np.linalg.norm(mean - self.exact)) / math.sqrt(square),
            bias_error=math.sqrt(variance / wanted),
            variance=variance,
            repeats=wanted,
            seconds=statistics.median(seconds or [first.seconds]),
            bytes=held,
            change=first.change,
            random=first.random,
        )

    def _traced(self, algorithm: Algorithm) -> tuple[Estimate, int]:
        """A pass, and the most bytes that were held at once during it beyond those held before."""
        running = tracemalloc.is_tracing()
        if not running:
            tracemalloc.start()
        try:
            made, held = self._held(algorithm)
            # What is built once for all passes is no memory of a pass, and what takes its place is none either.
            return (made, held) if made.seconds >= SLOW else self._held(algorithm)
        finally:
            if not running:
                tracemalloc.stop()

    def _held(self, algorithm: Algorithm) -> tuple[Estimate, int]:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        made = self.estimate(algorithm)
        return made, tracemalloc.get_traced_memory()[1] - before


def algorithms_in(text: str) -> list[str]:
    """`a,b(key=1,other=2)` as `["a", "b(key=1,other=2)"]`: commas within parentheses do not divide."""
    parts = re.split(r",(?![^(]*\))", text)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def algorithm_of(label: str, catalog: Catalog, own: Algorithm) -> Algorithm:
    """The algorithm that `NAME` or `NAME(KEY=VALUE,...)` says; `own` where it is named without anything else.

    LabError with the nearest name for one that is not there, and for hyperparameters that are not its own.
    """
    call = _CALL.fullmatch(label)
    if call is None:
        raise LabError(f"{label!r} is no algorithm", remedy="Write NAME, or NAME(KEY=VALUE,KEY=VALUE)")
    name, inside = call.groups()
    component = cast(Any, catalog.get("algorithm", name))
    if inside is None:
        return own if own.name == name else cast(Algorithm, component())
    settings: dict[str, object] = {}
    for part in filter(None, map(str.strip, inside.split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            raise LabError(f"{part!r} of {label!r} gives no value", remedy="Write NAME(KEY=VALUE,KEY=VALUE)")
        settings[key.strip()] = parse_value(value)
    return cast(Algorithm, component(**settings))


def _nearness(name: str, mine: Array, exact: Array, change: bool) -> Nearness:
    sizes = float(np.linalg.norm(mine)), float(np.linalg.norm(exact))
    cosine = float(mine @ exact) / (sizes[0] * sizes[1]) if all(sizes) else math.nan
    return Nearness(name, cosine, math.nan if change or not sizes[1] else sizes[0] / sizes[1])


def _mean(found: Sequence[Nearness]) -> Nearness:
    cosine, ratio = (statistics.fmean(values) for values in ([n.cosine for n in found], [n.ratio for n in found]))
    return Nearness(found[0].name, cosine, ratio)
