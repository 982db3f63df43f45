"""Weights from a safetensors file: where a network starts that learned before, here or elsewhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from lab.errors import ExperimentError, unknown
from lab.experiment.atomic import write_atomically
from lab.experiment.checkpoint import FORMAT
from lab.model.network import Network


def load_weights(network: Network, file: str) -> None:
    """Set the parameters that a safetensors file has, by their full names (`layers.0.W_h`); the others stay.

    ExperimentError, with the file, where it cannot be read or has a name or a shape that the network does not know.
    """
    path = Path(file).expanduser()
    if not path.is_file():
        what = "this is a folder" if path.is_dir() else "there is no such file of weights"
        raise ExperimentError(what, file=file, remedy="Correct file in [weights]; it is a safetensors file")
    try:
        with safe_open(path, framework="numpy") as stream:
            if (stream.metadata() or {}).get("format") == FORMAT:
                raise ExperimentError(
                    "this is a checkpoint of a run, whose parameters have no names",
                    file=file,
                    remedy="Write them with names: runs export RUN --weights FILE",
                )
            arrays = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (it is no mapping)
    except (SafetensorError, OSError, TypeError, AttributeError) as error:  # the last two: a type that NumPy has not
        raise ExperimentError(
            f"the weights cannot be read: {error}", file=file, remedy="Name a safetensors file of float16 to float64"
        ) from error
    if not arrays:
        raise ExperimentError("there are no weights in the file", file=file, remedy="Name another file")
    known = network.named(network.parameters)
    for name, array in arrays.items():
        if name not in known:
            raise ExperimentError(unknown("parameter", name, known), file=file, remedy=f"There are: {', '.join(known)}")
        try:
            network.set_parameter(name, finite_weight(name, array))
        except ExperimentError as error:
            raise error.with_place(file) from None


def finite_weight(name: str, value: object) -> NDArray[Any]:
    """A parameter given by hand, as an array. ExperimentError unless it is one of finite real numbers."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ExperimentError(f"the weight {name} is ragged: every row must be as long as the others") from None
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise ExperimentError(f"the weight {name} is not all finite real numbers")
    return array


def save_weights(arrays: Mapping[str, NDArray[Any]], path: Path) -> None:
    """Write parameters under their full names. ExperimentError where the file cannot be written."""
    plain = {name: np.array(array, order="C") for name, array in arrays.items()}
    try:
        write_atomically(path, lambda temporary: save_file(plain, temporary))
    except (OSError, SafetensorError) as error:
        raise ExperimentError(f"the weights cannot be written: {error}", file=str(path)) from error
