"""How our cost grows with T, B and D: straight lines where they should be."""

import statistics
from typing import Any, Final

import numpy as np

from tests.bench.options import Options, Section, disturbance, milliseconds, table_of
from tests.bench.problems import Size
from tests.bench.race import Contestant, race
from tests.bench.worker import Worker

CELL: Final = "lstm"
AXES: Final[dict[str, tuple[tuple[int, ...], int, str]]] = {
    "T": ((25, 50, 100, 200, 400), 1, "B 16, M 32, D 64"),
    "B": ((4, 8, 16, 32, 64), 1, "T 100, M 32, D 64"),
    "D": ((32, 64, 128, 256, 512), 2, "T 50, B 16, M 32"),
}
"""The values along each axis, the degree of the polynomial the cost should be, and what stays the same."""


def size_at(axis: str, value: int) -> Size:
    """The size at a point of an axis."""
    at = {"T": Size(16, value, 32, 64), "B": Size(value, 100, 32, 64), "D": Size(16, 50, 32, value)}
    return at[axis]


def run(options: Options) -> Section:
    """Time the LSTM along each axis, one thread, all points of an axis interleaved."""
    columns = ("axis", "ms", "slope", "off the curve", "others")
    section = Section("Cost of forward and backward, LSTM, one thread", table_of(*columns))
    with Worker("lab", 1) as worker:
        for axis, (values, degree, fixed) in AXES.items():
            options.say(f"cost, {axis}")
            row = _row(axis, values, degree, worker, options)
            section.rows.append(row | {"fixed": fixed})
            points = "  ".join(f"{value}: {milliseconds(ms)}" for value, ms in zip(values, row["ms"], strict=True))
            curve = f"{100 * row['deviation']:.0f} % {'line' if degree == 1 else 'parabola'}"
            share = "?" if row["foreign"] is None else f"{row['foreign']:.2f}"
            section.table.add_row(f"{axis} ({fixed})", points, f"{row['slope']:.2f}", curve, share)
    section.summary = {"slopes": {row["axis"]: row["slope"] for row in section.rows}}
    section.notes.append("slope: of log ms against log value; off the curve: the point farthest from the best fit")
    section.notes += disturbance(section.rows)
    return section


def _row(axis: str, values: tuple[int, ...], degree: int, worker: Worker, options: Options) -> dict[str, Any]:
    contestants = []
    for value in values:
        worker.build(f"{axis}{value}", "scan", cell=CELL, size=size_at(axis, value))
        contestants.append(Contestant(f"{axis}{value}", f"{axis}{value}", worker, f"{axis}{value}"))
    result = race(contestants, options.pace)
    for one in contestants:
        worker.drop(one.case)
    times = [result.timings[one.name].median for one in contestants]
    return {
        "axis": axis,
        "values": list(values),
        "ms": [1e3 * seconds for seconds in times],
        "spread": statistics.median(result.timings[one.name].spread for one in contestants),
        "slope": float(np.polyfit(np.log(values), np.log(times), 1)[0]),
        "local_slopes": [float(slope) for slope in np.diff(np.log(times)) / np.diff(np.log(values))],
        "degree": degree,
        "deviation": deviation(np.array(values, float), np.array(times), degree),
        "foreign": result.foreign,
    }


def deviation(values: "np.ndarray[Any, Any]", times: "np.ndarray[Any, Any]", degree: int) -> float:
    """The largest relative distance from the polynomial that fits best where relative distances count."""
    fitted = np.polyval(np.polyfit(values, times, degree, w=1 / times), values)
    return float(np.abs(fitted / times - 1).max())
