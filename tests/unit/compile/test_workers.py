"""Workers: every task runs, the first error is raised when all have ended, shares cover everything once."""

import threading
from itertools import pairwise

import pytest

from lab.compile.workers import Workers


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_task_runs_once(count: int) -> None:
    done: list[int] = []
    with Workers(count) as workers:
        workers.run([lambda n=n: done.append(n) for n in range(10)])  # type: ignore[misc]
        workers.run([])
    assert sorted(done) == list(range(10))


def test_tasks_run_beside_each_other() -> None:
    """Two tasks that wait for one another end only if each has its own thread."""
    met = threading.Barrier(2, timeout=10)
    with Workers(2) as workers:
        workers.run([met.wait, met.wait])


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("bad", [0, 1])
def test_an_error_is_raised_when_the_others_have_ended(count: int, bad: int) -> None:
    ended = threading.Event()

    def fail() -> None:
        raise ValueError("task")

    tasks = [ended.set, ended.set]
    tasks[bad] = fail
    with Workers(count) as workers:
        with pytest.raises(ValueError, match="task"):
            workers.run(tasks)
        assert ended.is_set() or (count, bad) == (1, 0)
        ended.clear()
        workers.run([ended.set])
    assert ended.is_set()


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("total", [0, 1, 2, 7, 100])
@pytest.mark.parametrize("least", [1, 16])
def test_shares_cover_everything_once(count: int, total: int, least: int) -> None:
    with Workers(count) as workers:
        shares = workers.shares(total, least)
    assert shares[0][0] == 0
    assert shares[-1][1] == total
    assert all(one[1] == other[0] for one, other in pairwise(shares))
    assert len(shares) <= count
    assert len(shares) == 1 or all(stop - start >= least for start, stop in shares)


def test_closing_ends_the_threads() -> None:
    workers = Workers(3)
    workers.run([lambda: None] * 4)
    before = {thread.name for thread in threading.enumerate()}
    workers.close()
    assert any(name.startswith("lab-worker") for name in before)
    assert not any(thread.name.startswith("lab-worker") for thread in threading.enumerate())
    workers.run([lambda: None] * 2)
