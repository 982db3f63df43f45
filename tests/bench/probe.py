"""The command `run` in a fresh process, timed up to its first update, which ends it. See `sections.start`."""

import importlib
import json
import os
import sys
import time
from typing import Any, NoReturn

SPAWNED, BEGAN = float(sys.argv[1]), time.perf_counter()
"""Wall time at which the parent started this process, and when the interpreter was ready."""


def main(folder: str, experiment: str, modules: list[str]) -> None:
    """Import `modules`, then run `experiment` with its runs in `folder`; the times are printed at the first update."""
    for name in modules:
        importlib.import_module(name)
    from lab.cli import app
    from lab.training.trainer import Trainer

    imported = time.perf_counter()
    advance = Trainer.advance

    def first(trainer: Trainer) -> NoReturn:
        advance(trainer)
        now = time.perf_counter()
        times: dict[str, Any] = {
            "imports": imported - BEGAN,
            "first_update": now - imported,
            "total": time.time() - SPAWNED,
            "modules": sorted(name for name in sys.modules if name.startswith("lab.")),
        }
        print(json.dumps(times), flush=True)
        # The thread that compiles is not waited for.
        os._exit(0)

    # The update is timed where the command makes it.
    Trainer.advance = first  # type: ignore[method-assign,assignment]
    sys.exit(app.main(["run", experiment, "--runs", folder, "--json"]))


if __name__ == "__main__":
    main(sys.argv[2], sys.argv[3], sys.argv[4:])
