"""What a bench is asked for, and what a section hands back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from rich.table import Table

from tests.bench.problems import CUSTOM_CELLS, SIZES, STANDARD_CELLS
from tests.bench.race import QUIET, Pace


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Which cells and sizes, with how many threads, how thoroughly; `say` tells what is being done."""

    cells: Sequence[str] = (*STANDARD_CELLS, *CUSTOM_CELLS)
    sizes: Sequence[str] = tuple(SIZES)
    threads: Sequence[int] = (1, 2)
    pace: Pace = field(default_factory=Pace)
    quick: bool = False
    say: Callable[[str], None] = lambda text: None


@final
@dataclass(slots=True)
class Section:
    """What a section found: rows for the JSON file, figures for its summary, a table and notes for people."""

    title: str
    table: Table
    rows: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def table_of(*columns: str) -> Table:
    """A table without lines; every column but the first is numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index else "left", no_wrap=True)
    return table


def percent(share: float) -> str:
    """`±3 %`."""
    return f"±{100 * share:.0f} %"


def milliseconds(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3f}" if value < 1 else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def disturbance(rows: list[dict[str, Any]]) -> list[str]:
    """A warning where others took so much of the machine that the figures say little."""
    worst = max((row["foreign"] for row in rows if row["foreign"] is not None), default=0.0)
    if worst <= QUIET:
        return []
    return [f"others took up to {worst:.1f} processors: repeat this on a quiet machine before believing it"]
