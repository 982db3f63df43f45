"""The check of a cell: its gradient against differences, its tangent against its adjoint, its fast code against both.

What is right is what the reference says: the equations as they are written, in float64, one step after another. Its
gradient is compared with central differences of its own loss, and every target with the reference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Executor, Target
from lab.compile.layout import layout
from lab.compile.passes import optimise
from lab.compile.place import place
from lab.compile.reference import Reference
from lab.compile.targets.numba import NumbaTarget
from lab.compile.targets.numpy import NumpyTarget
from lab.errors import TargetError
from lab.gradients.kinks import distance_to_kinks
from lab.model.alone import trace_alone
from lab.trace.graph import Var
from lab.trace.rules.evaluate import evaluate
from lab.trace.rules.jvp import jvp
from lab.trace.rules.vjp import vjp
from lab.trace.tracer import CellLike, Traced

Array = NDArray[Any]

STEPS, INPUTS, HIDDEN = 5, 3, 4
LENGTHS: Final = (5, 3, 1)
"""The sequences of the batch end at different steps."""
STEP: Final = 6e-6
"""Of central differences, times max(1, |x|): near the cube root of the rounding error of float64, where it is best."""
MARGIN: Final = 1e-3
"""So far from every kink the values are drawn: a step of STEP moves none of them across one."""

TOLERANCES: Final[Mapping[str, float]] = {
    # The error of the differences themselves is about STEP² and ε/STEP, 1e-10 of the loss, and the loss is some units
    # larger than single derivatives.
    "differences": 1e-6,
    # Both are sums of the same products in another order: some hundred roundings of 1e-16.
    "tangent": 1e-12,
    # The same sums, merged and in another order, over five steps.
    "float64": 1e-12,
    # A rounding is 6e-8, and the fast tanh is right to some 1e-7; five steps back and forth add up some dozens.
    "float32": 1e-5,
}
"""The largest relative errors ‖a − b‖ / (‖a‖ + ‖b‖) that pass."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CellCheck:
    """The errors that were found, by what was compared; `notes` say what could not be."""

    parameters: int
    errors: Mapping[str, float]
    notes: Sequence[str] = field(default=())

    @property
    def failed(self) -> list[str]:
        """The comparisons whose error is above its tolerance, or is no number."""
        return [name for name, error in self.errors.items() if not error <= tolerance(name)]


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """What a cell is run on: parameters by name, inputs (T, B, ·), first states (B, ·), ∂L/∂ of the outputs."""

    parameters: dict[str, Array]
    inputs: dict[str, Array]
    states: dict[str, Array]
    seeds: dict[str, Array]


def tolerance(name: str) -> float:
    """The tolerance of a comparison: `differences`, `tangent`, or a target with its type, such as `numba float64`."""
    return TOLERANCES[name.rpartition(" ")[2]]


def check_cell(cell: CellLike, *, single: bool = False) -> CellCheck:
    """Check a cell at small, odd sizes; with `single` the targets in float32 as well. Raises TraceError."""
    traced = trace_alone(cell, inputs=INPUTS, hidden=HIDDEN, simplify=False)
    numbers = _drawn(traced)
    reference = Reference(traced, numbers.parameters)
    lengths = np.array(LENGTHS)
    states, watched = reference.forward(numbers.inputs, numbers.states, lengths)
    found = reference.backward(numbers.inputs, states, numbers.seeds, lengths)
    gradients = {
        **{f"parameter {name}": array for name, array in found.parameters.items()},
        **{f"input {name}": array for name, array in found.inputs.items() if name != "t"},
        **{f"first {name}": array for name, array in found.states.items()},
    }
    errors = {
        "differences": _error(gradients, _differences(traced, numbers)),
        "tangent": _tangent_error(traced, numbers),
    }
    truth = gradients | {f"state {name}": _live(array[1:]) for name, array in states.items()}
    truth |= {f"watched {name}": _live(array) for name, array in watched.items()}
    notes = []
    targets: tuple[Target, ...] = (NumpyTarget(), NumbaTarget())
    for target in targets:
        for dtype in (np.float64, np.float32)[: 1 + single]:
            try:
                errors[f"{target.name} {np.dtype(dtype).name}"] = _error(truth, _run(cell, target, numbers, dtype))
            except TargetError as error:
                notes.append(error.message)
                break
    if any(v.primitive == "stop_gradient" for v in traced.graph.vars) and errors["differences"] > 1e-6:
        notes.append("the equations stop gradients, and differences do not")
    return CellCheck(parameters=sum(a.size for a in found.parameters.values()), errors=errors, notes=tuple(notes))


