"""Files that an experiment names: where they are looked for, and their full paths, which a run is kept with."""

from collections.abc import Iterator
from pathlib import Path

from lab.experiment.edit import assign
from lab.experiment.file import Document
from lab.experiment.resolve import Components


def absolute_files(document: Document, folder: Path, components: Components) -> Document:
    """The document with the full path of each file that it names and that is there.

    A relative name is looked for in `folder` (that of the experiment file) first, then in the working folder. A file
    that is in neither stays as it is written, for the error of whoever wants to read it.
    """
    for key, name in _named(document):
        found = full_path(name, folder)
        if found is not None and found != name:
            document = assign(document, key, found, components).document
    return document


def full_path(name: str, folder: Path) -> str | None:
    """The full path of a file named from `folder` or from the working folder; None where there is none."""
    try:
        for place in (folder, Path.cwd()):
            path = (place / Path(name).expanduser()).absolute()
            if path.exists():
                return str(path)
    except (OSError, ValueError, RuntimeError):  # a NUL in the name, a home folder that is not known
        return None
    return None


def _named(document: Document) -> Iterator[tuple[str, str]]:
    settings = document.spec.dataset.plugin.settings
    for key, value in settings.items():
        if isinstance(value, str) and value and (key == "file" or key.endswith("_file")):
            yield f"dataset.{key}", value
    if document.spec.weights.file:
        yield "weights.file", document.spec.weights.file
