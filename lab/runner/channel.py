"""The channel: one end of the pipe between the window and the worker. Neither end ever waits for the other.

What is sent is queued and written by a thread, what comes is read by another: an end that is stopped, or busy for long,
blocks nobody.
"""

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, final


@final
class Channel:
    """Sends and receives small picklable values. `gone` is true once the other end is closed or its process has died.

    `heard` is when something last came (`time.monotonic`), None before that.
    """

    def __init__(self, connection: "Connection[Any, Any]", when_gone: Callable[[], None] | None = None) -> None:
        """`when_gone` is called by a thread once the other end is gone."""
        self._connection = connection
        self._when_gone = when_gone
        self._outgoing: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._incoming: deque[Any] = deque()
        self._news = threading.Event()
        self.gone = False
        self.heard: float | None = None
        self._threads = [
            threading.Thread(target=self._write, name="lab-channel-out", daemon=True),
            threading.Thread(target=self._read, name="lab-channel-in", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def send(self, message: object) -> None:
        """Queue a message; it is lost where the other end is gone."""
        self._outgoing.put((message,))

    def waiting(self) -> bool:
        """Whether something has come, or the other end is gone; quick, as it is asked after each update."""
        return bool(self._incoming) or self.gone

    def take(self) -> list[Any]:
        """All that has come since, in order."""
        self._news.clear()
        found = []
        while self._incoming:
            found.append(self._incoming.popleft())
        return found

    def wait(self, seconds: float) -> None:
        """Wait until something comes or the other end is gone, at most so long."""
        if not self.waiting():
            self._news.wait(seconds)

    def flush(self, patience: float) -> None:
        """Send what is queued, within `patience` seconds, and no more after that."""
        self._outgoing.put(None)
        self._threads[0].join(patience)

    def close(self, patience: float) -> None:
        """Close, once the process at the other end has ended; `patience` is for the threads to notice that."""
        self._outgoing.put(None)
        for thread in self._threads:
            thread.join(patience)
        # A descriptor must not be closed under a thread that still reads from it.
        if not any(thread.is_alive() for thread in self._threads):
            self._connection.close()

    def _write(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while (packet := self._outgoing.get()) is not None:
                self._connection.send(packet[0])

    def _read(self) -> None:
        try:
            while True:
                message = self._connection.recv()
                self.heard = time.monotonic()
                self._incoming.append(message)
                self._news.set()
        except (EOFError, OSError):
            pass
        finally:
            self.gone = True
            self._news.set()
        if self._when_gone is not None:
            self._when_gone()
