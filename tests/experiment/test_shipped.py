"""The experiments that come with the program, read with the components that come with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.experiment.file import read_file, read_text
from lab.experiment.write import text_of
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.resources import plugin_folder, resource_folder

EXPERIMENTS = sorted((resource_folder() / "experiments").glob("*.toml"))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog([plugin_folder()], entry_points=False)


def test_the_gallery_has_an_experiment_for_each_task() -> None:
    assert {"adding", "airline", "characters", "copy", "sunspots"} <= {path.stem for path in EXPERIMENTS}


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_experiment_is_valid_and_says_in_both_languages_what_to_see(path: Path, catalog: Catalog) -> None:
    spec = read_file(path, catalog).spec
    assert spec.name_zh
    assert spec.name_in("zh") != spec.name_in("en")
    assert spec.note
    assert spec.note_zh
    assert read_text(text_of(spec), catalog).spec == spec
