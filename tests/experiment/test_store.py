"""The store of runs: nothing committed is lost, nothing is there twice, and every failure says what to do."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.errors import StoreError
from lab.experiment import database
from lab.experiment.export import export_csv, export_json
from lab.experiment.file import read_text
from lab.experiment.lock import Lock, is_held
from lab.experiment.runs import Scalar, label_of, slug, without_nan
from lab.experiment.store import Store
from tests.experiment.components import CATALOG, SHORT

ROWS = [
    Scalar(1, 0, "train.loss", 0.1 + 0.2),
    Scalar(2, 0, "train.loss", math.nan),
    Scalar(3, 1, "train.loss", math.inf),
    Scalar(3, 1, "validation.loss", 5e-324),
]


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store(tmp_path / "runs") as opened:
        yield opened


def added(store: Store, name: str = "Airline passengers", label: str = "lstm-airline") -> str:
    """A new run."""
    return store.create(name=name, label=label, experiment=SHORT)


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process that runs `code`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.PIPE, text=True, env=environment
    )


def test_a_new_run_is_listed_as_it_was_created(runs: Store) -> None:
    plan, baselines = {"target": "numba", "threads": 2}, {"naive": 49.4}
    run = runs.create(
        name="航空乘客", label="LSTM/airline..passengers", experiment=SHORT, plan=plan, baselines=baselines
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{6}-lstm-airline-passengers", run)
    (found,) = runs.runs()
    assert found == runs.find(run)
    assert (found.id, found.name, found.state, found.plan, found.baselines) == (
        run,
        "航空乘客",
        "created",
        plan,
        baselines,
    )
    assert (found.updates, found.epochs, found.seconds, found.metrics, found.error, found.pid) == (
        0,
        0,
        0,
        {},
        None,
        None,
    )
    assert found.created.endswith("+00:00")
    assert runs.experiment(run) == SHORT
    assert runs.run_folder(run).is_dir()


def test_a_run_goes_from_created_to_finished(runs: Store) -> None:
    run = added(runs)
    runs.claim(run)
    assert (runs.find(run).state, runs.find(run).pid) == ("running", os.getpid())
    runs.change(run, state="paused", plan={"switch": 12})
    assert (runs.find(run).state, runs.find(run).plan) == ("paused", {"switch": 12})
    runs.record(run, ROWS, updates=3, epochs=1, seconds=1.5)
    runs.change(run, state="finished", metrics={"test.rmse": 15.25}, baselines={"naive": 49.4})
    runs.release(run)
    found = runs.find(run)
    assert (found.state, found.updates, found.epochs, found.seconds) == ("finished", 3, 1, 1.5)
    assert (found.metrics, found.baselines, found.plan) == ({"test.rmse": 15.25}, {"naive": 49.4}, {"switch": 12})


def test_a_failed_run_that_is_claimed_again_has_not_failed(runs: Store) -> None:
    run = added(runs)
    runs.change(run, state="failed", error="the loss is NaN")
    assert runs.find(run).error == "the loss is NaN"
    runs.claim(run)
    assert (runs.find(run).state, runs.find(run).error) == ("running", None)


def test_runs_of_one_second_have_ids_of_their_own_oldest_first(runs: Store) -> None:
    ids = [added(runs, name=str(number)) for number in range(12)]
    assert len(set(ids)) == 12
    assert [run.id for run in runs.runs()] == ids
    assert [run.name for run in runs.runs()] == [str(number) for number in range(12)]


def test_a_folder_whose_run_is_unknown_is_not_taken_over(tmp_path: Path) -> None:
    with Store(tmp_path) as runs:
        first = added(runs)
    for file in tmp_path.glob(f"{database.FILE}*"):
        file.unlink()
    with Store(tmp_path) as runs:
        for _ in range(3):  # at least two of them fall into one second
            assert added(runs) != first


def test_runs_are_found_by_the_beginning_of_their_id(runs: Store) -> None:
    with pytest.raises(StoreError, match="this folder has none yet"):
        runs.find("2026")
    run, other = added(runs, label="gru-x"), added(runs, label="lstm-x")
    assert runs.find(run[: run.index("gru") + 1]).id == run
    with pytest.raises(StoreError, match="several runs begin with '20'"):
        runs.find("20")
    assert runs.find(other).id == other
    with pytest.raises(StoreError, match=f"did you mean '{run}'"):
        runs.find(run.replace("gru", "grv"))
    with pytest.raises(StoreError, match="unknown run ''"):
        runs.find("")
    with pytest.raises(StoreError, match="unknown run '%'"):
        runs.find("%")
    first = added(runs, label="a")
    second = f"{first}-2" if added(runs, label="a") == f"{first}-2" else first
    assert [runs.find(first).id, runs.find(second).id] == [first, second]


def test_an_unknown_run_is_refused_by_every_method(runs: Store) -> None:
    calls: list[Callable[[], object]] = [
        lambda: runs.claim("x"),
        lambda: runs.record("x", updates=1, epochs=0, seconds=0),
        lambda: runs.rewind("x", update=1, epochs=0, seconds=0),
        lambda: runs.change("x", state="failed"),
        lambda: runs.experiment("x"),
        lambda: runs.scalars("x"),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="there is no run 'x'"):
            call()
    runs.release("x")


def test_scalars_come_back_bit_for_bit(runs: Store) -> None:
    run, other = added(runs), added(runs)
    runs.record(run, ROWS[:2], updates=2, epochs=0, seconds=0.5)
    runs.record(run, ROWS[2:], updates=3, epochs=1, seconds=1)
    runs.record(other, ROWS[:1], updates=1, epochs=0, seconds=1)
    curves = {name: (updates.tolist(), repr(values.tolist())) for name, (updates, values) in runs.curves(run).items()}
    names = ("train.loss", "validation.loss")
    assert curves == {
        name: ([row.update for row in ROWS if row.name == name], repr([row.value for row in ROWS if row.name == name]))
        for name in names
    }
    assert list(runs.curves(run, ["validation.loss", "none"])) == ["validation.loss"]
    assert runs.curves(run, []) == {}
    assert repr(runs.scalars(run)) == repr(ROWS)
    assert repr(runs.scalars(run, ["validation.loss", "none"])) == repr(ROWS[3:])
    assert runs.scalars(run, []) == []
    assert len(runs.scalars(other)) == 1


def test_after_going_back_the_curves_have_nothing_twice(runs: Store) -> None:
    run, other = added(runs), added(runs)
    for one in (run, other):
        runs.record(one, [Scalar(n, n // 4, "loss", 1 / n) for n in range(1, 11)], updates=10, epochs=2, seconds=5)
    runs.rewind(run, update=6, epochs=1, seconds=3.25)
    assert [scalar.update for scalar in runs.scalars(run)] == [1, 2, 3, 4, 5, 6]
    found = runs.find(run)
    assert (found.updates, found.epochs, found.seconds) == (6, 1, 3.25)
    runs.record(run, [Scalar(n, n // 4, "loss", 1 / n) for n in range(6, 11)], updates=10, epochs=2, seconds=5)
    assert runs.scalars(run) == runs.scalars(other)


def test_export(runs: Store) -> None:
    run = added(runs)
    runs.record(run, ROWS, updates=3, epochs=1, seconds=1.5)
    runs.change(run, metrics={"test.rmse": math.nan})
    text = export_csv(runs, run)
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == ["update", "epoch", "name", "value"]
    assert repr([Scalar(int(u), int(e), n, float(v)) for u, e, n, v in rows[1:]]) == repr(ROWS)
    exported = json.loads(json.dumps(export_json(runs, run), allow_nan=False))
    assert (exported["id"], exported["updates"], exported["metrics"]) == (run, 3, {"test.rmse": None})
    assert exported["experiment"] == SHORT
    assert exported["scalars"]["train.loss"] == {
        "update": [1, 2, 3],
        "epoch": [0, 0, 1],
        "value": [0.1 + 0.2, None, None],
    }


def test_names_in_ids() -> None:
    assert label_of(read_text(SHORT, CATALOG).spec) == "lstm-airline-passengers"
    assert slug("../..\\CON: 航空 x" + "y" * 99) == "con-x" + "y" * 34
    assert slug("航空") == "run"
    assert without_nan({"a": (1.0, math.inf, [math.nan]), 2: "x"}) == {"a": [1.0, None, [None]], "2": "x"}


DIES = """
import os, sys, pathlib
from lab.experiment.store import Scalar, Store
runs = Store(pathlib.Path(sys.argv[1]))
run = runs.create(name="x", label="x", experiment="")
runs.claim(run)
runs.record(run, [Scalar(1, 0, "loss", 0.5)], updates=1, epochs=0, seconds=0.1)
print(run, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be killed by a signal there")
def test_a_run_whose_process_was_killed_is_interrupted_and_nothing_is_lost(tmp_path: Path) -> None:
    with python(DIES, tmp_path) as process:
        assert process.stdout is not None
        run = process.stdout.readline().strip()
        with Store(tmp_path) as runs:
            assert (runs.find(run).state, runs.find(run).pid) == ("running", process.pid)
            with pytest.raises(StoreError, match="is running in another process"):
                runs.claim(run)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            assert runs.find(run).state == "interrupted"
            assert runs.scalars(run) == [Scalar(1, 0, "loss", 0.5)]
            runs.claim(run)
            assert runs.find(run).state == "running"


def test_a_paused_run_is_interrupted_when_its_store_is_closed(tmp_path: Path) -> None:
    with Store(tmp_path) as runs:
        run = added(runs)
        runs.claim(run)
        runs.claim(run)
        runs.change(run, state="paused")
        with Store(tmp_path) as other:
            assert other.find(run).state == "paused"
            with pytest.raises(StoreError, match="is running in another process"):
                other.claim(run)
    with Store(tmp_path) as runs:
        assert runs.find(run).state == "interrupted"


def test_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    lock = Lock(path)
    assert lock.acquire()
    assert is_held(path)
    assert not Lock(path).acquire()
    lock.release()
    lock.release()
    assert not is_held(path)
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "none" / "lock").acquire()


