"""The window: what watching costs, how long a frame takes, and how soon it answers.

`python -m tests.bench.window [--json FILE]`; without a display it draws under xvfb-run. Training in the window is
compared with training without one, each in turn, so that whatever slows the machine slows both.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT: Final = Path(__file__).parents[2]
EXPERIMENTS: Final = ("airline", "characters")
ENDLESS: Final = {
    "airline": {"training.early_stopping": 0, "training.epochs": 1_000_000},
    "characters": {"training.epochs": 1_000},
}
"""Keys that keep an experiment from ending while it is measured."""
LEAST: Final = 30.0
"""Seconds of training in which there are frames enough for a percentile, however seldom the window draws."""
GOALS: Final = {
    "throughput_ratio": ("≥", 0.97),
    "throughput_ratio_all_cores": ("≥", 0.90),
    "probe_share": ("≤", 0.03),
    "frame_p95_ms": ("≤", 16.7),
    "response_p99_ms": ("≤", 50.0),
    "start_s": ("≤", 1.5),
    "first_point_s": ("≤", 0.5),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.window", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--seconds", type=float, default=60.0, help="of training in each turn")
    parser.add_argument("--rounds", type=int, default=1, help="turns of window and headless, whose median counts")
    asked = parser.parse_args()
    if asked.seconds < LEAST:
        parser.error(f"--seconds must be at least {LEAST:g}: in fewer there are too few frames")
    if not os.environ.get("DISPLAY") and shutil.which("xvfb-run"):
        # One display for all of it: a display that starts is no part of a window that starts.
        again = [sys.executable, "-m", "tests.bench.window", *sys.argv[1:]]
        return subprocess.call(["xvfb-run", "-a", "-s", "-screen 0 1700x1100x24", *again], cwd=ROOT)
    rows = []
    for experiment in EXPERIMENTS:
        for threads in (1, os.cpu_count() or 1):
            rows.append(_row(experiment, threads, asked.seconds, asked.rounds))
            Console(stderr=True).print(rows[-1])
    summary = _summary(rows)
    _started()
    starts = [_started() for _ in range(5)]
    summary |= {name: statistics.median(one[name] for one in starts) for name in starts[0]}
    _show(summary)
    if asked.json:
        asked.json.write_text(json.dumps({"rows": rows, "summary": summary}, indent=1), encoding="utf-8")
    return 0


def _row(experiment: str, threads: int, seconds: float, rounds: int) -> dict[str, Any]:
    windows: list[dict[str, Any]] = []
    plains: list[dict[str, Any]] = []
    for turn in range(rounds):
        # Now one first, now the other: a machine that becomes slower favours neither.
        for side in ("plain", "window") if turn % 2 == 0 else ("window", "plain"):
            (plains if side == "plain" else windows).append(_child(side, experiment, threads, seconds))
    ratios = [window["rate"] / plain["rate"] for window, plain in zip(windows, plains, strict=True)]
    middle = {name: statistics.median(window[name] for window in windows) for name in windows[0]}
    return {
        "experiment": experiment,
        "threads": threads,
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        **middle,
    }


def _summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    def least(threads: Callable[[int], bool]) -> float:
        return min(float(row["ratio"]) for row in rows if threads(row["threads"]))

    cores = os.cpu_count() or 1
    return {
        "throughput_ratio": least(lambda threads: threads == 1),
        "throughput_ratio_all_cores": least(lambda threads: threads == cores),
        "probe_share": max(row["probe_share"] for row in rows),
        "frame_p95_ms": max(row["frame_p95_ms"] for row in rows),
        "response_p99_ms": max(row["response_p99_ms"] for row in rows),
        "first_point_s": max(row["first_point_s"] for row in rows),
    }


def _show(summary: dict[str, float]) -> None:
    table = Table("figure", "measured", "goal")
    for name, (sign, goal) in GOALS.items():
        table.add_row(name, f"{summary[name]:.3g}", f"{sign} {goal:g}")
    table.add_row("views_s", f"{summary['views_s']:.3g}", "")
    Console().print(table)


def _child(*words: object) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    return _run([sys.executable, "-m", "tests.bench.window_side", *map(str, words)])


def _started() -> dict[str, float]:
    """Seconds from the start of `python main.py`: `start_s` to a window that answers, `views_s` to its views."""
    plugin = {"LAB_PLUGIN_PATH": str(Path(__file__).with_name("started"))}
    found = _run([sys.executable, "main.py"], LAB_BENCH_STARTED=str(time.time()), **plugin)
    return {name: float(value) for name, value in found.items()}


def _run(command: list[str], **variables: str) -> dict[str, Any]:
    """What a process of its own prints as JSON in its last line."""
    with tempfile.TemporaryDirectory(prefix="lab-bench-") as folder:
        variables |= {"XDG_CONFIG_HOME": f"{folder}/config", "XDG_DATA_HOME": f"{folder}/data"}
        environment = os.environ | variables
        # Without its bytecode Python compiles all of the program at every start.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def quantile(seconds: list[float], share: float) -> float:
    """Milliseconds that so many of the turns stay within."""
    return 1e3 * float(np.quantile(seconds, share))


if __name__ == "__main__":
    sys.exit(main())
