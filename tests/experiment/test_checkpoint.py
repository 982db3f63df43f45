"""Checkpoints: bit for bit, whole or not there, and damage is noticed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import save_file

from lab.errors import StoreError
from lab.experiment.checkpoint import Counter, State, best, latest, load, pack_random, prune, save, unpack_random

NAN_WITH_PAYLOAD = np.array([0x7FF8DEADBEEF0001, 0xFFF0000000000001, 0x8000000000000000], np.uint64).view(np.float64)


def state(update: int, score: float | None = None, size: int = 4) -> State:
    """A small state that differs from update to update."""
    return State(arrays={"parameters": np.full(size, update, np.float32)}, update=update, score=score)


def same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two arrays are alike in type, shape and every bit."""
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def updates(folder: Path) -> list[int]:
    """The updates that there are checkpoints of."""
    return sorted(int(path.stem.split("-")[1]) for path in folder.glob("*.safetensors"))


def test_every_bit_comes_back(tmp_path: Path) -> None:
    arrays: dict[str, NDArray[Any]] = {
        "float64": np.concatenate([NAN_WITH_PAYLOAD, [np.inf, 5e-324, -0.0, np.pi]]),
        "float32": np.arange(12, dtype=np.float32).reshape(3, 4).T,
        "float16": np.ones((2, 1, 3), np.float16),
        "uint64": np.array([2**64 - 1, 0], np.uint64),
        "int64": np.array(-(2**63)),
        "int8": np.arange(-4, 4, dtype=np.int8)[::2],
        "bool": np.array([[True], [False]]),
        "empty": np.zeros((0, 3)),
        "名": np.ones(1),
    }
    counters: dict[str, Counter] = {
        "epoch": -3,
        "big": 2**127 + 1,
        "loss": 0.1 + 0.2,
        "tiny": 5e-324,
        "inf": float("-inf"),
        "name": "é\n\0",
    }
    path = save(tmp_path / "new" / "folder", State(arrays=arrays, counters=counters, update=12, score=0.1))
    found = load(path)
    assert found.arrays.keys() == arrays.keys()
    assert all(same(found.arrays[name], array) for name, array in arrays.items())
    assert dict(found.counters) == counters
    assert (found.update, found.score) == (12, 0.1)
    assert np.isnan(load(save(tmp_path, State(arrays={}, counters={"x": np.nan}, update=1))).counters["x"])


