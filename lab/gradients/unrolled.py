"""A network that has run one sample, opened up for calculus: its blocks step by step, and the losses at its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Executor
from lab.errors import ExperimentError, unknown
from lab.gradients.jacobian import step_jacobians
from lab.gradients.pullback import Passage, Pullback
from lab.gradients.through_time import Link, Losses, Run, flat_parameters, go_back, summed, truncated
from lab.model.architecture import Architecture
from lab.model.blueprint import Block, blueprint
from lab.model.network import Network

Array = NDArray[Any]

MOST_LOSSES: Final = 256
"""Steps that are taken back where each has a loss: the last so many of a longer sample."""
MOST_STEPS: Final = 512
"""The same where there is one loss at the end."""
MOST_NUMBERS: Final = 8_000_000
"""Numbers kept for that; wide networks are taken back over fewer steps."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThroughTime:
    """How far the gradient of each loss L_t reaches back in one sample; T steps from step `first` of it on.

    `norms` has ‖∂L_t/∂s_k‖ at [t, k] for each state of the layer, for `whole` (all states together) and for `net`, the
    net inputs; NaN for k > t, and in all rows but one where there is one loss. If for every t only the steps k > t - n
    are kept, `share[n - 1]` is the norm of what is left of the gradient of all parameters over the norm of the whole
    one, and `cosine[n - 1]` that of the angle between them; NaN where layers of two directions admit no such thing.
    In the second direction of a layer steps count from the end of the sample.
    """

    layer: str
    first: int
    norms: Mapping[str, Array]
    share: Array
    cosine: Array


@final
class Calculus:
    """The equations of all blocks of a network made ready to be differentiated, in traces of their own."""

    def __init__(self, architecture: Architecture) -> None:
        self.plan = blueprint(architecture)
        self._pullbacks: dict[str, Pullback] = {}
        self._constants: dict[str, dict[str, Array]] = {}

    def pullback(self, block: Block) -> Pullback:
        """The pullback of a block, made when first asked for."""
        if block.name not in self._pullbacks:
            self._pullbacks[block.name] = Pullback(block.program.traced)
        return self._pullbacks[block.name]

    def parameters(self, block: Block, flat: Array) -> dict[str, Array]:
        """What a block reads beside inputs and states: views of the network's parameters, and its constants."""
        part = flat[block.start : block.start + block.size]
        return {name: place.view(part) for name, place in block.places.items()} | self.constants(block)

    def constants(self, block: Block) -> dict[str, Array]:
        """The arrays of a block that are not learned, drawn when first asked for."""
        if block.name not in self._constants:
            self._constants[block.name] = self.plan.constants(block)
        return self._constants[block.name]