WRITES = """
import sys, pathlib
from lab.experiment.store import Scalar, Store
sys.stdin.readline()
for number in range(5):
    with Store(pathlib.Path(sys.argv[1])) as runs:
        run = runs.create(name=sys.argv[2], label="x", experiment="")
        for update in range(5):
            runs.record(run, [Scalar(update, 0, "loss", 1.0)], updates=update, epochs=0, seconds=0)
"""


def test_many_processes_write_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    processes = [python(WRITES, folder, number) for number in range(4)]
    time.sleep(0.3)
    said = [process.communicate("go\n")[1] for process in processes]
    assert said == [""] * 4
    with Store(folder, create=False) as runs:
        found = runs.runs()
        assert len({run.id for run in found}) == 20
        assert all(len(runs.scalars(run.id)) == 5 for run in found)


def test_ten_thousand_runs_are_listed_within_a_second(tmp_path: Path) -> None:
    Store(tmp_path).close()
    metrics = json.dumps(
        {f"{split}.{name}": 0.5 for split in ("train", "validation", "test") for name in ("loss", "rmse")}
    )
    states = ("finished", "failed", "interrupted", "running")
    with sqlite3.connect(tmp_path / database.FILE) as connection:
        connection.executemany(
            "INSERT INTO runs (id, name, state, created, plan, metrics, baselines, experiment)"
            " VALUES (?, 'Airline passengers', ?, '2026-01-01T00:00:00+00:00', ?, ?, ?, ?)",
            [
                (
                    f"2026-01-01-{n:06d}-lstm",
                    states[n % 4],
                    '{"target": "numba"}',
                    metrics,
                    '{"naive": 49.4}',
                    "x" * 2000,
                )
                for n in range(10_000)
            ],
        )
    connection.close()
    start = time.perf_counter()
    with Store(tmp_path, create=False) as runs:
        found = runs.runs()
    seconds = time.perf_counter() - start
    assert len(found) == 10_000
    assert [run.state for run in found[:4]] == ["finished", "failed", "interrupted", "interrupted"]
    assert seconds < 1


