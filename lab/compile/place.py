"""Placement in time: what runs before the scan, in it, and after it, and which values the adjoint needs kept."""

from collections.abc import Iterable
from dataclasses import replace

from lab.compile.adjoint import Adjoint, adjoint_of, weights_of
from lab.compile.program import Direction, Extent, Location, Product, Program, Store, When
from lab.compile.schedule import is_barrier, is_total, schedule
from lab.compile.storage import Storage
from lab.trace.graph import Depends, Var, consumers, reachable
from lab.trace.primitives import CHEAP, DEAR
from lab.trace.tracer import Traced

_SEEN_THROUGH = CHEAP | {"slice", "reshape", "concat", "broadcast", "pad"}


def place(traced: Traced, *, input_gradients: bool = True, seen: Iterable[str] = ()) -> Program:
    """Place the equations of a step, and of its adjoint, in time.

    Without `input_gradients` nothing is done for ∂L/∂x (the first layer on data needs none). States `seen` by another
    layer get a gradient from there, as the outputs do.
    """
    adjoint = adjoint_of(traced, seen)
    return _Placer(traced, adjoint if input_gradients else replace(adjoint, inputs={})).program()


class _Placer:
    def __init__(self, traced: Traced, adjoint: Adjoint) -> None:
        self.traced = traced
        self.adjoint = adjoint
        back = [*adjoint.leaving.values(), *adjoint.inputs.values(), *adjoint.weights.values()]
        self.back = [v for v in reachable(back) if v.depends & Depends.COTANGENT]
        # A state that is a part of another value is copied from there; the others are made where they stay.
        self.states = {v.number for v in traced.next.values() if v.primitive not in ("slice", "reshape")}
        self.kept = _kept(self.back, self.states)
        self.storage = Storage({}, {})
        for name, leaf in traced.inputs.items():
            self.storage.where[leaf.number] = self.storage.allocate(name, Extent.SEQUENCE, leaf.size)
        for name, leaf in traced.states.items():
            self.storage.where[leaf.number] = self.storage.allocate(f"s_{name}", Extent.STATES, leaf.size)
        self.ahead = [
            v
            for v in reachable([*traced.next.values(), *self.kept.values()])
            if v.depends and not v.depends & Depends.COTANGENT
        ]
        self.readers = consumers(self.ahead)

    def program(self) -> Program:
        before = self._before()
        fixed = frozenset(self.storage.where)
        overwritten = self._forward()
        forward = Direction(schedule(self.storage, self.storage.stores, (), fixed), dict(self.storage.where))
        kept = {
            number: where
            for number, where in self.storage.where.items()
            if where.when in (When.NOW, When.NEXT) and number not in overwritten
        }
        behind = _Backward(self, Storage(self.storage.buffers, dict(kept)))
        backward = behind.direction()
        return Program(
            traced=self.traced,
            adjoint=self.adjoint,
            weights=tuple(self._weights()),
            buffers=self.storage.buffers,
            before=before,
            forward=forward,
            backward=backward,
            kept=kept,
            kept_back=behind.remaining(),
        )

    def _weights(self) -> list[Var]:
        adjoint = self.adjoint
        return weights_of(
            [
                *self.traced.next.values(),
                *self.traced.watch.values(),
                *adjoint.leaving.values(),
                *adjoint.inputs.values(),
                *adjoint.weights.values(),
            ]
        )

    def _before(self) -> tuple[Store | Product, ...]:
        """Products that depend on no state, for all steps at once; cheap equations sink into the scan instead."""
        storage = self.storage
        before: list[Store | Product] = []
        for value in self.ahead:
            if value.depends == Depends.SEQUENCE and _is_product(value):
                self._prepare(value.inputs[1])
                source = storage.home(value.inputs[1], self._sequence)
                target = storage.allocate(f"z{value.number}", Extent.SEQUENCE, value.size)
                storage.where[value.number] = target
                weight, (transposed,) = value.inputs[0], value.attributes
                before += [*storage.stores, Product(value, weight, transposed, source, target, accumulate=False)]
                storage.stores = []
        return tuple(before)

    def _prepare(self, operand: Var) -> None:
        """Make ahead of the scan what an operand needs and the scan would keep: it would be kept too late."""
        storage = self.storage
        for value in reachable([operand])[:-1]:
            if storage.computed(value) and storage.locate(value) is None:
                lasts = value.number in self.kept or value.number in self.states
                if lasts or is_barrier(value) or value.primitive in DEAR:
                    storage.home(value, self._sequence)

    def _sequence(self, value: Var) -> Location:
        return self.storage.allocate(f"v{value.number}", Extent.SEQUENCE, value.size)

    def _forward(self) -> set[int]:
        """Give homes to what the scan computes; returns the projections that gates were written over."""
        storage = self.storage
        for name, value in self.traced.next.items():
            target = Location(f"s_{name}", When.NEXT, 0, value.size, value.size)
            storage.store(value, target)
        overwritten: set[int] = set()
        operands = self._operands_of_barriers()
        for value in self.ahead:
            if not storage.computed(value) or storage.locate(value) is not None:
                continue
            over = self._projection_under(value) if value.number in self.kept else None
            if over is not None:
                base, target = over
                overwritten.add(base.number)
                storage.store(value, target)
            elif value.number in self.kept or is_barrier(value) or value.primitive in DEAR or value.number in operands:
                storage.home(value, self._new)
        storage.settle(self._new)
        return overwritten

    def _operands_of_barriers(self) -> set[int]:
        """Numbers of the values that products read; concatenations among them get their homes before their pieces."""
        storage = self.storage
        operands = {
            operand.number: operand
            for value in self.ahead
            if is_barrier(value) and not is_total(value) and value.number not in storage.where
            for operand in value.inputs
            if operand.batched
        }
        for value in sorted(operands.values(), key=lambda v: -v.size):
            if value.primitive == "concat" and (
                value.number in self.kept or not any(piece.number in self.kept for piece in value.inputs)
            ):
                storage.home(value, self._new)
        return set(operands)

    def _new(self, value: Var) -> Location:
        extent = Extent.SEQUENCE if value.number in self.kept else Extent.SCRATCH
        return self.storage.allocate(f"v{value.number}", extent, value.size)

    def _projection_under(self, value: Var) -> tuple[Var, Location] | None:
        """The part of a projection that only this gate reads, so that the gate can take its place."""
        if value.primitive not in DEAR or not value.inputs or value.inputs[0].primitive != "add":
            return None
        total = value.inputs[0]
        if self.readers.get(total.number) != [value] or total.number in self.kept:
            return None
        bases = [(t, t.inputs[0] if t.primitive == "slice" else t) for t in total.inputs]
        found = [(term, base) for term, base in bases if base.depends == Depends.SEQUENCE and _is_product(base)]
        if len(found) != 1:
            return None
        term, base = found[0]
        if base.number in self.kept or term.number in self.kept or self.readers.get(term.number) != [total]:
            return None
        start, stop = term.attributes if term.primitive == "slice" else (0, base.shape[0])
        for reader in self.readers[base.number]:
            if reader is term or reader is total:
                continue
            if reader.primitive != "slice" or (reader.attributes[0] < stop and start < reader.attributes[1]):
                return None
        where = self.storage.locate(term)
        return None if where is None else (base, where)


