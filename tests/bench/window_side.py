"""One measurement for `tests.bench.window`, in a process of its own: `plain`, `window` or `memory`."""

import gc
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer

from lab.experiment.edit import assign
from lab.experiment.file import read_file
from lab.registry.manager import load_catalog
from lab.resources import resource_folder
from tests.bench.window import ENDLESS, quantile

TICK: Final = 1 / 30
THROUGHPUT: Final = 0.6
"""The share of the time in which updates are counted; in the rest frames and answers are timed."""
WARM: Final = 0.3
"""The share of the time that is left for compilation and caches before anything counts."""


def main(words: list[str]) -> int:
    what, experiment, threads, seconds = words
    measure = {"plain": _plain, "window": _window, "memory": _memory}[what]
    found = measure(experiment, int(threads), float(seconds))
    print(json.dumps(found))
    return 0


def _text(experiment: str) -> str:
    catalog = load_catalog()
    document = read_file(resource_folder() / "experiments" / f"{experiment}.toml", catalog)
    for key, value in ENDLESS[experiment].items():
        document = assign(document, key, value, catalog).document
    return document.text


def _plain(experiment: str, threads: int, seconds: float) -> dict[str, Any]:
    """Updates a second of the same worker with nothing to watch."""
    from lab.runner.worker import Worker

    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(Path(folder), threads=threads)
        try:
            worker.begin(_text(experiment), threads=threads)
            return {"rate": _rate(worker.poll, seconds)}
        finally:
            worker.close()


def _rate(poll: Any, seconds: float) -> float:
    from lab.runner.messages import Curves

    seen: list[tuple[float, int]] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        told = [message for message in poll() if isinstance(message, Curves)]
        seen += [(time.perf_counter(), one.update) for one in told if one.update]
        time.sleep(TICK)
    return _slope(seen)


def _slope(seen: list[tuple[float, int]]) -> float:
    """Updates a second, after the first part."""
    start = seen[0][0] + WARM * (seen[-1][0] - seen[0][0])
    first = next(one for one in seen if one[0] >= start)
    return (seen[-1][1] - first[1]) / (seen[-1][0] - first[0])


class _Painted(QObject):
    """Notes when a widget was painted."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.at = time.perf_counter()
        return False


def _memory(experiment: str, threads: int, seconds: float) -> dict[str, Any]:
    """Megabytes of the window (not of its worker) while it is watched; the first tenth is for what is made once."""
    sizes: list[tuple[float, float]] = []
    with _opened(experiment, threads) as (app, desk):
        desk.actions.run.trigger()
        start = time.perf_counter()
        while (now := time.perf_counter() - start) < seconds:
            _live(app, min(10.0, seconds / 20))
            sizes.append((now, _resident()))
    later = [size for at, size in sizes if at > 0.1 * seconds]
    return {"first_mb": later[0], "last_mb": later[-1], "most_mb": max(later), "seconds": seconds}


def _resident() -> float:
    """Megabytes that the process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def _opened(experiment: str, threads: int) -> Iterator[tuple[Any, Any]]:
    """The application and its window with an experiment, a worker ready for it."""
    from lab.ui.app import application, make_desk
    from lab.ui.settings import Settings, follow

    app, _ = application()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "settings.toml")
        settings.set_value("threads", threads)
        follow(settings)
        desk = make_desk(settings, Path(folder) / "runs")
        desk.window.resize(1600, 1000)
        desk.window.show()
        desk.document.open_text(_text(experiment), experiment)
        desk.filing.opened.emit()
        desk.start()
        gc.freeze()
        _live(app, 3.0)
        yield app, desk
        desk.leave()
        desk.close()


def _window(experiment: str, threads: int, seconds: float) -> dict[str, Any]:
    with _opened(experiment, threads) as (app, desk):
        clicked = time.perf_counter()
        desk.actions.run.trigger()
        while not len(desk.stage.curve("train.loss").values):
            app.processEvents()
            time.sleep(0.001)
        found = {"first_point_s": time.perf_counter() - clicked}
        return found | _watched(app, desk, seconds)


def _watched(app: Any, desk: Any, seconds: float) -> dict[str, Any]:
    """Frames, answers and throughput of a window whose network learns."""
    frames: list[float] = []
    answers: list[float] = []
    shares: list[float] = []
    seen: list[tuple[float, int]] = []
    view = next(frame for frame in desk.frames if frame.name == "hidden-states")
    painted = _Painted()
    for child in (view, *view.findChildren(QObject)):
        child.installEventFilter(painted)
    desk.session.measured.connect(lambda: seen.append((time.perf_counter(), desk.stage.update)))
    desk.session.measured.connect(lambda: shares.append(desk.session.watching))
    # Throughput with the application's own loop: the one below asks for events too often to be fair.
    desk.refresher.start()
    loop = QEventLoop()
    QTimer.singleShot(round(1e3 * THROUGHPUT * seconds), loop.quit)
    loop.exec()
    rate, share = _slope(seen), shares[-1]
    tick = desk.refresher.tick

    def timed() -> None:
        start = time.perf_counter()
        tick()
        app.processEvents()
        frames.append(time.perf_counter() - start)

    desk.refresher.stop()
    end = time.perf_counter() + (1 - THROUGHPUT) * seconds
    draw = random.Random(0)
    answer_at = time.perf_counter() + 2.0
    while time.perf_counter() < end:
        begin = time.perf_counter()
        timed()
        pause = max(desk.refresher.interval - (time.perf_counter() - begin), 0.001)
        wake = time.perf_counter() + pause
        while (now := time.perf_counter()) < wake:
            if now > answer_at and desk.stage.frames.get("hidden-states") is not None:
                # The step that is shown already would be answered by nothing.
                other = draw.choice([step for step in range(40) if step != desk.stage.cursor.step])
                answers.append(_answer(app, desk, painted, other))
                answer_at = time.perf_counter() + 0.2 * draw.random()
            time.sleep(0.001)
            app.processEvents()
    return {
        "rate": rate,
        "probe_share": share,
        "frame_p95_ms": quantile(frames[10:], 0.95),
        "response_p99_ms": quantile(answers, 0.99),
    }


def _answer(app: Any, desk: Any, painted: _Painted, step: int) -> float:
    """Seconds from a choice of another step to the picture that shows it."""
    start = time.perf_counter()
    painted.at = 0.0
    desk.stage.cursor.look_at(step=step)
    while not painted.at and time.perf_counter() - start < 1.0:
        app.processEvents()
    return time.perf_counter() - start


def _live(app: Any, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.processEvents()
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
