"""From `run` to the first update with nothing compiled before, and what the imports take."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from tests.bench.options import Options, Section, table_of
from tests.bench.worker import BenchError

EXPERIMENTS: Final = ("airline", "adding")
ROOT: Final = Path(__file__).parents[3]


def run(options: Options) -> Section:
    """Time the start of shipped experiments in fresh processes."""
    columns = ("experiment", "imports ms", "run to first update ms", "same, cache filled", "command to first update ms")
    section = Section("Start", table_of(*columns))
    repeats = 1 if options.quick else 5
    for experiment in EXPERIMENTS[: 1 if options.quick else None]:
        options.say(f"start, {experiment}")
        row = _row(experiment, repeats)
        section.rows.append(row)
        shown = ("imports_ms", "cold_ms", "warm_ms", "command_ms")
        section.table.add_row(experiment, *(f"{row[name]:.0f}" for name in shown))
    section.summary = {name: max(row[name] for row in section.rows) for name in ("imports_ms", "cold_ms")}
    heaviest = _heaviest(section.rows[0]["modules"])
    section.summary["heaviest_imports_ms"] = heaviest
    shares = ", ".join(f"{name} {ms:.0f}" for name, ms in heaviest.items())
    section.notes += [
        "goals: imports within 1000 ms; 500 ms from run to the first update after imports, nothing compiled before",
        f"imports, ms, the heaviest: {shares}",
    ]
    return section


def _row(experiment: str, repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="lab-bench-") as name:
        folder = Path(name)
        # Which modules the command has loaded by then: they are imported ahead of it where the rest is timed.
        modules = _probe(experiment, folder / "modules", [])["modules"]
        whole = [_probe(experiment, folder / f"whole{index}", []) for index in range(repeats)]
        cold = [_probe(experiment, folder / f"cold{index}", modules) for index in range(repeats)]
        filled = folder / "filled"
        _fill(experiment, filled)
        warm = [_probe(experiment, filled, modules) for _ in range(repeats)]

    def middle(probes: list[dict[str, Any]], what: str) -> float:
        return 1e3 * float(statistics.median(probe[what] for probe in probes))

    return {
        "experiment": experiment,
        "imports_ms": middle(cold, "imports"),
        "cold_ms": middle(cold, "first_update"),
        "cold_range_ms": [1e3 * bound(probe["first_update"] for probe in cold) for bound in (min, max)],
        "warm_ms": middle(warm, "first_update"),
        "command_ms": middle(whole, "total"),
        "modules": modules,
    }


def _variables(folder: Path) -> dict[str, str]:
    """All that is compiled goes to `folder`: by the program's own cache, and by Numba's for the functions in `lab`."""
    caches = {name: str(folder / "cache") for name in ("XDG_CACHE_HOME", "LOCALAPPDATA")}
    return {**os.environ, **caches, "NUMBA_CACHE_DIR": str(folder / "numba"), "LAB_PLUGIN_PATH": ""}


def _fill(experiment: str, folder: Path) -> None:
    """Compile ahead: a run of one update ends when its code is compiled."""
    command = [sys.executable, str(ROOT / "main.py"), "run", experiment, "--runs", str(folder / "filling"), "--json"]
    _checked([*command, "--target", "numba", "--set", "training.updates=1"], folder)


def _probe(experiment: str, folder: Path, modules: list[str]) -> dict[str, Any]:
    runs = folder / f"runs{time.monotonic_ns()}"
    command = [sys.executable, "-m", "tests.bench.probe", str(time.time()), str(runs), experiment, *modules]
    found: dict[str, Any] = json.loads(_checked(command, folder).splitlines()[-1])
    return found


def _checked(command: list[str], folder: Path) -> str:
    result = subprocess.run(
        command, cwd=ROOT, env=_variables(folder), capture_output=True, text=True, timeout=300, check=False
    )
    if result.returncode:
        raise BenchError(f"{' '.join(command[:4])} ended with code {result.returncode}:\n{result.stderr[-2000:]}")
    return result.stdout


def _heaviest(modules: list[str]) -> dict[str, float]:
    """Milliseconds that the packages take to import, each without what it imports, from `-X importtime`."""
    text = f"import {', '.join(modules)}"
    command = [sys.executable, "-X", "importtime", "-c", text]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    found = re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", result.stderr, re.MULTILINE)
    packages: Counter[str] = Counter()
    for microseconds, name in found:
        package = name.partition(".")[0]
        packages["the standard library" if package in sys.stdlib_module_names else package] += int(microseconds)
    return {name: microseconds / 1e3 for name, microseconds in packages.most_common(6)}
