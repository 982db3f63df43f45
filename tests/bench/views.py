"""How long each view takes to take in a new frame, and to paint it: `python -m tests.bench.views [--json FILE]`.

Milliseconds of processor time, so that other work on the machine does not count; the size is that of one cell of the
default arrangement.
"""

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from lab.ui.stage import Stage
from lab.ui.theme import theme
from lab.ui.views.frame import ViewFrame
from tests.gui.frames import SERIES, VIEWS, catalog, put, trained

ROUNDS = 60


def renewed(stage: Stage) -> None:
    """A frame of each probe that is new, and one more point on each curve."""
    put(stage, *(replace(frame, update=frame.update + 1) for frame in list(stage.frames.values())))
    for curve in stage.curves.values():
        curve.updates = np.append(curve.updates, curve.updates[-1] + 1)
        curve.values = np.append(curve.values, curve.values[-1])


def main() -> None:
    """Measure every view, and print or write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    target = parser.parse_args().json
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.install(app)
    stage = trained(SERIES)
    # A run that is far from its end: axes stand still for most of the updates.
    stage.about = {**stage.about, "updates": 100_000}
    figures = {}
    for name in VIEWS:
        frame = ViewFrame(catalog().get("view", name)(stage))
        frame.resize(500, 290)
        frame.show()
        app.processEvents()
        refresh, paint = [], []
        for _ in range(ROUNDS):
            renewed(stage)
            start = time.process_time()
            frame.refresh()
            middle = time.process_time()
            app.processEvents()
            refresh.append(middle - start)
            paint.append(time.process_time() - middle)
        frame.close()
        figures[name] = {"refresh_ms": 1e3 * float(np.median(refresh)), "paint_ms": 1e3 * float(np.median(paint))}
        print(f"{name:20}  refresh {figures[name]['refresh_ms']:5.2f} ms   paint {figures[name]['paint_ms']:5.2f} ms")
    if target is not None:
        target.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
