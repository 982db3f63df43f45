"""Where the process of a worker begins. This module is all of the worker's end that the window imports."""

import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a worker is started with: the folder of runs, folders of plugins beside the usual ones, threads of a run.

    `ring` names the shared memory, `crash` the file for the stacks of a crash; `patience` is for what is stuck, in s.
    """

    runs: Path
    plugins: tuple[Path, ...]
    threads: int | None
    ring: str
    crash: Path
    patience: float


def live(connection: "Connection[Any, Any]", place: Place) -> None:
    """The life of a worker, in a process of its own: it ends with the command to close, or with the window."""
    # The window imports this module, and needs none of what trains.
    from lab.runner.serving import serve

    # The window answers first where both want the same core; it wants little of it.
    if hasattr(os, "nice"):
        os.nice(5)
    serve(connection, place)
