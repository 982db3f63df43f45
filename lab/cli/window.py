"""The window, from the command line. Headless, that is said and the experiment runs without one."""

import ctypes
import gc
import os
import sys
from pathlib import Path

from lab.cli.output import note
from lab.errors import LabError

PACKAGES = (
    "libglib2.0-0 libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0"
)
"""What Qt needs of a bare Debian."""


def start() -> int:
    """What happens without a command: the window, or without a display the default experiment."""
    if has_display():
        return show_window(None)
    from lab.cli.run import DEFAULT_EXPERIMENT, run

    note(
        f"There is no display for a window: running the experiment {DEFAULT_EXPERIMENT!r} without one. "
        "--help lists the commands."
    )
    return run()


def has_display() -> bool:
    """Whether a window could be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show_window(file: Path | None) -> int:
    """Open the window, with an experiment if one is named, and stay until it is closed."""
    # Nothing that is made until the window stands is garbage; looking for some takes a tenth of the start.
    gc.disable()
    try:
        if sys.platform == "linux" and not os.environ.get("QT_QPA_PLATFORM"):
            ctypes.CDLL("libxcb-cursor.so.0")  # without it Qt does not raise but aborts
        from lab.ui.loading import load_qt

        load_qt()
        from lab.ui.app import open_window
    except (ImportError, OSError) as error:
        remedy = f"Install what Qt needs: apt-get install --no-install-recommends {PACKAGES}"
        if getattr(error, "name", None) in ("PySide6", "pyqtgraph", "shiboken6"):
            remedy = "Install RNN Lab anew: make run, or pip install --editable ."
        raise LabError(f"the window cannot be opened: {error}", remedy=remedy) from error
    return open_window(file)
