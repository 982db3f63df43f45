"""Our side: an executor, or a whole trainer, as the product makes them."""

from dataclasses import replace
from typing import Any, cast, final

import numpy as np

import lab

# Loaded where the first function is compiled; for peak memory it is one of the imports.
import lab.compile.targets.numba_runtime
from lab.compile.executor import Executor
from lab.compile.program import Direction, Product, Program
from lab.compile.targets.numba import NumbaTarget
from lab.compile.workers import Workers, one_blas_thread
from lab.components.cell import Cell
from lab.components.loss import Loss
from lab.model.architecture import Architecture, LayerPlan
from lab.model.blueprint import blueprint
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.resources import plugin_folder
from lab.training.plan import Plan
from lab.training.trainer import Trainer
from tests.bench.adding import setup_of
from tests.bench.problems import SETTINGS, Size, drawn
from tests.bench.sides.case import Array, Case, Side


def bench_catalog() -> Catalog:
    """The built-in components, loaded as plugins are."""
    return load_catalog([plugin_folder()], entry_points=False)


@final
class LabSide(Side):
    """RNN Lab with target numba and `threads` threads of its own; BLAS has one, as in a trainer."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.version = lab.__version__
        self.catalog = bench_catalog()
        self._limits = one_blas_thread()

    def case(self, kind: str, options: dict[str, Any]) -> Case:
        """See `Side.case`."""
        if kind == "scan":
            return Scan(self.catalog, self.threads, **options)
        return Update(self.catalog, self.threads, **options)


@final
class Scan(Case):
    """Packing of changed parameters, forward, backward, and the gradients of the parameters."""

    def __init__(
        self,
        catalog: Catalog,
        threads: int,
        *,
        cell: str,
        size: Size,
        dtype: str = "float32",
        products_alone: bool = False,
    ) -> None:
        problem = drawn(cell, size, dtype)
        made = cast(Cell, catalog.get("cell", cell)(**SETTINGS.get(cell, {})))
        loss = cast(Loss, catalog.get("loss", "mean-squared-error")())
        layers = (LayerPlan(cell=made, hidden=size.D),)
        plan = blueprint(Architecture(inputs=size.M, layers=layers, outputs=1, equation=loss.equation))
        block = plan.layers[0][0]
        self.workers = Workers(threads)
        self.target = NumbaTarget()
        self.places = block.places
        self.parameters = np.zeros(block.size, dtype)
        self.gradient = np.zeros(block.size, dtype)
        self.executor = Executor(
            _products_of(block.program) if products_alone else block.program,
            self.target,
            steps=size.T,
            batch=size.B,
            parameters=self.parameters,
            gradient=self.gradient,
            places=block.places,
            constants=plan.constants(block),
            workers=self.workers,
        )
        for name, place in block.places.items():
            place.view(self.parameters)[...] = problem.weights[name]
        self.executor.input("x")[...] = problem.x
        if "t" in block.program.traced.inputs:
            self.executor.input("t")[...] = np.arange(size.T, dtype=dtype)[:, None, None]
        self.executor.seeds("h")[...] = problem.seeds
        if products_alone:
            # What no loop fills any more; ordinary numbers, for products of zeros may be quicker.
            for buffer in self.executor.buffers.values():
                buffer[...] = np.random.default_rng(0).normal(size=buffer.shape)

    def run(self) -> None:
        """See `Case.run`."""
        self.executor.refresh()
        self.executor.forward()
        self.executor.backward()
        self.executor.gradients()

    def results(self) -> dict[str, Array]:
        """Outputs h and the gradient of each parameter."""
        gradients = {name: place.view(self.gradient) for name, place in self.places.items()}
        return {"h": self.executor.states("h")[1:], **gradients}

    def close(self) -> None:
        """End the threads."""
        self.workers.close()


def _products_of(program: Program) -> Program:
    """A program that multiplies what the whole one multiplies, in the same order, and computes nothing else."""

    def products(direction: Direction) -> Direction:
        return replace(direction, steps=tuple(step for step in direction.steps if isinstance(step, Product)))

    return replace(program, forward=products(program.forward), backward=products(program.backward))


@final
class Update(Case):
    """One update of a trainer on the adding problem: data, network, loss, clipping, Adam."""

    def __init__(self, catalog: Catalog, threads: int, *, cell: str, size: Size) -> None:
        self.trainer = Trainer(setup_of(catalog, cell, size), Plan(target="numba", threads=threads))
        self.loss = 0.0

    def run(self) -> None:
        """See `Case.run`."""
        while True:
            progress = self.trainer.advance()
            assert progress is not None, "the experiment has an end that no bench should reach"
            if progress.kind == "update":
                self.loss = progress.scalars["train.loss"]
                return

    def results(self) -> dict[str, Array]:
        """The loss of the last update, before the parameters changed."""
        return {"loss": np.array([self.loss])}

    def close(self) -> None:
        """End the threads."""
        self.trainer.close()
