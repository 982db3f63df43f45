"""Whole updates per second on the adding problem, beside PyTorch's: data, network, loss, clipping, Adam."""

import statistics
from typing import Any, Final

from tests.bench.options import Options, Section, disturbance, percent, table_of
from tests.bench.problems import STANDARD_CELLS, Size
from tests.bench.race import Contestant, race
from tests.bench.sections.scan import Workers, agreement, workers_of

SIZE: Final = Size(50, 100, 2, 64)
"""That of the shipped experiment."""
SAME_LOSS: Final = 1e-5
"""Relative difference of the first loss, in float32."""


def run(options: Options) -> Section:
    """Time the cells that both have. BenchError where the first losses differ."""
    title = f"Whole updates on the adding problem, B {SIZE.B}, T {SIZE.T}, D {SIZE.D}, Adam, a second"
    columns = ("cell", "RNN Lab", "threads", "PyTorch", "threads", "ratio", "quartiles", "others")
    section = Section(title, table_of(*columns))
    with workers_of(options, ("lab", "torch")) as (workers, missing):
        for cell in (cell for cell in options.cells if cell in STANDARD_CELLS):
            options.say(f"updates, {cell}")
            row = _row(cell, workers, options)
            section.rows.append(row)
            section.table.add_row(*_cells_of(row))
    section.summary["missing"] = missing
    section.notes += [f"{name}: {reason}" for name, reason in missing.items()] + disturbance(section.rows)
    ratios = [row["ratio"] for row in section.rows if row["ratio"] is not None]
    section.summary |= {
        "geometric_mean": statistics.geometric_mean(ratios) if ratios else None,
        "minimum": min(ratios, default=None),
    }
    return section


def _row(cell: str, workers: Workers, options: Options) -> dict[str, Any]:
    contestants = []
    for (side, threads), worker in workers.items():
        name = f"{side}-{threads}"
        worker.build(name, "update", cell=cell, size=SIZE)
        contestants.append(Contestant(name, side, worker, name))
    ours_first = contestants[0].worker.results(contestants[0].case)
    for one in contestants[1:]:
        agreement(f"first loss of {cell}, {one.name}", ours_first, one.worker.results(one.case), SAME_LOSS)
    result = race(contestants, options.pace)
    for one in contestants:
        one.worker.drop(one.case)
    ours, peer = result.best("lab"), result.best("torch")
    assert ours is not None
    ratio = None if peer is None else result.ratio(peer, ours)
    return {
        "cell": cell,
        **{name: getattr(SIZE, name) for name in "BTMD"},
        "ours": ours,
        "ours_per_second": 1 / result.timings[ours].median,
        "ours_spread": result.timings[ours].spread,
        "peer": peer,
        "peer_per_second": None if peer is None else 1 / result.timings[peer].median,
        "peer_spread": None if peer is None else result.timings[peer].spread,
        "ratio": None if ratio is None else ratio.median,
        "ratio_quartiles": None if ratio is None else [ratio.low, ratio.high],
        "timings": {name: timing.as_json() for name, timing in result.timings.items()},
        "foreign": result.foreign,
        "repeated_rounds": result.repeated,
    }


def _cells_of(row: dict[str, Any]) -> list[str]:
    peer = row["peer"]
    return [
        row["cell"],
        f"{row['ours_per_second']:.0f} {percent(row['ours_spread'])}",
        row["ours"].rpartition("-")[2],
        "not installed" if peer is None else f"{row['peer_per_second']:.0f} {percent(row['peer_spread'])}",
        "" if peer is None else peer.rpartition("-")[2],
        "" if peer is None else f"{row['ratio']:.2f} ×",
        "" if peer is None else "{:.2f} – {:.2f}".format(*row["ratio_quartiles"]),
        "?" if row["foreign"] is None else f"{row['foreign']:.2f}",
    ]
