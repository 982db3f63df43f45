"""What is left of an experiment that is wrong, its values one by one, and layers in another order."""

from pathlib import Path

import pytest

from lab.experiment.draft import Draft
from lab.experiment.file import read_text
from lab.experiment.repair import repaired, written, written_at
from lab.experiment.values import values_of
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.resources import resource_folder

EXPERIMENTS = sorted((resource_folder() / "experiments").glob("*.toml"))

LAYERS = """\
[[layers]]
# the first
cell = "lstm"
hidden = 3

[[layers]]
cell = "gru"

[dataset]
plugin = "sunspots"
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_what_is_right_needs_no_repair(path: Path, catalog: Catalog) -> None:
    text = path.read_text(encoding="utf-8")
    assert repaired(text, catalog) == read_text(text, catalog)


@pytest.mark.parametrize("value", ['"nonsense"', "-1.5", "[[1], 2]", "true", "{ a = 1 }"])
def test_any_wrong_value_of_any_key_leaves_the_others(value: str, catalog: Catalog) -> None:
    text = (resource_folder() / "experiments" / "characters.toml").read_text(encoding="utf-8")
    right = read_text(text, catalog)
    tables = written(text)
    keys = [(name,) for name in tables] + [
        (table, name) for table in tables if isinstance(tables[table], dict) for name in tables[table]
    ]
    for key in keys:
        draft = Draft(text)
        draft.put(key, written(f"x = {value}")["x"])
        left = repaired(draft.text, catalog)
        assert left is not None, key
        if key[0] != "training":
            assert left.spec.training == right.spec.training


@pytest.mark.parametrize(
    "text",
    ["", "layers = 3", "dataset = [1]", "[[layers]]\nhidden = 3", "[training]\nepochs = 1\nupdates = 2", "x = 1"],
)
def test_what_is_missing_is_put_in(text: str, catalog: Catalog) -> None:
    left = repaired(text, catalog)
    assert left is not None
    assert left.spec.layers


@pytest.mark.parametrize("text", ["a =", "[", "\x00", "version = 99999999999999999999999999"])
def test_a_text_that_is_no_toml_has_nothing_to_show(text: str, catalog: Catalog) -> None:
    left = repaired(text, catalog)
    assert left is None or left.spec.version == 1


def test_values_are_those_of_the_keys_that_set_names(catalog: Catalog) -> None:
    values = values_of(read_text(LAYERS, catalog).spec)
    assert values["layers.0.hidden"] == 3
    assert values["layers.1.reset"] == "before"
    assert values["training.optimizer"] == "adam"


def test_what_is_written_is_found_by_its_key() -> None:
    tables = written(LAYERS)
    assert written_at(tables, ("layers", 1, "cell")) == "gru"
    for key in (("layers", 2), ("layers", 0, "cell", "x"), ("seed",), ("dataset", 0)):
        with pytest.raises(KeyError):
            written_at(tables, key)


def test_layers_move_with_their_comments(catalog: Catalog) -> None:
    draft = Draft(LAYERS)
    draft.move(("layers",), 0, 1)
    assert [layer.cell.name for layer in read_text(draft.text, catalog).spec.layers] == ["gru", "lstm"]
    assert draft.text.index("# the first") > draft.text.index("gru")
    assert "\n\n[dataset]" in draft.text
    draft.repeat(("layers",), 1)
    assert [layer.hidden for layer in read_text(draft.text, catalog).spec.layers] == [32, 3, 3]
    with pytest.raises(KeyError):
        draft.move(("layers",), 7, 0)
