"""Forward and backward of one layer for given ∂L/∂h, beside the best of the peers."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import numpy as np

from tests.bench.options import Options, Section, disturbance, milliseconds, percent, table_of
from tests.bench.problems import CUSTOM_CELLS, SIZES, Size
from tests.bench.race import Contestant, Race, race
from tests.bench.worker import BenchError, Worker

EXACT: Final = 1e-10
"""Largest relative difference to PyTorch in float64."""
SINGLE: Final = 2e-5
"""The same in float32, where sums over T·B rows are added up in another order; 3e-6 at the largest size."""
EXACT_SIZE: Final = Size(7, 9, 5, 19)

Workers = Mapping[tuple[str, int], Worker]


def run(options: Options) -> Section:
    """Time every cell at every size. BenchError where a peer computes something else than we do."""
    columns = ("cell", "B T M D", "RNN Lab", "PyTorch", "JAX", "ratio", "quartiles", "products", "limit", "others")
    section = Section("Forward and backward, float32, ms (and threads)", table_of(*columns))
    with workers_of(options) as (workers, missing):
        section.summary["peers"] = {worker.side: worker.version for worker in workers.values()}
        section.summary["missing"] = missing
        section.notes += [f"{name}: {reason}" for name, reason in missing.items()]
        section.summary["exact"] = {cell: _exact(cell, workers) for cell in options.cells if ("torch", 1) in workers}
        for cell in options.cells:
            for label in options.sizes:
                options.say(f"{cell} {label}")
                row = _row(cell, label, workers, options)
                section.rows.append(row)
                section.table.add_row(*_cells_of(row, missing))
    section.summary |= summarised(section.rows)
    section.notes += _notes(section.summary) + disturbance(section.rows)
    return section


@contextmanager
def workers_of(
    options: Options, sides: Sequence[str] = ("lab", "torch", "jax")
) -> Iterator[tuple[Workers, dict[str, str]]]:
    """A worker for each side and number of threads, and why the sides that are not there are missing."""
    asked = [(side, threads) for side in sides for threads in options.threads]
    workers: dict[tuple[str, int], Worker] = {}
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        for side, threads in asked:
            worker = stack.enter_context(Worker(side, threads))
            if worker.missing:
                missing[side] = worker.missing
            else:
                workers[side, threads] = worker
        yield workers, missing


def contestants_of(cell: str, workers: Workers) -> Iterator[tuple[str, str, Worker, dict[str, Any]]]:
    """Name, group, worker and options of all that run a cell."""
    for (side, threads), worker in workers.items():
        if side == "lab":
            yield f"products-{threads}", "products", worker, {"products_alone": True}
        if cell not in CUSTOM_CELLS:
            yield f"{side}-{threads}", side, worker, {}
        elif side == "lab":
            yield f"lab-{threads}", side, worker, {}
        elif side == "torch":
            yield f"eager-{threads}", "eager", worker, {"stacked": False}
            yield f"stacked-{threads}", "stacked", worker, {"stacked": True}


def _exact(cell: str, workers: Workers) -> float:
    """The largest relative difference between our float64 results and PyTorch's."""
    found = {}
    for side in ("lab", "torch"):
        worker = workers[side, 1] if (side, 1) in workers else next(w for (s, _), w in workers.items() if s == side)
        worker.build("exact", "scan", cell=cell, size=EXACT_SIZE, dtype="float64")
        found[side] = worker.results("exact")
        worker.drop("exact")
    return agreement(f"{cell} in float64", found["lab"], found["torch"], EXACT)


def agreement(what: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], limit: float) -> float:
    """The largest difference, relative to the largest entry of each array; BenchError where it is over the limit."""
    if ours.keys() != theirs.keys():
        raise BenchError(f"{what}: we have {sorted(ours)}, the peer has {sorted(theirs)}")
    differences = {name: float(np.abs(ours[name] - theirs[name]).max() / np.abs(theirs[name]).max()) for name in ours}
    worst = max(differences, key=lambda name: differences[name])
    # Written so that NaN fails.
    if not all(value <= limit for value in differences.values()):
        raise BenchError(f"{what}: {worst} differs by {differences[worst]:.2g}, more than {limit:g}")
    return differences[worst]


def _row(cell: str, label: str, workers: Workers, options: Options) -> dict[str, Any]:
    size = SIZES[label]
    contestants = []
    for name, group, worker, extra in contestants_of(cell, workers):
        worker.build(name, "scan", cell=cell, size=size, **extra)
        contestants.append(Contestant(name, group, worker, name))
    whole = [one for one in contestants if one.group != "products"]
    ours = next(one.worker.results(one.case) for one in whole if one.group == "lab")
    differences = {
        one.name: agreement(f"{cell} {label}, {one.name}", ours, one.worker.results(one.case), SINGLE) for one in whole
    }
    result = race(contestants, options.pace)
    for one in contestants:
        one.worker.drop(one.case)
    row = {"cell": cell, "size": label, "B": size.B, "T": size.T, "M": size.M, "D": size.D}
    return row | _figures(cell, result) | {"difference": max(differences.values(), default=None)}