def told(folder: Path, *, create: bool = True) -> StoreError:
    """What opening a store is refused with."""
    with pytest.raises(StoreError) as caught:
        Store(folder, create=create, patience=0.1)
    assert caught.value.remedy
    return caught.value


def test_a_folder_without_runs_is_only_made_when_asked_for(tmp_path: Path) -> None:
    assert told(tmp_path / "none", create=False).message == "there are no runs in this folder"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    assert "cannot be made" in told(tmp_path / "file").message


def test_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / database.FILE
    path.write_bytes(b"these are notes, no database" * 100)
    assert told(tmp_path).message == "the database of runs is no database"
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (x)")
    connection.close()
    assert told(tmp_path).message == "this is a database of another program"
    path.unlink()
    Store(tmp_path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {database.VERSION + 1}")
    connection.close()
    assert told(tmp_path).message == "the runs in this folder were made by a newer version of RNN Lab"


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    with Store(tmp_path) as runs:
        for _ in range(50):
            added(runs)
    path = tmp_path / database.FILE
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with Store(tmp_path) as runs, pytest.raises(StoreError, match="the database of runs is damaged") as caught:
        runs.runs()
    assert caught.value.file == str(path)
    path.write_bytes(content[:5000])
    with pytest.raises(StoreError, match="the database of runs is damaged"), Store(tmp_path) as runs:
        runs.runs()


def test_a_locked_database_is_waited_for_and_then_told(tmp_path: Path) -> None:
    with Store(tmp_path, patience=0.1) as runs:
        run = added(runs)
        connection = sqlite3.connect(tmp_path / database.FILE)
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="is in use by another process") as caught:
            runs.record(run, ROWS, updates=1, epochs=0, seconds=0)
        assert "try again" in (caught.value.remedy or "")
        assert runs.runs()[0].id == run  # reading does not wait for a writer
        connection.rollback()
        connection.close()
        runs.record(run, ROWS, updates=1, epochs=0, seconds=0)


