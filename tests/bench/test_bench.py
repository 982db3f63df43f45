"""The bench works: its figures are never asserted, only that they are there and are worked out rightly."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.bench import race as racing
from tests.bench.engine import SECTIONS
from tests.bench.load import LoadMeter
from tests.bench.problems import CUSTOM_CELLS, SIZES
from tests.bench.race import Contestant, Pace, race
from tests.bench.sections.cost import deviation
from tests.bench.sections.scan import agreement, summarised
from tests.bench.worker import BenchError

ROOT = Path(__file__).parents[2]


class FakeWorker:
    """A worker whose runs take as long as it is told, in the order of its turns."""

    pid = os.getpid()

    def __init__(self, turns: Sequence[float]) -> None:
        self.turns = list(turns)

    def burst(self, case: str, count: int, warm: int = 1) -> list[float]:
        return [self.turns.pop(0)] * count


class FakeMeter:
    """A meter that tells the shares it is given, and then none."""

    shares: list[float] = []

    def begin(self, processes: object) -> None:
        pass

    def share(self) -> float:
        return FakeMeter.shares.pop(0) if FakeMeter.shares else 0.0


def contestant(name: str, group: str, *turns: float) -> Contestant:
    """Two turns are the estimate, the others rounds."""
    return Contestant(name, group, FakeWorker(turns), name)  # type: ignore[arg-type]


def test_a_ratio_is_taken_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "LoadMeter", FakeMeter)
    ours = contestant("lab-1", "lab", 1, 1, 1, 2, 8)
    result = race([ours, contestant("torch-1", "torch", 3, 3, 3, 6, 24)], Pace(rounds=3, turn=0.0))
    assert result.timings["lab-1"].median == 2
    assert result.timings["torch-1"].spread > 0.5
    assert result.ratio("torch-1", "lab-1").as_json() == {"median": 3, "low": 3, "high": 3}


def test_rounds_that_others_disturbed_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "LoadMeter", FakeMeter)
    monkeypatch.setattr(FakeMeter, "shares", [0.0, 1.5, 0.1])
    result = race([contestant("lab-1", "lab", 1, 1, 1, 50, 1)], Pace(rounds=2, turn=0.0))
    assert result.timings["lab-1"].seconds == [1, 1]
    assert result.repeated == 1


def test_who_is_far_behind_in_its_group_need_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "LoadMeter", FakeMeter)
    slow = contestant("torch-2", "torch", 9, 8)
    result = race([contestant("torch-1", "torch", 1, 1, 1), slow], Pace(rounds=1, turn=0.0))
    assert result.best("torch") == "torch-1"
    assert (result.timings["torch-2"].raced, result.timings["torch-2"].seconds) == (False, [8])


def test_results_that_differ_end_the_bench() -> None:
    same = {"h": np.array([1.0, 2.0])}
    assert agreement("same", same, {"h": np.array([1.0, 2.0 + 1e-12])}, 1e-10) < 1e-10
    for other in ({"h": np.array([1.0, 2.1])}, {"h": np.array([1.0, np.nan])}, {"c": np.array([1.0, 2.0])}):
        with pytest.raises(BenchError):
            agreement("other", same, other, 1e-10)


def test_custom_cells_are_not_in_the_mean() -> None:
    ratios = {"lstm": 2.0, "gru": 8.0, "elman": None, "clockwork": 60.0, "peephole-lstm": 50.0}
    rows: list[dict[str, Any]] = [
        {"cell": cell, "size": "S1", "ratio": ratio, "limit": ratio, "foreign": None} for cell, ratio in ratios.items()
    ]
    rows[-1]["stacked_ratio"] = 20.0
    found = summarised(rows)
    assert found["geometric_mean"] == pytest.approx(4.0)
    assert (found["minimum"], found["custom_minimum"], found["custom_stacked_minimum"]) == (2.0, 50.0, 20.0)
    assert found["custom"] == {"clockwork": {"S1": 60.0}, "peephole-lstm": {"S1": 50.0}}
    assert summarised([])["geometric_mean"] is None


def test_deviation_is_zero_on_the_curve() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0])
    assert deviation(values, 3 + 2 * values, 1) < 1e-9
    assert deviation(values, 1 + values**2, 2) < 1e-9
    assert deviation(values, 1 + values**2, 1) > 0.1


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux tells how busy all processors are")
def test_our_own_work_is_not_taken_for_the_load_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([(0.0, 10.0, 4.0), (2.0, 13.0, 6.0)])
    meter = LoadMeter()
    monkeypatch.setattr(meter, "_now", lambda: next(times))
    meter.begin([])
    assert meter.share() == pytest.approx(0.5)


def bench(tmp_path: Path, *arguments: str, **variables: str) -> dict[str, Any]:
    """Run the bench as `make bench` does; the JSON file."""
    file = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench.engine", "--quick", "--json", str(file), *arguments]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), **variables}
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(file.read_text())
    return document


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_section_writes_its_figures(tmp_path: Path) -> None:
    document = bench(tmp_path, "--sizes", "S1", "--cells", ",".join(("elman", *CUSTOM_CELLS)))
    assert set(document["sections"]) == set(SECTIONS)
    assert [(row["cell"], row["size"]) for row in document["rows"]] == [
        (cell, "S1") for cell in ("elman", *CUSTOM_CELLS)
    ]
    for row in document["rows"]:
        assert row["ours_ms"] > 0
        assert {row[name] for name in "BTMD"} == {getattr(SIZES["S1"], name) for name in "BTMD"}
        assert (row["ratio"] is None) == (row["peer"] is None)
    assert {"geometric_mean", "minimum", "custom_minimum"} <= set(document["summary"])
    for name, section in document["sections"].items():
        assert section["rows"], name
    assert {row["axis"] for row in document["sections"]["cost"]["rows"]} == {"T", "B", "D"}
    assert document["sections"]["start"]["summary"]["cold_ms"] > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_peers_that_are_not_installed_leave_their_columns_empty(tmp_path: Path) -> None:
    for name in ("torch", "jax"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('not here', name={name!r})\n")
    sections = ("--only", "scan", "--only", "updates", "--only", "memory")
    document = bench(tmp_path, *sections, "--sizes", "S1", "--cells", "elman", PYTHONPATH=str(tmp_path))
    (row,) = document["rows"]
    assert (row["peer"], row["ratio"]) == (None, None)
    assert set(document["summary"]["missing"]) == {"torch", "jax"}
    assert document["summary"]["geometric_mean"] is None
    assert document["sections"]["updates"]["rows"][0]["ours_per_second"] > 0
    assert document["sections"]["memory"]["rows"][0]["torch_mb"] is None
