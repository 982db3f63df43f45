"""Memory: how much this process may still take, so that what does not fit is refused before it is built."""

import ctypes
import os
import sys
from pathlib import Path
from typing import Final

from lab.errors import ExperimentError

SHARE: Final = 0.9
"""So much of what is free may be taken: the rest is for what no estimate counts."""
_GROUPS: Final = (
    # The limit of a group of processes (a container) and what it uses, version 2 and version 1 of that interface.
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def free_memory() -> int | None:
    """Bytes that this process may still take, or None where the system does not say."""
    if sys.platform == "win32":
        return _windows()
    found = [one for one in (_meminfo(), _pages(), *(_group(*files) for files in _GROUPS)) if one is not None]
    return min(found, default=None)


def check_room(needed: int, what: str, remedy: str, free: int | None = None) -> None:
    """ExperimentError where `what` needs more bytes than there are free (`free`; asked of the system where None)."""
    available = free_memory() if free is None else free
    if available is not None and needed > SHARE * available:
        raise ExperimentError(
            f"{what} would take {needed / 2**30:,.1f} GiB of memory, and {available / 2**30:,.1f} GiB are free",
            remedy=remedy,
        )


def _meminfo() -> int | None:
    for line in _text("/proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return None


def _pages() -> int | None:
    """All memory there is: macOS does not say how much of it can be had."""
    if sys.platform != "darwin":
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _group(limit_file: str, used_file: str) -> int | None:
    limit, used = _text(limit_file).strip(), _text(used_file).strip()
    if not limit.isdecimal() or not used.isdecimal():
        return None  # no such group, or one without a limit ("max")
    return max(0, int(limit) - int(used))


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii")
    except OSError:
        return ""


def _windows() -> int | None:
    class Status(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *(
                (name, ctypes.c_ulonglong)
                for name in ("all", "free", "all_pages", "free_pages", "all_virtual", "free_virtual")
            ),
            ("free_extended", ctypes.c_ulonglong),
        ]

    status = Status()
    status.length = ctypes.sizeof(status)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - only Windows has it
    return int(status.free) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
