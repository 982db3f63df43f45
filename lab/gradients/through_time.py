"""Gradients through time: ∂L_t/∂s_k for every loss L_t and every earlier step k at once, and what truncation leaves.

The losses are rows of one batch that goes back through the steps together: at step k all rows with t ≥ k are there.
L_t is the loss at step t of one sample as it is, divided by no count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.layout import stacked
from lab.compile.weights import parameter_gradients
from lab.gradients.pullback import FLOAT, Passage, Pullback, WeightPull
from lab.trace.graph import Var

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Where losses enter a chain of blocks: R of them, at the steps `ends` (rising), as `seeds` (R, width).

    A seed is ∂L/∂ of what the top block hands on at that step; with `spread` the only loss sees every step like that.
    """

    ends: Array
    seeds: Array
    spread: bool = False


@final
class Link:
    """One block of a chain on the way back: what arrived, and what is needed for the gradients of its weights."""

    def __init__(self, pullback: Pullback, passage: Passage, losses: int, *, weights: bool, inputs: bool) -> None:
        self.pullback, self.passage = pullback, passage
        self.pulls = pullback.weights if weights else ()
        self.inputs = dict(pullback.inputs) if inputs else {}
        steps, states = passage.steps, pullback.traced.states
        self.carried = {name: np.zeros((losses, *leaf.shape)) for name, leaf in states.items()}
        self.squares = {name: np.full((losses, steps), np.nan) for name in (*states, "net")}
        self.parts = pullback.parts if weights else ()
        self.kept = {value: np.zeros((losses, steps, *value.shape)) for value in self.parts}
        self.into = {name: np.zeros((losses, steps, *value.shape)) for name, value in self.inputs.items()}
        self.roots = [*pullback.states.values(), *self.inputs.values(), *self.parts, *pullback.net]

    def back(self, step: int, first: int, total: dict[str, Array]) -> dict[str, Array]:
        """Bring the cotangents of rows `first` and on back through a step; those of the inputs are returned."""
        arrays = self.pullback.pull(self.passage, self.roots, total, step)
        found = iter(arrays)
        for name, array in total.items():
            self.squares[name][first:, step] = _squares(array)
        leaving = {name: next(found) for name in self.pullback.states}
        for name, carried in self.carried.items():
            carried[first:] = leaving.get(name, 0.0)
        into = {name: next(found) for name in self.inputs}
        for name, array in into.items():
            self.into[name][first:, step] = array
        for value in self.parts:
            self.kept[value][first:, step] = next(found)
        for array in found:
            net = self.squares["net"][first:, step]
            net[...] = np.where(np.isnan(net), 0.0, net) + _squares(array)
        return into


def _squares(array: Array) -> Array:
    flat = array.reshape(len(array), -1)
    result: Array = np.einsum("rj,rj->r", flat, flat)
    return result


def go_back(links: Sequence[Link], losses: Losses) -> None:
    """Bring all losses back through a chain of blocks, the top one first, to the first step."""
    top = links[0].pullback.vector
    for step in reversed(range(links[0].passage.steps)):
        first = int(np.searchsorted(losses.ends, step))
        if first == len(losses.ends):
            continue
        total = {name: array[first:].copy() for name, array in links[0].carried.items()}
        entering = np.ones(len(losses.ends) - first, bool) if losses.spread else losses.ends[first:] == step
        for name, seeds in top.split(top.from_outputs(losses.seeds[first:])).items():
            total[name][entering] += seeds[entering]
        for place, link in enumerate(links):
            into = link.back(step, first, total)
            if place + 1 < len(links):
                total = _handed_down(links[place + 1], first, into)


def _handed_down(below: Link, first: int, into: Mapping[str, Array]) -> dict[str, Array]:
    """The cotangents of the states of the block below: from its own next step, and from what the block above read."""
    vector = below.pullback.vector
    total = {name: array[first:].copy() for name, array in below.carried.items()}
    rows = len(next(iter(total.values())))
    for name, array in vector.split(vector.from_above(into, (rows,), FLOAT)).items():
        total[name] += array
    return total


