"""Workers: a few threads of our own, kept for the life of a run; with one, everything runs in the caller's."""

import importlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, final

import numpy as np
import threadpoolctl

Task = Callable[[], object]


def one_blas_thread() -> Any:
    """Give every BLAS in the process one thread; `restore_original_limits()` of what is returned gives theirs back.

    Our threads split the work, and idle threads of BLAS would spin on the processors they need. SciPy's library is
    loaded first, for the compiled targets call it: one that is loaded later would keep all its threads.
    """
    importlib.import_module("scipy.linalg.cython_blas")
    return threadpoolctl.threadpool_limits(1, user_api="blas")


def _pool(count: int) -> ThreadPoolExecutor:
    # NumPy keeps by thread whether overflow warns; the caller's thread decides for itself.
    return ThreadPoolExecutor(count, "lab-worker", initializer=lambda: np.seterr(all="ignore"))


@final
class Workers:
    """Runs lists of tasks that release the interpreter lock. Close it when done (it is a context manager)."""

    def __init__(self, count: int = 1) -> None:
        self.count = max(1, count)
        self._pool = _pool(self.count - 1) if self.count > 1 else None

    def run(self, tasks: Sequence[Task]) -> None:
        """Run all tasks and wait; the first exception of any is raised. The caller's thread takes its share."""
        if self._pool is None or len(tasks) < 2:
            for task in tasks:
                task()
            return
        futures: list[Future[object]] = [self._pool.submit(task) for task in tasks[1:]]
        try:
            tasks[0]()
        finally:
            for future in futures:
                future.exception()
        for future in futures:
            future.result()

    def shares(self, total: int, least: int = 1) -> list[tuple[int, int]]:
        """Bounds that split `total` among the workers, none smaller than `least`."""
        count = max(1, min(self.count, total // max(least, 1)))
        return [(total * index // count, total * (index + 1) // count) for index in range(count)]

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
            self.count = 1

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