@given(
    st.binary(max_size=64), st.dictionaries(st.text(max_size=5), st.integers() | st.floats(allow_nan=False) | st.text())
)
def test_any_bytes_and_counters_come_back(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, counters: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("checkpoints")
    array = np.frombuffer(content[: len(content) // 8 * 8], np.float64)
    found = load(save(folder, State(arrays={"a": array}, counters=counters, update=0)))
    assert same(found.arrays["a"], array)
    assert dict(found.counters) == counters


def test_big_endian_arrays_come_back_with_their_values(tmp_path: Path) -> None:
    found = load(save(tmp_path, State(arrays={"a": np.array([1.5, -2.0], ">f8")}, update=0)))
    assert found.arrays["a"].tolist() == [1.5, -2.0]


def test_arrays_that_a_file_cannot_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="array 'a' of type complex128"):
        save(tmp_path, State(arrays={"a": np.zeros(2, np.complex128)}, update=0))
    assert list(tmp_path.iterdir()) == []


def test_random_generator_goes_on_with_the_next_number() -> None:
    generator = np.random.default_rng(3)
    generator.random(7)
    generator.integers(0, 2**31, dtype=np.uint32)  # leaves half a word behind
    counters = pack_random("data", generator)
    assert counters["data.has_uint32"] == 1
    other = unpack_random("data", counters)
    for source in (generator, other):
        source.integers(0, 9, dtype=np.uint32)
    assert generator.random(100).tolist() == other.random(100).tolist()
    assert generator.integers(0, 2**32, 5, np.uint32).tolist() == other.integers(0, 2**32, 5, np.uint32).tolist()
    with pytest.raises(StoreError, match="Use PCG64"):
        pack_random("x", np.random.Generator(np.random.MT19937(1)))


def test_random_state_survives_the_file(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    found = load(save(tmp_path, State(arrays={}, counters=pack_random("r", generator), update=0)))
    assert unpack_random("r", found.counters).random() == generator.random()


def test_latest_and_best(tmp_path: Path) -> None:
    assert latest(tmp_path) is None
    assert best(tmp_path / "none") is None
    for update, score in enumerate([None, 0.5, 0.25, float("nan"), 0.25, float("inf"), 0.75]):
        save(tmp_path, state(update, score))
    newest, champion = latest(tmp_path), best(tmp_path)
    assert newest is not None
    assert champion is not None
    assert (newest.update, champion.update) == (6, 2)
    assert same(newest.arrays["parameters"], np.full(4, 6, np.float32))


def test_a_checkpoint_of_the_same_update_is_replaced(tmp_path: Path) -> None:
    save(tmp_path, state(3))
    save(tmp_path, state(3, score=0.5))
    assert updates(tmp_path) == [3]
    assert load(next(tmp_path.iterdir())).score == 0.5


def test_a_course_that_was_given_up_is_forgotten(tmp_path: Path) -> None:
    for update in (10, 20, 30):
        save(tmp_path, state(update))
    save(tmp_path, state(15))
    assert updates(tmp_path) == [10, 15]


@pytest.mark.parametrize("damage", ["cut", "bit", "head", "empty", "text"])
def test_damage_is_noticed_and_the_next_older_one_is_used(tmp_path: Path, damage: str) -> None:
    save(tmp_path, state(1, 0.5))
    path = save(tmp_path, state(2, 0.25))
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[-1:]
    elif damage == "bit":
        content[-3] ^= 0x10
    elif damage == "head":
        content[content.index(b'"update":"2"') + 10] = ord("3")
    else:
        content = bytearray(b"" if damage == "empty" else b"not a checkpoint at all")
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        load(path)
    assert caught.value.file == str(path)
    told: list[StoreError] = []
    found = latest(tmp_path, told.append)
    assert found is not None
    assert found.update == 1
    assert [error.file for error in told] == [str(path)]
    found = best(tmp_path)
    assert found is not None
    assert found.update == 1


def test_where_all_are_damaged_the_newest_is_named(tmp_path: Path) -> None:
    paths = [save(tmp_path, state(update)) for update in (1, 2)]
    for path in paths:
        path.write_bytes(b"\0" * 100)
    with pytest.raises(StoreError, match="start the run anew") as caught:
        latest(tmp_path)
    assert caught.value.file == str(paths[1])


def test_another_safetensors_file_is_not_taken_for_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint-000000000001.safetensors"
    save_file({"a": np.ones(2)}, path)
    with pytest.raises(StoreError, match="not a checkpoint of RNN Lab"):
        load(path)
    with pytest.raises(StoreError, match="cannot be read"):
        load(tmp_path / "none.safetensors")
    (tmp_path / "notes.safetensors").write_bytes(b"someone else's")
    assert [path.name for path in prune(tmp_path, keep=1)] == []


def test_pruning_keeps_the_newest_and_the_best(tmp_path: Path) -> None:
    for update in range(10):
        save(tmp_path, state(update, 0.1 if update == 4 else 0.5))
    removed = prune(tmp_path)
    assert updates(tmp_path) == [4, 7, 8, 9]
    assert len(removed) == 6
    assert prune(tmp_path) == []


def test_pruning_keeps_within_the_budget_but_for_the_newest_and_the_best(tmp_path: Path) -> None:
    for update in range(6):
        save(tmp_path, state(update, 0.1 if update == 1 else 0.5, size=25_000))
    size = next(tmp_path.iterdir()).stat().st_size
    prune(tmp_path, keep=4, budget=int(3.5 * size))
    assert updates(tmp_path) == [1, 4, 5]
    prune(tmp_path, keep=4, budget=1)
    assert updates(tmp_path) == [1, 5]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, state(1))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device") as caught:
        save(tmp_path, state(2))
    assert "Make room" in (caught.value.remedy or "")
    assert updates(tmp_path) == [1]
    assert len(list(tmp_path.iterdir())) == 1


def test_what_a_killed_process_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".checkpoint-000000000002.safetensors.0.part").write_bytes(b"half")
    save(tmp_path, state(3))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-000000000003.safetensors"]


WRITER = """
import sys, pathlib, numpy as np
from lab.experiment.checkpoint import State, save, prune
folder = pathlib.Path(sys.argv[1])
for update in range(1, 10**9):
    save(folder, State(arrays={"a": np.full(200_000, update, np.float64)}, counters={"n": update}, update=update))
    print(update, flush=True)
    prune(folder)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be killed by a signal there")
def test_a_killed_process_leaves_its_last_checkpoint(tmp_path: Path) -> None:
    for delay in (0.0, 0.003, 0.011):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            for _ in range(3):
                process.stdout.readline()
            time.sleep(delay)
            os.kill(process.pid, signal.SIGKILL)
            said = process.stdout.read().split()
        found = latest(tmp_path)
        assert found is not None
        assert found.update >= (int(said[-1]) if said else 3)
        assert found.counters["n"] == found.update
        assert (found.arrays["a"] == found.update).all()
        for path in tmp_path.glob("checkpoint-*"):
            path.unlink()
