"""One run of a program by a target, forward and back, whose results can be compared with another target's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.compile.arrays import to_host
from lab.compile.executor import Executor, Target
from lab.compile.layout import layout
from lab.compile.passes import optimise
from lab.compile.place import place
from lab.compile.program import Program
from lab.compile.reference import Reference
from lab.model.alone import trace_alone
from lab.trace.tracer import Traced

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Sizes T, B, M, D, the length of each sample (all T if none), and the first steps of windows."""

    steps: int
    batch: int
    inputs: int
    hidden: int
    lengths: Sequence[int] | None = None
    windows: Sequence[int] = (0,)

    @property
    def live(self) -> NDArray[np.bool_]:
        """(T, B): which steps belong to a sample."""
        lengths = np.array([self.steps] * self.batch if self.lengths is None else self.lengths)
        return lengths > np.arange(self.steps)[:, None]


CASES = (
    Case(steps=6, batch=3, inputs=4, hidden=5, lengths=(4, 3, 1)),
    Case(steps=1, batch=1, inputs=3, hidden=1),
    Case(steps=9, batch=7, inputs=4, hidden=19, windows=(0, 3, 4)),
    Case(steps=4, batch=20, inputs=11, hidden=33, lengths=(4,) * 7 + (2,) * 9 + (1,) * 4, windows=(0, 2)),
)


def program_of(cell: Any, inputs: int, hidden: int) -> Program:
    """A cell as every target gets it."""
    return place(optimise(trace_alone(cell, inputs=inputs, hidden=hidden)))


def numbers(
    traced: Traced, case: Case
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array], dict[str, Array]]:
    """Parameters, inputs, first states and ∂L/∂outputs; equal for equal cells and cases."""
    generator = np.random.default_rng(5)
    parameters = {name: spec.draw(generator) for name, spec in traced.specs.items()}
    shape = (case.steps, case.batch)
    inputs = {name: generator.normal(size=(*shape, *leaf.shape)) for name, leaf in traced.inputs.items()}
    if "t" in traced.inputs:
        inputs["t"] = np.repeat(np.arange(case.steps, dtype=float)[:, None], case.batch, 1)
    first = {name: generator.normal(size=(case.batch, *leaf.shape)) for name, leaf in traced.states.items()}
    seeds = {name: generator.normal(size=(*shape, *traced.states[name].shape)) for name in traced.outputs}
    return parameters, inputs, first, {name: seed * case.live[..., None] for name, seed in seeds.items()}


def masked(array: Array, case: Case) -> Array:
    """Zero where a sample has ended."""
    return np.where(case.live.reshape(*case.live.shape, *[1] * (array.ndim - 2)), array, 0)


def run(
    program: Program,
    target: Target,
    case: Case,
    dtype: Any,
    inputs: Mapping[str, Array] | None = None,
    *,
    mirrored: bool = False,
) -> dict[str, Array]:
    """States, watched values and all gradients, by window, on the host; `mirrored`: NumPy arrays outside."""
    traced, xp, dtype = program.traced, np if mirrored else target.xp, np.dtype(dtype)
    parameters, drawn, first, seeds = numbers(traced, case)
    places = layout(traced.parameters, program.weights)
    flat = np.zeros(sum(place.size for place in places.values()), dtype)
    for name, place_ in places.items():
        place_.view(flat)[...] = parameters[name]
    executor = Executor(
        program,
        target,
        steps=case.steps,
        batch=case.batch,
        parameters=xp.asarray(flat),
        gradient=xp.zeros(len(flat), dtype),
        places=places,
        constants={name: parameters[name] for name in traced.parameters if name not in places},
    )
    executor.set_active(case.live.sum(axis=1))
    executor.refresh()
    for name in traced.inputs:
        buffer = executor.input(name)
        values = np.asarray((inputs or drawn)[name], dtype)
        buffer[...] = xp.asarray(masked(values, case).reshape(buffer.shape))
    for name, value in first.items():
        executor.states(name)[0] = xp.asarray(value.astype(dtype))
    for name, value in seeds.items():
        executor.seeds(name)[...] = xp.asarray(value.astype(dtype))
    for begin, end in zip(case.windows, [*case.windows[1:], case.steps], strict=True):
        executor.forward(begin, end)
    results = {f"state {name}": masked(to_host(executor.states(name))[1:], case) for name in traced.states}
    results |= {
        f"state {name}, what is past the ends too": to_host(executor.states(name)).copy() for name in traced.states
    }
    results |= {f"watched {name}": masked(to_host(executor.value(v)), case) for name, v in traced.watch.items()}
    for begin, end in zip(case.windows, [*case.windows[1:], case.steps], strict=True):
        executor.backward(begin, end)
        executor.gradients(begin, end)
        results[f"parameters from {begin}"] = to_host(executor.gradient).copy()
        results |= {
            f"first {name} of {begin}": to_host(executor.first_gradient(name, begin)).copy() for name in traced.states
        }
    results |= {f"input {name}": masked(to_host(executor.input_gradient(name)), case) for name in traced.inputs}
    return results


def reference(
    cell: Any, case: Case, dtype: Any = np.float64, inputs: Mapping[str, Array] | None = None, *, backward: bool = True
) -> dict[str, Array]:
    """States, watched values and (of one window) input gradients of the equations as written."""
    traced = trace_alone(cell, inputs=case.inputs, hidden=case.hidden, simplify=False)
    parameters, drawn, first, seeds = numbers(traced, case)
    inputs = inputs or drawn
    runner = Reference(traced, {name: parameters[name] for name in traced.parameters}, dtype)
    lengths = case.live.sum(axis=0)
    states, watched = runner.forward(inputs, first, lengths)
    results = {f"state {name}": masked(value[1:], case) for name, value in states.items()}
    results |= {f"watched {name}": masked(value, case) for name, value in watched.items()}
    if backward and len(case.windows) == 1:
        gradients = runner.backward(inputs, states, seeds, lengths)
        results |= {f"input {name}": masked(value, case) for name, value in gradients.inputs.items()}
        results |= {f"first {name} of 0": value for name, value in gradients.states.items()}
    return results


def difference(one: Mapping[str, Array], other: Mapping[str, Array]) -> dict[str, float]:
    """The largest difference of each of the second's results, relative to its largest entry."""
    return {
        name: float(np.abs(one[name] - value).max(initial=0) / (np.abs(value).max(initial=0) + 1e-30))
        for name, value in other.items()
    }
