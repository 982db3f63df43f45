"""The crash log: if the program dies where no exception tells of it, the next start offers what is known."""

import contextlib
import faulthandler
from pathlib import Path
from typing import IO, final

import platformdirs

from lab.runner.messages import Problem


def crash_file() -> Path:
    """Where the log of this program's last fatal error is."""
    return platformdirs.user_log_path("rnn-lab", appauthor=False) / "crash.txt"


@final
class CrashLog:
    """Writes a fatal error to a file, from `begin` to `end`."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or crash_file()
        self._stream: IO[str] | None = None

    def left_behind(self) -> Problem | None:
        """What the last start left, if it ended by a fatal error; each is told once."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return None
        if not text:
            return None
        return Problem(
            level="warning",
            message="RNN Lab ended by a fatal error the last time",
            remedy="Runs are in the store up to their last checkpoint; the details help whoever looks for the reason",
            file=str(self.path),
            details=text,
        )

    def begin(self) -> None:
        """Begin to watch for fatal errors. Where the file cannot be written the program goes on without."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("w", encoding="utf-8")
        except OSError:
            return
        faulthandler.enable(self._stream)

    def end(self) -> None:
        """The program ends as it should: nothing is left behind."""
        if self._stream is not None:
            faulthandler.disable()
            self._stream.close()
            self._stream = None
            with contextlib.suppress(
                OSError
            ):  # Windows keeps a file that another window has open; there is nothing in it
                self.path.unlink()
