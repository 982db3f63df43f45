"""Workers: each side in a process of its own, fed with commands, so that no library disturbs another's threads.

A process that waits for a command has no thread that spins, and its thread counts are those it was started with.
"""

import gc
import importlib
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Final, Self, final

from tests.bench.load import peak_bytes

SIDES: Final = {
    "lab": ("tests.bench.sides.lab_side", "LabSide"),
    "torch": ("tests.bench.sides.torch_side", "TorchSide"),
    "jax": ("tests.bench.sides.jax_side", "JaxSide"),
}
PEERS: Final = ("torch", "jax")
"""What a bench goes on without."""
PATIENCE: Final = 600.0
"""Seconds after which a worker that says nothing is taken for hung."""


class BenchError(Exception):
    """The bench cannot go on; the message says why."""


def environment(side: str, threads: int) -> dict[str, str]:
    """Thread counts are read from the environment when a library is loaded."""
    blas = 1 if side == "lab" else threads
    variables = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    values = dict.fromkeys(variables, str(blas))
    if side == "jax":
        values["JAX_PLATFORMS"] = "cpu"
        if threads == 1:
            values["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    return values


@final
class Worker:
    """The parent's end of a worker. `missing` says which library is not installed; close it when done."""

    def __init__(self, side: str, threads: int, extra: Mapping[str, str] | None = None) -> None:
        self.side, self.threads = side, threads
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, side, threads), daemon=True)
        with _environment(environment(side, threads) | dict(extra or {})):
            self._process.start()
        theirs.close()
        self.pid = self._process.pid or 0
        self.version: str = ""
        self.missing: str = ""
        kind, value = self._receive()
        if kind == "missing":
            self.missing = value
        else:
            self.version = value

    def _receive(self) -> tuple[str, Any]:
        if not self._connection.poll(PATIENCE):
            raise BenchError(f"{self.side} has said nothing for {PATIENCE:g} s")
        try:
            kind, value = self._connection.recv()
        except EOFError:
            self._process.join(5)
            raise BenchError(f"the process of {self.side} ended with code {self._process.exitcode}") from None
        if kind == "error":
            raise BenchError(f"{self.side} failed:\n{value}")
        return kind, value

    def _call(self, command: str, *arguments: Any) -> Any:
        self._connection.send((command, *arguments))
        return self._receive()[1]

    def build(self, key: str, kind: str, **options: Any) -> None:
        """Make a case ready and run it once, which compiles what is compiled."""
        self._call("build", key, kind, options)

    def burst(self, key: str, count: int, warm: int = 1) -> list[float]:
        """Seconds of `count` runs one after the other, after `warm` that are not timed."""
        seconds: list[float] = self._call("burst", key, count, warm)
        return seconds

    def results(self, key: str) -> dict[str, Any]:
        """What the last run came to."""
        found: dict[str, Any] = self._call("results", key)
        return found

    def drop(self, key: str) -> None:
        """Give a case back."""
        self._call("drop", key)

    def peak(self) -> int:
        """The largest resident set the process has had, in bytes."""
        return int(self._call("peak"))

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, name: str, threads: int) -> None:
    """The worker's end: answer commands until the parent closes the pipe."""
    try:
        if name == "jax" and threads > 1 and hasattr(os, "sched_setaffinity"):
            # JAX knows one thread, or as many as there are processors.
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
        module, side_class = SIDES[name]
        side = getattr(importlib.import_module(module), side_class)(threads)
    except ModuleNotFoundError as error:
        foreign = name in PEERS and str(error.name).partition(".")[0] in (name, "jaxlib")
        connection.send(("missing", f"{error.name} is not installed") if foreign else ("error", traceback.format_exc()))
        return
    except BaseException:
        connection.send(("error", traceback.format_exc()))
        raise
    connection.send(("ok", side.version))
    cases: dict[str, Any] = {}
    commands: dict[str, Callable[..., Any]] = {
        "build": lambda key, kind, options: _build(cases, side, key, kind, options),
        "burst": lambda key, count, warm: _burst(cases[key].run, count, warm),
        "results": lambda key: cases[key].results(),
        "drop": lambda key: cases.pop(key).close(),
        "peak": peak_bytes,
    }
    while True:
        try:
            command, *arguments = connection.recv()
        except EOFError:
            break
        try:
            connection.send(("ok", commands[command](*arguments)))
        except Exception:  # noqa: BLE001 - whatever it is, the parent is told
            connection.send(("error", traceback.format_exc()))
    for case in cases.values():
        case.close()


def _build(cases: dict[str, Any], side: Any, key: str, kind: str, options: dict[str, Any]) -> None:
    cases[key] = side.case(kind, options)
    cases[key].run()


def _burst(run: Callable[[], None], count: int, warm: int) -> list[float]:
    for _ in range(warm):
        run()
    gc.collect()
    gc.disable()
    try:
        clock = time.perf_counter
        seconds = []
        for _ in range(count):
            start = clock()
            run()
            seconds.append(clock() - start)
    finally:
        gc.enable()
    return seconds
