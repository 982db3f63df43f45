"""The runs of a folder: one SQLite database for the list and the curves, one folder of checkpoints for each run."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self, final

import numpy as np
from numpy.typing import NDArray

from lab.errors import StoreError, unknown
from lab.experiment.database import FILE, Database
from lab.experiment.facts import facts_json, with_changes
from lab.experiment.lock import Lock, is_held
from lab.experiment.runs import Run, RunState, Scalar, slug

_COLUMNS = "id, name, state, created, updates, epochs, seconds, plan, metrics, baselines, error, pid, number"
_LATER = {"note": "''", "facts": "'{}'"}
"""Columns that an older database lacks, and what stands for them."""
_UNDONE: Final = 24 * 3600.0
"""Seconds after which nobody brings back any more what was discarded."""
_AT_ONCE: Final = 50
"""Runs that are deleted in one transaction, for which other processes wait."""
_POINT: Final = np.dtype([("update", np.int64), ("value", np.float64)])
_GUESSED = 200
"""Among so many of the newest runs the one is looked for that a wrong id was meant to be."""


def refusal(folder: Path) -> StoreError | None:
    """Why no run can be kept in a folder, which need not be there yet; None where it can. Makes nothing."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    file = folder / FILE
    if not there.is_dir():
        message = "the folder for runs cannot be made: a file has its name"
    elif not os.access(there, os.W_OK | os.X_OK) or (file.exists() and not os.access(file, os.W_OK)):
        message = "no run can be kept: the folder for runs cannot be written to"
    else:
        return None
    return StoreError(message, file=str(folder), remedy="Make the folder writable, or choose another one for runs")


