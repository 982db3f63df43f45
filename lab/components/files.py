"""Files of data that a person names: found, small enough, and text in UTF-8; and the size of data that is made."""

from __future__ import annotations

import codecs
from pathlib import Path

from lab.errors import DataError, nearest

SIZE_LIMIT = 256 * 2**20
"""Bytes. As text, as numbers and as symbols, a file takes several times its size in memory."""


MEMORY_LIMIT = 2 * 2**30
"""Bytes that generated data may take."""


def check_memory(needed: int, what: str, remedy: str) -> None:
    """DataError where `what` would take more than MEMORY_LIMIT bytes, `needed`; called before it is made."""
    if needed > MEMORY_LIMIT:
        raise DataError(
            f"{what} would take {needed / 2**30:,.1f} GiB of memory, more than {MEMORY_LIMIT / 2**30:g} GiB",
            remedy=remedy,
        )


def data_file(file: str, *, limit: int = SIZE_LIMIT) -> Path:
    """The path of the file that `file` names (`~` is the home folder), without having read it.

    DataError where there is none, where it is no plain file, is empty, or has more than `limit` bytes.
    """
    path = Path(file).expanduser()
    try:
        if not path.exists():
            raise DataError("there is no such file", file=file, remedy=_beside(path))
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "not a plain file"
            raise DataError(f"this is {kind}, and a file of data is needed", file=file, remedy="Name one file")
        size = path.stat().st_size
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        raise DataError(f"the file cannot be reached: {_reason(error)}", file=file, remedy="Check its name") from error
    if size == 0:
        raise DataError("the file is empty", file=file, remedy="Name a file with data in it")
    if size > limit:
        raise DataError(
            f"the file has {_megabytes(size)}, more than the {_megabytes(limit)} that are read into memory",
            file=file,
            remedy="Cut out the part that is needed",
        )
    return path


def read_text(file: str, *, limit: int = SIZE_LIMIT) -> str:
    """The text of a UTF-8 file; a byte-order mark is dropped and every line ends in a line feed.

    DataError as of `data_file`, and with the line of the first byte that is not UTF-8.
    """
    try:
        raw = data_file(file, limit=limit).read_bytes()
    except OSError as error:
        raise DataError(
            f"the file cannot be read: {_reason(error)}", file=file, remedy="Check its permissions"
        ) from error
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError("the file is in UTF-16", file=file, line=1, remedy="Save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"the file is not UTF-8: byte 0x{raw[error.start]:02x} is no part of a character",
            file=file,
            line=line,
            remedy="Save it as UTF-8",
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError("there is a NUL character", file=file, line=line, remedy="Name a file of text in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _beside(path: Path) -> str:
    """What to do where `path` is not: a file of a similar name, or the folder that was looked in."""
    folder = path.parent
    if not folder.is_dir():
        return f"There is no folder {str(folder)!r} either (looked for from {str(Path.cwd())!r})"
    guess = nearest(path.name, (entry.name for entry in folder.iterdir() if entry.is_file()))
    return f"Did you mean {str(folder / guess)!r}?" if guess else f"It was looked for in {str(folder.resolve())!r}"


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
