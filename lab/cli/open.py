"""`open`: the window, with an experiment."""

from pathlib import Path
from typing import Annotated

import typer

from lab.cli.window import has_display, show_window
from lab.errors import LabError


def open_(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="An experiment to open in the window.")] = None,
) -> int:
    """Open the window, with an experiment if one is named."""
    if not has_display():
        raise LabError("there is no display for a window", remedy="`run FILE` trains an experiment without one")
    return show_window(file)