@final
class Store:
    """The runs in `folder`, opened for one thread; any number of processes may have it open.

    Whatever a method has written is on disk when it returns. All methods raise StoreError, with what to do about it.
    """

    def __init__(self, folder: Path, *, create: bool = True, patience: float = 10.0) -> None:
        """Open the store; `create` makes it where there is none. `patience`: seconds to wait for other processes."""
        self.folder = folder
        self._database = Database(folder, create=create, patience=patience)
        there = self._database.columns()
        self._columns = ", ".join([_COLUMNS, *(name if name in there else blank for name, blank in _LATER.items())])
        self._kept = self._database.kept()
        self._locks: dict[str, Lock] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and let go of all claimed runs."""
        for run in list(self._locks):
            self.release(run)
        self._database.close()

    def create(
        self,
        *,
        name: str,
        label: str,
        experiment: str,
        plan: Mapping[str, Any] | None = None,
        baselines: Mapping[str, float] | None = None,
    ) -> str:
        """Add a run in the state `created` and return its id, such as `2026-11-21-093012-lstm-airline` (UTC).

        `name` is for people, `label` becomes the end of the id (see `label_of`), `experiment` is the text as it runs.
        """
        now = datetime.now(UTC)
        wanted = f"{now:%Y-%m-%d-%H%M%S}-{slug(label)}"
        run = ""
        try:
            with self._database.writing() as connection:
                run = self._new_folder(wanted)
                connection.execute(
                    "INSERT INTO runs (id, name, state, created, plan, baselines, experiment, facts)"
                    " VALUES (?, ?, 'created', ?, ?, ?, ?, ?)",
                    (
                        run,
                        name,
                        now.isoformat(),
                        json.dumps(plan or {}),
                        json.dumps(baselines or {}),
                        experiment,
                        facts_json(experiment),
                    ),
                )
        except BaseException:
            if run:
                shutil.rmtree(self.run_folder(run), ignore_errors=True)
            raise
        return run

    def run_folder(self, run: str) -> Path:
        """Where the checkpoints of a run are."""
        return self.folder / run

    def claim(self, run: str) -> None:
        """Take the run for this process and call it `running`. StoreError while another process has it.

        The claim ends with `release`, `close` or the process; a run that still says `running` then is `interrupted`.
        """
        number = self._number(run)
        if run not in self._locks:
            lock = Lock(self._lock_path(run))
            try:
                self.run_folder(run).mkdir(exist_ok=True)
                free = lock.acquire()
            except OSError as error:
                raise StoreError(
                    f"the folder of the run cannot be written to: {error.strerror or error}",
                    file=str(self.run_folder(run)),
                    remedy="Make room and make the folder writable, or choose another folder for runs",
                ) from error
            if not free:
                raise StoreError(
                    f"the run {run!r} is running in another process", remedy="Wait for it, or end that process"
                )
            self._locks[run] = lock
        try:
            with self._database.writing() as connection:
                changed = connection.execute(
                    f"UPDATE runs SET state = 'running', pid = ?, error = NULL WHERE number = ? AND {self._kept}",
                    (os.getpid(), number),
                )
                if not changed.rowcount:  # another process was quicker to discard it than this one to have its lock
                    raise self._missing(run)
        except StoreError:
            self.release(run)
            raise

    def release(self, run: str) -> None:
        """End the claim of this process on the run, after its last `change`."""
        lock = self._locks.pop(run, None)
        if lock is not None:
            lock.release()

    def record(self, run: str, scalars: Iterable[Scalar] = (), *, updates: int, epochs: int, seconds: float) -> None:
        """Add values to the curves and say how far the run is, in one transaction; do it before each checkpoint.

        A value of the same name and update replaces the one before.
        """
        number = self._number(run)
        rows = [
            (number, name, update, epoch, None if math.isnan(value) else value)
            for update, epoch, name, value in scalars
        ]
        with self._database.writing() as connection:
            connection.executemany(
                'INSERT OR REPLACE INTO scalars (run, name, "update", epoch, value) VALUES (?, ?, ?, ?, ?)', rows
            )
            connection.execute(
                "UPDATE runs SET updates = ?, epochs = ?, seconds = ? WHERE number = ?",
                (updates, epochs, seconds, number),
            )

    def rewind(self, run: str, *, update: int, epochs: int, seconds: float) -> None:
        """Go back to the checkpoint after `update` updates: what the curves have after it is discarded."""
        number = self._number(run)
        with self._database.writing() as connection:
            connection.execute('DELETE FROM scalars WHERE run = ? AND "update" > ?', (number, update))
            connection.execute(
                "UPDATE runs SET updates = ?, epochs = ?, seconds = ? WHERE number = ?",
                (update, epochs, seconds, number),
            )

    def change(
        self,
        run: str,
        *,
        state: RunState | None = None,
        plan: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        baselines: Mapping[str, float] | None = None,
        error: str | None = None,
        experiment: str | None = None,
        name: str | None = None,
        note: str | None = None,
    ) -> None:
        """Say something new about a run; what is None stays as it is."""
        number = self._number(run)
        known = None if experiment is None else facts_json(experiment)
        texts = {
            "state": state, "error": error, "experiment": experiment, "facts": known, "name": name, "note": note
        }  # fmt: skip
        tables = {"plan": plan, "metrics": metrics, "baselines": baselines}
        changes = texts | {key: None if value is None else json.dumps(dict(value)) for key, value in tables.items()}
        with self._database.writing() as connection:
            for column, value in changes.items():
                if value is not None:
                    connection.execute(f"UPDATE runs SET {column} = ? WHERE number = ?", (value, number))

    def remove(self, run: str) -> None:
        """Delete a run, its curves and its checkpoints. StoreError while a process has it."""
        self._number(run)
        self.release(run)
        if not self.discard([run]):
            raise StoreError(f"the run {run!r} is running", remedy="Stop it first, then delete it")
        self.purge([run])

    def discard(self, runs: Iterable[str]) -> list[str]:
        """Take runs out of the store, but for those that a process has; returns the ids of those that went.

        Their curves and checkpoints stay until `purge`, so that `restore` can bring them back.
        """
        with self._database.writing() as connection:
            free = [run for run in runs if not is_held(self._lock_path(run))]
            query = f"UPDATE runs SET deleted = ? WHERE id = ? AND {self._kept}"
            return [run for run in free if connection.execute(query, (time.time(), run)).rowcount]

    def restore(self, runs: Iterable[str]) -> None:
        """Bring back runs that were discarded, those that are not deleted yet."""
        with self._database.writing() as connection:
            connection.executemany("UPDATE runs SET deleted = NULL WHERE id = ?", [(run,) for run in runs])

    def purge(self, runs: Iterable[str] = ()) -> None:
        """Delete for good these of the runs that were discarded, and those of processes that ended before they could.

        Of the latter, which are told by their age, another window may still bring back younger ones.
        """
        if self._kept == "TRUE":
            return
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT id, number FROM runs WHERE deleted < ?"
                " OR deleted IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
                (time.time() - _UNDONE, json.dumps(list(runs))),
            ).fetchall()
        for first in range(0, len(found), _AT_ONCE):
            self._delete(dict(found[first : first + _AT_ONCE]))

    def runs(self) -> list[Run]:
        """All runs, the oldest first."""
        with self._database.reading() as connection:
            query = f"SELECT {self._columns} FROM runs WHERE {self._kept} ORDER BY number"
            rows = connection.execute(query).fetchall()
        return [self._run(row) for row in rows]

    def ids(self) -> set[str]:
        """The ids of all runs; to ask for them costs little."""
        with self._database.reading() as connection:
            return {run for (run,) in connection.execute(f"SELECT id FROM runs WHERE {self._kept}")}

    def known(self, runs: Iterable[str]) -> list[Run]:
        """Those of these runs that are there, in the order in which they are asked for."""
        wanted = list(runs)
        with self._database.reading() as connection:
            query = f"SELECT {self._columns} FROM runs WHERE {self._kept} AND id IN (SELECT value FROM json_each(?))"
            rows = connection.execute(query, (json.dumps(wanted),)).fetchall()
        found = {row[0]: self._run(row) for row in rows}
        return [found[run] for run in wanted if run in found]

    def version(self) -> tuple[int, int]:
        """Two numbers that change whenever another process, or this one, has written something."""
        with self._database.reading() as connection:
            (others,) = connection.execute("PRAGMA data_version").fetchone()
            return int(others), connection.total_changes

    def thinned(self, run: str, names: Sequence[str], points: int) -> list[float]:
        """About `points` values of the first of these curves that the run has, evenly taken, without those not finite.

        It reads no more than it returns, however long the curve is: for a small picture of it.
        """
        number = self._number(run)
        with self._database.reading() as connection:
            for name in names:
                (last,) = connection.execute(
                    'SELECT max("update") FROM scalars WHERE run = ? AND name = ?', (number, name)
                ).fetchone()
                if last:
                    found = dict(
                        connection.execute(
                            'SELECT "update", value FROM scalars WHERE run = ? AND name = ? AND "update" >= ?'
                            ' AND value IS NOT NULL ORDER BY "update" LIMIT 1',
                            (number, name, 1 + (last - 1) * point // (points - 1)),
                        ).fetchone()
                        or (last + 1, math.nan)
                        for point in range(points)
                    )
                    return [value for value in found.values() if math.isfinite(value)]
        return []

    def find(self, run: str) -> Run:
        """The run with this id, or with the only id that begins so."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {self._columns} FROM runs WHERE {self._kept} AND substr(id, 1, length(:id)) = :id"
                " ORDER BY id = :id DESC LIMIT 2",
                {"id": run},
            ).fetchall()
            if not run or not rows or (len(rows) > 1 and rows[0][0] != run):
                query = f"SELECT id FROM runs WHERE {self._kept} ORDER BY number DESC LIMIT ?"
                newest = connection.execute(query, (_GUESSED,))
                raise self._not_found(run, [row[0] for row in newest], several=bool(run and rows))
        return self._run(rows[0])

    def experiment(self, run: str) -> str:
        """The text of the experiment as it ran."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT experiment FROM runs WHERE number = ?", (self._number(run),)).fetchone()
        return str(row[0])

    def scalars(self, run: str, names: Sequence[str] | None = None) -> list[Scalar]:
        """The curves of a run, by name and then by update; all of them, or those in `names`."""
        wanted = "" if names is None else f" AND name IN ({', '.join('?' * len(names))})"
        with self._database.reading() as connection:
            rows = connection.execute(
                f'SELECT "update", epoch, name, value FROM scalars WHERE run = ?{wanted} ORDER BY name, "update"',
                (self._number(run), *(names or ())),
            ).fetchall()
        return [
            Scalar(update, epoch, name, math.nan if value is None else value) for update, epoch, name, value in rows
        ]

    def curves(self, run: str, names: Sequence[str] | None = None) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
        """The same as arrays: the updates, int64, and the values, float64, of each curve that there is."""
        number = self._number(run)
        found = {}
        with self._database.reading() as connection:
            for name in self._names(number) if names is None else names:
                rows = connection.execute(
                    'SELECT "update", ifnull(value, \'nan\') FROM scalars WHERE run = ? AND name = ? ORDER BY "update"',
                    (number, name),
                )
                points = np.fromiter(rows, _POINT)
                if len(points):
                    found[name] = points["update"].copy(), points["value"].copy()
        return found

    def _names(self, number: int) -> list[str]:
        """The names of the curves of a run, each found by the one before: there are few, of very many values."""
        names = [""]
        query = "SELECT min(name) FROM scalars WHERE run = ? AND name > ?"
        with self._database.reading() as connection:
            while (name := connection.execute(query, (number, names[-1])).fetchone()[0]) is not None:
                names.append(name)
        return names[1:]

    def _delete(self, discarded: Mapping[str, int]) -> None:
        """Delete runs, by their ids and numbers. The rows go last: where this is cut short it is done again later."""
        for run in discarded:
            shutil.rmtree(self.run_folder(run), ignore_errors=True)
        numbers = [(number,) for number in discarded.values()]
        with self._database.writing() as connection:
            connection.executemany("DELETE FROM scalars WHERE run = ?", numbers)
            connection.executemany("DELETE FROM runs WHERE number = ?", numbers)

    def _new_folder(self, wanted: str) -> str:
        """The id, numbered where it is taken. A folder without a row (the database was moved away) takes it as well."""
        run, count = wanted, 1
        while True:
            try:
                self.run_folder(run).mkdir()
                return run
            except FileExistsError:
                count += 1
                run = f"{wanted}-{count}"
            except OSError as error:
                raise StoreError(
                    f"the folder of the run cannot be made: {error.strerror or error}",
                    file=str(self.run_folder(run)),
                    remedy="Make room and make the folder writable, or choose another folder for runs",
                ) from error

    def _number(self, run: str) -> int:
        with self._database.reading() as connection:
            row = connection.execute(f"SELECT number FROM runs WHERE id = ? AND {self._kept}", (run,)).fetchone()
        if row is None:
            raise self._missing(run)
        return int(row[0])

    def _missing(self, run: str) -> StoreError:
        return StoreError(f"there is no run {run!r}", file=str(self.folder))

    def _run(self, row: Sequence[Any]) -> Run:
        (
            run,
            name,
            state,
            created,
            updates,
            epochs,
            seconds,
            plan,
            metrics,
            baselines,
            error,
            pid,
            number,
            note,
            known,
        ) = row
        if state in ("running", "paused") and not is_held(self._lock_path(run)):
            state = "interrupted"
        planned = json.loads(plan)
        return Run(
            id=run,
            name=name,
            state=state,
            created=created,
            updates=updates,
            epochs=epochs,
            seconds=seconds,
            plan=planned,
            metrics=json.loads(metrics),
            baselines=json.loads(baselines),
            error=error,
            pid=pid,
            number=number,
            note=note,
            facts=with_changes(json.loads(known), planned),
        )

    def _lock_path(self, run: str) -> Path:
        return self.run_folder(run) / "lock"

    def _not_found(self, run: str, newest: Sequence[str], *, several: bool) -> StoreError:
        place = str(self.folder)
        if several:
            return StoreError(f"several runs begin with {run!r}", file=place, remedy="Write more of the id")
        if not newest:
            return StoreError(f"there is no run {run!r}; this folder has none yet", file=place)
        return StoreError(unknown("run", run, newest), file=place, remedy="See: runs list")
