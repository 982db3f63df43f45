"""Options that several commands have, and the folder of runs."""

from pathlib import Path
from typing import Annotated

import typer

from lab import resources
from lab.resources import RUNS_VARIABLE

Json = Annotated[
    bool,
    typer.Option(
        "--json", help='End stdout with one line of JSON; an error is {"error": {message, file, line, remedy}}.'
    ),
]
Csv = Annotated[bool, typer.Option("--csv", help="Write CSV.")]
Runs = Annotated[
    Path | None,
    typer.Option(
        "--runs",
        metavar="DIR",
        help=f"The folder of runs [default: that of {RUNS_VARIABLE}, else one in the user's data folder].",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key: --set layers.0.hidden=64; may be repeated."),
]


def runs_folder(given: Path | None) -> Path:
    """The folder of runs."""
    if given is not None:
        return given.expanduser()
    return resources.runs_folder()
