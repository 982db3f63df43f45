"""Qt is loaded, before anything else of the window."""

import builtins


def load_qt() -> None:
    """Import Qt without its own way to import; ImportError or OSError where the system lacks what it needs.

    PySide's `import` goes through the source of every module imported later, for the sake of
    `from __feature__ import`. Nothing here uses that, and the reading takes a tenth of the start.
    """
    plain = builtins.__import__
    import PySide6.QtCore  # noqa: F401

    builtins.__import__ = plain
