"""Plugins of installed distributions."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from tests.plugins.helpers import CELL


class Installed:
    """A distribution on the path of imports, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.points: dict[str, str] = {}
        information = folder / "elsewhere-1.5.dist-info"
        information.mkdir()
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.5\n", "utf-8")

    def add(self, point: str, value: str, files: dict[str, str] | None = None) -> None:
        """An entry point, and files by their path."""
        self.points[point] = value
        for name, text in (files or {}).items():
            file = self.folder / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")
        lines = ["[lab.plugins]", *(f"{name} = {value}" for name, value in self.points.items()), ""]
        (self.folder / "elsewhere-1.5.dist-info" / "entry_points.txt").write_text("\n".join(lines), "utf-8")

    def load(self) -> Catalog:
        return load_catalog([], entry_points=True, timeout=5.0)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Installed(tmp_path)
    for name in [name for name in sys.modules if name.startswith("elsewhere")]:
        del sys.modules[name]


def test_a_distribution_brings_components_under_its_name_and_version(installed: Installed) -> None:
    installed.add("cells", "elsewhere_cells", {"elsewhere_cells.py": CELL.format(name="far")})
    catalog = installed.load()
    assert catalog.failures == ()
    entry = catalog.entry("cell", "far")
    assert (entry.origin, entry.version) == ("elsewhere", "1.5")


def test_an_object_with_hooks_will_do(installed: Installed) -> None:
    text = """
    from lab.api import hookimpl
    class Plugin:
        @hookimpl
        def lab_register_cells(self):
            return []
        @hookimpl
        def lab_register_datasets(self, more):
            return []
    plugin = Plugin()
    """
    installed.add("object", "elsewhere_object:plugin", {"elsewhere_object.py": text.replace("\n    ", "\n")})
    (failure,) = installed.load().failures
    assert failure.message == "the hook lab_register_datasets is called without arguments, and this one asks for more"
    assert failure.line == 7


def test_failures_name_the_file_and_line_in_it(installed: Installed) -> None:
    installed.add("broken", "elsewhere_broken", {"elsewhere_broken.py": "x = 1\n1 / 0\n"})
    installed.add("missing", "elsewhere_missing")
    installed.add("unnamed", "elsewhere_fine:nothing", {"elsewhere_fine.py": ""})
    broken, missing, unnamed = installed.load().failures
    assert (broken.file, broken.line) == (str(installed.folder / "elsewhere_broken.py"), 2)
    assert broken.message == "the import raised ZeroDivisionError: division by zero"
    assert missing.file == "entry point missing = elsewhere_missing of elsewhere"
    assert missing.message == "the import failed: there is no module 'elsewhere_missing'"
    assert "nothing" in unnamed.message


def test_what_is_refused_or_needs_the_window_is_not_run_nor_the_package_around_it(installed: Installed) -> None:
    trap = "raise RuntimeError('run')\n"
    files = {"elsewhere/__init__.py": trap, "elsewhere/old.py": 'LAB_API = "0.1"\n' + trap}
    installed.add("old", "elsewhere.old", files)
    installed.add("view", "elsewhere.view", {"elsewhere/view.py": "import PySide6\n" + trap})
    catalog = installed.load()
    assert catalog.window_only == (str(installed.folder / "elsewhere" / "view.py"),)
    (failure,) = catalog.failures
    assert failure.line == 1
    assert failure.remedy == "Get a newer version of the plugin"


def test_one_module_under_two_entry_points_is_told(installed: Installed) -> None:
    installed.add("a", "elsewhere_cells", {"elsewhere_cells.py": CELL.format(name="far")})
    installed.add("b", "elsewhere_cells")
    catalog = installed.load()
    assert catalog.names("cell") == ("far",)
    (failure,) = catalog.failures
    assert failure.message == "the plugin is loaded already"


def test_a_plugin_that_failed_is_not_called_loaded(installed: Installed) -> None:
    text = "import sys\nfrom lab.api import hookimpl\n\n@hookimpl\ndef lab_register_cells():\n    sys.exit()\n"
    installed.add("a", "elsewhere_exits", {"elsewhere_exits.py": text})
    installed.add("b", "elsewhere_exits")
    failures = installed.load().failures
    message = "lab_register_cells called sys.exit, which would end the program"
    assert [(failure.message, failure.line) for failure in failures] == [(message, 6)] * 2


def test_without_entry_points_none_is_loaded(installed: Installed) -> None:
    installed.add("cells", "elsewhere_cells", {"elsewhere_cells.py": CELL.format(name="far")})
    assert load_catalog([], entry_points=False).components == ()
