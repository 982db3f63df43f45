"""Takes the pictures: the gallery, every view with real results, failed and lost runs, in all looks and sizes."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.screenshots.director import SIZES, Director


def gallery(director: Director) -> None:
    director.desk.show_gallery()
    director.take_all("gallery")


def airline(director: Director) -> None:
    director.open("airline")
    director.take_all("empty")
    director.run()
    director.take_all("run", sizes=(*SIZES, (2560, 1200)))
    # Between them these show each of the views, also where the window is small and some are behind tabs.
    for name in ("memory", "gradients", "compare"):
        director.desk.window.apply_perspective(name)
        director.take_all(name)
    director.desk.window.apply_perspective("overview")
    director.desk.window.show_panel(0)
    director.desk.window.start_present(full_screen=False)
    director.desk.window.present.show_view("through-time")
    director.take_all("present")
    director.desk.window.leave_present()


def adding(director: Director) -> None:
    director.open("adding", training__epochs=2)
    director.run(updates=150)
    director.take_all("adding")
    director.desk.actions.stop.trigger()
    director.wait(1.0)
    director.leave()


def characters(director: Director) -> None:
    director.open("characters", layers__0__hidden=64)
    director.take_all("empty-characters", sizes=SIZES[:1])
    director.run(updates=400)
    director.take_all("characters")
    director.desk.actions.stop.trigger()
    director.wait(1.0)
    director.leave()


def failed(director: Director) -> None:
    director.open("airline", training__learning_rate=100000.0, training__clip_norm=0.0, training__optimizer="sgd")
    director.run()
    director.take_all("failed")
    director.desk.window.apply_perspective("memory")
    director.take_all("failed-memory", sizes=SIZES[:1])
    director.desk.window.apply_perspective("overview")
    director.leave()


def lost(director: Director) -> None:
    director.open("adding")
    director.run(updates=100)
    director.kill_worker()
    director.take_all("lost")


SCENES: Final[dict[str, Callable[[Director], None]]] = {
    scene.__name__: scene for scene in (gallery, airline, adding, characters, failed, lost)
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("build/screenshots"))
    parser.add_argument("--scenes", default=",".join(SCENES), help="some of them, by name, with commas")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lab-screenshots-") as folder:
        director = Director(asked.out, Path(folder), say=lambda line: print(line, flush=True))
        try:
            director.begin()
            for name in asked.scenes.split(","):
                SCENES[name](director)
        finally:
            director.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