@final
@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A chain of blocks that losses were taken back through; `symbols` (T,) are those read at a learned embedding."""

    links: Sequence[Link]
    losses: Losses
    symbols: Array | None = None

    def from_lag(self, lag: int) -> tuple[list[Array], Array | None]:
        """The part of the gradient that comes from the steps k = t - lag."""
        rows = np.flatnonzero(self.losses.ends >= lag)
        steps = self.losses.ends[rows] - lag
        return self.gradient(lambda array: array[rows, steps], steps)

    def whole(self) -> tuple[list[Array], Array | None]:
        """The whole gradient."""
        return self.gradient(lambda array: array.sum(axis=0), np.arange(self.links[0].passage.steps))

    def gradient(self, pick: Callable[[Array], Array], steps: Array) -> tuple[list[Array], Array | None]:
        """From the picked rows at their steps, the gradients of all parameters, flat, and of what was read, (R, ·)."""
        parts: list[Array] = []
        for link in self.links:
            kept = {value: pick(array) for value, array in link.kept.items()}
            totals = {pull.weight: summed(link.passage, pull, kept, steps) for pull in link.pulls}
            parts += flat_parameters(link.pullback, link.passage, totals)
        if self.symbols is None:
            return parts, None
        embedded = np.zeros((self.symbols.max() + 1, self.links[-1].into["x"].shape[2]))
        np.add.at(embedded, self.symbols[steps], pick(self.links[-1].into["x"]))
        return parts, embedded


def truncated(runs: Sequence[Run]) -> tuple[Array, Array, float]:
    """‖g_n‖² and g_n · g for n = 1 ... T, and ‖g‖²: g is the gradient of all parameters below the readout.

    In g_n only the last n steps of every loss are kept. Chains have no parameters in common but those of the embedding.
    """
    steps = runs[0].links[0].passage.steps
    whole = _together([run.whole() for run in runs])
    so_far = [np.zeros_like(one) for one in whole]
    squares, products = np.zeros(steps), np.zeros(steps)
    for lag in range(steps):
        for total, part in zip(so_far, _together([run.from_lag(lag) for run in runs]), strict=True):
            total += part
        squares[lag] = sum(np.dot(total, total) for total in so_far)
        products[lag] = sum(np.dot(*pair) for pair in zip(so_far, whole, strict=True))
    return squares, products, float(sum(np.dot(one, one) for one in whole))


def _together(found: Sequence[tuple[list[Array], Array | None]]) -> list[Array]:
    """The gradients of all chains; that of the embedding is the sum of theirs."""
    parts = [part for one, _ in found for part in one]
    embedded = [one for _, one in found if one is not None]
    return [*parts, np.sum(embedded, axis=0).reshape(-1)] if embedded else parts


def summed(passage: Passage, pull: WeightPull, kept: Mapping[Var, Array], steps: Array) -> Array:
    """The gradient of a weight: the sum over rows of its parts, `kept` (R, ·) at `steps` (R,)."""
    terms: list[Array] = []
    for outer in pull.outers:
        left, right = kept[outer.left], passage.at(outer.right, steps)
        terms.append(right.T @ left if outer.swapped else left.T @ right)
    terms += [kept[value].sum(axis=0) for value in pull.rows]
    total = terms[0] if terms else np.zeros(pull.weight.shape)
    for term in terms[1:]:
        total = total + term
    return total


def flat_parameters(pullback: Pullback, passage: Passage, totals: Mapping[Var, Array]) -> list[Array]:
    """The gradients of the parameters, flat, from those of the weights."""
    names = [name for weight in totals for name in stacked(weight)]
    if all(stacked(weight) for weight in totals) and len(set(names)) == len(names):
        return [array.reshape(-1) for array in totals.values()]
    traced = pullback.traced
    given = {leaf: passage.given[leaf] for leaf in traced.parameters.values()}
    return [array.reshape(-1) for array in parameter_gradients(traced, totals, given, FLOAT).values()]
