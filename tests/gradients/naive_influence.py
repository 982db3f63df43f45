"""Masked influence matrices written out in full, from the whole linear steps: what the fast forms must agree with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.gradients.linear import LinearLayer
from lab.training.learner import NetworkLearner

Array = NDArray[Any]


def entries(layer: LinearLayer, step: int) -> Array:
    """∂s_t/∂w with the states before held fixed, (B, S, K of the layer)."""
    found = np.zeros((*layer.transition.shape[1:3], layer.columns.stop - layer.columns.start))
    for factor in layer.factors:
        factor.add(found, step)
    return found


def unit_of(sizes: Sequence[int]) -> tuple[Array, dict[int, int]]:
    """Which unit each state belongs to, states of equal size having theirs in common; where those of a size begin."""
    begin: dict[int, int] = {}
    for size in sizes:
        begin.setdefault(size, sum(begin))
    return np.concatenate([begin[size] + np.arange(size) for size in sizes]), begin


def owners(layer: LinearLayer, begin: dict[int, int]) -> Array:
    """The unit that each column belongs to; -1 for none: that of its row, rows being stacked unit after unit."""
    found = np.full(layer.columns.stop - layer.columns.start, -1)
    for factor in layer.factors:
        rows = factor.left.shape[3]
        width = 1 if factor.right is None else factor.right.shape[2]
        size = rows if rows in begin else next((size for size in begin if rows % size == 0), 0)
        if size and not factor.swapped:
            found[factor.columns] = np.repeat(begin[size] + np.arange(rows) % size, width)
    return found


def snap_1(learner: NetworkLearner, first: int, last: int) -> Array:
    """Σ_t δ_t (∂s_t/∂w + D_t J_{t-1}), each layer by itself; δ_t comes through the layers above at the same step."""
    layers = learner.linearise(first, last)
    seeds = learner.seeds(first, last).astype(float)
    total = np.zeros(sum(learner.columns))
    for depth in reversed(range(len(layers))):
        layer = layers[depth]
        traced = learner.network.plan.layers[depth][0].program.traced
        unit, begin = unit_of([leaf.size for leaf in traced.states.values()])
        own = unit[:, None] == owners(layer, begin)
        units = unit[:, None] == unit
        influence = np.zeros((learner.batch, len(unit), own.shape[1]))
        for step in range(last - first):
            now, carried = entries(layer, step), (layer.transition[step] * units) @ influence
            total[layer.columns] += np.einsum("bs,bsk->k", seeds[step], now + carried)
            influence = carried + now * own
        if layer.below is not None:
            seeds = np.einsum("tbs,tbsr->tbr", seeds, layer.below)
    return total


def as_one(layers: Sequence[LinearLayer]) -> tuple[Array, Array]:
    """All layers as one: ∂s_t/∂s_{t-1} (T, B, S, S) and ∂s_t/∂w (T, B, S, K), through the layers at the same step."""
    steps, batch = layers[0].transition.shape[:2]
    sizes = [layer.transition.shape[3] for layer in layers]
    columns = layers[-1].columns.stop
    transition = np.zeros((steps, batch, sum(sizes), sum(sizes)))
    made = np.zeros((steps, batch, sum(sizes), columns))
    start, under = 0, slice(0, 0)
    for layer, size in zip(layers, sizes, strict=True):
        own = slice(start, start + size)
        transition[:, :, own, own] = layer.transition
        made[:, :, own, layer.columns] = np.stack([entries(layer, step) for step in range(steps)])
        if layer.below is not None:
            transition[:, :, own] += layer.below @ transition[:, :, under]
            made[:, :, own] += layer.below @ made[:, :, under]
        start, under = start + size, own
    return transition, made


def masked(learner: NetworkLearner, mask: Array) -> Array:
    """Σ_t δ_t J_t with J_t = mask ⊙ (A_t J_{t-1} + ∂s_t/∂w) of the whole network, the mask (S, K)."""
    transition, made = as_one(learner.linearise(0, learner.steps))
    seeds = learner.seeds(0, learner.steps)
    total, influence = np.zeros(mask.shape[1]), np.zeros((learner.batch, *mask.shape))
    for step in range(learner.steps):
        influence = mask * (transition[step] @ influence + made[step])
        total += np.einsum("bs,bsk->k", seeds[step], influence[:, -seeds.shape[2] :])
    return total
