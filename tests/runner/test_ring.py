"""The ring: frames come out as they went in, the newest wins, and no shared memory stays behind."""

import math
import multiprocessing
import os
import secrets
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lab.telemetry.ring as ring_module
from lab.errors import LabError
from lab.telemetry.frames import Frame
from lab.telemetry.ring import RingReader, RingWriter


@pytest.fixture
def name() -> Iterator[str]:
    name = f"rnnlab-{os.getpid():x}-{secrets.token_hex(3)}"
    yield name
    assert not left(name)


def left(name: str) -> list[str]:
    """The shared memory of that name that is still there."""
    return [one.name for one in Path("/dev/shm").glob(f"{name}-*")] if sys.platform == "linux" else []


def frame(update: int, arrays: dict[str, Any], probe: str = "gates", **notes: object) -> Frame:
    return Frame(probe=probe, update=update, epoch=1, arrays=arrays, notes=notes)


def moved(writer: RingWriter, reader: RingReader, one: Frame) -> None:
    """Write a frame, and say where, as the pipe does."""
    segment = writer.put(one)
    if segment is not None:
        reader.follow(segment)


def test_frames_come_out_as_they_went_in(name: str) -> None:
    writer, reader = RingWriter(name), RingReader(name)
    arrays = {
        "layers.0/h": np.array([[np.nan, np.inf], [-np.inf, 1.5]], np.float32),
        "symbols": np.arange(6, dtype=np.int64).reshape(3, 2),
        "confusion": np.zeros((0, 4)),
        "error": np.float64(2.5).reshape(()),
        "real": np.array([True, False, True]),
        "turned": np.arange(6.0).reshape(2, 3).T,
    }
    moved(
        writer,
        reader,
        frame(7, arrays, labels=["月", "b"], saturation={"f": np.float32(0.5)}, none=None, n=np.int64(3)),
    )
    (found,) = reader.take()
    assert (found.probe, found.update, found.epoch) == ("gates", 7, 1)
    assert found.notes == {"labels": ["月", "b"], "saturation": {"f": 0.5}, "none": None, "n": 3}
    assert list(found.arrays) == list(arrays)
    for key, array in arrays.items():
        np.testing.assert_array_equal(found.arrays[key], array)
        assert found.arrays[key].dtype == array.dtype
        assert found.arrays[key].shape == array.shape
    assert reader.take() == []
    writer.close()
    reader.close()
    assert math.isnan(found.arrays["layers.0/h"][0, 0]), "copies stay when the memory is gone"


def test_the_newest_wins_and_what_was_missed_is_counted(name: str) -> None:
    writer, reader = RingWriter(name), RingReader(name)
    for update in range(10):
        moved(writer, reader, frame(update, {"a": np.full(5, update)}))
        moved(writer, reader, frame(update, {"a": np.full(5, -update)}, probe="weights"))
    found = {one.probe: one for one in reader.take()}
    assert (found["gates"].update, found["weights"].arrays["a"][0]) == (9, -9)
    assert reader.dropped == 18
    moved(writer, reader, frame(10, {"a": np.full(5, 10)}))
    assert [one.update for one in reader.take()] == [10]
    assert reader.dropped == 18
    writer.close()
    reader.close()


def test_frames_of_another_turn_are_left_alone(name: str) -> None:
    writer, reader = RingWriter(name), RingReader(name)
    moved(writer, reader, frame(1, {"a": np.zeros(3)}))
    reader.turn = 1
    assert reader.take() == [], "another run has been asked for since"
    writer.turn = 1
    moved(writer, reader, frame(0, {"a": np.zeros(3)}))
    assert [one.update for one in reader.take()] == [0]
    writer.close()
    reader.close()


def test_a_larger_frame_gets_a_larger_segment_and_the_old_one_goes(name: str) -> None:
    writer, reader = RingWriter(name), RingReader(name)
    for update, size in enumerate((10, 12, 5000, 40_000, 3)):
        moved(writer, reader, frame(update, {"a": np.arange(size)}))
        (found,) = reader.take()
        assert found.arrays["a"].tolist() == list(range(size))
        assert len(left(name)) <= 1
    assert reader.dropped == 0
    reader.close()
    writer.close()


def test_a_frame_beyond_all_limits_and_a_full_system_are_errors(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RingWriter(name)
    monkeypatch.setattr(ring_module, "LARGEST", 10_000)
    with pytest.raises(LabError, match=r"a picture of gates takes .* MiB"):
        writer.put(frame(0, {"a": np.zeros(10_000)}))
    if sys.platform == "linux":

        class Full:
            f_bavail, f_frsize = 1, 4096

        monkeypatch.setattr(os, "statvfs", lambda path: Full)
        with pytest.raises(LabError, match="no room"):
            writer.put(frame(0, {"a": np.zeros(1000)}))
    writer.close()


def test_what_a_writer_leaves_that_is_gone_is_removed_even_where_nobody_heard_of_it(name: str) -> None:
    writer, reader = RingWriter(name), RingReader(name)
    moved(writer, reader, frame(0, {"a": np.zeros(3)}))
    writer.put(frame(0, {"a": np.zeros(3)}, probe="weights"))
    if sys.platform == "linux":
        assert len(left(name)) == 2
        Path(f"/dev/shm/{name}-2").touch()  # as a process that was killed while it made it leaves it
    reader.close()
    assert left(name) == []
    writer.close()


def test_no_frame_is_seen_half_written(name: str) -> None:
    """A writer in another process that goes round as fast as it can, while frames are taken."""
    reader = RingReader(name)
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=write_on, args=(name, theirs), daemon=True)
    process.start()
    assert ours.poll(20)
    reader.follow(ours.recv())
    taken, last = 0, 0
    while taken < 200:
        for one in reader.take():
            values = np.unique(np.concatenate([array.reshape(-1) for array in one.arrays.values()]))
            assert values.tolist() == [one.update]
            assert one.notes == {"number": one.update}
            assert one.update > last
            taken, last = taken + 1, one.update
    assert reader.dropped == last - taken
    ours.send(None)
    process.join(10)
    reader.close()


def write_on(name: str, connection: "Connection[Any, Any]") -> None:
    """Write until told to stop."""
    writer, update = RingWriter(name), 1
    while not connection.poll():
        arrays = {"a": np.full((300, 40), update), "b": np.full(7 + update % 5, update)}
        segment = writer.put(frame(update, arrays, number=update))
        if segment is not None and update == 1:
            connection.send(segment)
        update += 1
    writer.close()
