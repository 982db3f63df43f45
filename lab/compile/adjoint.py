"""The adjoint of one step: backpropagation through time, one step back, as equations."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from lab.trace.graph import Leaf, Var, reachable
from lab.trace.rules.vjp import vjp, zeros_like
from lab.trace.tracer import Traced
from lab.trace.verify import verify


@final
@dataclass(frozen=True, slots=True, eq=False)
class Adjoint:
    """What flows back through one step.

    `arriving` are the cotangents of the next states (from the step after), `seeds` those that the outputs (and states
    that another layer sees) get from outside (∂L/∂h_t); `leaving` are the cotangents of the states, `inputs` of the
    inputs, and `weights` those of the weights: values of parameters alone that the step reads, to be summed over steps
    and samples.
    """

    arriving: Mapping[str, Var]
    seeds: Mapping[str, Var]
    leaving: Mapping[str, Var]
    inputs: Mapping[str, Var]
    weights: Mapping[Var, Var]


def weights_of(roots: Iterable[Var]) -> list[Var]:
    """Values made of parameters alone that equations of the step read; they are computed once an update."""
    roots = list(roots)
    found = {v.number: v for v in roots if not v.batched and _has_parameter(v)}
    for value in reachable(roots):
        if value.batched:
            found.update({v.number: v for v in value.inputs if not v.batched and _has_parameter(v)})
    return [found[number] for number in sorted(found)]


def _has_parameter(value: Var) -> bool:
    return any(
        isinstance(leaf.origin, Leaf) and leaf.origin.kind in ("parameter", "constant") for leaf in reachable([value])
    )


def adjoint_of(traced: Traced, seen: Iterable[str] = ()) -> Adjoint:
    """Differentiate one step; beside the outputs, the states `seen` from outside get a cotangent from there."""
    graph = traced.graph
    arriving = {name: graph.leaf("cotangent", name, value.shape) for name, value in traced.next.items()}
    seeded = dict.fromkeys((*traced.outputs, *seen))
    seeds = {name: graph.leaf("output_gradient", name, traced.next[name].shape) for name in seeded}
    cotangents: dict[Var, Var] = {}
    for name, value in traced.next.items():
        cotangent = arriving[name]
        if name in seeds:
            cotangent = cotangent + seeds[name]
        cotangents[value] = cotangents[value] + cotangent if value in cotangents else cotangent
    weights = weights_of(traced.next.values())
    found = vjp(cotangents, stop=weights)
    zero = graph.lift(0.0)
    result = Adjoint(
        arriving=arriving,
        seeds=seeds,
        leaving={name: found.get(leaf, zeros_like(zero, leaf.shape)) for name, leaf in traced.states.items()},
        inputs={name: found.get(leaf, zeros_like(zero, leaf.shape)) for name, leaf in traced.inputs.items()},
        weights={weight: found[weight] for weight in weights if weight in found and _learned(weight)},
    )
    verify([*result.leaving.values(), *result.inputs.values(), *result.weights.values()], "the adjoint")
    return result


def _learned(weight: Var) -> bool:
    return any(isinstance(v.origin, Leaf) and v.origin.kind == "parameter" for v in reachable([weight]))
