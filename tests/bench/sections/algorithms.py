"""Training algorithms: time and memory against T and D; RTRL beside a loop over parameters; SnAp-1 beside BPTT."""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lab.compile.executor import Target
from lab.compile.targets.numba import NumbaTarget
from lab.compile.targets.numpy import NumpyTarget
from lab.compile.workers import one_blas_thread
from lab.components.algorithm import Batch
from lab.components.dataset import Sequences
from lab.errors import LabError
from lab.model.architecture import Architecture, LayerPlan
from lab.model.blueprint import blueprint
from lab.model.network import Network
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.training.duel import Duel
from lab.training.learner import NetworkLearner
from tests.bench.options import Options, Section, milliseconds, table_of
from tests.bench.problems import Size

Array = NDArray[Any]
AXES: Final[dict[str, tuple[Size, ...]]] = {
    "T": tuple(Size(4, steps, 8, 32) for steps in (64, 128, 256, 512)),
    "D": tuple(Size(4, 32, 8, hidden) for hidden in (16, 32, 64, 128)),
}
QUICK: Final[dict[str, tuple[Size, ...]]] = {
    "T": (Size(1, 4, 2, 4), Size(1, 8, 2, 4)),
    "D": (Size(1, 4, 2, 4), Size(1, 4, 2, 8)),
}
OUTPUTS: Final = 2
CELLS: Final = {"rflo": "leaky"}
"""Cells of algorithms for which an Elman network is none."""
LOOPED: Final = Size(1, 32, 8, 32)
"""The size at which every entry of every weight has its own turn in the stand-in."""
SNAPPED: Final = (Size(16, 50, 32, 64), Size(32, 100, 64, 128))


def run(options: Options) -> Section:
    """Measure every algorithm there is along both axes, then the two pairs."""
    limits = one_blas_thread()
    try:
        return _measured(load_catalog(entry_points=False), options)
    finally:
        limits.restore_original_limits()


def _measured(catalog: Catalog, options: Options) -> Section:
    columns = ("algorithm", "µs a step", "slope T", "slope D", "KiB", "slope T", "slope D")
    section = Section("Training algorithms, Elman network, one thread", table_of(*columns))
    axes = QUICK if options.quick else AXES
    for name in catalog.names("algorithm"):
        options.say(f"algorithms, {name}")
        try:
            found = {axis: _along(catalog, name, axis, sizes) for axis, sizes in axes.items()}
        except LabError as error:
            section.notes.append(f"{name}: {error}")
            continue
        section.rows += found.values()
        steps, hidden = found["T"], found["D"]
        section.table.add_row(
            name,
            f"{steps['us_per_step'][0]:.3g}",
            *(f"{row['time_slope']:.2f}" for row in (steps, hidden)),
            f"{steps['bytes'][0] / 1024:.3g}",
            *(f"{row['memory_slope']:.2f}" for row in (steps, hidden)),
        )
    options.say("algorithms, RTRL beside the loop")
    section.summary = {
        "rtrl_over_loop": _over_loop(catalog, QUICK["T"][0] if options.quick else LOOPED),
        "snap_over_bptt": _over_bptt(catalog, options, QUICK["T"][:1] if options.quick else SNAPPED),
    }
    _explain(section, axes)
    return section


def _explain(section: Section, axes: dict[str, tuple[Size, ...]]) -> None:
    first, other = axes["T"][0], axes["D"][0]
    loop = section.summary["rtrl_over_loop"]
    looped_in = f"a loop over the parameters in NumPy ({milliseconds(loop['loop_ms'])} ms)"
    ours = f"RTRL at {loop['size']}: {milliseconds(loop['lab_ms'])} ms"
    section.notes += [
        f"µs and KiB at B T M D = {first.label}; along D: B T M = {other.B} {other.T} {other.M}; target numpy",
        "memory: what a pass holds at once beside the network and its buffers of all steps",
        "slopes: of log time of a step, and of log memory of a pass, against log T and log D",
        f"{ours}; {looped_in}: {loop['times']:.0f} times that; goal 10",
    ]
    for row in section.summary["snap_over_bptt"]:
        section.notes.append(
            f"SnAp-1 on {row['cell']}, {row['target']}, {row['size']}: {milliseconds(row['snap_ms'])} ms,"
            f" {row['times']:.2f} times BPTT ({milliseconds(row['bptt_ms'])} ms); goal 2"
        )


