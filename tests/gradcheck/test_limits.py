"""What cells must be in known limits, where gates are held open or shut by large biases (±10³ saturates exactly)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.compile.targets.numpy import NumpyTarget
from tests.targets.cells import built_in
from tests.targets.support import Case, Numbers, Results, numbers, reference_run, target_run, traced_cell

Array = NDArray[Any]
CASE = Case(steps=5, batch=3, inputs=4, hidden=6)
OPEN, SHUT = 1e3, -1e3


def held(cell: str, **gates: float) -> tuple[Numbers, Results]:
    """Random numbers with some biases fixed, and the run of a cell on them; both ways of running agree."""
    make = built_in()[cell]
    drawn = numbers(traced_cell(make(), CASE, simplify=False), CASE)
    biases = {f"b_{gate}": np.full(CASE.hidden, value) for gate, value in gates.items()}
    drawn = replace(drawn, parameters={**drawn.parameters, **biases})
    found = reference_run(make(), CASE, drawn)
    other = target_run(make(), CASE, NumpyTarget(), drawn)
    for name, value in found.items():
        np.testing.assert_allclose(other[name], value, rtol=0, atol=1e-11, err_msg=name)
    return drawn, found


def before(states: Array, first: Array) -> Array:
    """The states that the steps begin with."""
    return np.concatenate([first[None], states[:-1]])


@pytest.mark.parametrize("cell", ["gru-before", "gru-after"])
def test_gru_that_always_keeps_copies_its_state(cell: str) -> None:
    drawn, found = held(cell, z=OPEN)
    np.testing.assert_array_equal(found["state h"], np.broadcast_to(drawn.first["h"], found["state h"].shape))
    # All of ∂L/∂h_t comes back to the first state, and nothing to the candidate's weights.
    np.testing.assert_allclose(found["first h of 0"], drawn.seeds["h"].sum(axis=0), rtol=1e-14, atol=1e-14)
    assert not found["parameter U_h from 0"].any()


@pytest.mark.parametrize("cell", ["gru-before", "gru-after"])
def test_gru_that_never_keeps_nor_resets_is_the_simple_network(cell: str) -> None:
    drawn, found = held(cell, z=SHUT, r=OPEN)
    simple = {name: drawn.parameters[f"{name}_h"] for name in ("W", "U", "b")}
    if cell == "gru-after":
        simple["b"] = simple["b"] + drawn.parameters["b_u"]
    wanted = reference_run(built_in()["elman-tanh"](), CASE, replace(drawn, parameters=simple))
    np.testing.assert_allclose(found["state h"], wanted["state h"], rtol=1e-13, atol=1e-14)
    for ours, theirs in (("W_h", "W"), ("U_h", "U"), ("b_h", "b")):
        np.testing.assert_allclose(
            found[f"parameter {ours} from 0"], wanted[f"parameter {theirs} from 0"], rtol=1e-12, atol=1e-13
        )
    np.testing.assert_allclose(found["input x from 0"], wanted["input x from 0"], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("cell", ["gru-before", "gru-after"])
def test_gru_that_always_resets_forgets_its_state(cell: str) -> None:
    drawn, found = held(cell, z=SHUT, r=SHUT)
    p, x = drawn.parameters, drawn.inputs["x"]
    np.testing.assert_allclose(found["state h"], np.tanh(x @ p["W_h"].T + p["b_h"]), rtol=1e-13, atol=1e-14)


def test_lstm_that_forgets_and_writes_holds_the_candidate() -> None:
    drawn, found = held("lstm-tanh", f=SHUT, i=OPEN, o=OPEN)
    np.testing.assert_array_equal(found["state c"], found["watched candidate"])
    np.testing.assert_allclose(found["state h"], np.tanh(found["state c"]), rtol=1e-14)
    # Nothing remembers but through h: what came into c at first is lost.
    assert not found["first c of 0"].any()
    p, h = drawn.parameters, before(found["state h"], drawn.first["h"])
    net = drawn.inputs["x"] @ p["W_c"].T + h @ p["U_c"].T + p["b_c"]
    np.testing.assert_allclose(found["state c"], np.tanh(net), rtol=1e-13, atol=1e-14)


def test_lstm_that_keeps_and_never_writes_holds_its_memory() -> None:
    drawn, found = held("lstm-tanh", f=OPEN, i=SHUT)
    np.testing.assert_array_equal(found["state c"], np.broadcast_to(drawn.first["c"], found["state c"].shape))
    assert not found["parameter W_c from 0"].any()


def test_error_in_a_kept_memory_neither_fades_nor_grows() -> None:
    """The constant error carousel, ∂c_T/∂c_0 = 1 (Hochreiter & Schmidhuber, 1997), with gates that see no state."""
    make = built_in()["lstm-tanh"]
    drawn = numbers(traced_cell(make(), CASE, simplify=False), CASE)
    fixed = {f"U_{gate}": np.zeros((CASE.hidden, CASE.hidden)) for gate in "ifo"}
    fixed |= {"b_f": np.full(CASE.hidden, OPEN), "b_i": np.full(CASE.hidden, SHUT)}
    found = reference_run(make(), CASE, replace(drawn, parameters={**drawn.parameters, **fixed}))
    slopes = found["watched output"] * (1 - np.tanh(found["state c"]) ** 2)
    np.testing.assert_allclose(found["first c of 0"], (drawn.seeds["h"] * slopes).sum(axis=0), rtol=1e-13, atol=1e-14)


def test_lstm_with_its_output_shut_shows_nothing() -> None:
    _, found = held("lstm-tanh", o=SHUT)
    assert not found["state h"].any()
    assert found["state c"].any()


def test_elman_with_linear_units_is_a_linear_recurrence() -> None:
    """h_T = U^T h_0 + Σ U^(T-1-t) (W x_t + b), and ∂L/∂h_0 = Σ (U^(t+1))ᵀ ∂L/∂h_t."""
    make = built_in()["elman-linear"]
    drawn = numbers(traced_cell(make(), CASE, simplify=False), CASE)
    found = reference_run(make(), CASE, drawn)
    U, W, b = (drawn.parameters[name] for name in ("U", "W", "b"))
    h, back = drawn.first["h"], np.zeros_like(drawn.first["h"])
    for t in range(CASE.steps):
        h = h @ U.T + drawn.inputs["x"][t] @ W.T + b
        back += drawn.seeds["h"][t] @ np.linalg.matrix_power(U, t + 1)
    np.testing.assert_allclose(found["state h"][-1], h, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found["first h of 0"], back, rtol=1e-12, atol=1e-13)


def test_dense_remembers_nothing() -> None:
    drawn, found = held("dense-tanh")
    assert not found["first h of 0"].any()
    other = replace(drawn, first={"h": drawn.first["h"] + 1})
    np.testing.assert_array_equal(reference_run(built_in()["dense-tanh"](), CASE, other)["state h"], found["state h"])


def test_update_gate_keeps_or_is_the_simple_network() -> None:
    drawn, found = held("update-gate", z=OPEN)
    np.testing.assert_array_equal(found["state h"], np.broadcast_to(drawn.first["h"], found["state h"].shape))
    drawn, found = held("update-gate", z=SHUT)
    simple = {name: drawn.parameters[f"{name}_h"] for name in ("W", "U", "b")}
    wanted = reference_run(built_in()["elman-tanh"](), CASE, replace(drawn, parameters=simple))
    np.testing.assert_allclose(found["state h"], wanted["state h"], rtol=1e-13, atol=1e-14)


def test_minimal_gated_unit_copies_with_its_gate_shut_and_is_the_simple_network_with_it_open() -> None:
    drawn, found = held("minimal-gated", f=SHUT)
    np.testing.assert_array_equal(found["state h"], np.broadcast_to(drawn.first["h"], found["state h"].shape))
    drawn, found = held("minimal-gated", f=OPEN)
    simple = {name: drawn.parameters[f"{name}_h"] for name in ("W", "U", "b")}
    wanted = reference_run(built_in()["elman-tanh"](), CASE, replace(drawn, parameters=simple))
    np.testing.assert_allclose(found["state h"], wanted["state h"], rtol=1e-13, atol=1e-14)


def test_coupled_lstm_writes_or_keeps() -> None:
    drawn, found = held("coupled-lstm", i=SHUT)
    np.testing.assert_array_equal(found["state c"], np.broadcast_to(drawn.first["c"], found["state c"].shape))
    _, found = held("coupled-lstm", i=OPEN)
    np.testing.assert_array_equal(found["state c"], found["watched candidate"])


def test_lstm_without_forget_gate_is_the_one_whose_gate_is_open() -> None:
    drawn, wanted = held("lstm-tanh", f=OPEN)
    without = {name: value for name, value in drawn.parameters.items() if not name.endswith("_f")}
    found = reference_run(built_in()["lstm-tanh-no_forget_gate"](), CASE, replace(drawn, parameters=without))
    assert "watched forget" not in found
    for name in found:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-12, atol=1e-13, err_msg=name)


def test_lstm_has_four_times_the_parameters_of_the_simple_network() -> None:
    def count(cell: str) -> int:
        traced = traced_cell(built_in()[cell](), CASE, simplify=True)
        return sum(leaf.size for name, leaf in traced.parameters.items() if traced.specs[name].trainable)

    assert count("lstm-tanh") == 4 * count("elman-tanh")
    assert count("gru-before") == count("coupled-lstm") == count("lstm-tanh-no_forget_gate") == 3 * count("elman-tanh")
    assert count("update-gate") == count("minimal-gated") == 2 * count("elman-tanh")


def test_linear_carry_passes_every_error_on_unchanged() -> None:
    drawn, found = held("linear-carry-tanh")
    np.testing.assert_allclose(found["first h of 0"], drawn.seeds["h"].sum(axis=0), rtol=1e-13, atol=1e-13)


def test_modules_of_a_clockwork_change_at_their_periods_alone() -> None:
    case = Case(steps=17, batch=2, inputs=4, hidden=8)
    drawn = numbers(traced_cell(built_in()["clockwork"](), case, simplify=False), case)
    found = reference_run(built_in()["clockwork"](), case, drawn)
    changes = found["state h"] != before(found["state h"], drawn.first["h"])
    for unit, period in enumerate((1, 1, 2, 2, 4, 4, 8, 8)):
        assert {int(t) for t in np.flatnonzero(changes[:, :, unit].all(axis=1))} == set(range(0, case.steps, period))
        assert not changes[np.arange(case.steps) % period > 0, :, unit].any()


def test_modules_of_a_clockwork_read_slower_ones_alone() -> None:
    case = Case(steps=17, batch=2, inputs=4, hidden=8)
    make = built_in()["clockwork"]
    drawn = numbers(traced_cell(make(), case, simplify=False), case)
    found = reference_run(make(), case, drawn)
    blocks = np.kron(np.triu(np.ones((4, 4))), np.ones((2, 2)))
    np.testing.assert_array_equal(found["parameter U from 0"] != 0, blocks == 1)
    # What the fast modules remember never comes into the slow ones.
    other = drawn.first["h"].copy()
    other[:, :4] += 1
    moved = reference_run(make(), case, replace(drawn, first={"h": other}))["state h"]
    np.testing.assert_array_equal(moved[..., 4:], found["state h"][..., 4:])
    assert (moved[0, :, :4] != found["state h"][0, :, :4]).any()


def test_a_new_irnn_adds_up_its_input() -> None:
    specs = built_in()["irnn"]().parameters(4, 6)
    start = {name: spec.draw(np.random.default_rng(0)) for name, spec in specs.items()}
    drawn = numbers(traced_cell(built_in()["irnn"](), CASE, simplify=False), CASE)
    drawn = replace(drawn, parameters=start, first={"h": np.abs(drawn.first["h"]) + 1})
    sums = drawn.first["h"] + np.cumsum(drawn.inputs["x"] @ start["W"].T, axis=0)
    found = reference_run(built_in()["irnn"](), CASE, drawn)["state h"]
    np.testing.assert_allclose(found, sums, rtol=1e-13)
    assert 2e-4 < np.abs(start["W"]).max() < 4e-3


@pytest.mark.parametrize("sparsity", [0.0, 0.8, 1.0])
def test_leaky_units_begin_with_the_spectral_radius_and_the_connections_asked_for(sparsity: float) -> None:
    specs = built_in()["leaky"].func(spectral_radius=0.7, sparsity=sparsity).parameters(3, 40, 0)
    U, M = (specs[name].draw(np.random.default_rng(1)) for name in ("U", "M"))
    np.testing.assert_array_equal(M.sum(axis=1), {0.0: 40, 0.8: 8, 1.0: 1}[sparsity])
    assert not U[M == 0].any()
    assert np.abs(np.linalg.eigvals(U)).max() == pytest.approx(0.7)


@pytest.mark.parametrize("cell", ["leaky", "fed-leaky"])
def test_leaky_units_begin_with_input_weights_and_biases_of_the_sizes_asked_for(cell: str) -> None:
    sizes = {"inputs": 3, "hidden": 400, "depth": 0} | ({"outputs": 1} if cell == "fed-leaky" else {})
    specs = built_in()[cell].func(input_scale=0.05, bias_scale=0.4).parameters(**sizes)
    largest = {name: np.abs(specs[name].draw(np.random.default_rng(1))).max() for name in "Wb"}
    assert largest == {"W": pytest.approx(0.05, rel=0.02), "b": pytest.approx(0.4, rel=0.02)}


def test_a_step_of_the_antisymmetric_network_turns_its_state_and_hardly_stretches_it() -> None:
    """∂h_t/∂h_{t-1} = 1 + ε diag(tanh') (U - Uᵀ - γ): its singular values stay near 1 for any U."""
    U = 3 * np.random.default_rng(2).normal(size=(6, 6))
    eigenvalues = np.linalg.eigvals(U - U.T)
    np.testing.assert_allclose(eigenvalues.real, 0, atol=1e-12)
    drawn, _ = held("antisymmetric")
    quiet = {"U": 0.01 * U, "W_h": np.zeros((6, 4)), "b_h": np.zeros(6)}
    found = reference_run(built_in()["antisymmetric"](), CASE, replace(drawn, parameters=quiet))
    before_, after = (np.linalg.norm(array, axis=1) for array in (drawn.first["h"], found["state h"][-1]))
    np.testing.assert_allclose(after, before_, rtol=0.02)
