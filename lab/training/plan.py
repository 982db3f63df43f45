"""The plan of a run: what decides, beside the experiment, every bit of its result on one machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self, final

TargetName = Literal["auto", "numpy", "numba", "cupy"]
Device = Literal["auto", "cpu", "cuda"]
TARGETS: Final[tuple[TargetName, ...]] = ("auto", "numpy", "numba", "cupy")
DEVICES: Final[tuple[Device, ...]] = ("auto", "cpu", "cuda")


@final
@dataclass(slots=True, kw_only=True)
class Plan:
    """Target, threads and product variants of a run.

    With target `auto` a run begins on numpy; `switched` is the number of updates made when the compiled code took over
    (None: not yet), and `reason` says why it never will. A resumed run keeps its plan and switches at the same update.
    """

    target: TargetName = "auto"
    threads: int = 1
    variants: dict[str, list[int]] = field(default_factory=dict)
    switched: int | None = None
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The plan as plain values."""
        return {
            "target": self.target,
            "threads": self.threads,
            "variants": {key: list(value) for key, value in sorted(self.variants.items())},
            "switched": self.switched,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The plan that `as_json` wrote."""
        known = {name: values[name] for name in ("target", "threads", "switched", "reason") if name in values}
        return cls(**known, variants={key: list(value) for key, value in values.get("variants", {}).items()})


def default_threads() -> int:
    """As many threads as there are processors that this process may use, at most 8."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        count = os.cpu_count() or 1
    return min(count, 8)
