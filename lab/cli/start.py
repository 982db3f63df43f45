"""What happens without a command: the window, once there is one."""

import os
import sys

from lab.cli.output import note
from lab.cli.run import DEFAULT_EXPERIMENT, run


def start() -> int:
    """Say why no window opens, and run the default experiment."""
    reason = "The window is not there yet" if has_display() else "There is no display for a window"
    note(f"{reason}: running the experiment {DEFAULT_EXPERIMENT!r} without one. --help lists the commands.")
    return run()


def has_display() -> bool:
    """Whether a window could be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
