"""The plan of a run: what decides, beside the experiment, every bit of its result on one machine."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, Self, TypeVar, final

from lab.compile.targets.cupy import device_available
from lab.errors import LabError, unknown

TargetName = Literal["auto", "numpy", "numba", "cupy"]
Device = Literal["auto", "cpu", "cuda"]
Name = TypeVar("Name", bound=str)
TARGETS: Final[tuple[TargetName, ...]] = ("auto", "numpy", "numba", "cupy")
DEVICES: Final[tuple[Device, ...]] = ("auto", "cpu", "cuda")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChange:
    """A key of `[training]` that got another value while the network learned, before the update after `update`.

    A key that begins with `weights.` is a parameter set by hand: its values are in the checkpoint made then, not here.
    """

    update: int
    key: str
    value: Any = None
    before: Any = None

    @property
    def by_hand(self) -> bool:
        """Whether it is a parameter that was set."""
        return self.key.startswith("weights.")


@final
@dataclass(slots=True, kw_only=True)
class Plan:
    """Target, threads and product variants of a run, and what was changed while it ran.

    With target `auto` a run begins on numpy; `switched` is the number of updates made when the compiled code took over
    (None: not yet), and `reason` says why it never will. A resumed run keeps its plan: it switches at the same update
    and makes the same `changes` at the same updates.
    """

    target: TargetName = "auto"
    threads: int = 1
    variants: dict[str, list[int]] = field(default_factory=dict)
    switched: int | None = None
    reason: str = ""
    changes: list[LiveChange] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The plan as plain values."""
        return {
            "target": self.target,
            "threads": self.threads,
            "variants": {key: list(value) for key, value in sorted(self.variants.items())},
            "switched": self.switched,
            "reason": self.reason,
            "changes": [asdict(change) for change in self.changes],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The plan that `as_json` wrote."""
        known = {name: values[name] for name in ("target", "threads", "switched", "reason") if name in values}
        return cls(
            **known,
            variants={key: list(value) for key, value in values.get("variants", {}).items()},
            changes=[LiveChange(**change) for change in values.get("changes", ())],
        )


def chosen_plan(device: str | None, target: str | None, threads: int | None) -> tuple[Plan, list[str]]:
    """The plan of a new run, `auto` where nothing is chosen, and what is to be said of it. LabError for a wrong choice.

    The names are those of DEVICES and TARGETS; the messages call the choices what the command line calls them.
    """
    where, chosen = _choice("device", device, DEVICES), _choice("target", target, TARGETS)
    if (where == "cuda" and chosen in ("numpy", "numba")) or (where == "cpu" and chosen == "cupy"):
        raise LabError(f"--device {where} and --target {chosen} contradict each other", remedy="Leave one of them out")
    messages = []
    if where == "cuda" and chosen == "auto":
        available, reason = device_available()
        if available:
            chosen = "cupy"
        else:
            messages.append(f"The CPU is used. {reason}")
    return Plan(target=chosen, threads=threads or default_threads()), messages


def _choice(name: str, given: str | None, known: tuple[Name, ...]) -> Name:
    """One of the known names, `auto` where none is given; LabError with the nearest one."""
    found = next((one for one in known if one == (given or "auto")), None)
    if found is None:
        raise LabError(unknown(name, str(given), known), remedy=f"--{name} is one of {', '.join(known)}")
    return found


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def default_threads() -> int:
    """As many threads as there are processors that this process may use, at most 8."""
    return min(processors(), 8)