def _along(catalog: Catalog, name: str, axis: str, sizes: tuple[Size, ...]) -> dict[str, Any]:
    algorithm = catalog.get("algorithm", name)()
    results = [duel_at(catalog, CELLS.get(name, "elman"), size).measure(algorithm, 2) for size in sizes]
    values = [getattr(size, axis) for size in sizes]
    seconds = [result.seconds / size.T for result, size in zip(results, sizes, strict=True)]
    held = [max(result.bytes, 1) for result in results]
    return {
        "algorithm": name,
        "axis": axis,
        "values": values,
        "us_per_step": [1e6 * one for one in seconds],
        "bytes": held,
        "time_slope": slope(values, seconds),
        "memory_slope": slope(values, held),
    }


def slope(values: list[int], costs: list[Any]) -> float:
    """The exponent of the power of `values` that fits best, where relative distances count."""
    return float(np.polyfit(np.log(values), np.log(costs), 1)[0])


def duel_at(catalog: Catalog, cell: str, size: Size, dtype: str = "float32", target: Target | None = None) -> Duel:
    """A network of one layer with a target at each step, and a batch of noise for it."""
    loss = catalog.get("loss", "mean-squared-error")()
    architecture = Architecture(
        inputs=size.M,
        layers=(LayerPlan(cell=catalog.get("cell", cell)(), hidden=size.D),),
        outputs=OUTPUTS,
        head=loss.head,
        equation=loss.equation,
        classes=False,
    )
    plan = blueprint(architecture)
    network = Network(plan, steps=size.T, batch=size.B, dtype=dtype, seed=7, target=target or NumpyTarget())
    generator = np.random.default_rng(7)
    inputs = generator.normal(size=(size.T, size.B, size.M)).astype(dtype)
    targets = generator.normal(size=(size.T, size.B, OUTPUTS)).astype(dtype)
    return Duel(NetworkLearner(network), Batch(sequences=Sequences(inputs=inputs, targets=targets)), [7])


def looped(duel: Duel) -> dict[str, Array]:
    """The gradient of an Elman layer as Williams & Zipser (1989) write it: p_ij^k for one entry i, j after the other.

    It is given ∂L/∂h of each step.
    """
    learner, sequences = duel.learner, duel.batch.sequences
    named = learner.network.named(learner.parameters)
    weights = {name: named[f"layers.0.{name}"].astype(np.float64) for name in ("U", "W", "b")}
    learner.begin(duel.batch)
    learner.forward(0, learner.steps)
    learner.judge(0, learner.steps)
    seeds = learner.seeds(0, learner.steps)
    found = {name: np.zeros_like(weight) for name, weight in weights.items()}
    for sample in range(sequences.count):
        before = np.zeros(len(weights["U"]))
        moved = {(name, *place): np.zeros_like(before) for name in weights for place in np.ndindex(weights[name].shape)}
        for step in range(sequences.steps):
            inputs = sequences.inputs[step, sample]
            state = np.tanh(weights["U"] @ before + weights["W"] @ inputs + weights["b"])
            bend = 1 - state * state
            read = {"U": before, "W": inputs, "b": np.ones(1)}
            for (name, row, *column), p in moved.items():
                following = weights["U"] @ p
                following[row] += read[name][column[0] if column else 0]
                following *= bend
                moved[name, row, *column] = following
                found[name][(row, *column)] += seeds[step, sample] @ following
            before = state
    return found


def _over_loop(catalog: Catalog, size: Size) -> dict[str, Any]:
    duel = duel_at(catalog, "elman", size, "float64")
    rtrl = catalog.get("algorithm", "rtrl")()
    ours = duel.measure(rtrl, 2).seconds
    theirs = statistics.median(_timed(lambda: looped(duel)) for _ in range(3))
    return {"size": size.label, "lab_ms": 1e3 * ours, "loop_ms": 1e3 * theirs, "times": theirs / ours}


def _over_bptt(catalog: Catalog, options: Options, sizes: tuple[Size, ...]) -> list[dict[str, Any]]:
    rows = []
    for cell, kind, size in [(c, k, s) for c in ("elman", "lstm") for k in ("numpy", "numba") for s in sizes]:
        options.say(f"algorithms, SnAp-1 on {cell}, {kind}, {size.label}")
        duel = duel_at(catalog, cell, size, target=NumbaTarget() if kind == "numba" else NumpyTarget())
        snap, bptt = (catalog.get("algorithm", name)() for name in ("snap-1", "bptt"))
        pairs = []
        for turn in range(options.pace.rounds + 1):
            pair = [duel.estimate(one).seconds for one in (snap, bptt)]
            pairs += [pair] if turn else []  # the first builds what the others use
        rows.append(
            {
                "cell": cell,
                "target": kind,
                "size": size.label,
                "snap_ms": 1e3 * statistics.median(one for one, _ in pairs),
                "bptt_ms": 1e3 * statistics.median(other for _, other in pairs),
                "times": statistics.median(one / other for one, other in pairs),
            }
        )
    return rows


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
