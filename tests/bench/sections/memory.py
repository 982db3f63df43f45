"""Peak memory of forward and backward, beside PyTorch's; each in a fresh process, without what its imports take."""

from typing import Any, Final

from tests.bench.options import Options, Section, table_of
from tests.bench.problems import SIZES, STANDARD_CELLS
from tests.bench.worker import Worker

MEGABYTE: Final = 1e6
RUNS: Final = 3


def run(options: Options) -> Section:
    """Measure the LSTM at every size, and every other cell at the largest."""
    title = "Peak memory of forward and backward, MB beyond the imports"
    section = Section(title, table_of("cell", "B T M D", "RNN Lab", "PyTorch", "ratio"))
    cells = [cell for cell in options.cells if cell in STANDARD_CELLS]
    threads = max(options.threads)
    with Worker("lab", threads) as worker:
        # Compiled code comes from the cache afterwards: the compiler's own memory is no part of a run's.
        for cell in cells:
            worker.build("prime", "scan", cell=cell, size=SIZES["S1"])
            worker.drop("prime")
    for cell in cells:
        for label in options.sizes if cell == cells[0] else options.sizes[-1:]:
            options.say(f"memory, {cell} {label}")
            size = SIZES[label]
            ours, theirs = (_peak(side, cell, label, threads) for side in ("lab", "torch"))
            assert ours is not None
            row = {"cell": cell, "size": label, "ours_mb": ours, "torch_mb": theirs}
            section.rows.append(row | {"ratio": None if theirs is None else theirs / ours})
            peer = ("not installed", "") if theirs is None else (f"{theirs:.1f}", f"{theirs / ours:.2f} ×")
            section.table.add_row(cell, size.label, f"{ours:.1f}", *peer)
    ratios = [row["ratio"] for row in section.rows if row["ratio"] is not None]
    section.summary = {"minimum": min(ratios, default=None)}
    return section


def _peak(side: str, cell: str, label: str, threads: int) -> float | None:
    """Megabytes between the imports and the peak of a few runs; None where the side is not installed."""
    with Worker(side, threads) as worker:
        if worker.missing:
            return None
        before = worker.peak()
        options: dict[str, Any] = {"cell": cell, "size": SIZES[label]}
        worker.build("case", "scan", **options)
        worker.burst("case", RUNS, 0)
        return (worker.peak() - before) / MEGABYTE
