"""Files that are either there as a whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

WINDOWS: Final = os.name == "nt"
PATIENCE: Final = 0.5
"""Seconds for which a file that cannot be replaced just now is tried again."""
TEMPORARY = ".part"
"""How the name of a file ends that is being written; one that stays behind is of no use to anyone."""


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Have `write` fill a new file beside `path`, force it to disk, and put it in the place of `path` in one step.

    After a power failure `path` has its old content or all of the new one. Raises OSError, and whatever `write` raises,
    with nothing left behind.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}{TEMPORARY}")
    try:
        write(temporary)
        _flush(temporary)
        _put(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise
    if not WINDOWS:  # Windows has no call that forces a name to disk, and does it by itself
        _flush(path.parent, os.O_RDONLY)


def _put(temporary: Path, path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return os.replace(temporary, path)
        except PermissionError:
            # Windows replaces no file while another program has it open, if only to look for viruses.
            if not WINDOWS or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _flush(path: Path, mode: int = os.O_RDWR) -> None:
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
