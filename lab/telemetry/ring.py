"""The ring: frames on their way between processes, through shared memory that the writer overwrites.

Each probe has a segment of its own with a few slots. The writer goes round them and never waits; the reader takes the
newest and is told how many it has missed. A slot is stamped before and after it is written, so that one which was
overwritten while it was read is noticed and not used.
"""

import contextlib
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.errors import LabError
from lab.telemetry.frames import Frame

SLOTS: Final = 3
"""One is written, one is the newest, one may still be read."""
LARGEST: Final = 1 << 28
"""Bytes of a frame, at most: three of them are kept for each probe."""
_SPARE: Final = 8
"""So many segments beyond the last one that was heard of may have been made by a writer that is gone."""
_ALIGNED: Final = 64
_STAMP: Final = np.dtype("<u8")
_HEAD: Final = _ALIGNED
"""Before a slot: the two stamps, the length of its description, and its turn."""


@final
@dataclass(frozen=True, slots=True)
class Segment:
    """Where the frames of a probe are from now on: number of the segment, and bytes of each slot."""

    probe: str
    number: int
    capacity: int


@final
class RingWriter:
    """Puts frames into shared memory. `close` removes it; whoever has it open keeps what is there."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: dict[str, tuple[Segment, SharedMemory]] = {}
        self._counts: dict[str, int] = {}
        self._made = 0
        self.turn = 0
        """Frames belong to it: to one run after the other."""

    def put(self, frame: Frame) -> Segment | None:
        """Write a frame; the segment, where the probe has got a new one. LabError where a frame is too large for any.

        OSError where the system has no room for shared memory.
        """
        description, arrays, size = _packed(frame)
        moved = None
        if frame.probe not in self._open or self._open[frame.probe][0].capacity < size:
            moved = self._renew(frame.probe, size)
        segment, memory = self._open[frame.probe]
        count = self._counts[frame.probe] = self._counts.get(frame.probe, 0) + 1
        slot = _slot(memory, segment, count)
        stamps = slot[:_HEAD].view(_STAMP)
        stamps[0] = 2 * count - 1
        stamps[2] = len(description)
        stamps[3] = self.turn
        slot[_HEAD : _HEAD + len(description)] = np.frombuffer(description, np.uint8)
        for start, array in arrays:
            slot[start : start + array.nbytes].view(array.dtype)[...] = array.reshape(-1)
        stamps[1] = stamps[0] = 2 * count
        return moved

    def _renew(self, probe: str, size: int) -> Segment:
        """A segment half as large again as is needed now, so that slowly growing frames do not need one each time."""
        if size > LARGEST:
            raise LabError(
                f"a picture of {probe} takes {size / 2**20:,.0f} MiB, and {LARGEST / 2**20:,.0f} MiB is the limit",
                remedy="Watch fewer samples, or shorter sequences",
            )
        capacity = _up(min(size + size // 2, LARGEST))
        segment = Segment(probe, self._made, capacity)
        self._made += 1
        _check_room(SLOTS * (_HEAD + capacity))
        memory = SharedMemory(_segment_name(self._name, segment.number), create=True, size=SLOTS * (_HEAD + capacity))
        old = self._open.pop(probe, None)
        self._open[probe] = segment, memory
        if old is not None:
            _remove(old[1])
        return segment

    def close(self) -> None:
        """Remove all segments."""
        while self._open:
            _remove(self._open.popitem()[1][1])


@final
class RingReader:
    """Takes the newest frames out of shared memory, as copies. `dropped` counts those that were overwritten unread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: dict[str, tuple[Segment, SharedMemory]] = {}
        self._read: dict[str, int] = {}
        self._heard = 0
        self.dropped = 0
        self.turn = 0
        """Only frames of this turn are taken."""

    def follow(self, segment: Segment) -> None:
        """Look for the frames of a probe in this segment from now on."""
        self._heard = max(self._heard, segment.number + 1)
        try:
            memory = SharedMemory(_segment_name(self._name, segment.number))
        except (OSError, ValueError):
            return  # the writer has gone on to a larger one, of which we shall hear, or is gone
        if segment.probe in self._open:
            _let_go(self._open[segment.probe][1])
        self._open[segment.probe] = segment, memory

    def take(self) -> list[Frame]:
        """The newest frame of each probe that has not been taken yet."""
        return [frame for probe in self._open for frame in self._newest(probe)]

    def _newest(self, probe: str) -> Iterator[Frame]:
        segment, memory = self._open[probe]
        slots = [_slot(memory, segment, index) for index in range(SLOTS)]
        for _ in range(SLOTS):
            counts = [_complete(slot) for slot in slots]
            count = max(counts)
            if count <= self._read.get(probe, 0):
                return
            newest = slots[counts.index(count)]
            if int(newest[:_HEAD].view(_STAMP)[3]) != self.turn:
                return
            frame = _unpacked(newest, count)
            if frame is not None:
                self.dropped += count - self._read.get(probe, 0) - 1
                self._read[probe] = count
                yield frame
                return

    def close(self) -> None:
        """Let go of the memory, and remove what a writer that is gone has left."""
        while self._open:
            _let_go(self._open.popitem()[1][1])
        for number in range(self._heard + _SPARE):
            _remove_left(_segment_name(self._name, number))
        self._heard = 0


