"""Where in the author's file an equation stands."""

import linecache
import sys
from dataclasses import dataclass
from typing import Final, final


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


_LIBRARIES: Final = sys.stdlib_module_names | {"numpy", "scipy"}


def is_engine(module: str) -> bool:
    """True for the lab's own modules; the built-in plugins of an installed lab are plugins, not engine."""
    return module.split(".")[0] == "lab" and not module.startswith("lab._plugins")


def is_author(module: str) -> bool:
    """True for modules whose lines an author can correct: not the engine's, Python's own or NumPy's."""
    return not is_engine(module) and module.split(".")[0] not in _LIBRARIES


def source_here() -> Source | None:
    """The innermost line that is being executed in an author's module."""
    frame = sys._getframe(1)
    while frame is not None:
        if is_author(frame.f_globals.get("__name__", "")):
            return Source(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return None