def _error(first: Mapping[str, Array], second: Mapping[str, Array]) -> float:
    """‖a − b‖ / (‖a‖ + ‖b‖), the largest over all arrays that the first has."""
    largest = 0.0
    for name, array in first.items():
        apart = float(np.linalg.norm((array - second[name]).ravel()))
        total = float(np.linalg.norm(array.ravel()) + np.linalg.norm(second[name].ravel()))
        share = 0.0 if apart == 0 else apart / total
        largest = share if not share <= largest else largest
    return largest


def _drawn(traced: Traced) -> _Numbers:
    """Numbers that lie away from all kinks; the best of twenty draws."""
    best, farthest = _draw(traced, 0), -1.0
    for seed in range(20):
        numbers = _draw(traced, seed)
        distance = distance_to_kinks(traced, numbers.parameters, numbers.inputs, numbers.states, np.array(LENGTHS))
        if distance > farthest:
            best, farthest = numbers, distance
        if farthest > MARGIN:
            break
    return best


def _draw(traced: Traced, seed: int) -> _Numbers:
    generator = np.random.default_rng(seed)
    shape = (STEPS, len(LENGTHS))
    parameters = {name: spec.draw(generator) for name, spec in traced.specs.items()}
    for name, spec in traced.specs.items():
        if spec.trainable:  # off the special points at which parameters begin: zeros, ones, the identity
            parameters[name] = parameters[name] + generator.normal(0, 0.2, spec.shape)
    inputs = {name: generator.normal(size=(*shape, *leaf.shape)) for name, leaf in traced.inputs.items()}
    if "t" in inputs:
        inputs["t"] = np.repeat(np.arange(STEPS, dtype=np.float64)[:, None], len(LENGTHS), axis=1)
    return _Numbers(
        parameters=parameters,
        inputs=inputs,
        states={name: generator.normal(size=(len(LENGTHS), *leaf.shape)) for name, leaf in traced.states.items()},
        seeds={name: _live(generator.normal(size=(*shape, *traced.states[name].shape))) for name in traced.outputs},
    )


def _live(array: Array) -> Array:
    """Zero behind the end of each sequence, (T, B, ·)."""
    live = np.array(LENGTHS) > np.arange(STEPS)[:, None]
    return np.where(live.reshape(*live.shape, *[1] * (array.ndim - 2)), array, 0)


def _differences(traced: Traced, numbers: _Numbers) -> dict[str, Array]:
    """Central differences of L = Σ seed · output by every parameter, input and first state."""

    def loss(parameters: Mapping[str, Array], inputs: Mapping[str, Array], states: Mapping[str, Array]) -> float:
        run, _ = Reference(traced, parameters).forward(inputs, states, np.array(LENGTHS))
        return float(sum(np.vdot(seed, run[name][1:]) for name, seed in numbers.seeds.items()))

    found = {}
    moving = {name: array for name, array in numbers.inputs.items() if name != "t"}
    given = (numbers.parameters, moving, numbers.states)
    for place_, (kind, arrays) in enumerate(zip(("parameter", "input", "first"), given, strict=True)):
        for name, array in arrays.items():
            if kind == "parameter" and not traced.specs[name].trainable:
                continue
            result = found[f"{kind} {name}"] = np.zeros_like(array)
            for index in np.ndindex(array.shape):
                step = STEP * max(1.0, abs(float(array[index])))
                sides = []
                for sign in (1, -1):
                    moved = array.copy()
                    moved[index] += sign * step
                    groups = [numbers.parameters, numbers.inputs, numbers.states]
                    groups[place_] = groups[place_] | {name: moved}
                    sides.append(loss(*groups))
                result[index] = (sides[0] - sides[1]) / (2 * step)
    return found


