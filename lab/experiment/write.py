"""The canonical text of an experiment: every key with its value, in one order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import tomlkit
from tomlkit.items import Item
from tomlkit.items import Table as TomlTable

from lab.errors import ExperimentError
from lab.experiment.atomic import write_atomically
from lab.experiment.layout import SCALARS, TABLES, file_key, slots
from lab.experiment.spec import Choice, Spec, Table, WeightsSpec


def text_of(spec: Spec) -> str:
    """The experiment as the text of a file, with all defaults written out. Reading it gives an equal `Spec`.

    Left out are only a Chinese text that is not there, the size of an encoding that has none, the one of `epochs` and
    `updates` that does not count, and weights where none are set.
    """
    document = tomlkit.document()
    for name in SCALARS:
        value = getattr(spec, name)
        if value or not name.endswith("_zh"):
            document.add(name, item(value))
    for name in TABLES:
        part = getattr(spec, name)
        if isinstance(part, tuple):
            tables = tomlkit.aot()
            for one in part:
                tables.append(_table(one))
            document.add(name, tables)
        elif part != WeightsSpec():
            document.add(name, _table(part))
    return document.as_string()


def write_file(path: Path, text: str) -> None:
    """Write the text of an experiment, as UTF-8, in one step. ExperimentError where the file cannot be written."""

    def write(temporary: Path) -> None:
        temporary.write_bytes(text.encode())

    try:
        write_atomically(path, write)
    except OSError as error:
        raise ExperimentError(
            f"the experiment cannot be written: {error.strerror or error}",
            file=str(path),
            remedy="Choose another folder, or make room in this one",
        ) from error


def item(value: object) -> Item:
    """A TOML value. A text of several lines is written in several lines, unless that would change its line ends."""
    if isinstance(value, str) and "\n" in value and "\r" not in value:
        # A line end right after the opening quotes does not count. The x keeps tomlkit from adding one of its own.
        body = tomlkit.string(f"x{value}", multiline=True).as_string().removeprefix('"""x')
        return tomlkit.value(f'"""\n{body}')
    return tomlkit.item(list(value) if isinstance(value, tuple) else value)


def _table(part: Table) -> TomlTable:
    table = tomlkit.table()
    for key, value in entries(part):
        if value is not None:
            table.add(key, item(value))
    return table


def entries(part: Table) -> Iterator[tuple[str, object]]:
    """The keys of a table, as a file has them, each with its value; after the name of a component its own."""
    model = type(part)
    chosen: dict[str, Choice] = {slot: getattr(part, slot) for slot in slots(model)}
    names = {slot: choice.settings for slot, choice in chosen.items()}
    for field in model.model_fields:
        if field in chosen:
            yield field, chosen[field].name
            for name, value in chosen[field].settings.items():
                yield file_key(model, names, field, name), value
        elif isinstance(part, WeightsSpec) and field == "values":
            yield from part.values.items()
        elif not (isinstance(part, WeightsSpec) and part.file == ""):
            yield field, getattr(part, field)
