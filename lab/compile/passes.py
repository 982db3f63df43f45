"""Passes that rewrite the equations of one step: stack matmuls that share an operand, then the gates they feed."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise

from lab.trace.graph import Graph, Var, consumers, reachable
from lab.trace.primitives import DEAR, POINTWISE
from lab.trace.tracer import Traced
from lab.trace.verify import verify


def optimise(traced: Traced) -> Traced:
    """All passes, in order; the graph is checked after each."""
    for name, one_pass in (("merging matmuls", merge_matmuls), ("widening gates", widen_gates)):
        traced = one_pass(traced)
        verify([*traced.next.values(), *traced.watch.values()], name)
    return traced


def _rebuild(traced: Traced, replaced: dict[int, Callable[[tuple[Var, ...]], Var]]) -> Traced:
    """The same results with some values made anew; `replaced` maps a value's number to how, from its new operands."""
    roots = [*traced.next.values(), *traced.watch.values()]
    new: dict[int, Var] = {}
    for value in reachable(roots):
        operands = tuple(new[operand.number] for operand in value.inputs)
        with value.graph.derived_from(value):
            if value.number in replaced:
                new[value.number] = replaced[value.number](operands)
            elif value.inputs:
                new[value.number] = value.graph.apply(value.primitive, operands, value.attributes)
            else:
                new[value.number] = value
    return replace(
        traced,
        next={name: new[value.number] for name, value in traced.next.items()},
        watch={name: new[value.number] for name, value in traced.watch.items()},
    )


def merge_matmuls(traced: Traced) -> Traced:
    """Matmuls of parameters with the same right operand become slices of one matmul with stacked parameters.

    What only a watched value needs is computed on demand, and must not widen a product of the scan.
    Blocks that end in the same activation are stacked next to each other, so that `widen_gates` can join them.
    """
    values = reachable([*traced.next.values(), *traced.watch.values()])
    readers = consumers(values)
    needed = {value.number for value in reachable(traced.next.values())}
    groups: dict[tuple[int, bool], list[Var]] = {}
    for value in values:
        if value.primitive == "matmul" and value.attributes == (False,) and _plain(value):
            groups.setdefault((value.inputs[1].number, value.number in needed), []).append(value)
    replaced: dict[int, Callable[[tuple[Var, ...]], Var]] = {}
    for group in groups.values():
        if len(group) > 1:
            group.sort(key=lambda value: (_activation(value, readers), value.number))
            stack = tuple(value.inputs[0] for value in group)
            start = 0
            for value in group:
                replaced[value.number] = _block(stack, start, start + value.shape[0])
                start += value.shape[0]
    return _rebuild(traced, replaced)


def _plain(value: Var) -> bool:
    left, right = value.inputs
    return not left.batched and right.batched and len(right.shape) == 1


def _block(stack: tuple[Var, ...], start: int, stop: int) -> Callable[[tuple[Var, ...]], Var]:
    def make(operands: tuple[Var, ...]) -> Var:
        graph = operands[1].graph
        product = graph.apply("matmul", (graph.apply("concat", stack), operands[1]), (False,))
        return product[start:stop]

    return make


def _activation(value: Var, readers: dict[int, list[Var]]) -> str:
    """The first equation that is no sum on the way from a product to a gate; sigmoid sorts before tanh."""
    for reader in readers.get(value.number, []):
        return _activation(reader, readers) if reader.primitive == "add" else reader.primitive
    return ""


def widen_gates(traced: Traced) -> Traced:
    """Equal activations of neighbouring slices become one activation of the joined slice."""
    families: dict[tuple[object, ...], list[tuple[list[Var], list[Var], Var]]] = {}
    for value in reachable([*traced.next.values(), *traced.watch.values()]):
        parts = _gate(value)
        if parts is not None:
            slices, vectors = parts
            key = (value.primitive, tuple(s.inputs[0].number for s in slices), len(vectors))
            families.setdefault(key, []).append((slices, vectors, value))
    replaced: dict[int, Callable[[tuple[Var, ...]], Var]] = {}
    for family in families.values():
        family.sort(key=lambda member: member[0][0].attributes)
        adjacent = all(
            first.attributes[1] == second.attributes[0]
            for one, other in pairwise(family)
            for first, second in zip(one[0], other[0], strict=True)
        )
        if len(family) > 1 and adjacent:
            start = 0
            for _, _, value in family:
                replaced[value.number] = _piece(family, start, start + value.shape[0])
                start += value.shape[0]
    return _rebuild(traced, replaced)


def _gate(value: Var) -> tuple[list[Var], list[Var]] | None:
    """The slices and parameter vectors whose sum an activation is applied to, if it is just that."""
    if value.primitive not in DEAR & POINTWISE or len(value.inputs) != 1 or value.inputs[0].primitive != "add":
        return None
    terms = value.inputs[0].inputs
    slices = sorted((t for t in terms if t.primitive == "slice" and t.batched), key=lambda t: t.inputs[0].number)
    vectors = [t for t in terms if not t.batched and t.shape == value.shape]
    return (slices, vectors) if slices and len(slices) + len(vectors) == len(terms) else None


def _piece(family: list[tuple[list[Var], list[Var], Var]], start: int, stop: int) -> Callable[[tuple[Var, ...]], Var]:
    def make(_: tuple[Var, ...]) -> Var:
        first, last = family[0], family[-1]
        graph: Graph = first[2].graph
        slices = [a.inputs[0][a.attributes[0] : b.attributes[1]] for a, b in zip(first[0], last[0], strict=True)]
        vectors: Iterable[Var] = (
            graph.apply("concat", [member[1][index] for member in family]) for index in range(len(first[1]))
        )
        wide = graph.apply(first[2].primitive, (graph.apply("add", [*slices, *vectors]),))
        return wide[start:stop]

    return make
