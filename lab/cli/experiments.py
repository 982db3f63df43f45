"""Finding an experiment: a file, or the name of a shipped one, and the changes of `--set` to it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import final

from lab.errors import ExperimentError, nearest
from lab.experiment.edit import set_value
from lab.experiment.file import Document, read_file
from lab.registry.catalog import Catalog
from lab.resources import resource_folder
from lab.runner.files import absolute_files, placing


@final
@dataclass(frozen=True, slots=True)
class Loaded:
    """An experiment as it is to run (`document`) and as its file has it, with what `--set` dropped, in sentences."""

    document: Document
    written: Document
    messages: Sequence[str]

    def placing(self) -> AbstractContextManager[None]:
        """Errors of the block that name no place are placed in the experiment file, at the line that is known."""
        return placing(self.written)


def load_experiment(name: str, settings: Sequence[str], catalog: Catalog) -> Loaded:
    """The experiment with its changes and the full paths of its files."""
    path = find_experiment(name)
    written = read_file(path, catalog)
    document = absolute_files(written, path.parent, catalog)
    document, messages = changed(document, settings, catalog)
    return Loaded(absolute_files(document, Path.cwd(), catalog), written, messages)


def changed(document: Document, settings: Sequence[str], catalog: Catalog) -> tuple[Document, list[str]]:
    """The experiment after each `--set KEY=VALUE`, and sentences about the keys that were dropped."""
    messages: list[str] = []
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ExperimentError(f"--set {setting!r} gives no value", remedy="Write --set KEY=VALUE")
        change = set_value(document, key.strip(), value, catalog)
        document = change.document
        messages += change.messages
    return document, messages


def find_experiment(name: str) -> Path:
    """The file called `name`, or the shipped experiment of that name; ExperimentError with the nearest one."""
    path = Path(name).expanduser()
    shipped = {one.stem: one for one in sorted((resource_folder() / "experiments").glob("*.toml"))}
    if name in shipped and not path.is_file():
        return shipped[name]
    try:
        there = path.exists()
    except (OSError, ValueError):  # too long, or with a NUL: the reader says so
        there = True
    if there or not name:
        return path
    beside = [one.name for one in path.parent.iterdir() if one.suffix == ".toml"] if path.parent.is_dir() else []
    guess = nearest(path.stem, shipped) if path.parent == Path() else None
    if guess is None and (file := nearest(path.name, beside)) is not None:
        guess = str(path.parent / file)
    remedy = f"Did you mean {guess!r}?" if guess else f"Name a TOML file, or one of: {', '.join(shipped)}"
    raise ExperimentError("there is no such experiment file", file=name, remedy=remedy)
