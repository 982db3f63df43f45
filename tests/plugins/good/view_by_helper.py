"""Needs the window, through a file beside it."""

from ._draw import draw

raise RuntimeError(f"a file that needs the window has been imported, with {draw}")