class _Backward:
    """Homes and order for the adjoint scan; `storage` begins with what the forward scan kept."""

    def __init__(self, placer: _Placer, storage: Storage) -> None:
        self.placer = placer
        self.storage = storage
        self.copies: dict[int, Location] = {}
        self.late: list[Product] = []

    def direction(self) -> Direction:
        storage, adjoint = self.storage, self.placer.adjoint
        fixed = frozenset(storage.where)
        for name, leaf in adjoint.arriving.items():
            storage.where[leaf.number] = storage.allocate(f"c_{name}", Extent.CARRY, leaf.size)
        for name, leaf in adjoint.seeds.items():
            storage.where[leaf.number] = storage.allocate(f"g_{name}", Extent.SEQUENCE, leaf.size)
        self._operands()
        self._leaving()
        for value in self._in_scan(store.value for store in storage.stores):
            if storage.computed(value) and storage.locate(value) is None and is_barrier(value):
                for operand in value.inputs:
                    if operand.batched and not is_total(value):
                        storage.home(operand, self._scratch)
                storage.home(value, self._scratch)
        storage.settle(self._scratch)
        steps = schedule(storage, storage.stores, self.late, fixed)
        return Direction(steps, dict(storage.where))

    def remaining(self) -> dict[int, Location]:
        """Where values are after the adjoint scan, for all steps."""
        lasting = {number: w for number, w in self.storage.where.items() if w.when in (When.NOW, When.NEXT)}
        return lasting | self.copies

    def _in_scan(self, roots: Iterable[Var]) -> list[Var]:
        return [value for value in reachable(roots) if value.depends & Depends.COTANGENT]

    def _scratch(self, value: Var) -> Location:
        return self.storage.allocate(f"d{value.number}", Extent.SCRATCH, value.size)

    def _sequence(self, value: Var) -> Location:
        return self.storage.allocate(f"d{value.number}", Extent.SEQUENCE, value.size)

    def _keep(self, value: Var) -> None:
        """Keep a value for all steps; a cotangent that just arrives is copied, for its own place is soon used again."""
        where = self.storage.home(value, self._sequence)
        if where.when not in (When.NOW, When.NEXT):
            self.copies[value.number] = self._sequence(value)
            self.storage.stores.append(Store(value, self.copies[value.number]))

    def _operands(self) -> None:
        """Keep operands of products after the scan for all steps; large concatenations first, then parts of them."""
        adjoint = self.placer.adjoint
        ends = [*adjoint.weights.values(), *adjoint.inputs.values()]
        wanted: dict[int, Var] = {}
        vectors: list[Var] = []
        for end in ends:
            for term in end.inputs if end.primitive == "add" else (end,):
                if term.primitive == "outer" or _is_product(term):
                    wanted.update({v.number: v for v in term.inputs if v.depends & Depends.COTANGENT})
                elif term.depends & Depends.COTANGENT:
                    vectors.append(term)
        in_scan = self._in_scan(adjoint.leaving.values())
        wanted.update(
            {v.inputs[1].number: v.inputs[1] for v in in_scan if _is_product(v) and v.inputs[1].primitive == "concat"}
        )
        for value in sorted(wanted.values(), key=lambda v: (v.primitive != "concat", -v.size, v.number)):
            self._keep(value)
        for value in vectors:
            if not self._made_of_kept(value):
                self._keep(value)

    def _made_of_kept(self, value: Var) -> bool:
        """True if a value can be computed after the scan from what is kept."""
        where = self.storage.locate(value)
        if where is not None:
            return where.when in (When.NOW, When.NEXT)
        return not value.batched or (value.primitive == "mul" and all(self._made_of_kept(v) for v in value.inputs))

    def _leaving(self) -> None:
        """Cotangents of the states; a product that nothing else reads is added last, into its target."""
        storage, adjoint = self.storage, self.placer.adjoint
        readers = consumers(self._in_scan([*adjoint.leaving.values(), *(s.value for s in storage.stores)]))
        leaving = list(adjoint.leaving.values())
        for name, value in adjoint.leaving.items():
            target = Location(f"c_{name}", When.LEAVING, 0, value.size, value.size)
            alone = sum(other is value for other in leaving) == 1 and not readers.get(value.number)
            terms = list(value.inputs) if value.primitive == "add" else [value]
            late = [
                t
                for t in terms
                if alone
                and _is_product(t)
                and storage.locate(t) is None
                and (t is value or readers.get(t.number) == [value])
                and not any(t is other for other in leaving if other is not value)
            ]
            rest = [t for t in terms if not any(t is other for other in late)]
            if not late:
                storage.store(value, target)
            elif rest:
                first = rest[0] if len(rest) == 1 else value.graph.make("add", tuple(rest), (), value.shape)
                if not first.shape:
                    first = value.graph.apply("broadcast", (first,), (value.shape, ()))
                storage.store(first, target)
            for index, term in enumerate(late):
                source = storage.home(term.inputs[1], self._scratch)
                weight, (transposed,) = term.inputs[0], term.attributes
                self.late.append(Product(term, weight, transposed, source, target, bool(rest) or index > 0))


