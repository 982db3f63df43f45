"""The forecast that a run has made of a whole series, kept beside its checkpoints so that runs can be compared."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.errors import StoreError
from lab.experiment.atomic import write_atomically

FILE: Final = "forecast.npz"


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecast:
    """`position` numbers the steps, `truth` and `forecast` are in the unit of the data, (R,) each."""

    position: NDArray[Any]
    truth: NDArray[Any]
    forecast: NDArray[Any]


def save_forecast(folder: Path, made: Forecast) -> None:
    """Keep a forecast in the folder of a run, in place of the one before. StoreError where it cannot be written."""
    path = folder / FILE

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            np.savez(stream, position=made.position, truth=made.truth, forecast=made.forecast)

    try:
        write_atomically(path, write)
    except OSError as error:
        remedy = "Make room on the disk, or choose another folder for runs"
        raise StoreError(f"the forecast cannot be written: {error}", file=str(path), remedy=remedy) from error


def load_forecast(folder: Path) -> Forecast | None:
    """The forecast of a run; None where none was kept, StoreError where it cannot be read."""
    path = folder / FILE
    try:
        with np.load(path, allow_pickle=False) as found:
            return Forecast(position=found["position"], truth=found["truth"], forecast=found["forecast"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        remedy = "Resume the run: the forecast is made again at its end"
        raise StoreError(f"the forecast cannot be read: {error}", file=str(path), remedy=remedy) from error
