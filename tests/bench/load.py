"""How much of the machine others take while something is timed."""

import os
import platform
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, final

_STAT = Path("/proc/stat")


def processors() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def machine() -> dict[str, Any]:
    """The machine and the versions that figures depend on."""
    model = platform.processor()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = [line for line in information.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    versions = {name: metadata.version(name) for name in ("numpy", "scipy", "numba")}
    return {"processor": model, "processors": processors(), "python": platform.python_version(), **versions}


@final
class LoadMeter:
    """Seconds of processor time per second that went to processes other than ours; it needs Linux.

    Time that a virtual machine wanted and was not given counts as taken by others.
    """

    def __init__(self) -> None:
        self._tick = os.sysconf("SC_CLK_TCK") if _STAT.exists() else 100
        self._processes: list[int] = []
        self._start = (0.0, 0.0, 0.0)

    def begin(self, processes: Iterable[int]) -> None:
        """Begin an interval; `processes` are ours besides this one."""
        self._processes = [os.getpid(), *processes]
        self._start = self._now()

    def share(self) -> float | None:
        """Processors taken by others since `begin`, on average; None where it cannot be told."""
        if not _STAT.exists():
            return None
        wall, everyone, ours = (now - then for now, then in zip(self._now(), self._start, strict=True))
        return max(0.0, everyone - ours) / wall

    def _now(self) -> tuple[float, float, float]:
        if not _STAT.exists():
            return (0.0, 0.0, 0.0)
        # user nice system idle iowait irq softirq steal
        fields = [int(field) for field in _STAT.read_text().splitlines()[0].split()[1:9]]
        everyone = sum(fields) - fields[3] - fields[4]
        ours = 0
        for process in self._processes:
            # The name of a program, in brackets, may hold spaces.
            rest = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ours += int(rest[11]) + int(rest[12])
        return (time.perf_counter(), everyone / self._tick, ours / self._tick)


def peak_bytes() -> int:
    """The largest resident set that this process has had."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would begin with what the parent had when it started this process.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else 1024 * peak
