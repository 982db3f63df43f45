"""The file of an experiment, and the files that it names: where they are looked for, and the places of errors."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.errors import DataError, LabError
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


def stamps(document: Document) -> tuple[tuple[str, int, int], ...]:
    """Name, time of change in ns, and size in bytes of each file that it names and that is there."""
    found = []
    for _, name in _named(document):
        with suppress(OSError, ValueError):
            status = Path(name).stat()
            found.append((name, status.st_mtime_ns, status.st_size))
    return tuple(found)


@contextmanager
def placing(document: Document) -> Iterator[None]:
    """Errors of the block that name no place are placed in the file of the document, at the line that is known."""
    try:
        yield
    except LabError as error:
        if error.file is None and document.file is not None:
            raise error.with_place(str(document.file), _line(document, error)) from error.__cause__
        raise


def _line(document: Document, error: LabError) -> int | None:
    if isinstance(error, DataError):
        return document.line("dataset")
    named = (name for name in document.spec.weights.values if name in error.message)
    return next((document.line("weights", name) for name in named), None)


def _named(document: Document) -> Iterator[tuple[str, str]]:
    settings = document.spec.dataset.plugin.settings
    for key, value in settings.items():
        if isinstance(value, str) and value and (key == "file" or key.endswith("_file")):
            yield f"dataset.{key}", value
    if document.spec.weights.file:
        yield "weights.file", document.spec.weights.file
