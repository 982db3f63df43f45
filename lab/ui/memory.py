"""What is remembered of the arrangement of the window: bytes of Qt by perspective and width."""

from typing import Final, final

from PySide6.QtCore import QByteArray

from lab.ui.perspectives import Width
from lab.ui.settings import Settings

_VERSION: Final = 1
"""Another number forgets all arrangements: after panels have been added or taken away."""


@final
class Memory:
    """Arrangements of views and panels while the window is open, and in the settings between sessions."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: dict[str, QByteArray] = {}
        for name in settings.arrangements():
            if name.startswith(f"{_VERSION}."):
                self._kept[name] = settings.arrangement(name)

    def geometry(self) -> QByteArray:
        """Size and place of the window."""
        return self._find("geometry")

    def views(self, perspective: str, width: Width) -> QByteArray:
        """How views were left in a perspective, empty where nobody has changed them."""
        return self._find(f"views.{perspective}.{width}")

    def panels(self, width: Width) -> QByteArray:
        """How panels were left."""
        return self._find(f"panels.{width}")

    def keep_views(self, perspective: str, width: Width, state: QByteArray) -> None:
        """Remember how views are."""
        self._keep(f"views.{perspective}.{width}", state)

    def keep_panels(self, width: Width, state: QByteArray) -> None:
        """Remember how panels are."""
        self._keep(f"panels.{width}", state)

    def forget(self) -> None:
        """Forget all but the size of the window."""
        self._kept = {name: state for name, state in self._kept.items() if name.endswith(".geometry")}
        self._settings.keep_arrangements(self._kept)

    def write(self, geometry: QByteArray) -> None:
        """Write all to the settings."""
        self._keep("geometry", geometry)
        self._settings.keep_arrangements(self._kept)

    def _find(self, name: str) -> QByteArray:
        return self._kept.get(f"{_VERSION}.{name}", QByteArray())

    def _keep(self, name: str, state: QByteArray) -> None:
        self._kept[f"{_VERSION}.{name}"] = state
