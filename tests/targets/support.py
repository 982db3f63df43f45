"""Builders that tests share: sizes of a run, what the reference says of it, what a target makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from lab.compile.workers import Workers
from lab.model.alone import trace_alone
from lab.trace.tracer import Traced

Array = NDArray[Any]
Results = dict[str, Array]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Sizes T, B, M, D; lengths by sample, longest first (all T if none); the first steps of windows; threads."""

    steps: int = 6
    batch: int = 3
    inputs: int = 4
    hidden: int = 5
    lengths: Sequence[int] = ()
    windows: Sequence[int] = (0,)
    threads: int = 1
    dtype: str = "f8"
    bias: bool = True

    @property
    def length(self) -> NDArray[np.int64]:
        """(B,)"""
        return np.array(self.lengths or [self.steps] * self.batch)

    @property
    def live(self) -> NDArray[np.bool_]:
        """(T, B): which steps belong to a sample."""
        return self.length > np.arange(self.steps)[:, None]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First and last + 1 step of each window."""
        return list(zip(self.windows, [*self.windows[1:], self.steps], strict=True))


@dataclass(frozen=True)
class Numbers:
    """What a run is given; equal for equal cells and sizes."""

    parameters: Results
    inputs: Results
    first: Results
    seeds: Results
    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))


def traced_cell(cell: Any, case: Case, *, simplify: bool) -> Traced:
    """The cell's equations; without simplification, as the reference takes them."""
    return trace_alone(cell, inputs=case.inputs, hidden=case.hidden, bias=case.bias, simplify=simplify)


def program_of(cell: Any, case: Case) -> Program:
    """A cell as every target gets it."""
    return place(optimise(traced_cell(cell, case, simplify=True)))


def numbers(traced: Traced, case: Case) -> Numbers:
    """Random parameters (also where they start at zero), inputs, first states and ∂L/∂outputs."""
    generator = np.random.default_rng(5)
    parameters = {}
    for name in traced.parameters:
        spec = traced.specs[name]
        parameters[name] = spec.draw(generator) + spec.trainable * generator.normal(0, 0.1, spec.shape)
    shape = (case.steps, case.batch)
    inputs = {name: generator.normal(size=(*shape, *leaf.shape)) for name, leaf in traced.inputs.items()}
    if "t" in inputs:
        inputs["t"] = np.repeat(np.arange(case.steps, dtype=float)[:, None], case.batch, 1)
    first = {name: generator.normal(size=(case.batch, *leaf.shape)) for name, leaf in traced.states.items()}
    seeds = {name: generator.normal(size=(*shape, *traced.states[name].shape)) for name in traced.outputs}
    return Numbers(parameters, inputs, first, {name: masked(seed, case) for name, seed in seeds.items()})


def masked(array: Array, case: Case) -> Array:
    """Zero where a sample has ended."""
    return np.where(case.live.reshape(*case.live.shape, *[1] * (array.ndim - 2)), array, 0)


def reference_run(cell: Any, case: Case, given: Numbers | None = None) -> Results:
    """States, watched values and all gradients by window, from the equations as written, in float64."""
    traced = traced_cell(cell, case, simplify=False)
    given = given or numbers(traced, case)
    runner = Reference(traced, {name: given.parameters[name] for name in traced.parameters})
    states, watched = runner.forward(given.inputs, given.first, case.length)
    results = {f"state {name}": masked(value[1:], case) for name, value in states.items()}
    results |= {f"watched {name}": masked(value, case) for name, value in watched.items()}
    for begin, end in case.spans:
        found = runner.backward(
            {name: value[begin:end] for name, value in given.inputs.items()},
            {name: value[begin : end + 1] for name, value in states.items()},
            {name: value[begin:end] for name, value in given.seeds.items()},
            case.length - begin,
        )
        part = replace(case, steps=end - begin, lengths=np.maximum(case.length - begin, 0).tolist())
        results |= {f"input {name} from {begin}": masked(value, part) for name, value in found.inputs.items()}
        results |= {f"parameter {name} from {begin}": value for name, value in found.parameters.items()}
        results |= {f"first {name} of {begin}": value for name, value in found.states.items()}
    return results


