"""Who is running a run: a lock on a file, which the system lets go of when its process ends, however it ends.

A process id alone would not do, as the system gives it to another process later.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import final

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, *, exclusive: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, *, exclusive: bool) -> None:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)


_PATIENCE = 0.2
"""Seconds for which a lock is asked for: someone who only looks whether it is held has it for an instant."""


@final
class Lock:
    """Holds the lock on `path` from `acquire` to `release`, or to the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False where another process, or another `Lock` of this one, has it. Raises OSError."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                _lock(descriptor, exclusive=True)
            except (BlockingIOError, PermissionError):
                if time.monotonic() > end:
                    os.close(descriptor)
                    return False
                time.sleep(0.01)
            except BaseException:
                os.close(descriptor)
                raise
            else:
                self._descriptor = descriptor
                return True

    def release(self) -> None:
        """Let go of the lock, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_held(path: Path) -> bool:
    """Whether anyone holds the lock on `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False  # nobody ever held it, or the folder is gone
    try:
        _lock(descriptor, exclusive=False)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        return False  # a file system without locks, on which no run can be claimed either
    finally:
        os.close(descriptor)
    return False
