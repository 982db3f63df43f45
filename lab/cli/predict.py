"""`predict`: what a stored run predicts, beside what was to be predicted, or how it goes on by itself."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lab.cli.evaluate import Data, RunId
from lab.cli.failure import OK
from lab.cli.options import Runs, runs_folder
from lab.cli.output import note, number, say, say_table, write_csv
from lab.errors import DataError, LabError

if TYPE_CHECKING:
    from lab.experiment.checkpoint import State
    from lab.training.predictions import Rows
    from lab.training.setup import Setup

_SHOWN: Final = 60
"""Rows that are shown on a terminal; the rest is for a file."""


def predict(
    run: RunId,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Go on for so many steps behind the end of the data, from the network's own predictions."
        ),
    ] = None,
    data: Data = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="OUT", help="Write all of it as CSV; - is stdout.")
    ] = None,
    temperature: Annotated[
        float,
        typer.Option(
            min=0.0, help="With --steps of a text: 0 takes the most probable symbol, 1 draws as the network says."
        ),
    ] = 1.0,
    runs: Runs = None,
) -> int:
    """The predictions of the test split in the units of the data, beside the targets."""
    from lab.experiment.store import Store
    from lab.registry.manager import load_catalog
    from lab.runner.stored import opened, stored_setup, stored_state
    from lab.training.predictions import predicted

    catalog = load_catalog()
    with Store(runs_folder(runs), create=False) as store:
        found = store.find(run)
        state = stored_state(store, found, note)
        setup = stored_setup(store, found, catalog, data)
        if steps is not None:
            return _go_on(setup, state, steps, data, temperature, csv)
        if setup.data.test is None:
            raise DataError(
                "the dataset has no test split", remedy="Name a file with --data, or give it a share to test"
            )
        with opened(setup, found, state, note) as trainer:
            _show(predicted(setup, "test", trainer.evaluate("test")), setup.data.unit, csv)
    return OK


def _go_on(setup: "Setup", state: "State", steps: int, data: str | None, temperature: float, csv: Path | None) -> int:
    from lab.runner.stored import judged_parameters
    from lab.training.forecast import continued_series, continued_text
    from lab.training.predictions import Rows

    parameters = judged_parameters(setup, state)
    if setup.dataset.task == "next-symbol":
        before, written = continued_text(setup, parameters, steps, temperature)
        if csv is None:
            note(f"… {before[-60:]!r} goes on:")
            say("".join(written))
        else:
            _show(Rows(("step", "symbol"), list(enumerate(written))), "", csv)
        return OK
    source = setup.dataset.continuation(setup.spec.seed, data)
    found = continued_series(setup, parameters, steps, source)
    width = len(found[0][1])
    names = ["prediction"] if width == 1 else [f"prediction {place + 1}" for place in range(width)]
    _show(Rows(("time", *names), [(label, *map(float, value)) for label, value in found]), setup.data.unit, csv)
    return OK


def _show(rows: "Rows", unit: str, csv: Path | None) -> None:
    if csv is not None and str(csv) != "-":
        _write(rows, csv)
        note(f"{len(rows.cells)} rows are in {csv}")
        return
    if csv is not None:
        write_csv(sys.stdout, rows.names, rows.cells)
        return
    if unit:
        say(f"in {unit}")
    cells = [[number(cell) for cell in row] for row in rows.cells[:_SHOWN]]
    say_table(rows.names, cells, right=range(len(rows.names)))
    if len(rows.cells) > _SHOWN:
        say(f"... and {len(rows.cells) - _SHOWN} more rows; --csv FILE writes them all")


def _write(rows: "Rows", file: Path) -> None:
    from lab.experiment.atomic import write_atomically

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            write_csv(stream, rows.names, rows.cells)

    try:
        write_atomically(file, write)
    except OSError as error:
        raise LabError(
            f"the file cannot be written: {error.strerror or error}", file=str(file), remedy="Choose another folder"
        ) from error
