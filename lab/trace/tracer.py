"""Trace: run the author's `step` once on symbolic values and keep the equations that it makes."""

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Protocol, final

from lab.errors import LabError, ShapeError, TraceError, unknown
from lab.trace.functions import concat
from lab.trace.graph import Graph, Leaf, Var, reachable
from lab.trace.rules.shape import words
from lab.trace.source import is_author
from lab.trace.verify import verify


class ParameterLike(Protocol):
    """What the tracer needs to know of a parameter: its shape, and whether it is learned."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def trainable(self) -> bool: ...


class CellLike(Protocol):
    """What the tracer needs of a cell."""

    @property
    def states(self) -> tuple[str, ...]: ...
    @property
    def outputs(self) -> tuple[str, ...]: ...
    @property
    def parameters(self) -> Callable[..., Mapping[str, Any]]: ...
    @property
    def step(self) -> Callable[..., "Next"]: ...
    def sizes(self, hidden: int) -> Mapping[str, int]: ...


@final
@dataclass(frozen=True, slots=True, eq=False)
class Next:
    """What `step` returns: the next states, and named values to be watched."""

    states: Mapping[str, Var]
    watch: Mapping[str, Var] = field(default_factory=dict)


@final
class Names:
    """Traced values by name, read as attributes: `p.W`, `s.h`."""

    def __init__(self, kind: str, values: Mapping[str, Var]) -> None:
        object.__setattr__(self, "_kind", kind)
        object.__setattr__(self, "_values", dict(values))

    def __getattr__(self, name: str) -> Var:
        values: dict[str, Var] = object.__getattribute__(self, "_values")
        if name not in values:
            raise TraceError(unknown(object.__getattribute__(self, "_kind"), name, values))
        return values[name]

    def __setattr__(self, name: str, value: object) -> None:
        if object.__getattribute__(self, "_kind") == "parameter":
            remedy = "parameters change between updates, not within a step: give the new value a name of its own"
        else:
            remedy = f"return the new value: self.next({name}=...)"
        raise TraceError(f"writing to .{name} cannot be traced;", remedy=remedy)

    def __getitem__(self, name: str) -> Var:
        return getattr(self, name)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        return iter(object.__getattribute__(self, "_values"))


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traced:
    """The equations of one step of one cell at given sizes.

    `parameters`, `inputs` and `states` are the leaves, `next` and `watch` the results; `outputs` names the states that
    are seen outside; `specs` are the initialisers as the author gave them.
    """

    graph: Graph
    specs: Mapping[str, Any]
    parameters: Mapping[str, Var]
    inputs: Mapping[str, Var]
    states: Mapping[str, Var]
    next: Mapping[str, Var]
    watch: Mapping[str, Var]
    outputs: tuple[str, ...]


STEP_ARGUMENTS: Final = ("p", "x", "s", "t", "y", "below", "memory")
PARAMETER_ARGUMENTS: Final = ("inputs", "hidden", "outputs", "depth")


def call_by_name(function: Callable[..., Any], offered: Mapping[str, object]) -> Any:
    """Call an author's function with the arguments that it names; errors carry the line in the author's file."""
    asked = argument_names(function)
    missing = [name for name in asked if name not in offered]
    if missing and missing[0] in (*STEP_ARGUMENTS, *PARAMETER_ARGUMENTS):
        message = f"{function.__name__} asks for {missing[0]}, which this network does not offer"
        remedy = f"Ask for {', '.join(offered)} alone"
        raise TraceError(message, remedy=remedy, **definition(function))
    if missing:
        raise TraceError(unknown(f"argument of {function.__name__}", missing[0], offered), **definition(function))
    return call_author(function, **{name: offered[name] for name in asked})


def definition(function: Callable[..., Any]) -> dict[str, Any]:
    """File and line of an author's function, as arguments of an error."""
    code = getattr(function, "__func__", function).__code__
    return {"file": code.co_filename, "line": code.co_firstlineno}


def call_author(function: Callable[..., Any], *args: object, **named: object) -> Any:
    """Call an author's function; whatever it raises becomes a LabError with the line in the author's file."""
    place = definition(function)
    try:
        return function(*args, **named)
    except LabError as error:
        if error.file is not None:
            raise
        raise error.with_place(*author_line(sys.exc_info()[2], place)) from None
    except Exception as error:
        file, line = author_line(sys.exc_info()[2], place)
        message = f"{function.__name__} failed: {type(error).__name__}: {error}."
        raise TraceError(message, file=file, line=line, remedy="Correct this line of the plugin") from error