def _figures(cell: str, result: Race) -> dict[str, Any]:
    ours = result.best("lab")
    assert ours is not None
    groups = ("eager",) if cell in CUSTOM_CELLS else ("torch", "jax")
    peers = [name for group in groups if (name := result.best(group))]
    peer = min(peers, key=lambda name: result.timings[name].median, default=None)
    products = result.best("products")
    assert products is not None
    figures: dict[str, Any] = {
        "ours": ours,
        "ours_ms": 1e3 * result.timings[ours].median,
        "peer": peer,
        "peer_ms": None if peer is None else 1e3 * result.timings[peer].median,
        "ratio": None if peer is None else result.ratio(peer, ours).median,
        "ratio_quartiles": None if peer is None else [result.ratio(peer, ours).low, result.ratio(peer, ours).high],
        "products_ms": 1e3 * result.timings[products].median,
        "limit": None if peer is None else result.ratio(peer, products).median,
        "timings": {name: timing.as_json() for name, timing in result.timings.items()},
        "foreign": result.foreign,
        "repeated_rounds": result.repeated,
    }
    stacked = result.best("stacked")
    if stacked is not None:
        figures["stacked_ratio"] = result.ratio(stacked, ours).median
    return figures


def _cells_of(row: dict[str, Any], missing: Mapping[str, str]) -> list[str]:
    timings = row["timings"]

    def figure(name: str | None) -> str:
        if name is None:
            return ""
        timing, threads = timings[name], name.rpartition("-")[2]
        return f"{milliseconds(timing['ms'])} {percent(timing['spread'])} ({threads})"

    def best(*groups: str) -> str | None:
        mine = [name for name in timings if name.rpartition("-")[0] in groups and timings[name]["raced"]]
        return min(mine, key=lambda name: float(timings[name]["ms"]), default=None)

    torch, jax = best("torch", "eager"), best("jax")
    absent = "not installed"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f} ×"
    quartiles = "" if row["ratio"] is None else "{:.2f} – {:.2f}".format(*row["ratio_quartiles"])
    return [
        row["cell"],
        SIZES[row["size"]].label,
        figure(row["ours"]),
        figure(torch) or absent,
        absent if "jax" in missing else figure(jax),
        ratio,
        quartiles,
        milliseconds(row["products_ms"]),
        "" if row["limit"] is None else f"{row['limit']:.2f} ×",
        "?" if row["foreign"] is None else f"{row['foreign']:.2f}",
    ]


def summarised(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Geometric mean and minimum of the ratios of the standard cells, and those of each custom cell by its size."""
    standard = [row["ratio"] for row in rows if row["cell"] not in CUSTOM_CELLS and row["ratio"] is not None]
    custom = [row for row in rows if row["cell"] in CUSTOM_CELLS and row["ratio"] is not None]
    ratios = [row["ratio"] for row in custom]
    stacked = [row["stacked_ratio"] for row in rows if "stacked_ratio" in row]
    limits = [row["limit"] for row in rows if row["cell"] not in CUSTOM_CELLS and row["limit"] is not None]
    return {
        "geometric_mean": statistics.geometric_mean(standard) if standard else None,
        "minimum": min(standard, default=None),
        "limit_geometric_mean": statistics.geometric_mean(limits) if limits else None,
        "custom": {
            cell: {row["size"]: row["ratio"] for row in custom if row["cell"] == cell}
            for cell in dict.fromkeys(row["cell"] for row in custom)
        },
        "custom_minimum": min(ratios, default=None),
        "custom_geometric_mean": statistics.geometric_mean(ratios) if ratios else None,
        "custom_stacked_minimum": min(stacked, default=None),
        "largest_foreign": max((row["foreign"] for row in rows if row["foreign"] is not None), default=None),
    }


def _notes(summary: dict[str, Any]) -> list[str]:
    notes = []
    if summary["geometric_mean"] is not None:
        notes.append(
            f"beside the best peer: geometric mean {summary['geometric_mean']:.2f} ×, least {summary['minimum']:.2f} × "
            "(goals: 3 and 1.2)"
        )
        notes.append(
            "the limit is what the same matrix products alone, with no other equation, would reach: "
            f"geometric mean {summary['limit_geometric_mean']:.2f} ×"
        )
    for cell, ratios in summary["custom"].items():
        found = ", ".join(f"{ratio:.1f} × at D {SIZES[label].D}" for label, ratio in ratios.items())
        notes.append(f"{cell} beside eager PyTorch: {found} (goals: 10; clockwork at D 512: 3)")
    if summary["custom_stacked_minimum"] is not None:
        notes.append(f"beside eager code with weights stacked by hand: least {summary['custom_stacked_minimum']:.1f} ×")
    for cell, difference in summary["exact"].items():
        notes.append(f"{cell}: float64 outputs and gradients equal PyTorch's to {difference:.1g}")
    return notes
