"""What the runs of a folder take of the disk."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from lab.experiment.database import Database


@final
@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes in use: of all runs, and of each by its id, its curves and its checkpoints."""

    total: int
    runs: Mapping[str, int]


def usage(folder: Path, stop: Callable[[], bool] = lambda: False) -> Usage | None:
    """Measure the runs in a folder, without those that were discarded; None where `stop` says so in between.

    StoreError where they cannot be read.

    Curves are in one file, which does not shrink: what deleted ones leave free in it is used again, and not counted.
    """
    checkpoints: dict[str, int] = {}
    values: dict[str, int] = {}
    database = Database(folder, create=False, patience=1.0)
    try:
        with database.reading() as connection:
            for number, run, kept in connection.execute(f"SELECT number, id, {database.kept()} FROM runs").fetchall():
                if stop():
                    return None
                counted = connection.execute("SELECT count(*) FROM scalars WHERE run = ?", (number,))
                (values[run],) = counted.fetchone()
                if kept:
                    checkpoints[run] = _size(folder / run)
            pages, free, size = (
                int(connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
    finally:
        database.close()
    each = (pages - free) * size / max(1, sum(values.values()))
    runs = {run: checkpoints[run] + round(each * values[run]) for run in checkpoints}
    return Usage(total=sum(runs.values()), runs=runs)


def _size(folder: Path) -> int:
    """Bytes of the files below a folder, those that are there when it comes to them."""
    total = 0
    for where, _, files in os.walk(folder):
        for file in files:
            try:
                total += os.lstat(os.path.join(where, file)).st_size
            except FileNotFoundError:  # a checkpoint that another one replaced just now
                continue
    return total