def argument_names(function: Callable[..., Any]) -> list[str]:
    """The names of a function's positional arguments without a default, `self` left out."""
    return [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and parameter.default is parameter.empty
    ]


def author_line(trace: TracebackType | None, place: Mapping[str, Any]) -> tuple[str, int]:
    """The last line of a traceback that is in an author's module; else the given place."""
    found = (place["file"], place["line"])
    for frame, line in traceback.walk_tb(trace):
        if is_author(frame.f_globals.get("__name__", "")):
            found = (frame.f_code.co_filename, line)
    return found


class Feedback(Protocol):
    """How the network's output y is made of what the cell hands on; `net` of it is carried from step to step."""

    @property
    def size(self) -> int: ...
    def net(self, parameter: Callable[[str, ParameterLike], Var], x: Var) -> Var:
        """The net input of the head; `parameter` declares what is learned."""

    def output(self, net: Var) -> Var:
        """y, from the net input of the head."""


NET: Final = "prediction"
"""The state that a cell fed with y carries beside its own: the net input of the head."""


def trace_cell(
    cell: CellLike,
    *,
    inputs: int,
    hidden: int,
    outputs: int = 1,
    depth: int = 0,
    bias: bool = True,
    below: Mapping[str, int] | None = None,
    feedback: Feedback | None = None,
    memory: tuple[int, int] | None = None,
    simplify: bool = True,
) -> Traced:
    """Trace the step of a cell. Sizes: `inputs` M, `hidden` D, `outputs` K; `depth` counts layers from 0.

    `below` gives the sizes of the states of the layer below (the lowest layer is offered None), `memory` the shape of
    the encoder states (rows, width). A cell that asks for `y` gets the output of the step before by `feedback`: the
    head becomes a part of the step, its net input a state and what the layer hands on. With `bias` off the parameters
    called b or b_... are zero. Raises TraceError with the line in the cell's file.
    """
    sizes = {"inputs": inputs, "hidden": hidden, "outputs": outputs, "depth": depth}
    specs = dict(_checked_parameters(cell, call_by_name(cell.parameters, sizes)))
    graph = Graph(simplify=simplify)
    values = _values(graph, specs, bias=bias)
    parameters = {name: value for name, value in values.items() if isinstance(value.origin, Leaf)}
    extents = dict.fromkeys(cell.states, hidden) | _checked_sizes(cell, hidden)
    states = {name: graph.leaf("state", name, (extents[name],)) for name in cell.states}
    offered: dict[str, object] = {"p": Names("parameter", values), "s": Names("state", states), "below": None}
    asked = argument_names(cell.step)
    inputs_of = {"x": graph.leaf("input", "x", (inputs,))}
    if "t" in asked:
        inputs_of["t"] = graph.leaf("input", "t", ())
    if "memory" in asked and memory is not None:
        inputs_of["memory"] = graph.leaf("input", "memory", memory)
    under: dict[str, Var] = {}
    if "below" in asked and below is not None:
        under = {name: graph.leaf("input", f"below.{name}", (size,)) for name, size in below.items()}
        offered["below"] = Names("state of the layer below", under)
    fed = feedback if "y" in asked else None
    net_before: dict[str, Var] = {}
    if fed is not None:
        net_before = _net_before(cell, graph, fed)
        offered["y"] = fed.output(net_before[NET])
    result = call_by_name(cell.step, offered | inputs_of)
    graph.end_trace()
    _check_result(cell, result, states)
    after = {name: result.states[name] for name in cell.states}
    outputs_of = tuple(cell.outputs) or (cell.states[0],)
    if fed is not None:
        after[NET] = _net_after(graph, fed, [after[name] for name in outputs_of], specs, parameters)
        states, outputs_of = states | net_before, (NET,)
    read = {value.number for value in reachable([*after.values(), *result.watch.values()])}
    inputs_of |= {f"below.{name}": leaf for name, leaf in under.items() if leaf.number in read}
    traced = Traced(
        graph=graph,
        specs=specs,
        parameters=parameters,
        inputs=inputs_of,
        states=states,
        next=after,
        watch=dict(result.watch),
        outputs=outputs_of,
    )
    verify([*traced.next.values(), *traced.watch.values()], "the trace")
    return traced


