"""The page of the experiment file names every key, with the default that it has."""

import re
import tomllib
from typing import Any

import pytest

from lab.experiment.file import read_text
from lab.experiment.layout import SCALARS, TABLES
from lab.experiment.spec import Choice
from lab.registry.manager import load_catalog
from tests.help.pages import LANGUAGES, blocks, codes, rows, sections, text_of

PAGE = "experiment-file.md"
FREE = {"weights": {"values"}}
"""Fields that stand for keys of any name."""


def documented(language: str) -> dict[str, dict[str, list[str]]]:
    """The rows of each table by its name ("" for the top of the file), and by key."""
    found: dict[str, dict[str, list[str]]] = {}
    for heading, body in sections(text_of(language, PAGE)):
        keys = {codes(row[0])[0]: row for row in rows(body) if codes(row[0])}
        if keys:
            table = re.search(r"`\[+(\w+)\]+`", heading)
            found[table[1] if table else ""] = keys
    return found


def smallest() -> Any:
    """What the page calls a complete file, as it is read."""
    (text,) = [block.text for block in blocks(text_of("en", PAGE)) if block.title == "smallest.toml"]
    return read_text(text, load_catalog(entry_points=False)).spec


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_is_there(language: str) -> None:
    expected = {"": set(SCALARS)}
    for name, model in TABLES.items():
        expected[name] = set(model.model_fields) - FREE.get(name, set())
    assert {name: set(keys) for name, keys in documented(language).items()} == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_default_is_true(language: str) -> None:
    spec = smallest()
    checked = 0
    for table, keys in documented(language).items():
        part = spec if table == "" else getattr(spec, table)
        part = part[0] if isinstance(part, tuple) else part
        for key, row in keys.items():
            value = getattr(part, key)
            value = value.name if isinstance(value, Choice) else list(value) if isinstance(value, tuple) else value
            said = codes(row[2])
            if said:
                assert tomllib.loads(f"value = {said[0]}")["value"] == value, (table, key)
                checked += 1
    assert checked > 25


def test_what_has_no_plain_default_is_said_in_words() -> None:
    without = {
        f"{table}.{key}" for table, keys in documented("en").items() for key, row in keys.items() if not codes(row[2])
    }
    assert without == {"dataset.plugin", "input.size", "layers.cell", "output.loss", "training.updates"}