@final
class Unrolled:
    """One sample that `network` has just run, whole, from its first state: the sample at place `column` of the batch.

    The batch is in the order in which the network runs it, longest samples first. `target` is the sample's: by step
    (T, ·), or one; `symbols` (T,) are its inputs where they are symbols.
    """

    def __init__(
        self, calculus: Calculus, network: Network, column: int, length: int, target: Array, symbols: Array | None
    ) -> None:
        self.calculus, self.network = calculus, network
        self.column, self.length = column, length
        self.target, self.symbols = target, symbols
        self.architecture = calculus.plan.architecture
        self._blocks = {
            block.name: (depth, block, executor)
            for depth, (blocks, layer) in enumerate(zip(calculus.plan.layers, network.layers, strict=True))
            for block, executor in zip(blocks, layer.executors, strict=True)
        }

    def jacobians(self, layer: str, steps: Array) -> Array:
        """∂s_t/∂s_{t-1} of a layer at some of its steps, (n, S, S)."""
        _, block, executor = self._block(layer)
        pullback = self.calculus.pullback(block)
        return step_jacobians(pullback, self._passage(block, executor, 0, self.length), steps)

    def through_time(self, layer: str) -> ThroughTime:
        """The gradients through time of a layer; ExperimentError below a layer of two directions."""
        self._block(layer)
        chains = self._chains()
        chosen = next((chain for chain in chains if layer in chain), None)
        if chosen is None:
            raise ExperimentError(
                f"every loss depends on all states of {layer}, for a layer above it reads in both directions",
                remedy=f"Choose one of {', '.join(name for chain in chains for name in chain)}",
            )
        two_ways = len(chains) > 1
        bottom = chosen[-1].startswith("layers.0")
        complete = bottom and (not two_ways or self.length <= self._most(chains, weights=True))
        used = (chains if two_ways else [chosen]) if complete else [chosen[: chosen.index(layer) + 1]]
        steps = min(self.length, self._most(used, weights=complete))
        runs = [self._run(chain, steps, weights=complete) for chain in used]
        run = next(run for chain, run in zip(used, runs, strict=True) if layer in chain)
        link = run.links[next(chain for chain in used if layer in chain).index(layer)]
        share = cosine = np.full(steps, np.nan)
        if complete:
            share, cosine = self._truncated(runs, steps)
        first = 0 if layer.endswith(".reverse") and self._single else self.length - steps
        return ThroughTime(layer=layer, first=first, norms=_norms(link, run.losses), share=share, cosine=cosine)

    def _block(self, layer: str) -> tuple[int, Block, Executor]:
        if layer not in self._blocks:
            raise ExperimentError(unknown("layer", layer, self._blocks))
        return self._blocks[layer]

    def _chains(self) -> list[list[str]]:
        """The layers that losses reach step by step, from the top down: those above the next one of two directions."""
        layers = self.calculus.plan.layers
        if len(layers[-1]) == 2:
            return [[block.name] for block in layers[-1]]
        chain: list[str] = []
        for blocks in reversed(layers):
            if len(blocks) == 2:
                break
            chain.append(blocks[0].name)
        return [chain]

    @property
    def _single(self) -> bool:
        """Whether there is one loss, at the end."""
        return self.architecture.readout != "every-step"

    def _most(self, chains: list[list[str]], *, weights: bool) -> int:
        """How many steps can be taken back."""
        width = 0
        for chain in chains:
            for name in chain:
                pullback = self.calculus.pullback(self._blocks[name][1])
                if weights:
                    width += sum(value.size for value in pullback.parts)
                width += sum(leaf.size for leaf in pullback.traced.inputs.values()) + len(pullback.traced.states) + 1
        if self._single:
            return max(1, min(MOST_STEPS, MOST_NUMBERS // width))
        return max(1, min(MOST_LOSSES, int((MOST_NUMBERS / width) ** 0.5)))

    def _passage(self, block: Block, executor: Executor, first: int, last: int) -> Passage:
        column, traced = self.column, block.program.traced
        states = {name: executor.states(name)[first : last + 1, column] for name in traced.states}
        inputs = {name: executor.input(name)[first:last, column] for name in traced.inputs}
        return Passage(traced, self.calculus.parameters(block, self.network.parameters), states, inputs)

    def _run(self, chain: list[str], steps: int, *, weights: bool) -> Run:
        """Take all losses back through a chain."""
        depth, top, _ = self._blocks[chain[0]]
        reverse = top.name.endswith(".reverse")
        first = 0 if reverse and self._single else self.length - steps
        seeds = self._seeds()
        start = 0 if not reverse else self.calculus.plan.layers[depth][0].output_width
        seeds = seeds[:, start : start + top.output_width]
        spread = self.architecture.readout == "mean"
        if not self._single:
            seeds = (seeds[::-1] if reverse else seeds)[first:]
            losses = Losses(np.arange(steps), seeds)
        else:
            last = self.architecture.readout == "last" and reverse
            losses = Losses(np.array([0 if last else steps - 1]), seeds, spread)
        embedded = weights and self.architecture.encoding == "embedding" and chain[-1].startswith("layers.0")
        links = []
        for place, name in enumerate(chain):
            _, block, executor = self._blocks[name]
            passage = self._passage(block, executor, first, first + steps)
            inputs = place + 1 < len(chain) or embedded
            links.append(Link(self.calculus.pullback(block), passage, len(losses.ends), weights=weights, inputs=inputs))
        go_back(links, losses)
        symbols = None
        if embedded and self.symbols is not None:
            read = self.symbols[: self.length]
            symbols = (read[::-1] if reverse else read)[first : first + steps]
        return Run(links, losses, symbols)

    def _rows(self) -> tuple[Passage, Pullback]:
        """The readout on the rows that have a loss."""
        plan = self.calculus.plan
        block, readout = plan.readout, self.architecture.readout
        top = self.network.layers[-1].outputs[: self.length, self.column]
        targets = np.asarray(self.target, np.float64)
        by_step = targets.ndim == (1 if self.architecture.classes else 2)
        if readout == "last":
            top, targets = top[-1:], targets[self.length - 1 :][:1] if by_step else targets[None]
        elif readout == "mean":
            top, targets = top.mean(axis=0, dtype=np.float64)[None], targets[None]
        else:
            targets = targets[: self.length]
        parameters = self.calculus.parameters(block, self.network.parameters)
        inputs = {"x": top, "target": targets}
        return Passage(block.program.traced, parameters, {}, inputs), self.calculus.pullback(block)

    def _seeds(self) -> Array:
        """∂L/∂ of what the top layer hands on, (R, width), of each loss at its step, or at every one for a mean."""
        passage, pullback = self._rows()
        (seeds,) = pullback.pull(
            passage, [pullback.inputs["x"]], _one_loss(pullback, passage.steps), np.arange(passage.steps)
        )
        return seeds / self.length if self.architecture.readout == "mean" else seeds

    def _readout_square(self, steps: int) -> float:
        """‖∂ΣL_t/∂ of the readout's parameters‖², over the last losses."""
        passage, pullback = self._rows()
        rows = np.arange(max(0, passage.steps - steps), passage.steps)
        arrays = pullback.pull(passage, pullback.parts, _one_loss(pullback, len(rows)), rows)
        kept = dict(zip(pullback.parts, arrays, strict=True))
        totals = {pull.weight: summed(passage, pull, kept, rows) for pull in pullback.weights}
        return float(sum(np.dot(one, one) for one in flat_parameters(pullback, passage, totals)))

    def _truncated(self, runs: list[Run], steps: int) -> tuple[Array, Array]:
        outside = self._readout_square(steps)
        squares, products, whole = truncated(runs)
        squares, products, whole = squares + outside, products + outside, whole + outside
        share, cosine = np.sqrt(squares / whole), products / np.sqrt(squares * whole)
        share[-1] = cosine[-1] = 1.0 if np.isfinite(whole) and whole > 0 else np.nan
        return share, cosine


def _one_loss(pullback: Pullback, rows: int) -> dict[str, Array]:
    """Cotangents of the readout that ask for the loss of each row."""
    return {
        name: np.ones((rows, *leaf.shape)) if name == "loss" else np.zeros((rows, *leaf.shape))
        for name, leaf in pullback.traced.states.items()
    }


def _norms(link: Link, losses: Losses) -> dict[str, Array]:
    """(T, T) by [t, k], from rows by loss."""
    steps = link.passage.steps
    squares = dict(link.squares)
    squares["whole"] = sum((link.squares[name] for name in link.carried), np.zeros((len(losses.ends), steps)))
    found = {}
    for name, array in squares.items():
        found[name] = np.full((steps, steps), np.nan)
        found[name][losses.ends] = np.sqrt(array)
    return found