def flat_parameters(program: Program, case: Case, given: Numbers) -> Array:
    """The learned parameters as one vector."""
    places = layout(program.traced.parameters, program.weights)
    flat = np.zeros(sum(one.size for one in places.values()), case.dtype)
    for name, one in places.items():
        one.view(flat)[...] = given.parameters[name]
    return flat


def executor_for(
    program: Program,
    target: Target,
    case: Case,
    given: Numbers,
    workers: Workers | None = None,
    flat: Array | None = None,
) -> Executor:
    """An executor with parameters, inputs, first states and seeds in place; the gradient is NaN before it is summed."""
    traced = program.traced
    places = layout(traced.parameters, program.weights)
    flat = flat_parameters(program, case, given) if flat is None else flat
    executor = Executor(
        program,
        target,
        steps=case.steps,
        batch=case.batch,
        parameters=flat,
        gradient=np.full(len(flat), np.nan, case.dtype),
        places=places,
        constants={name: given.parameters[name] for name in traced.parameters if name not in places},
        workers=workers,
    )
    executor.set_active(case.live.sum(axis=1))
    executor.refresh()
    fill(executor, case, given)
    return executor


def fill(executor: Executor, case: Case, given: Numbers) -> None:
    """Set inputs, first states and seeds."""
    for name in executor.program.traced.inputs:
        buffer = executor.input(name)
        buffer[...] = masked(given.inputs[name], case).reshape(buffer.shape)
    for name, value in given.first.items():
        executor.states(name)[0] = value
    for name, value in given.seeds.items():
        executor.seeds(name)[...] = value


def target_run(
    cell: Any, case: Case, target: Target, given: Numbers | None = None, program: Program | None = None
) -> Results:
    """The same as `reference_run`, by a target."""
    program = program or program_of(cell, case)
    given = given or numbers(program.traced, case)
    with Workers(case.threads) as workers:
        executor = executor_for(program, target, case, given, workers)
        return results_of(executor, case)


def results_of(executor: Executor, case: Case) -> Results:
    """Run all windows forward, then each back, and collect what comes out."""
    traced = executor.program.traced
    for begin, end in case.spans:
        executor.forward(begin, end)
    results = {f"state {name}": masked(to_host(executor.states(name))[1:], case) for name in traced.states}
    results |= {f"watched {name}": masked(to_host(executor.value(v)), case) for name, v in traced.watch.items()}
    for begin, end in case.spans:
        executor.backward(begin, end)
        executor.gradients(begin, end)
        gradient = to_host(executor.gradient)
        results |= {
            f"parameter {name} from {begin}": one.view(gradient).copy() for name, one in executor.places.items()
        }
        results |= {
            f"first {name} of {begin}": to_host(executor.first_gradient(name, begin)).copy() for name in traced.states
        }
        part = replace(case, steps=end - begin, lengths=np.maximum(case.length - begin, 0).tolist())
        results |= {
            f"input {name} from {begin}": masked(to_host(executor.input_gradient(name, begin, end)), part)
            for name in executor.program.adjoint.inputs
        }
    return results


def differences(found: Mapping[str, Array], wanted: Mapping[str, Array]) -> dict[str, float]:
    """The largest difference of each result, relative to its largest entry, or to 1e-2 of the largest of its kind.

    A gradient that is nearly zero beside the other gradients (of one scale, of an index) is a difference of
    large numbers, and has no digits of its own to lose.
    """
    assert found.keys() == wanted.keys()
    kinds = {name: name.startswith(("state", "watched")) for name in wanted}
    largest: dict[bool, float] = {}
    for name, value in wanted.items():
        largest[kinds[name]] = max(largest.get(kinds[name], 0.0), float(np.abs(value).max(initial=0)))
    off = {}
    for name, value in wanted.items():
        assert found[name].shape == value.shape, name
        scale = max(float(np.abs(value).max(initial=0)), 1e-2 * largest[kinds[name]], 1e-30)
        gap = np.abs(found[name] - value).max(initial=0)
        off[name] = float("inf") if np.isnan(gap) else float(gap) / scale
    return off


def worst(found: Mapping[str, Array], wanted: Mapping[str, Array]) -> tuple[float, str]:
    """The largest of the differences, and of what."""
    return max((off, name) for name, off in differences(found, wanted).items())