def _is_product(value: Var) -> bool:
    """True for the product of a weight and a vector of the sample."""
    return value.primitive == "matmul" and not value.inputs[0].batched and len(value.shape) == 1


def _kept(back: Iterable[Var], states: set[int]) -> dict[int, Var]:
    """Values of the forward step that the adjoint reads: what is dear to recompute, and operands of its products."""
    kept: dict[int, Var] = {}
    seen: set[int] = set()

    def need(value: Var) -> None:
        if not value.batched or not value.inputs or value.number in seen or value.depends & Depends.COTANGENT:
            return
        seen.add(value.number)
        if value.number in states:
            return
        if value.primitive in _SEEN_THROUGH and not is_barrier(value):
            for operand in value.inputs:
                need(operand)
        else:
            kept[value.number] = value

    for value in back:
        for operand in value.inputs:
            if value.primitive in ("outer", "matmul") and not operand.depends & Depends.COTANGENT:
                _need_whole(operand, kept, states)
            need(operand)
    return kept


def _need_whole(value: Var, kept: dict[int, Var], states: set[int]) -> None:
    """An operand of a product must be kept itself, unless it is (a slice of) a leaf or a next state."""
    base = value
    while base.primitive in ("slice", "reshape"):
        base = base.inputs[0]
    if base.batched and base.inputs and base.number not in states:
        kept[base.number] = base
