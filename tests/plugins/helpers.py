"""What the tests of plugins share."""

from pathlib import Path

from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog

HERE = Path(__file__).parent
BROKEN = HERE / "broken"
GOOD = HERE / "good"

CELL = """
from lab.api import Cell, hookimpl

class Kept(Cell):
    name = "{name}"
    states = ("h",)

    def parameters(self, hidden):
        return {{}}

    def step(self, s):
        return self.next(h=s.h)

@hookimpl
def lab_register_cells():
    return [Kept]
"""


def load(*folders: Path, timeout: float = 10.0) -> Catalog:
    """The catalog of some folders, without what is installed."""
    return load_catalog(folders, entry_points=False, timeout=timeout)


def load_text(folder: Path, text: str, name: str = "plugin.py", timeout: float = 10.0) -> Catalog:
    """The catalog of a folder into which one plugin is written first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return load(folder, timeout=timeout)


def marked_line(file: Path) -> int:
    """The line of a broken plugin that its author is to be shown."""
    lines = file.read_text(encoding="utf-8").splitlines()
    (line,) = [number for number, text in enumerate(lines, 1) if text.endswith("# <- here")]
    return line
