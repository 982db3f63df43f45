"""How a command ends that does not end well: one message, an exit code, and never a traceback on the screen."""

import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Final

from lab.errors import LabError

OK: Final = 0
FAILED: Final = 1
"""What was asked for was tried, and came to nothing: training that diverged, a gradient that is wrong."""
BAD_INPUT: Final = 2
UNEXPECTED: Final = 70
INTERRUPTED: Final = 130


def unexpected(error: BaseException) -> LabError:
    """The one line for an exception that nobody foresaw: where it arose, and where its traceback was written."""
    from lab.runner.trouble import plugin_place

    file, line = plugin_place(traceback.walk_tb(error.__traceback__))
    text = " ".join(str(error).split())
    what = f"unexpected {type(error).__name__}" + (f": {text[:200]}" if text else "")
    written = _keep("".join(traceback.format_exception(error)))
    return LabError(what, file=file or None, line=line, remedy=f"The traceback is in {written}" if written else None)


def _keep(text: str) -> str | None:
    """Write a traceback to the folder of states, or to that of temporary files; the file, or None if neither can be."""
    import platformdirs

    name = f"error-{time.strftime('%Y-%m-%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06}.txt"
    for folder in (platformdirs.user_state_path("rnn-lab", appauthor=False) / "errors", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            path.write_text(f"{' '.join(sys.argv)}\n\n{text}", encoding="utf-8")
        except OSError:
            continue
        return str(path)
    return None
