"""Where in the author's file an equation stands."""

import linecache
import sys
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Source:
    """A line of a plugin's file."""

    file: str
    line: int

    @property
    def text(self) -> str:
        """The line itself, without indentation; empty if the file cannot be read any more."""
        return linecache.getline(self.file, self.line).strip()


def is_engine(module: str) -> bool:
    """True for the lab's own modules; the built-in plugins of an installed lab are plugins, not engine."""
    return module.split(".")[0] == "lab" and not module.startswith("lab._plugins")


def source_here() -> Source | None:
    """The innermost line that is being executed outside the engine."""
    frame = sys._getframe(1)
    while frame is not None:
        if not is_engine(frame.f_globals.get("__name__", "")):
            return Source(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return None
