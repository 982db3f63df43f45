"""Compilation: which target a run begins with, and when compiled code takes over."""

import threading
from collections.abc import Callable
from typing import final

from lab.compile.executor import Target
from lab.compile.targets.numba import NumbaTarget
from lab.compile.targets.numpy import NumpyTarget
from lab.errors import LabError, TargetError
from lab.training.plan import Plan
from lab.training.setup import Setup


@final
class Compilation:
    """The targets of one run. With `auto`, Numba compiles in a thread while NumPy trains; `close` waits for it.

    The thread begins after the first update, which it would only delay.
    """

    def __init__(self, setup: Setup, plan: Plan) -> None:
        self.setup = setup
        self.plan = plan
        self._numba = NumbaTarget(variants=plan.variants)
        self._failure: LabError | None = None
        self._switch_at = plan.switched
        self._switched = plan.target != "auto"
        self._looked = -1
        self._thread: threading.Thread | None = None
        self.also: Callable[[NumbaTarget], None] | None = None
        """What else is compiled before the compiled code takes over."""

    def first(self) -> Target:
        """The target to begin with. TargetError where the one asked for cannot run this network here."""
        match self.plan.target:
            case "numpy":
                return NumpyTarget()
            case "numba":
                self._compile()
                if self._failure is not None:
                    raise self._failure
                return self._numba
            case "cupy":
                from lab.compile.targets.cupy import CupyTarget

                return CupyTarget()
            case _:
                if not self.plan.reason:
                    self._thread = threading.Thread(target=self._compile, name="lab-compile")
                return NumpyTarget()

    def due(self, update: int) -> Target | None:
        """The compiled target, once, at the update boundary where it takes over: when ready, or where the plan says."""
        if self._switched or self._thread is None:
            return None
        if self._thread.ident is None:
            if update == 0 and self._switch_at is None:
                return None
            self._thread.start()
        if self._switch_at is not None:
            if update < self._switch_at:
                return None
            self._thread.join()
        elif update == self._looked:
            return None
        # One look for each count of updates: after the last update of an epoch the losses are computed before the next
        # batch begins, and the plan, which knows counts alone, could not tell a switch before that from one after it.
        self._looked = update
        if self._thread.is_alive():
            return None
        self._switched = True
        if self._failure is not None:
            place = self._failure.place
            self.plan.reason = f"{place}: {self._failure.message}" if place else self._failure.message
            return None
        if self.plan.switched is None:
            self.plan.switched = update
        return self._numba

    def beside(self, known: Target | None = None) -> Target:
        """The target for a network beside the trained one, which must not change how that one computes.

        `known` is the target that the same network was given before; it is given again as long as it is the right one.
        """
        compiled = self._switched and self._failure is None and self.plan.target in ("auto", "numba")
        if known is not None and (known.name == "numba") == compiled:
            return known
        return self._numba.apart() if compiled else NumpyTarget()

    @property
    def awaited(self) -> bool:
        """Whether compiled code is to take over, and has not yet."""
        return not self._switched and self._thread is not None

    def passed(self, update: int) -> None:
        """A restored run has made so many updates; what it did after the last of them was done before the switch."""
        self._looked = update

    def _compile(self) -> None:
        try:
            for block in self.setup.plan.blocks:
                self._numba.compile(block.program, self.setup.spec.dtype)
            if self.also is not None:
                self.also(self._numba)
        except TargetError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - whatever a compiler trips over, training goes on without it
            lines = str(error).strip().splitlines()
            self._failure = TargetError(
                f"numba cannot compile this network: {type(error).__name__}: {lines[0] if lines else ''}",
                remedy="Train with --target numpy",
            )

    def close(self) -> None:
        """Wait for the thread; a compilation cannot be broken off."""
        if self._thread is not None and self._thread.ident is not None:
            self._thread.join()
