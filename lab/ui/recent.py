"""The experiment files that were opened last, kept between sessions."""

import contextlib
import json
import os
from pathlib import Path
from typing import Final

import platformdirs

from lab.experiment.atomic import write_atomically

KEPT: Final = 10
"""So many are remembered."""


def recent_files() -> list[Path]:
    """Those that are still there, the latest first; none where the list cannot be read."""
    try:
        listed = json.loads(_place().read_text(encoding="utf-8"))
        return [path for path in map(Path, listed) if os.path.isfile(path)]
    except (OSError, ValueError, TypeError):
        return []


def remember(path: Path) -> None:
    """Put a file at the head of the list. A list that cannot be written stays as it is: nothing depends on it."""
    path = path.absolute()
    listed = [path, *(other for other in recent_files() if other != path)][:KEPT]
    text = json.dumps([str(one) for one in listed], ensure_ascii=False)
    with contextlib.suppress(OSError, UnicodeError):
        _place().parent.mkdir(parents=True, exist_ok=True)
        write_atomically(_place(), lambda temporary: _write(temporary, text))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _place() -> Path:
    return platformdirs.user_state_path("rnn-lab", appauthor=False) / "recent.json"
