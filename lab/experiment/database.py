"""The SQLite file of a folder of runs: opening it, transactions, and errors in words."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import final

from lab.errors import StoreBusyError, StoreError
from lab.experiment.facts import facts_json

FILE = "runs.sqlite3"
VERSION = 3
"""The version of the schema; an older one is brought up to it here, a newer one is refused."""

_APPLICATION = 0x524E4E4C  # "RNNL", so that someone else's database is not written into
_SCHEMA = """
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    created TEXT NOT NULL,
    updates INTEGER NOT NULL DEFAULT 0,
    epochs INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    plan TEXT NOT NULL DEFAULT '{}',
    metrics TEXT NOT NULL DEFAULT '{}',
    baselines TEXT NOT NULL DEFAULT '{}',
    error TEXT,
    pid INTEGER,
    experiment TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    facts TEXT NOT NULL DEFAULT '{}',
    deleted REAL
);
-- `deleted` is when a run was discarded, in seconds since 1970.
-- A value that is NULL was NaN, which SQLite does not have.
CREATE TABLE scalars (
    run INTEGER NOT NULL REFERENCES runs(number),
    name TEXT NOT NULL,
    "update" INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (run, name, "update")
) WITHOUT ROWID;
"""

_REMEDIES = {
    sqlite3.SQLITE_BUSY: ("is in use by another process", "Wait for it, or end it, and try again"),
    sqlite3.SQLITE_LOCKED: ("is in use by another process", "Wait for it, or end it, and try again"),
    sqlite3.SQLITE_READONLY: ("cannot be written to", "Make the folder writable, or choose another one for runs"),
    sqlite3.SQLITE_PERM: ("cannot be opened", "Make the folder readable, or choose another one for runs"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Make the folder readable, or choose another one for runs"),
    sqlite3.SQLITE_FULL: ("has no room left on its disk", "Make room, or choose another folder for runs"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "Check the disk, or choose another folder for runs"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Move it out of the folder, or choose another folder for runs"),
    sqlite3.SQLITE_NOTADB: ("is no database", "Move it out of the folder, or choose another folder for runs"),
}


@final
class Database:
    """An open database of runs, for one thread."""

    def __init__(self, folder: Path, *, create: bool, patience: float) -> None:
        self.path = folder / FILE
        if not create and not self.path.exists():
            raise StoreError("there are no runs in this folder", file=str(folder), remedy="Name another with --runs")
        try:
            if create:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the folder for runs cannot be made: {error.strerror or error}",
                file=str(folder),
                remedy="Choose another folder",
            ) from error
        with self._in_words():
            self._connection = sqlite3.connect(self._address(), uri=True, timeout=patience, isolation_level=None)
        try:
            self._prepare(patience)
        except BaseException:
            self._connection.close()
            raise

    @property
    def writable(self) -> bool:
        """True where the file can be changed, or made."""
        return not self.path.exists() or (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK))

    def columns(self) -> set[str]:
        """The columns of the table of runs: fewer in an older file that cannot be written to."""
        with self.reading() as connection:
            return {str(row[1]) for row in connection.execute("PRAGMA table_info(runs)")}

    def kept(self) -> str:
        """The condition that holds for the runs that are not discarded; in an older file none is."""
        return "deleted IS NULL" if "deleted" in self.columns() else "TRUE"

    def close(self) -> None:
        """Close the file; the last one to do so folds the write-ahead log into it."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, with errors of SQLite turned into StoreError."""
        with self._in_words():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, and is on disk, or nothing."""
        with self._in_words():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has already rolled it back
                    self._connection.execute("ROLLBACK")
                raise

    def _address(self) -> str:
        """A folder that cannot be written to is read as it stands, if no log waits to be folded in."""
        address = self.path.absolute().as_uri()
        if self.writable:
            return f"{address}?mode=rwc"
        log = self.path.with_name(f"{FILE}-wal")
        return f"{address}?mode=ro" if log.exists() and log.stat().st_size else f"{address}?mode=ro&immutable=1"

    def _prepare(self, patience: float) -> None:
        with self._in_words():
            version = self._version()
            if version == 0:
                self._log_ahead(patience)
                with self.writing() as connection:
                    if self._version() == 0:  # another process may have been quicker
                        for statement in _SCHEMA.split(";"):
                            connection.execute(statement)
                        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                        connection.execute(f"PRAGMA user_version = {VERSION}")
            self._connection.execute("PRAGMA synchronous = FULL")
            if 0 < version < VERSION:
                self._upgrade()
        if version > VERSION:
            raise StoreError(
                "the runs in this folder were made by a newer version of RNN Lab",
                file=str(self.path),
                remedy="Update RNN Lab, or choose another folder for runs",
            )

    def _upgrade(self) -> None:
        """From version 1, which had neither notes nor facts, or 2, in which nothing was discarded.

        A folder that is read only stays as it is.
        """
        if not self.writable:
            return
        with self.writing() as connection:
            version = self._version()  # another process may have been quicker
            if version == 1:
                connection.execute("ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT ''")
                connection.execute("ALTER TABLE runs ADD COLUMN facts TEXT NOT NULL DEFAULT '{}'")
                rows = connection.execute("SELECT number, experiment FROM runs").fetchall()
                known = [(facts_json(experiment), number) for number, experiment in rows]
                connection.executemany("UPDATE runs SET facts = ? WHERE number = ?", known)
            if version < VERSION:
                connection.execute("ALTER TABLE runs ADD COLUMN deleted REAL")
                connection.execute(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        """The version of the schema, 0 where there is none yet. StoreError for a database of something else."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != _APPLICATION and (tables or version):
            raise StoreError(
                "this is a database of another program",
                file=str(self.path),
                remedy="Choose another folder for runs",
            )
        return int(version)

    def _log_ahead(self, patience: float) -> None:
        """Switch to the write-ahead log. SQLite does not wait here for others that are just doing the same."""
        end = time.monotonic() + patience
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a mistake in this program, not in the file
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            reason, remedy = _REMEDIES.get(code, (f"cannot be used: {error}", None))
            kind = StoreBusyError if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) else StoreError
            raise kind(f"the database of runs {reason}", file=str(self.path), remedy=remedy) from error
