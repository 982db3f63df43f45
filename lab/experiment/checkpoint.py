"""Checkpoints: all a training run needs to go on bit for bit, in one safetensors file each.

A file is complete or not there (it is written beside its place, forced to disk and renamed), and carries a digest of
all it says, so damage is noticed. Nothing in it can run code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from lab.errors import StoreError
from lab.experiment.atomic import TEMPORARY, write_atomically

Counter = int | float | str

FORMAT = "rnn-lab-checkpoint-1"
KEPT = 3
"""So many of the newest checkpoints are kept."""

BUDGET = 2 * 1024**3
"""Bytes that the checkpoints of one run may take."""

_NAME = re.compile(r"checkpoint-(\d{12,})\.safetensors")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The state of a training run after `update` updates.

    `arrays` are whole, real or boolean arrays of any shape. `counters` are single values: whole numbers of any size,
    such as the state of a random generator; a NaN comes back as a NaN, its payload only in an array. `score`, lower is
    better, is what `best` goes by: the validation loss at exactly this state, or None where it was not evaluated.
    """

    arrays: Mapping[str, NDArray[Any]]
    counters: Mapping[str, Counter] = field(default_factory=dict)
    update: int
    score: float | None = None


def save(folder: Path, state: State) -> Path:
    """Write a checkpoint into `folder`, which is made if need be, and return its path.

    A checkpoint of the same update is replaced. Those of later updates belong to a course of the run that was given up
    for an earlier checkpoint; they are removed, once this one is on disk. One process at a time may save.
    Raises StoreError where it cannot be written; what was there before is then still there.
    """
    path = folder / f"checkpoint-{state.update:012d}.safetensors"
    arrays = {name: _plain(name, array) for name, array in state.arrays.items()}
    head = {
        "format": FORMAT,
        "update": str(state.update),
        "score": json.dumps(state.score),
        "counters": json.dumps(dict(state.counters)),
    }
    head["digest"] = _digest(head, arrays)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(f".*{TEMPORARY}"):
            leftover.unlink()
        write_atomically(path, lambda temporary: save_file(arrays, temporary, head))
        given_up = [other for other in _newest_first(folder) if _update(other) > state.update]
        for other in given_up:
            other.unlink()
    except (OSError, SafetensorError) as error:
        raise StoreError(
            f"the checkpoint cannot be written: {error}",
            file=str(path),
            remedy="Make room on the disk, or choose another folder for runs; the checkpoints before it are intact",
        ) from error
    return path


def load(path: Path) -> State:
    """Read a checkpoint; its arrays are new. Raises StoreError where it is damaged or cannot be read."""
    try:
        with safe_open(path, framework="numpy") as stream:
            head = stream.metadata() or {}
            arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (it is no mapping)
        if head.get("format") != FORMAT:
            raise StoreError("this is not a checkpoint of RNN Lab", file=str(path))
        if head.get("digest") != _digest(head, arrays):
            raise StoreError("the checkpoint is damaged: its content is not what was written", file=str(path))
        return State(
            arrays=arrays,
            counters=json.loads(head["counters"]),
            update=int(head["update"]),
            score=json.loads(head["score"]),
        )
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise StoreError(f"the checkpoint cannot be read: {error}", file=str(path)) from error


def latest(folder: Path, report: Callable[[StoreError], None] | None = None) -> State | None:
    """The newest checkpoint that is intact, or None where there is none at all.

    Each damaged one that is passed over is given to `report`. Raises StoreError where all of them are damaged.
    """
    return _first_intact(_newest_first(folder), report)


def newest_update(folder: Path) -> int | None:
    """The update of the newest checkpoint that is there as a whole, None where there is none.

    Only heads of files are read, which takes no time however large the network; what is damaged shows in `latest`.
    """
    for path in _newest_first(folder):
        with contextlib.suppress(OSError, SafetensorError), safe_open(path, framework="numpy") as stream:
            if (stream.metadata() or {}).get("format") == FORMAT:
                return _update(path)
    return None


