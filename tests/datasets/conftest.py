"""The built-in datasets, found as anyone's plugins are."""

from pathlib import Path

import pytest

from lab.api import Dataset
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.resources import plugin_folder
from tests.datasets.helpers import Make, Write


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog([plugin_folder()], entry_points=False)


@pytest.fixture
def make(catalog: Catalog) -> Make:
    """A dataset by name, with its hyperparameters."""

    def made(name: str, **values: object) -> Dataset:
        dataset = catalog.get("dataset", name)(**values)
        assert isinstance(dataset, Dataset)
        return dataset

    return made


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file and gives its path as text."""

    def written(content: str | bytes, name: str = "data.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return written