def _tangent_error(traced: Traced, numbers: _Numbers) -> float:
    """How far ⟨v, J u⟩ is from ⟨Jᵀ v, u⟩ for one step and random u and v, as a share of the sums' absolute terms."""
    graph, generator, batch = traced.graph, np.random.default_rng(1), len(LENGTHS)
    leaves = {f"p {name}": leaf for name, leaf in traced.parameters.items() if traced.specs[name].trainable}
    leaves |= {f"x {name}": leaf for name, leaf in traced.inputs.items() if name != "t"}
    leaves |= {f"s {name}": leaf for name, leaf in traced.states.items()}
    tangents = {leaf: graph.leaf("tangent", name, leaf.shape) for name, leaf in leaves.items()}
    seeds = {name: graph.leaf("output_gradient", f"tangent.{name}", v.shape) for name, v in traced.next.items()}
    cotangents: dict[Var, Var] = {}
    for name, value in traced.next.items():
        cotangents[value] = cotangents[value] + seeds[name] if value in cotangents else seeds[name]
    forward = jvp(traced.next.values(), tangents)
    back = vjp(cotangents)
    given: dict[Var, Array] = {leaf: numbers.parameters[name] for name, leaf in traced.parameters.items()}
    given |= {leaf: numbers.inputs[name][0] for name, leaf in traced.inputs.items()}
    given |= {leaf: numbers.states[name] for name, leaf in traced.states.items()}
    given |= {leaf: generator.normal(size=(batch, *leaf.shape)) for leaf in (*tangents.values(), *seeds.values())}
    arrays = evaluate([*forward, *back.values()], given, np.dtype(np.float64))
    left = [(arrays[v], given[seed]) for v, seed in zip(forward, seeds.values(), strict=True)]
    right = [(arrays[back[leaf]], given[tangent]) for leaf, tangent in tangents.items() if leaf in back]
    sums = [sum(float(np.sum(a * b)) for a, b in pairs) for pairs in (left, right)]
    scale = sum(float(np.sum(np.abs(a * b))) for a, b in (*left, *right))
    return abs(sums[0] - sums[1]) / scale if scale else abs(sums[0] - sums[1])


def _run(cell: CellLike, target: Target, numbers: _Numbers, dtype: Any) -> dict[str, Array]:
    """The same run by a target: states, watched values and gradients."""
    program = place(optimise(trace_alone(cell, inputs=INPUTS, hidden=HIDDEN)))
    traced = program.traced
    places = layout(traced.parameters, program.weights)
    flat = np.zeros(sum(one.size for one in places.values()), dtype)
    for name, one in places.items():
        one.view(flat)[...] = numbers.parameters[name]
    executor = Executor(
        program,
        target,
        steps=STEPS,
        batch=len(LENGTHS),
        parameters=flat,
        gradient=np.zeros_like(flat),
        places=places,
        constants={name: numbers.parameters[name] for name in traced.parameters if name not in places},
    )
    executor.set_active((np.array(LENGTHS) > np.arange(STEPS)[:, None]).sum(axis=1))
    executor.refresh()
    for name in traced.inputs:
        buffer = executor.input(name)
        buffer[...] = _live(numbers.inputs[name]).reshape(buffer.shape)
    for name, array in numbers.states.items():
        executor.states(name)[0] = array
    for name, array in numbers.seeds.items():
        executor.seeds(name)[...] = array
    executor.forward()
    results = {f"state {name}": _live(executor.states(name)[1:]) for name in traced.states}
    results |= {f"watched {name}": _live(executor.value(value)) for name, value in traced.watch.items()}
    executor.backward()
    executor.gradients()
    results |= {f"parameter {name}": one.view(executor.gradient).copy() for name, one in places.items()}
    results |= {f"input {name}": _live(executor.input_gradient(name)) for name in traced.inputs if name != "t"}
    results |= {f"first {name}": executor.first_gradient(name).copy() for name in traced.states}
    return {name: np.asarray(array, np.float64) for name, array in results.items()}
