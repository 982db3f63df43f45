"""The catalog names what is near when something is not there."""

from pathlib import Path

import pytest

from lab.components.base import Component
from lab.components.hookspecs import KINDS
from lab.errors import PluginError
from lab.registry.catalog import Catalog, Entry, Failure


class Anything(Component):
    name = "anything"


def entry(kind: str, name: str) -> Entry:
    return Entry(kind=kind, name=name, title={"en": name}, origin="here.py", version="", component=Anything)


CATALOG = Catalog(components=(entry("cell", "gru"), entry("cell", "lstm"), entry("loss", "gru")))


def test_names_and_classes_are_by_kind() -> None:
    assert CATALOG.names("cell") == ("gru", "lstm")
    assert CATALOG.names("loss") == ("gru",)
    assert CATALOG.names("metric") == ()
    assert CATALOG.get("cell", "gru") is Anything
    assert CATALOG.entry("loss", "gru").kind == "loss"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("cell", "lsmt", "unknown cell 'lsmt'; did you mean 'lstm'?"),
        ("cell", "LSTM", "unknown cell 'LSTM'; did you mean 'lstm'?"),
        ("cell", "transformer", "unknown cell 'transformer'; known: gru, lstm"),
        ("metric", "rmse", "unknown metric 'rmse'; there is none"),
        ("cels", "gru", "unknown kind of component 'cels'; did you mean 'cell'?"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(kind: str, name: str, message: str) -> None:
    with pytest.raises(PluginError) as caught:
        CATALOG.get(kind, name)
    assert caught.value.message == message
    assert caught.value.remedy is None


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("my-cell", "A plugin that may have it was not loaded: at/My_Cell.py:3: the import failed"),
        ("idle", "A plugin that may have it was not loaded: b.py: cell 'idle' has no step"),
        ("other", "2 plugins were not loaded; the list of plugins says why"),
    ],
)
def test_an_unknown_name_is_told_with_the_plugin_that_may_have_it(name: str, remedy: str) -> None:
    failures = (
        Failure(file="at/My_Cell.py", line=3, message="the import failed", remedy=""),
        Failure(file="b.py", line=None, message="cell 'idle' has no step", remedy=""),
    )
    with pytest.raises(PluginError) as caught:
        Catalog(components=(), failures=failures).get("cell", name)
    assert caught.value.remedy == remedy


def test_an_empty_folder_gives_an_empty_catalog(tmp_path: Path) -> None:
    from lab.registry.manager import load_catalog

    catalog = load_catalog([tmp_path], entry_points=False)
    assert catalog == Catalog(components=())
    assert all(catalog.names(kind) == () for kind in KINDS)