def test_a_full_disk_keeps_what_was_committed(tmp_path: Path) -> None:
    with Store(tmp_path) as runs:
        run = added(runs)
        runs.record(run, ROWS, updates=3, epochs=1, seconds=1)
        with runs._database.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(StoreError, match="has no room left on its disk") as caught:
            runs.record(run, [Scalar(n, 0, "loss", 0.5) for n in range(10_000)], updates=9, epochs=1, seconds=1)
        assert "Make room" in (caught.value.remedy or "")
        assert (runs.find(run).updates, len(runs.scalars(run))) == (3, 4)
        runs.change(run, state="failed")
    with Store(tmp_path) as runs:
        assert runs.find(run).state == "failed"


def test_a_folder_that_cannot_be_written_to_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path) as runs:
        run = added(runs)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with Store(tmp_path, create=False) as runs:
        assert runs.find(run).id == run
        assert sorted(tmp_path.iterdir()) == before
        with pytest.raises(StoreError, match="cannot be written to") as caught:
            runs.change(run, state="failed")
        assert "Make the folder writable" in (caught.value.remedy or "")


def test_a_log_that_waits_is_read_in_a_folder_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path) as writer:
        run = added(writer)
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        with Store(tmp_path, create=False) as runs:
            assert runs.find(run).id == run


def test_a_mistake_in_the_program_is_not_called_one_in_the_file(runs: Store) -> None:
    runs.close()
    with pytest.raises(sqlite3.ProgrammingError):
        runs.runs()


def test_a_run_whose_folder_cannot_be_made_is_not_listed(runs: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full)
        with pytest.raises(StoreError, match="No space left on device"):
            added(runs)
    assert runs.runs() == []
    run = added(runs)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full)
        with pytest.raises(StoreError, match="folder of the run cannot be written to: No space left on device"):
            runs.claim(run)


def test_an_older_database_is_brought_up_to_date(tmp_path: Path) -> None:
    with Store(tmp_path) as runs:
        run = runs.create(name="one", label="x", experiment='[[layers]]\ncell = "gru"\nhidden = 8\n')
    connection = sqlite3.connect(tmp_path / database.FILE)
    connection.executescript(
        "ALTER TABLE runs DROP COLUMN note; ALTER TABLE runs DROP COLUMN facts;"
        "ALTER TABLE runs DROP COLUMN deleted; PRAGMA user_version = 1"
    )
    connection.close()
    with Store(tmp_path) as runs:
        found = runs.find(run)
        assert (found.note, found.facts) == ("", {"layers.0.cell": "gru", "layers.0.hidden": 8})
        runs.change(run, name="two", note="seen")
    with Store(tmp_path) as runs:
        assert (runs.find(run).name, runs.find(run).note) == ("two", "seen")


