"""LSTM, GRU (reset after U) and Elman are PyTorch's, outputs and gradients, with the same weights (stored numbers)."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.compile.targets.numpy import NumpyTarget
from tests.targets.cells import built_in
from tests.targets.support import Case, Numbers, reference_run, target_run

Array = NDArray[Any]
STORED: Final = Path(__file__).parents[1] / "fixtures" / "torch.npz"
CELLS: Final = {"lstm": "lstm-tanh", "gru": "gru-after", "rnn": "elman-tanh"}
GATES: Final = {"lstm": "ifco", "gru": "rzh", "rnn": ""}
"""Our letters in PyTorch's order: i, f, g, o and r, z, n."""


def blocks(kind: str, array: Array) -> dict[str, Array]:
    """A stacked array of PyTorch's by our letters; of one block, by none."""
    gates = GATES[kind]
    return dict(zip(gates, np.split(array, len(gates)), strict=True)) if gates else {"": array}


def ours(kind: str, stored: dict[str, Array], prefix: str) -> dict[str, Array]:
    """Parameters (or, with the prefix `d_`, their gradients) by our names; PyTorch adds two biases, we have one."""
    found: dict[str, Array] = {}
    second = blocks(kind, stored[f"{prefix}bias_hh_l0"])
    for gate, bias in blocks(kind, stored[f"{prefix}bias_ih_l0"]).items():
        end = f"_{gate}" if gate else ""
        found[f"W{end}"] = blocks(kind, stored[f"{prefix}weight_ih_l0"])[gate]
        found[f"U{end}"] = blocks(kind, stored[f"{prefix}weight_hh_l0"])[gate]
        if (kind, gate) == ("gru", "h"):
            found["b_h"], found["b_u"] = bias, second[gate]
        else:
            # The gradient of a sum is that of either term.
            found[f"b{end}"] = bias if prefix else bias + second[gate]
    return found


@pytest.mark.parametrize("runner", ["reference", "numpy"])
@pytest.mark.parametrize("kind", sorted(CELLS))
def test_outputs_and_gradients_are_those_of_pytorch(kind: str, runner: str) -> None:
    with np.load(STORED) as file:
        stored = {name.split(".", 1)[1]: file[name] for name in file.files if name.startswith(f"{kind}.")}
    steps, batch, inputs = stored["x"].shape
    case = Case(steps=steps, batch=batch, inputs=inputs, hidden=stored["output"].shape[2])
    states = ("h", "c") if kind == "lstm" else ("h",)
    drawn = Numbers(
        parameters=ours(kind, stored, ""),
        inputs={"x": stored["x"]},
        first={name: stored[f"first_{index}"][0] for index, name in enumerate(states)},
        seeds={"h": stored["seed"]},
    )
    cell = built_in()[CELLS[kind]]()
    found = reference_run(cell, case, drawn) if runner == "reference" else target_run(cell, case, NumpyTarget(), drawn)
    wanted = {"state h": stored["output"], "input x from 0": stored["d_x"]}
    wanted |= {f"parameter {name} from 0": value for name, value in ours(kind, stored, "d_").items()}
    wanted |= {f"first {name} of 0": stored[f"d_first_{index}"][0] for index, name in enumerate(states)}
    if kind == "lstm":
        wanted["state c"] = found["state c"].copy()
        wanted["state c"][-1] = stored["last"][0]
    assert wanted.keys() == {name for name in found if not name.startswith("watched")}
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-10, err_msg=name)
        assert np.abs(value).max() > 1e-3, name


def test_stored_numbers_tell_gates_apart() -> None:
    """With two gates exchanged the outputs differ: the test above would notice."""
    with np.load(STORED) as file:
        stored = {name.split(".", 1)[1]: file[name] for name in file.files if name.startswith("gru.")}
    case = Case(steps=stored["x"].shape[0], batch=3, inputs=4, hidden=5)
    parameters = ours("gru", stored, "")
    swapped = {
        name: parameters[name.replace("_r", "_?").replace("_z", "_r").replace("_?", "_z")] for name in parameters
    }
    drawn = Numbers(swapped, {"x": stored["x"]}, {"h": stored["first_0"][0]}, {"h": stored["seed"]})
    right = replace(drawn, parameters=parameters)
    cell = built_in()["gru-after"]
    assert np.abs(reference_run(cell(), case, drawn)["state h"] - stored["output"]).max() > 0.01
    assert np.abs(reference_run(cell(), case, right)["state h"] - stored["output"]).max() < 1e-10
