"""The pages list every built-in component with its hyperparameters and their defaults."""

import json
import re

import pytest

from lab.components.hookspecs import KINDS
from lab.registry.manager import load_catalog
from lab.resources import plugin_folder
from tests.help.pages import HOOK_PAGES, LANGUAGES, codes, rows, sections, text_of

CATALOG = load_catalog([plugin_folder()], entry_points=False)


def built_in(kind: str, language: str) -> dict[str, list[str]]:
    """The last table of a page: the hyperparameters by the component's name, as they are written."""
    (body,) = [
        body for heading, body in sections(text_of(language, HOOK_PAGES[kind])) if heading in ("Built in", "内置")
    ]
    return {codes(row[0])[0]: codes(row[2]) for row in rows(body)}


def toml(value: object) -> str:
    """A default as an experiment file writes it."""
    return re.sub(r"e-0*", "e-", json.dumps(value))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_built_in_component_is_listed(kind: str, language: str) -> None:
    expected = {
        name: [f"{one.name} = {toml(one.default)}" for one in CATALOG.get(kind, name).hyperparameters().values()]
        for name in CATALOG.names(kind)
    }
    assert built_in(kind, language) == expected
