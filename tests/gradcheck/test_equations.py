"""Every built-in cell beside its equations, written once more in plain NumPy for one sample at a time."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.compile.reference import Reference
from lab.model.alone import trace_alone
from lab.trace.tracer import Traced, trace_cell
from tests.targets.cells import built_in
from tests.targets.support import Case, numbers

Array = NDArray[Any]
Values = Mapping[str, Array]
Step = Callable[[Values, Values, Values, int], Values]
CASE = Case(steps=5, batch=3, inputs=4, hidden=6)
FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "tanh": np.tanh,
    "logistic": lambda z: 1 / (1 + np.exp(-z)),
    "relu": lambda z: np.maximum(z, 0),
    "linear": lambda z: z,
}
sigma, tanh = FUNCTIONS["logistic"], np.tanh


def net(p: Values, gate: str, x: Array, h: Array) -> Array:
    """U_g h + W_g x + b_g."""
    result: Array = p[f"U_{gate}"] @ h + p[f"W_{gate}"] @ x + p[f"b_{gate}"]
    return result


def dense(name: str) -> Step:
    return lambda p, v, s, t: {"h": FUNCTIONS[name](p["W"] @ v["x"] + p["b"])}


def elman(name: str) -> Step:
    return lambda p, v, s, t: {"h": FUNCTIONS[name](p["U"] @ s["h"] + p["W"] @ v["x"] + p["b"])}


def jordan(name: str) -> Step:
    def step(p: Values, v: Values, s: Values, t: int) -> Values:
        h = FUNCTIONS[name](p["U"] @ s["prediction"] + p["W"] @ v["x"] + p["b"])
        return {"h": h, "prediction": p["output.V"] @ h + p["output.b"]}

    return step


def linear_carry(name: str) -> Step:
    return lambda p, v, s, t: {"h": s["h"] + FUNCTIONS[name](p["W"] @ v["x"] + p["b"])}


def residual(name: str) -> Step:
    return lambda p, v, s, t: {"h": s["h"] + FUNCTIONS[name](p["U"] @ s["h"] + p["W"] @ v["x"] + p["b"])}


def update_gate(p: Values, v: Values, s: Values, t: int) -> Values:
    z = sigma(net(p, "z", v["x"], s["h"]))
    return {"h": z * s["h"] + (1 - z) * tanh(net(p, "h", v["x"], s["h"]))}


def gru(reset: str) -> Step:
    def step(p: Values, v: Values, s: Values, t: int) -> Values:
        x, h = v["x"], s["h"]
        z, r = sigma(net(p, "z", x, h)), sigma(net(p, "r", x, h))
        seen = p["U_h"] @ (r * h) if reset == "before" else r * (p["U_h"] @ h + p["b_u"])
        return {"h": z * h + (1 - z) * tanh(seen + p["W_h"] @ x + p["b_h"])}

    return step


def minimal_gated(p: Values, v: Values, s: Values, t: int) -> Values:
    f = sigma(net(p, "f", v["x"], s["h"]))
    return {"h": (1 - f) * s["h"] + f * tanh(net(p, "h", v["x"], f * s["h"]))}


def lstm(name: str, forgets: bool) -> Step:
    def step(p: Values, v: Values, s: Values, t: int) -> Values:
        i, o = sigma(net(p, "i", v["x"], s["h"])), sigma(net(p, "o", v["x"], s["h"]))
        f = sigma(net(p, "f", v["x"], s["h"])) if forgets else 1
        c = f * s["c"] + i * FUNCTIONS[name](net(p, "c", v["x"], s["h"]))
        return {"h": o * FUNCTIONS[name](c), "c": c}

    return step


def coupled_lstm(p: Values, v: Values, s: Values, t: int) -> Values:
    i, o = sigma(net(p, "i", v["x"], s["h"])), sigma(net(p, "o", v["x"], s["h"]))
    c = (1 - i) * s["c"] + i * tanh(net(p, "c", v["x"], s["h"]))
    return {"h": o * tanh(c), "c": c}


def peephole_lstm(sees: str) -> Step:
    def step(p: Values, v: Values, s: Values, t: int) -> Values:
        x, h = v["x"], s["h"]
        i = sigma(net(p, "i", x, h) + np.diag(p["V_i"]) @ s["c"])
        f = sigma(net(p, "f", x, h) + np.diag(p["V_f"]) @ s["c"])
        c = f * s["c"] + i * tanh(net(p, "c", x, h))
        o = sigma(net(p, "o", x, h) + np.diag(p["V_o"]) @ (c if sees == "new" else s["c"]))
        return {"h": o * tanh(c), "c": c}

    return step


def depth_gated_lstm(p: Values, v: Values, s: Values, t: int) -> Values:
    x, h = v["x"], s["h"]
    i = sigma(net(p, "i", x, h) + p["V_i"] * s["c"])
    f = sigma(net(p, "f", x, h) + p["V_f"] * s["c"])
    c = f * s["c"] + i * tanh(net(p, "c", x, h))
    if "below.c" in v:
        c += sigma(p["W_d"] @ x + p["V_d"] * s["c"] + p["L_d"] * v["below.c"] + p["b_d"]) * v["below.c"]
    return {"h": sigma(net(p, "o", x, h) + p["V_o"] * c) * tanh(c), "c": c}


def grid_lstm(p: Values, v: Values, s: Values, t: int) -> Values:
    lowest = "below.h_d" not in v
    h_below = p["P_h"] @ v["x"] if lowest else v["below.h_d"]
    c_below = p["P_c"] @ v["x"] if lowest else v["below.c_d"]
    both = np.concatenate([s["h"], h_below])

    def transformed(memory: Array, dimension: str) -> tuple[Array, Array]:
        i, f, g, o = (p[f"W_{gate}{dimension}"] @ both + p[f"b_{gate}{dimension}"] for gate in "ifco")
        memory = sigma(f) * memory + sigma(i) * tanh(g)
        return sigma(o) * tanh(memory), memory

    (h, c), (h_d, c_d) = transformed(s["c"], ""), transformed(c_below, "_d")
    return {"h": h, "c": c, "h_d": h_d, "c_d": c_d}


def clockwork(p: Values, v: Values, s: Values, t: int) -> Values:
    periods = [1, 1, 2, 4, 4, 8]
    h = s["h"].copy()
    for unit, period in enumerate(periods):
        if t % period == 0:
            seen = [other for other in range(6) if periods[other] >= period]
            h[unit] = tanh(p["U"][unit, seen] @ s["h"][seen] + p["W"][unit] @ v["x"] + p["b"][unit])
    return {"h": h}


def multiplicative(p: Values, v: Values, s: Values, t: int) -> Values:
    recurrent = p["U_h"] @ np.diag(p["W_m"] @ v["x"]) @ p["U_m"]
    return {"h": tanh(recurrent @ s["h"] + p["W_h"] @ v["x"] + p["b"])}


def leaky(p: Values, v: Values, s: Values, t: int) -> Values:
    masked = np.where(p["M"] == 1, p["U"], 0)
    return {"h": 0.7 * s["h"] + 0.3 * tanh(masked @ s["h"] + p["W"] @ v["x"] + p["b"])}


def fed_leaky(p: Values, v: Values, s: Values, t: int) -> Values:
    masked = np.where(p["M"] == 1, p["U"], 0)
    h = 0.7 * s["h"] + 0.3 * tanh(masked @ s["h"] + p["W"] @ v["x"] + p["F"] @ s["prediction"] + p["b"])
    return {"h": h, "prediction": p["output.V"] @ h + p["output.b"]}


def antisymmetric(gated: bool) -> Step:
    def step(p: Values, v: Values, s: Values, t: int) -> Values:
        matrix = p["U"] - p["U"].T - 0.01 * np.eye(6)
        added = tanh(matrix @ s["h"] + p["W_h"] @ v["x"] + p["b_h"])
        z = sigma(matrix @ s["h"] + p["W_z"] @ v["x"] + p["b_z"]) if gated else 1
        return {"h": s["h"] + 0.1 * z * added}

    return step


STEPS: Mapping[str, Step] = {
    **{
        f"{cell.__name__.replace('_', '-')}-{name}": cell(name)
        for cell in (dense, elman, jordan, linear_carry, residual)
        for name in ("tanh", "logistic", "relu", "linear")
    },
    **{f"lstm-{name}": lstm(name, True) for name in ("tanh", "linear", "relu")},
    **{f"lstm-{name}-no_forget_gate": lstm(name, False) for name in ("tanh", "linear", "relu")},
    "gru-before": gru("before"),
    "gru-after": gru("after"),
    "update-gate": update_gate,
    "minimal-gated": minimal_gated,
    "coupled-lstm": coupled_lstm,
    "peephole-lstm-new": peephole_lstm("new"),
    "peephole-lstm-old": peephole_lstm("old"),
    "depth-gated-lstm": depth_gated_lstm,
    "grid-lstm": grid_lstm,
    "clockwork": clockwork,
    "multiplicative": multiplicative,
    "irnn": elman("relu"),
    "leaky": leaky,
    "fed-leaky": fed_leaky,
    "antisymmetric": antisymmetric(False),
    "antisymmetric-gated": antisymmetric(True),
}


def assert_equal(step: Step, traced: Traced) -> None:
    """Five steps of the traced equations are those of the naive ones, for every sample."""
    given = numbers(traced, CASE)
    states, _ = Reference(traced, given.parameters).forward(given.inputs, given.first, CASE.length)
    for sample in range(CASE.batch):
        naive: Values = {name: value[sample] for name, value in given.first.items()}
        for t in range(CASE.steps):
            inputs = {name: value[t, sample] for name, value in given.inputs.items()}
            naive = step(given.parameters, inputs, naive, t)
            assert naive.keys() == states.keys()
            for name, value in naive.items():
                np.testing.assert_allclose(states[name][t + 1, sample], value, rtol=1e-12, atol=1e-13, err_msg=name)


def test_every_cell_has_its_equations_here() -> None:
    assert sorted(STEPS) == sorted(built_in())


@pytest.mark.parametrize("name", STEPS)
def test_a_cell_computes_what_its_equations_say(name: str) -> None:
    assert_equal(STEPS[name], trace_alone(built_in()[name](), inputs=CASE.inputs, hidden=CASE.hidden, simplify=False))


@pytest.mark.parametrize("name", ["depth-gated-lstm", "grid-lstm"])
def test_the_lowest_layer_has_nothing_below(name: str) -> None:
    cell: Any = built_in()[name]()
    assert_equal(STEPS[name], trace_cell(cell, inputs=CASE.inputs, hidden=CASE.hidden, simplify=False))