def best(folder: Path, report: Callable[[StoreError], None] | None = None) -> State | None:
    """The intact checkpoint with the lowest score, the earliest among equals; None where none has a score.

    Damaged ones are treated as `latest` treats them.
    """
    return _first_intact(_best_first(folder), report)


def prune(folder: Path, *, keep: int = KEPT, budget: int = BUDGET) -> list[Path]:
    """Remove all checkpoints but the `keep` newest and the best, and return what was removed.

    Where those are more than `budget` bytes together, the oldest of them go too, except the newest and the best.
    """
    newest = _newest_first(folder)
    champion = _best_first(folder)[:1]
    kept = newest[: max(keep, 1)]
    try:
        sizes = {path: path.stat().st_size for path in {*kept, *champion}}
        while sum(sizes.values()) > budget and len(kept) > 1:
            oldest = kept.pop()
            if oldest not in champion:
                del sizes[oldest]
        removed = [path for path in newest if path not in sizes]
        for path in removed:
            path.unlink()
    except OSError as error:
        raise StoreError(f"an old checkpoint cannot be removed: {error}", file=str(folder)) from error
    return removed


def pack_random(name: str, generator: np.random.Generator) -> dict[str, Counter]:
    """The state of a PCG64 generator as counters whose names begin with `name`."""
    state = generator.bit_generator.state
    if state["bit_generator"] != "PCG64":
        raise StoreError(f"the state of a {state['bit_generator']} generator cannot be kept", remedy="Use PCG64")
    return {
        f"{name}.state": state["state"]["state"],
        f"{name}.inc": state["state"]["inc"],
        f"{name}.has_uint32": state["has_uint32"],
        f"{name}.uinteger": state["uinteger"],
    }


def unpack_random(name: str, counters: Mapping[str, Counter]) -> np.random.Generator:
    """The generator that `pack_random` took apart; it goes on with the very next number. KeyError if there is none."""
    source = np.random.PCG64()
    source.state = {
        "bit_generator": "PCG64",
        "state": {"state": int(counters[f"{name}.state"]), "inc": int(counters[f"{name}.inc"])},
        "has_uint32": int(counters[f"{name}.has_uint32"]),
        "uinteger": int(counters[f"{name}.uinteger"]),
    }
    return np.random.Generator(source)


def _plain(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Little-endian and contiguous, as the file has it; the shape stays, also that of a scalar."""
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise StoreError(f"the array {name!r} of type {array.dtype} cannot be kept in a checkpoint")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _digest(head: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    said = [[key, head[key]] for key in ("format", "update", "score", "counters")]
    shapes = [[name, arrays[name].dtype.str, list(arrays[name].shape)] for name in sorted(arrays)]
    digest.update(json.dumps([said, shapes]).encode())
    for name in sorted(arrays):
        digest.update(np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _update(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match else -1


def _newest_first(folder: Path) -> list[Path]:
    return sorted((path for path in folder.glob("*.safetensors") if _update(path) >= 0), key=_update, reverse=True)


def _best_first(folder: Path) -> list[Path]:
    scored = [(score, _update(path), path) for path in _newest_first(folder) for score in _score(path)]
    return [path for _, _, path in sorted(scored)]


def _score(path: Path) -> Iterator[float]:
    """The score that the head of a file gives, if it can be read and is a number; the rest is not looked at."""
    with contextlib.suppress(OSError, SafetensorError, ValueError), safe_open(path, framework="numpy") as stream:
        score = json.loads((stream.metadata() or {}).get("score", "null"))
        if isinstance(score, int | float) and not math.isnan(score):
            yield float(score)


def _first_intact(paths: list[Path], report: Callable[[StoreError], None] | None) -> State | None:
    damage: StoreError | None = None
    for path in paths:
        try:
            return load(path)
        except StoreError as error:
            damage = damage or error
            if report is not None:
                report(error)
    if damage is not None:
        damage.remedy = "No older checkpoint is intact either; start the run anew"
        raise damage
    return None
