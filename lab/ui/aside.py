"""Work beside the window: in a thread of its own, so that the window answers meanwhile."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar, final

Result = TypeVar("Result")


@final
class Aside:
    """One thread, which does one thing after another until `end`.

    Whoever wants to know what came of it looks at the future now and then. A `daemon` ends with the program whatever it
    does; for another one the end of the program waits.
    """

    def __init__(self, name: str, *, daemon: bool) -> None:
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # It knows nothing of who waits: that would keep a window alive which is closed.
        threading.Thread(target=_work, args=(self._waiting,), name=name, daemon=daemon).start()

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Have something done after all that was submitted before; it can be cancelled until it begins."""
        future: Future[Result] = Future()
        self._waiting.put(lambda: _finish(future, work))
        return future

    def end(self) -> None:
        """Nothing more is submitted: the thread ends when it has done what it has."""
        self._waiting.put(None)


def _work(waiting: "SimpleQueue[Callable[[], None] | None]") -> None:
    while (work := waiting.get()) is not None:
        work()
        del work  # what came of it belongs to whoever asked for it


def _finish(future: Future[Result], work: Callable[[], Result]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
