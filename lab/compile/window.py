"""A window of steps: all work of a program outside its scans, prepared once as a few large products over T·B rows."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.compile.after import Sum
from lab.compile.layout import parameters_of, view_of
from lab.compile.program import Location, Product, Store, When
from lab.compile.support import bands
from lab.compile.weights import WeightGradients
from lab.trace.graph import Var

if TYPE_CHECKING:
    from lab.compile.executor import Executor

Array = NDArray[Any]
Task = Callable[[], object]

WORTH_SPLITTING: Final = 2_000_000
"""Multiplications above which a product is split over the threads (measured)."""
WORTH_LEAVING_OUT: Final = 0.75
"""The share of the steps below which a sum over them alone is faster, though their rows are copied (measured)."""
PANEL: Final = 128
"""Columns that are looked at together for steps to leave out."""


@final
class Span:
    """Steps first ... last - 1 of an executor, and where its values for them are: R rows, all samples of each step."""

    def __init__(self, executor: "Executor", first: int, last: int) -> None:
        self.executor = executor
        self.first, self.last = first, last
        self.count = (last - first) * executor.batch

    def rows(self, place: Location) -> Array:
        """The entries at a location for all steps and samples, (R, w)."""
        shift = int(place.when is When.NEXT)
        array = self.executor.buffers[place.buffer][self.first + shift : self.last + shift]
        return array.reshape(-1, place.full)[:, place.start : place.start + place.width]

    def kept(self, value: Var) -> Array:
        """A value that is kept, for all steps and samples, (R, *shape)."""
        place = self.executor.after.located(value)
        assert place is not None, value
        return self.rows(place).reshape(self.count, *value.shape)

    def evaluated(self, value: Var, into: Location | None = None) -> Array:
        """Any value for all steps and samples, (R, *shape); a view where it is kept."""
        executor = self.executor
        weights = {one: executor.weights[one.number] for one in executor.program.weights}
        # Where a sample has ended all that is kept is zero, and 0 / 0 would spoil the sums.
        ended = executor.ended
        with np.errstate(divide="ignore", invalid="ignore") if ended is not None else nullcontext():
            array = executor.after.evaluate(value, self.kept, weights | executor.leaves, executor.dtype, into)
        array = np.broadcast_to(array, (self.count, *value.shape))
        if ended is not None and executor.after.located(value) in (None, into):
            rows = ended[self.first : self.last].reshape(self.count, *[1] * len(value.shape))
            array = np.where(rows, executor.dtype.type(0), array)
        return array


@final
class Window:
    """The work of a span of steps: projections before the scan, and sums of gradients after that of the adjoint.

    Its tasks know the span and not the window, so that nothing of one that is given up stays in memory.
    """

    def __init__(self, executor: "Executor", first: int, last: int) -> None:
        self.executor = executor
        self.span = Span(executor, first, last)
        self._indirect: dict[Var, Array] = {}
        self._cleared: list[Array] = []
        self._stages = [self._stage(step) for step in executor.program.before]

    def project(self) -> None:
        """Make the values that the scan needs ready for all steps."""
        for tasks in self._stages:
            self.executor.workers.run(tasks)

    def _stage(self, step: Store | Product) -> list[Task]:
        span = self.span
        target = span.rows(step.target)
        if isinstance(step, Store):

            def fill() -> None:
                target[...] = span.evaluated(step.value, step.target).reshape(target.shape)

            return [fill]
        source, weight = span.rows(step.source), self.executor.weights[step.weight.number]
        matrix = weight if step.transposed else weight.T
        matmul = self.executor.xp.matmul
        return [
            lambda a=a, b=b: matmul(source[a:b], matrix, out=target[a:b])  # type: ignore[misc]
            for a, b in self._parts(span.count, weight.size, 64)
        ]

    def _parts(self, total: int, work: int, least: int) -> list[tuple[int, int]]:
        """Bounds that split `total` items of `work` multiplications each over the threads, if it is worth it."""
        if total * work < WORTH_SPLITTING:
            return [(0, total)]
        return self.executor.workers.shares(total, least)

    def sum_gradients(self) -> None:
        """Sum the gradients of all weights over steps and samples into the flat gradient."""
        shares = self._shares
        for array in self._cleared:
            array[...] = 0
        self.executor.workers.run([lambda share=share: [task() for task in share] for share in shares])  # type: ignore[misc]
        if self._indirect:
            executor = self.executor
            totals = list(self._indirect.values())
            for name, array in self._parameters(totals, executor.leaves, executor.dtype).items():
                executor.gradients_by_name[name] += array

    @cached_property
    def _parameters(self) -> WeightGradients:
        """The way from gradients of weights that are made of parameters to those of the parameters."""
        return WeightGradients(self.executor.program.traced, list(self._indirect))

    @cached_property
    def _shares(self) -> list[list[Task]]:
        """The sums, dealt out to the threads so that each has about as much to do; made where a gradient is wanted."""
        costed: list[tuple[int, Task]] = []
        direct: set[str] = set()
        for one in self.executor.after.sums:
            out = self._direct(one)
            if out is None:
                out = self._indirect[one.weight] = self.executor.xp.zeros(one.weight.shape, self.executor.dtype)
            else:
                direct |= parameters_of(one.weight)
            costed += self._tasks(one, out)
        by_name = self.executor.gradients_by_name
        self._cleared = [by_name[name] for name in by_name if name not in direct]
        count = self.executor.workers.count if sum(cost for cost, _ in costed) >= WORTH_SPLITTING else 1
        shares: list[list[Task]] = [[] for _ in range(count)]
        loads = [0] * count
        for cost, task in sorted(costed, key=lambda pair: -pair[0]):
            index = loads.index(min(loads))
            shares[index].append(task)
            loads[index] += cost
        return [share for share in shares if share]

    def _direct(self, one: Sum) -> Array | None:
        """The part of the flat gradient that a weight's gradient is, if its parameters serve no other weight."""
        mine = parameters_of(one.weight)
        if any(mine & parameters_of(other.weight) for other in self.executor.after.sums if other is not one):
            return None
        return view_of(one.weight, self.executor.places, self.executor.gradient)

    def _tasks(self, one: Sum, out: Array) -> list[tuple[int, Task]]:
        span = self.span
        cost = span.count * one.weight.size
        if len(one.outers) == 1 and not (one.rows or one.products or one.others):
            # Split over the rows of the result, so that no sum is split and every number of threads gives the same.
            left, right = span.kept(one.outers[0][0]), span.kept(one.outers[0][1])
            matmul = self.executor.xp.matmul
            tasks: list[tuple[int, Task]] = []
            for start, end, first, last in self._bands(one.weight):
                parts = self._parts(end - start, span.count * (last - first), 16)
                cost = span.count * (end - start) * (last - first) // len(parts)
                for a, b in ((start + a, start + b) for a, b in parts):
                    rows, others, place = left[:, a:b], right[:, first:last], out[a:b, first:last]
                    if cost > WORTH_SPLITTING and matmul is np.matmul:
                        tasks.append((cost, partial(sum_of_outers, self.executor.batch, rows, others, place)))
                    else:
                        tasks.append((cost, partial(matmul, rows.T, others, out=place)))
            return tasks
        terms = self._terms(one)

        def total() -> None:
            out[...] = terms[0]()
            for term in terms[1:]:
                out[...] += term()

        return [(cost, total)]

    def _bands(self, weight: Var) -> list[tuple[int, int, int, int]]:
        """The parts of a weight outside which its gradient is nothing to anyone."""
        support = self.executor.support(weight)
        return [(0, weight.shape[0], 0, weight.shape[1])] if support is None else bands(support)

    def _terms(self, one: Sum) -> list[Callable[[], Array]]:
        """The terms of a sum as functions; their arrays are views that stay."""
        terms: list[Callable[[], Array]] = []
        span = self.span
        for left, right in one.outers:
            a, b = span.kept(left), span.kept(right)
            terms.append(lambda a=a, b=b: a.T @ b)  # type: ignore[misc]
        for value in one.rows:
            rows = span.kept(value)
            if rows.ndim == 2:
                ones = self.executor.xp.ones(span.count, self.executor.dtype)
                terms.append(lambda rows=rows, ones=ones: ones @ rows)  # type: ignore[misc]
            else:
                terms.append(lambda rows=rows: rows.sum(axis=0))  # type: ignore[misc]
        for left, right in one.products:
            a, b = span.kept(left), span.kept(right)
            if a.ndim == 2:
                terms.append(lambda a=a, b=b: np.einsum("rj,rj->j", a, b))  # type: ignore[misc]
            else:
                terms.append(lambda a=a, b=b: (a * b).sum(axis=0))  # type: ignore[misc]
        terms.extend(lambda value=value: span.evaluated(value).sum(axis=0) for value in one.others)  # type: ignore[misc]
        return terms


def sum_of_outers(batch: int, left: Array, right: Array, out: Array) -> None:
    """Sum outer products of rows, (T B, n) and (T B, m), into (n, m).

    Steps at which all of the left is zero add nothing: so are the cotangents of units that hold their state, and of
    steps that no sample of the batch reaches.
    """
    steps, width = left.reshape(-1, batch, left.shape[1]), left.shape[1]
    # A few entries tell in most cases that there is no such step.
    if steps[:, 0, :: max(1, width // 8)].all():
        np.matmul(left.T, right, out=out)
        return
    bits = steps.view(f"u{left.itemsize}")  # several times as fast to look through as numbers
    numbers = np.arange(len(left)).reshape(-1, batch)
    for start in range(0, width, PANEL):
        panel = slice(start, start + PANEL)
        sounding = np.bitwise_or.reduce(bits[:, :, panel], axis=(1, 2)) != 0
        rows = numbers[sounding].reshape(-1) if sounding.mean() < WORTH_LEAVING_OUT else slice(None)
        np.matmul(left[rows, panel].T, right[rows], out=out[panel])
