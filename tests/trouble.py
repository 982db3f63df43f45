"""Trouble of the machine in tests, for real: a store that another process locks, a full disk, a read-only folder."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lab.experiment.database import FILE

_LOCKING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
if sys.argv[2] == "all":
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
connection.execute("BEGIN EXCLUSIVE")
if sys.argv[2] == "all":
    connection.execute("UPDATE runs SET pid = pid")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(folder: Path, *, reading: bool = False) -> Iterator[None]:
    """Another process has the store: nobody else can write; nor read with `reading`, if nobody has it open yet."""
    words = [sys.executable, "-c", _LOCKING, str(folder / FILE), "all" if reading else "writing"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        yield


@contextmanager
def no_room(pid: int) -> Iterator[None]:
    """A process can make no file larger than a few bytes, which is what it sees of a disk that is full."""
    if sys.platform != "linux":
        pytest.skip("only Linux limits another process")
    import resource

    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (64, most))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it may have ended
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing in a folder can be changed. Root may change what it may not, so for root it is mounted so."""
    if os.geteuid() != 0:
        modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        try:
            yield
        finally:
            for path, mode in modes.items():
                path.chmod(mode)
        return
    mounts = [["mount", "--bind", folder, folder], ["mount", "-o", "remount,ro,bind", folder]]
    if subprocess.run(mounts[0], capture_output=True).returncode:
        pytest.skip("root may write everywhere, and nothing can be mounted here")
    try:
        subprocess.run(mounts[1], check=True, capture_output=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
