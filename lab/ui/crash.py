"""The crash log: if the program dies where no exception tells of it, the next start offers what is known."""

import contextlib
import faulthandler
import uuid
from pathlib import Path
from typing import IO, final

import platformdirs

from lab.experiment.lock import Lock, is_held
from lab.runner.messages import Problem


def crash_folder() -> Path:
    """Where the logs of this program's fatal errors are."""
    return platformdirs.user_log_path("rnn-lab", appauthor=False)


@final
class CrashLog:
    """Writes a fatal error to a file, from `begin` to `end`.

    Each process has a file of its own with a lock beside it, which the system lets go of when the process ends: what
    nobody holds is of one that died. The lock is another file because Windows lets nobody write where one is locked.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or crash_folder()
        self._stream: IO[str] | None = None
        # No name is used twice, so none that was found dead comes to life again.
        self._path = self.folder / f"crash-{uuid.uuid4().hex}.txt"
        self._lock = Lock(_beside(self._path))

    def left_behind(self) -> list[Problem]:
        """What earlier starts left that ended by a fatal error; each is told once."""
        texts = [_take(lock) for lock in sorted(self.folder.glob("crash-*.lock"))]
        return [
            Problem(
                level="warning",
                message="RNN Lab ended by a fatal error the last time",
                remedy="Runs are in the store up to their last checkpoint; "
                "the details help whoever looks for the reason",
                details=text,
            )
            for text in texts
            if text
        ]

    def begin(self) -> None:
        """Begin to watch for fatal errors. Where the file cannot be written the program goes on without."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self._lock.acquire():
                return
            self._stream = self._path.open("w", encoding="utf-8")
        except OSError:
            self._lock.release()
            return
        faulthandler.enable(self._stream)

    def end(self) -> None:
        """The program ends as it should: nothing is left behind."""
        if self._stream is not None:
            faulthandler.disable()
            self._stream.close()
            self._stream = None
            _remove(self._path)
            self._lock.release()
            _remove(_beside(self._path))


def _take(path: Path) -> str:
    """The log beside a lock that nobody holds any more; both are removed."""
    lock = Lock(path)
    try:
        # To look is quick; to ask for one that a window holds takes patience.
        if is_held(path) or not lock.acquire():
            return ""
    except OSError:
        return ""
    log = path.with_suffix(".txt")
    try:
        return log.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""  # another window that starts now has told it
    finally:
        _remove(log)
        lock.release()
        _remove(path)


def _beside(path: Path) -> Path:
    return path.with_suffix(".lock")


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # Windows keeps a file that another program looks at; the next start removes it
        path.unlink()