def _values(graph: Graph, specs: Mapping[str, ParameterLike], *, bias: bool) -> dict[str, Var]:
    """What the cell is offered as parameters: leaves, and zeros for the biases where there are to be none."""
    values: dict[str, Var] = {}
    for name, spec in specs.items():
        if not bias and (name == "b" or name.startswith("b_")):
            with graph.derived_from(None):
                values[name] = graph.apply("broadcast", (graph.lift(0.0),), (tuple(spec.shape), ()))
        else:
            values[name] = graph.leaf("parameter" if spec.trainable else "constant", name, tuple(spec.shape))
    return values


def _net_before(cell: CellLike, graph: Graph, feedback: Feedback) -> dict[str, Var]:
    """The net input of the head in the step before, as a state beside the cell's own."""
    if NET in cell.states:
        message = f"a cell that asks for y has a state {NET} beside its own;"
        raise TraceError(message, remedy="give its state another name", **definition(cell.step))
    return {NET: graph.leaf("state", NET, (feedback.size,))}


def _net_after(
    graph: Graph,
    feedback: Feedback,
    handed_on: list[Var],
    specs: dict[str, ParameterLike],
    parameters: dict[str, Var],
) -> Var:
    """The net input of the head after the step; its parameters are added to those of the cell."""

    def parameter(name: str, spec: ParameterLike) -> Var:
        specs[name] = spec
        parameters[name] = graph.leaf("parameter", name, tuple(spec.shape))
        return parameters[name]

    return feedback.net(parameter, handed_on[0] if len(handed_on) == 1 else concat(*handed_on))


def _check_result(cell: CellLike, result: object, states: Mapping[str, Var]) -> None:
    place = definition(cell.step)
    if not isinstance(result, Next):
        remedy = f"end it with return self.next({', '.join(f'{name}=...' for name in states)})"
        raise TraceError(f"step returned {type(result).__name__};", remedy=remedy, **place)
    for name in result.states:
        if name not in states:
            raise TraceError(unknown("state", name, states), **place)
    graph = next(iter(states.values())).graph
    for name, watched in result.watch.items():
        _check_traced(watched, graph, f"the watched value {name}", place)
    for name, state in states.items():
        if name not in result.states:
            raise TraceError(
                f"step gives no next value of the state {name};", remedy=f"add {name}=... to self.next", **place
            )
        value = result.states[name]
        _check_traced(value, graph, f"the next {name}", place)
        if value.shape != state.shape:
            found = f"the next {name} is {words(value.shape)}, the state is {words(state.shape)};"
            if value.source is not None:
                place = {"file": value.source.file, "line": value.source.line}
            raise ShapeError(found, remedy="a state keeps its size from step to step", **place)


def _check_traced(value: object, graph: Graph, what: str, place: Mapping[str, Any]) -> None:
    if not isinstance(value, Var):
        remedy = "give it an equation; broadcast(x, shape) repeats a scalar"
        raise TraceError(f"{what} is no traced value but a {type(value).__name__};", remedy=remedy, **place)
    if value.graph is not graph:
        remedy = "keep nothing traced between two calls of step"
        raise TraceError(f"{what} is a value of another trace;", remedy=remedy, **place)


def _checked_parameters(cell: CellLike, specs: object) -> Mapping[str, ParameterLike]:
    place = definition(cell.parameters)
    remedy = 'return a dictionary such as {"W": glorot(hidden, inputs)}'
    if not isinstance(specs, Mapping):
        raise TraceError(f"parameters returned {type(specs).__name__};", remedy=remedy, **place)
    for name, spec in specs.items():
        if not isinstance(name, str) or not (hasattr(spec, "shape") and hasattr(spec, "trainable")):
            found = f"the parameter {name!r} is no initialiser but a {type(spec).__name__};"
            raise TraceError(found, remedy=f"{remedy}, and fixed(array) for an array", **place)
    return specs


def _checked_sizes(cell: CellLike, hidden: int) -> dict[str, int]:
    sizes = call_author(cell.sizes, hidden)
    place = definition(cell.sizes)
    if not isinstance(sizes, Mapping):
        raise TraceError(f"sizes returned {type(sizes).__name__};", remedy='return a dictionary {"c": size}', **place)
    for name, size in sizes.items():
        if name not in cell.states:
            raise TraceError(unknown("state", str(name), cell.states), **place)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            remedy = "give a whole number above 0"
            raise TraceError(f"the size {size!r} of the state {name} cannot be;", remedy=remedy, **place)
    return dict(sizes)