def test_facts_are_those_that_a_run_has_now(tmp_path: Path) -> None:
    text = "[training]\nlearning_rate = 0.01\nepochs = 5\nclip_norm = 1.0\n"
    changes = [
        {"update": 3, "key": "learning_rate", "value": 0.1, "before": 0.01},
        {"update": 4, "key": "weights.layers.0.W", "value": None, "before": None},
        {"update": 5, "key": "updates", "value": 90, "before": None},
        {"update": 9, "key": "learning_rate", "value": 0.003, "before": 0.1},
    ]
    with Store(tmp_path) as runs:
        run = runs.create(name="one", label="x", experiment=text)
        assert runs.find(run).facts["training.learning_rate"] == 0.01
        runs.change(run, plan={"changes": changes})
        wanted = {"training.learning_rate": 0.003, "training.updates": 90, "training.clip_norm": 1.0}
        assert runs.find(run).facts == wanted
        assert runs.experiment(run) == text


def test_a_removed_run_leaves_nothing(tmp_path: Path) -> None:
    with Store(tmp_path) as runs, Store(tmp_path) as others:
        run = added(runs)
        runs.record(run, ROWS, updates=1, epochs=0, seconds=0)
        others.claim(run)
        with pytest.raises(StoreError, match="is running"):
            runs.remove(run)
        others.release(run)
        before = others.version()
        runs.remove(run)
        assert others.version() != before
        assert others.runs() == []
        assert not runs.run_folder(run).exists()
        with pytest.raises(StoreError, match="there is no run"):
            runs.scalars(run)


def test_a_discarded_run_is_in_no_list_until_it_is_brought_back(tmp_path: Path) -> None:
    with Store(tmp_path) as runs, Store(tmp_path) as others:
        kept, gone, held = (added(runs, label=label) for label in ("kept", "gone", "held"))
        runs.record(gone, ROWS, updates=3, epochs=1, seconds=1)
        others.claim(held)
        before = others.version()
        assert runs.discard([gone, held, "none"]) == [gone]
        assert runs.discard([gone]) == []
        assert others.version() != before
        assert [run.id for run in others.runs()] == [kept, held]
        assert others.ids() == {kept, held}
        assert [run.id for run in others.known([held, gone, kept])] == [held, kept]
        for ask in (others.find, others.scalars, others.claim, others.experiment):
            with pytest.raises(StoreError, match=r"unknown run|there is no run"):
                ask(gone)
    with Store(tmp_path) as runs:
        runs.purge()
        assert runs.ids() == {kept, held}, "the process that discarded it was killed"
        runs.restore([gone])
        assert len(runs.scalars(gone)) == len(ROWS)
        runs.discard([gone])
        runs.purge([gone, kept])
        runs.restore([gone])
        assert runs.ids() == {kept, held}
        assert not runs.run_folder(gone).exists()
        assert runs.run_folder(kept).exists()


def test_what_nobody_can_bring_back_is_deleted_by_whoever_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path) as runs:
        gone = [added(runs) for _ in range(120)]
        kept = added(runs)
        runs.discard(gone)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 25 * 3600)
    with Store(tmp_path) as runs:
        runs.purge()
        assert runs.ids() == {kept}
        assert [folder.name for folder in tmp_path.iterdir() if folder.is_dir()] == [kept]
        runs.restore(gone)
        assert runs.ids() == {kept}


def test_a_deletion_that_is_cut_short_is_made_good_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path) as runs:
        gone = added(runs)
        runs.discard([gone])

        def killed(self: database.Database) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(database.Database, "writing", killed)
            with pytest.raises(KeyboardInterrupt):
                runs.purge([gone])
        assert runs.ids() == set()
        runs.purge([gone])
        with runs._database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_a_store_of_the_version_before_can_be_read_and_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path) as runs:
        run, other = added(runs), added(runs)
    connection = sqlite3.connect(tmp_path / database.FILE)
    connection.executescript("ALTER TABLE runs DROP COLUMN deleted; PRAGMA user_version = 2")
    connection.close()
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: False)
        with Store(tmp_path, create=False) as runs:
            assert runs.ids() == {run, other}
            assert runs.find(run).id == run
            runs.purge()
    with Store(tmp_path) as runs:
        assert runs.discard([run]) == [run]
        assert [one.id for one in runs.runs()] == [other]
