"""Schedule: the order of one step's products and loops, and which stores share a loop."""

from collections.abc import Iterable, Sequence
from typing import Final

from lab.compile.program import Loop, Other, Product, Reduce, Step, Store, When
from lab.compile.storage import Storage
from lab.trace.graph import Literal, Var, reachable
from lab.trace.primitives import DEAR, POINTWISE, REDUCTIONS

MOST_POINTERS: Final = 9
"""More pointers in one loop than this and the compiler's overlap checks keep it from vectorising (measured)."""


_JOINS_A_LOOP: Final = POINTWISE | {"slice", "reshape", "concat"}


def is_barrier(value: Var) -> bool:
    """True for values that need all entries of an operand, so that they cannot share its loop."""
    if not value.batched or not value.inputs:
        return False
    if value.primitive == "broadcast":
        return bool(value.inputs[0].shape)
    return value.primitive not in _JOINS_A_LOOP


def is_total(value: Var) -> bool:
    """True for the sum or maximum of all entries, which a loop can take of any expression."""
    return value.primitive in REDUCTIONS and not value.shape


def schedule(
    storage: Storage, stores: Sequence[Store], late: Sequence[Product], fixed: frozenset[int]
) -> tuple[Step, ...]:
    """Order the stores of one direction by level; `late` products add to what loops have stored and come last.

    A level is the longest chain of barriers behind a value. Values in `fixed` are there before the scan begins.
    """
    levels = _levels([store.value for store in stores], fixed)
    # By number operands come before results; a copy follows the store that makes the value.
    stores = sorted(stores, key=lambda store: (store.value.number, not _computes(storage, store)))
    steps: list[Step] = []
    for level in range(max(levels.values(), default=0) + 1):
        here = [store for store in stores if levels.get(store.value.number, 0) == level]
        barriers = [store for store in here if _computes(storage, store) and is_barrier(store.value)]
        steps.extend(_barrier(storage, store) for store in barriers)
        steps.extend(_loops(storage, [store for store in here if store not in barriers]))
    return (*steps, *late)


def _computes(storage: Storage, store: Store) -> bool:
    """True if the store makes the value, false if it copies it from its home."""
    return storage.locate(store.value) == store.target


def _levels(values: Iterable[Var], fixed: frozenset[int]) -> dict[int, int]:
    levels: dict[int, int] = {}
    for value in reachable(values):
        if value.number in fixed or not value.inputs:
            levels[value.number] = 0
        else:
            behind = max((levels[operand.number] for operand in value.inputs), default=0)
            levels[value.number] = behind + is_barrier(value)
    return levels


def _barrier(storage: Storage, store: Store) -> Step:
    value = store.value
    left = value.inputs[0]
    if value.primitive == "matmul" and not left.batched and len(value.shape) == 1:
        source = storage.locate(value.inputs[1])
        assert source is not None, value
        return Product(value, left, value.attributes[0], source, store.target, accumulate=False)
    if is_total(value):
        return Reduce(value, store.target)
    return Other(value, store.target)


def _loops(storage: Storage, stores: Iterable[Store]) -> list[Loop]:
    loops: list[list[Store]] = []
    for store in stores:
        last = loops[-1] if loops else []
        together = [*last, store]
        if (
            last
            and last[-1].value.shape == store.value.shape
            and sum(member.value.primitive in DEAR for member in together) <= 1
            and len(pointers(storage, together)) <= MOST_POINTERS
        ):
            last.append(store)
        else:
            loops.append([store])
    return [Loop(members[0].value.shape, tuple(members)) for members in loops]


def pointers(storage: Storage, stores: Iterable[Store]) -> set[tuple[str, When, int]]:
    """The different places that a loop reads or writes."""
    seen: set[tuple[str, When, int]] = set()
    made: set[int] = set()

    def visit(value: Var) -> None:
        place = storage.locate(value)
        if isinstance(value.origin, Literal) or value.number in made:
            return
        if place is not None and value.shape:
            seen.add((place.buffer, place.when, place.start))
        elif place is None and value.batched:
            for operand in value.inputs:
                visit(operand)
        elif place is None and value.shape:
            seen.add((f"weight {value.number}", When.WEIGHT, 0))

    for store in stores:
        if storage.locate(store.value) == store.target:
            for operand in store.value.inputs:
                visit(operand)
        else:
            visit(store.value)
        seen.add((store.target.buffer, store.target.when, store.target.start))
        made.add(store.value.number)
    return seen
