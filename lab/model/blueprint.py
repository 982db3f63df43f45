"""The blueprint: each block of a network traced and placed, and all parameters laid out in one flat vector."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.layout import Place, layout
from lab.compile.passes import optimise
from lab.compile.place import place
from lab.compile.program import Program
from lab.errors import TraceError
from lab.model.architecture import Architecture, LayerPlan
from lab.model.initialisers import Initialiser, uniform
from lab.model.readout import Head, trace_readout
from lab.trace.tracer import Traced, argument_names, definition, trace_cell

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One direction of a layer, or the readout: its program, and its part of the flat vector."""

    name: str
    program: Program
    places: Mapping[str, Place]
    start: int

    @property
    def size(self) -> int:
        """Learned numbers of the block."""
        return sum(place.size for place in self.places.values())

    @property
    def output_width(self) -> int:
        """Width of what the block hands on."""
        traced = self.program.traced
        return sum(traced.states[name].size for name in traced.outputs)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Blueprint:
    """All blocks of a network; `places` has every learned parameter by its full name, `layers.0.W_h`."""

    architecture: Architecture
    layers: tuple[tuple[Block, ...], ...]
    readout: Block
    places: Mapping[str, Place]
    specs: Mapping[str, Initialiser]

    @property
    def size(self) -> int:
        """Learned numbers of the network."""
        return sum(place.size for place in self.places.values())

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of all layers, and the readout."""
        return (*(block for layer in self.layers for block in layer), self.readout)

    def draw(self, seed: int, parameters: Array) -> None:
        """Give all parameters their first values; each has its own stream, so that others do not change them."""
        for name, spot in self.places.items():
            spot.view(parameters)[...] = self.specs[name].draw(stream(seed, name))

    def constants(self, block: Block) -> dict[str, Array]:
        """The arrays of a block that are not learned."""
        specs = block.program.traced.specs
        names = (name for name in block.program.traced.parameters if name not in block.places)
        return {name: specs[name].draw(stream(0, name)) for name in names}

    def bytes(self, steps: int, batch: int, itemsize: int) -> int:
        """Bytes of the buffers for T steps and B samples, and of the parameters with gradient and optimizer."""
        rows = steps * batch
        numbers = sum(block.program.floats * (rows if block is not self.readout else 2 * rows) for block in self.blocks)
        return itemsize * (numbers + 5 * self.size)


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers that belong to a seed and a name."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def blueprint(architecture: Architecture) -> Blueprint:
    """Trace, optimise and place every block. Raises TraceError with the line in the cell's file."""
    places: dict[str, Place] = {}
    specs: dict[str, Initialiser] = {}
    start = 0
    if architecture.encoding == "embedding":
        specs["input.E"] = uniform(architecture.inputs, architecture.embedding, limit=1.0)
        places["input.E"] = Place(0, specs["input.E"].shape)
        start = places["input.E"].size
    learned_input = architecture.encoding == "embedding"

    def block(name: str, traced: Traced, input_gradients: bool, seen: Iterable[str] = ()) -> Block:
        nonlocal start
        program = place(optimise(traced), input_gradients=input_gradients, seen=seen)
        made = Block(name, program, layout(traced.parameters, program.weights), start)
        for parameter, spot in made.places.items():
            full = parameter if parameter.startswith("output.") else f"{name}.{parameter}"
            places[full] = replace(spot, start=start + spot.start)
            specs[full] = traced.specs[parameter]
        start += made.size
        return made

    head = Head(architecture.dense, architecture.outputs, architecture.head)
    layers: list[tuple[Block, ...]] = []
    width = architecture.width
    under: Mapping[str, int] | None = None
    for depth, plan in enumerate(architecture.layers):
        _check(architecture, depth)
        names = [f"layers.{depth}", f"layers.{depth}.reverse"][: 1 + plan.bidirectional]
        traced = [
            trace_cell(
                plan.cell,
                inputs=width,
                hidden=plan.hidden,
                outputs=architecture.outputs,
                depth=depth,
                bias=plan.bias,
                below=under,
                feedback=head,
            )
            for _ in names
        ]
        under = {name: leaf.size for name, leaf in traced[0].states.items()}
        seen = under if depth + 1 < len(architecture.layers) and asks(architecture.layers[depth + 1], "below") else ()
        gradients = depth > 0 or learned_input
        layers.append(tuple(block(name, one, gradients, seen) for name, one in zip(names, traced, strict=True)))
        width = sum(one.output_width for one in layers[-1])
    traced_readout = trace_readout(
        head,
        inputs=width,
        equation=architecture.equation,
        classes=architecture.classes,
        fed=asks(architecture.layers[-1], "y"),
    )
    readout = block("output", traced_readout, True)
    return Blueprint(architecture, tuple(layers), readout, places, specs)


def asks(plan: LayerPlan, argument: str) -> bool:
    """True if the step of a layer's cell asks for an argument."""
    return argument in argument_names(plan.cell.step)


def _check(architecture: Architecture, depth: int) -> None:
    """Refuse what no order of computing can give; TraceError with the line of the cell's step."""
    plan = architecture.layers[depth]
    place_of = definition(plan.cell.step)
    if asks(plan, "y"):
        about = f"layer {depth} asks for y, the network's output of the step before,"
        if depth + 1 < len(architecture.layers):
            raise TraceError(f"{about} but is not the last;", remedy="let the last layer alone ask for it", **place_of)
        if plan.bidirectional:
            found = f"{about} but runs in both directions, and one of them has no step before;"
            raise TraceError(found, remedy="set bidirectional to false", **place_of)
        if plan.dropout:
            found = f"{about} and dropout would act on that output;"
            raise TraceError(found, remedy=f"set dropout of layer {depth} to 0", **place_of)
    if depth and asks(plan, "below") and architecture.layers[depth - 1].bidirectional:
        found = f"layer {depth} asks for the states below, but layer {depth - 1} has those of two directions;"
        raise TraceError(found, remedy=f"set bidirectional of layer {depth - 1} to false", **place_of)
