"""Rules about the project as a whole: which way imports go, and that shipped data say where they come from."""

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from lab.resources import plugin_folder, resource_folder

ROOT = Path(__file__).parent.parent
DATA_FOLDERS = sorted(folder for folder in (resource_folder() / "data").iterdir() if folder.is_dir())


def test_imports_go_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert status == 0, capsys.readouterr().out


def test_shipped_folders_are_those_of_the_source_tree() -> None:
    assert resource_folder() == ROOT / "resources"
    assert plugin_folder() == ROOT / "plugins"


@pytest.mark.parametrize("folder", DATA_FOLDERS, ids=lambda folder: folder.name)
def test_every_data_folder_says_source_and_licence(folder: Path) -> None:
    source = (folder / "SOURCE.txt").read_text(encoding="utf-8")
    assert "Origin" in source
    assert "Licence" in source
    tables = [path.name for path in folder.glob("*.csv")]
    assert [name for name in tables if f"{name}:" not in source] == []


def test_every_data_file_is_in_such_a_folder() -> None:
    assert DATA_FOLDERS
    assert [path for path in (resource_folder() / "data").iterdir() if path not in DATA_FOLDERS] == []