def _check_room(size: int) -> None:
    """LabError where shared memory is full: it is given out all the same, and writing to it would end the process."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            room = os.statvfs("/dev/shm")
            if room.f_bavail * room.f_frsize < size:
                raise LabError(
                    f"there is no room for {size / 2**20:,.1f} MiB of shared memory, through which pictures come",
                    remedy="Watch fewer samples, or give /dev/shm more room",
                )


def _packed(frame: Frame) -> tuple[bytes, list[tuple[int, NDArray[Any]]], int]:
    """The description, each array with its start in the slot, and the bytes of all of it."""
    arrays = {name: np.ascontiguousarray(array) for name, array in frame.arrays.items()}
    placed: dict[str, tuple[str, tuple[int, ...], int]] = {}
    offset = 0
    for name, array in arrays.items():
        placed[name] = (array.dtype.str, frame.arrays[name].shape, offset)
        offset = _up(offset + array.nbytes)
    head = [frame.probe, frame.update, frame.epoch, placed, frame.notes]
    description = json.dumps(head, default=_plain).encode()
    start = _up(_HEAD + len(description))
    return description, [(start + placed[name][2], array) for name, array in arrays.items()], start + offset


def _unpacked(slot: NDArray[np.uint8], count: int) -> Frame | None:
    """The frame in a slot, or None where it was overwritten meanwhile."""
    length = int(slot[:_HEAD].view(_STAMP)[2])
    if length > len(slot) - _HEAD:
        return None
    description = slot[_HEAD : _HEAD + length].tobytes()
    if _complete(slot) != count:
        return None
    probe, update, epoch, placed, notes = json.loads(description)
    start = _up(_HEAD + length)
    arrays = {}
    for name, (dtype, shape, offset) in placed.items():
        size = math.prod(shape) * np.dtype(dtype).itemsize
        arrays[name] = slot[start + offset : start + offset + size].copy().view(dtype).reshape(shape)
    if _complete(slot) != count:
        return None
    return Frame(probe=probe, update=update, epoch=epoch, arrays=arrays, notes=notes)


def _complete(slot: NDArray[np.uint8]) -> int:
    """The number of the frame in a slot, 0 while it is being written."""
    first, second = (int(stamp) for stamp in slot[:_HEAD].view(_STAMP)[:2])
    return first // 2 if first == second and first % 2 == 0 else 0


def _slot(memory: SharedMemory, segment: Segment, count: int) -> NDArray[np.uint8]:
    size = _HEAD + segment.capacity
    return np.ndarray((size,), np.uint8, memory.buf, (count % SLOTS) * size)


def _segment_name(name: str, number: int) -> str:
    return f"{name}-{number}"


def _up(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


def _plain(value: object) -> object:
    """NumPy's numbers and small arrays in notes, as JSON has them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"notes of a frame have a {type(value).__name__}")


def _let_go(memory: SharedMemory) -> None:
    # A view that is still in use keeps the mapping; it goes with the view.
    with contextlib.suppress(BufferError):
        memory.close()


def _remove(memory: SharedMemory) -> None:
    _let_go(memory)
    with contextlib.suppress(OSError):
        memory.unlink()


def _remove_left(name: str) -> None:
    try:
        _remove(SharedMemory(name))
    except ValueError:  # its maker died before it gave it a size
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                os.unlink(f"/dev/shm/{name}")
    except OSError:
        pass  # there is none
