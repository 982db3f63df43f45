"""Placement in time: what runs before the scan, in it and after it, and what the adjoint keeps."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from lab.compile.after import After
from lab.compile.layout import layout, stacked
from lab.compile.program import Direction, Extent, Location, Loop, Other, Product, Program, Reduce, Step, Store, When
from lab.trace.graph import Depends, Var, reachable
from tests.targets.cells import WITHOUT_LOOPS, all_cells
from tests.targets.support import Case, program_of

CASE = Case(inputs=3, hidden=32)
M, D = CASE.inputs, CASE.hidden
LSTM, GRU_BEFORE, GRU_AFTER, ELMAN = "lstm-tanh", "gru-before", "gru-after", "elman-tanh"


def program(name: str, case: Case = CASE) -> Program:
    """A cell, placed."""
    return program_of(all_cells()[name](), case)


def products(steps: Iterable[Step | Store]) -> list[tuple[int, int]]:
    """The shapes of the weights that are multiplied by, as they act."""
    shapes = [(s.weight.shape[::-1] if s.transposed else s.weight.shape) for s in steps if isinstance(s, Product)]
    return sorted((rows, columns) for rows, columns in shapes)


@pytest.mark.parametrize(
    ("name", "before", "forward", "backward"),
    [
        (LSTM, [(4 * D, M)], [(4 * D, D)], [(D, 4 * D)]),
        ("peephole-lstm-new", [(4 * D, M)], [(4 * D, D)], [(D, 4 * D)]),
        (GRU_AFTER, [(3 * D, M)], [(3 * D, D)], [(D, 3 * D)]),
        (GRU_BEFORE, [(3 * D, M)], [(D, D), (2 * D, D)], [(D, D), (D, 2 * D)]),
        (ELMAN, [(D, M)], [(D, D)], [(D, D)]),
        ("multiplicative", [(2 * D, M)], [(D, D), (D, D)], [(D, D), (D, D)]),
    ],
)
def test_products_with_the_input_are_before_the_scan_and_those_with_the_state_in_it(
    name: str, before: list[tuple[int, int]], forward: list[tuple[int, int]], backward: list[tuple[int, int]]
) -> None:
    placed = program(name)
    assert products(placed.before) == before
    assert products(placed.forward.steps) == forward
    # ∂L/∂x needs no product in the scan: it is one product after it.
    assert products(placed.backward.steps) == backward


def test_two_products_of_the_input_are_both_before_the_scan() -> None:
    placed = program("deep-input")
    assert products(placed.before) == [(D, M), (D, D + M)]
    numbers = [step.value.number for step in placed.before if step.value.inputs]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("name", sorted(set(all_cells())))
def test_what_is_before_the_scan_depends_on_no_state_and_what_is_in_it_is_needed(name: str) -> None:
    placed = program(name, Case(inputs=3, hidden=6))
    assert all(step.value.depends == Depends.SEQUENCE for step in placed.before)
    needed = {value.number for value in reachable([*placed.traced.next.values(), *values_of(placed.backward)])}
    assert {value.number for value in values_of(placed.forward)} <= needed


def values_of(direction: Direction) -> list[Var]:
    """The values that a direction makes."""
    made: list[Var] = []
    for step in direction.steps:
        made += [store.value for store in step.stores] if isinstance(step, Loop) else [step.value]
    return made


@pytest.mark.parametrize("name", [LSTM, "peephole-lstm-new", GRU_AFTER, GRU_BEFORE, ELMAN, "multiplicative"])
def test_each_weight_has_its_gradient_as_one_product_over_all_steps(name: str) -> None:
    after = After(program(name))
    for one in after.sums:
        assert not one.others, one.weight
        if len(one.weight.shape) == 2:
            assert len(one.outers) == 1
            assert not one.rows
            assert not one.products
    matrices = [one.weight for one in after.sums if len(one.weight.shape) == 2]
    assert len(matrices) == (3 if name in (GRU_BEFORE, "multiplicative") else 2)


@pytest.mark.parametrize("name", sorted(set(all_cells()) - WITHOUT_LOOPS))
def test_no_outer_product_is_made_for_each_step(name: str) -> None:
    """An outer product of each sample would need as much memory as all weights, T·B times."""
    placed = program(name, Case(inputs=3, hidden=6))
    assert not any(value.primitive == "outer" for value in [*values_of(placed.forward), *values_of(placed.backward)])
    for one in After(placed).sums:
        for other in one.others:
            assert not any(v.primitive == "outer" and v.batched for v in frontier_of(After(placed), other)), one.weight


def frontier_of(after: After, value: Var) -> list[Var]:
    """What the evaluation of a value makes anew after the scan."""
    found, stack = [], [value]
    while stack:
        here = stack.pop()
        if after.located(here) is None:
            found.append(here)
            stack.extend(here.inputs)
    return found


@pytest.mark.parametrize(
    ("name", "most"),
    # In units of D beside the input: states, gates, ∂L/∂h, dZ, and what products read.
    [(LSTM, 12), ("peephole-lstm-new", 13), (GRU_AFTER, 14), (GRU_BEFORE, 12), (ELMAN, 4)],
)
def test_few_numbers_are_kept_for_a_step_of_a_sample(name: str, most: int) -> None:
    assert program(name).floats <= most * D + M


@pytest.mark.parametrize(("name", "count"), [(LSTM, 4), (GRU_BEFORE, 3), (GRU_AFTER, 3), ("peephole-lstm-new", 4)])
def test_gates_are_kept_for_the_views(name: str, count: int) -> None:
    """Watched gates cost nothing: the adjoint keeps them anyway."""
    placed = program(name)
    after = After(placed)
    assert len(placed.traced.watch) == count
    for value in placed.traced.watch.values():
        where = after.located(value)
        assert where is not None
        assert where.when in (When.NOW, When.NEXT)
        assert placed.buffers[where.buffer].extent in (Extent.SEQUENCE, Extent.STATES)


@pytest.mark.parametrize("name", [LSTM, GRU_AFTER])
def test_gates_take_the_place_of_their_projection(name: str) -> None:
    placed = program(name)
    projection = next(step.target.buffer for step in placed.before if isinstance(step, Product))
    sigmoids = [store.target for store in stores_of(placed.forward) if store.value.primitive == "sigmoid"]
    assert [target.buffer for target in sigmoids] == [projection]


def stores_of(direction: Direction) -> list[Store]:
    """All stores in loops."""
    return [store for step in direction.steps if isinstance(step, Loop) for store in step.stores]


def test_without_input_gradients_nothing_is_done_for_them() -> None:
    from lab.compile.place import place

    traced = program(LSTM).traced
    placed = place(traced, input_gradients=False)
    assert placed.adjoint.inputs == {}
    assert placed.floats <= program(LSTM).floats


@pytest.mark.parametrize("name", sorted(all_cells()))
def test_what_a_product_reads_was_made_before_it(name: str) -> None:
    """Working places are used again from step to step: what is in them is of this step only if it was just written."""
    placed = program(name, Case(inputs=3, hidden=6))
    for direction in (placed.forward, placed.backward):
        written: list[Location] = []
        for step in direction.steps:
            if isinstance(step, Product) and step.source.when is When.SCRATCH:
                assert sum(overlap(one, step.source) for one in written) >= step.source.width, step.value
            if isinstance(step, Product) and step.accumulate:
                assert sum(overlap(one, step.target) for one in written) >= step.target.width, step.value
            written += writes(step)


def writes(step: Step) -> list[Location]:
    """Places that a step writes."""
    match step:
        case Loop():
            return [store.target for store in step.stores]
        case Product() | Reduce() | Other():
            return [step.target]


def overlap(one: Location, other: Location) -> int:
    """How many entries two places share."""
    if (one.buffer, one.when) != (other.buffer, other.when):
        return 0
    return max(0, min(one.start + one.width, other.start + other.width) - max(one.start, other.start))


def test_parameters_of_a_stacked_weight_lie_side_by_side() -> None:
    placed = program(LSTM)
    places = layout(placed.traced.parameters, placed.weights)
    stacks = [stacked(weight) for weight in placed.weights if weight.primitive == "concat"]
    assert len(stacks) == 3
    for names in stacks:
        assert len(names) in (3, 4)
        for before, after in pairwise(names):
            assert places[after].start == places[before].start + places[before].size
    spans = sorted((one.start, one.start + one.size) for one in places.values())
    assert spans[0][0] == 0
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert spans[-1][1] == 4 * D * (M + D + 1)


def test_fixed_arrays_have_no_place_among_the_parameters() -> None:
    placed = program("clockwork")
    assert set(layout(placed.traced.parameters, placed.weights)) == {"W", "U", "b"}
