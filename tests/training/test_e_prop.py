"""E-prop and RFLO against the equations of their papers; that all local rules learn; runs that are resumed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.errors import LabError, TrainingError
from lab.model.architecture import LayerPlan
from lab.training.learner import NetworkLearner
from lab.training.plan import Plan
from lab.training.snapshot import put_back, take
from lab.training.trainer import Trainer
from tests.gradients.local_cells import Attending
from tests.gradients.unrolled_cases import BATCH, STEPS, Case
from tests.training.support import SUNSPOTS, prepared, run_out
from tests.training.test_snap import CASES, CATALOG, EXACT, algorithm, apart, batch_of, case_of, gradient, of_cell

Array = NDArray[Any]

ECHO = """
version = 1
seed = 3
[dataset]
plugin = "delayed-echo"
delay = 2
length = 20
train_size = 200
validation_size = 0
test_size = 50
[[layers]]
{cell}
hidden = 12
[training]
algorithm = "{algorithm}"
optimizer = "adam"
learning_rate = 0.01
batch_size = 10
epochs = {epochs}
{more}
"""


LEAKY = 'cell = "leaky"\nleak = 0.8\nspectral_radius = 0.1'
"""Units that forget almost at once when they begin: what they remember is learned."""


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def parameters(case: Case) -> dict[str, Array]:
    found = case.network.named(case.network.parameters)
    return {name.removeprefix("layers.0."): array for name, array in found.items()}


def error(case: Case, p: Mapping[str, Array], h: Array, step: int) -> Array:
    """∂L/∂ of the network's output at a step, of the mean of squares over all steps, samples and outputs."""
    output = h @ p["output.V"].T + p["output.b"]
    return 2 * (output - case.batch["targets"][step]) / (2 * STEPS * BATCH)  # type: ignore[no-any-return]


def bellec(case: Case, feedback: Array) -> dict[str, Array]:
    """e-prop for the LSTM: eligibility vectors of the memory cell, and traces, entry by entry."""
    p = parameters(case)
    size = len(p["b_i"])
    h = c = np.zeros((BATCH, size))
    kinds = {gate: {"U": size, "W": 3, "b": 1} for gate in ("i", "f", "c", "o")}
    vector = {g: {k: np.zeros((BATCH, size, n)) for k, n in one.items()} for g, one in kinds.items()}
    total = {f"{k}_{g}": np.zeros((size, n)) for g, one in kinds.items() for k, n in one.items()}
    for step in range(STEPS):
        x = case.batch["inputs"][step]
        read = {"U": h, "W": x, "b": np.ones((BATCH, 1))}
        z = {g: h @ p[f"U_{g}"].T + x @ p[f"W_{g}"].T + p[f"b_{g}"] for g in kinds}
        i, f, o, candidate = sigmoid(z["i"]), sigmoid(z["f"]), sigmoid(z["o"]), np.tanh(z["c"])
        into = {"i": candidate * i * (1 - i), "f": c * f * (1 - f), "c": i * (1 - candidate**2), "o": np.zeros_like(c)}
        c = f * c + i * candidate
        h = o * np.tanh(c)
        signal = error(case, p, h, step) @ feedback.T
        for gate, one in kinds.items():
            for kind in one:
                vector[gate][kind] = f[:, :, None] * vector[gate][kind] + into[gate][:, :, None] * read[kind][:, None]
                trace = (o * (1 - np.tanh(c) ** 2))[:, :, None] * vector[gate][kind]
                if gate == "o":
                    trace = (np.tanh(c) * o * (1 - o))[:, :, None] * read[kind][:, None]
                total[f"{kind}_{gate}"] += np.einsum("bj,bji->ji", signal, trace)
    return total


def murray(case: Case, feedback: Array, leak: float, mask: Array) -> dict[str, Array]:
    """RFLO for leaky units."""
    p = parameters(case)
    size = len(p["b"])
    h = np.zeros((BATCH, size))
    trace = {"U": np.zeros((BATCH, size, size)), "W": np.zeros((BATCH, size, 3)), "b": np.zeros((BATCH, size, 1))}
    total = {name: np.zeros(array.shape[1:]) for name, array in trace.items()}
    for step in range(STEPS):
        x = case.batch["inputs"][step]
        read = {"U": h, "W": x, "b": np.ones((BATCH, 1))}
        slope = 1 - np.tanh(h @ (p["U"] * mask).T + x @ p["W"].T + p["b"]) ** 2
        h = (1 - leak) * h + leak * np.tanh(h @ (p["U"] * mask).T + x @ p["W"].T + p["b"])
        signal = error(case, p, h, step) @ feedback.T
        for name, array in trace.items():
            trace[name] = (1 - leak) * array + leak * slope[:, :, None] * read[name][:, None]
            total[name] += np.einsum("bj,bji->ji", signal, trace[name])
    total["U"] *= mask
    return total


def compare(case: Case, found: Array, expected: Mapping[str, Array]) -> None:
    by_name = case.network.named(found)
    for name, array in expected.items():
        assert apart(by_name[f"layers.0.{name}"].reshape(array.shape), array) < EXACT, name


@pytest.mark.parametrize("feedback", ["symmetric", "random"])
def test_e_prop_of_an_lstm_is_that_of_the_paper(feedback: str) -> None:
    case = of_cell(CATALOG.get("cell", "lstm")())
    learner = NetworkLearner(case.network)
    found = gradient(learner, algorithm("e-prop", feedback=feedback), batch_of(case))
    weights = learner.memory["feedback.0"] if feedback == "random" else parameters(case)["output.V"].T
    compare(case, found, bellec(case, weights))


@pytest.mark.parametrize("feedback", ["symmetric", "random"])
def test_rflo_of_leaky_units_is_that_of_the_paper(feedback: str) -> None:
    case = of_cell(CATALOG.get("cell", "leaky")(leak=0.4, sparsity=0.5), hidden=6)
    learner = NetworkLearner(case.network)
    found = gradient(learner, algorithm("rflo", feedback=feedback), batch_of(case))
    block = case.network.plan.layers[0][0]
    mask = case.network.plan.constants(block)["M"]
    assert 0 < mask.mean() < 1
    weights = learner.memory["feedback.0"] if feedback == "random" else parameters(case)["output.V"].T
    compare(case, found, murray(case, weights, 0.4, mask))


def test_rflo_is_e_prop_with_random_feedback() -> None:
    case = case_of(*(LayerPlan(cell=CATALOG.get("cell", "leaky")(), hidden=5) for _ in range(2)))
    learner = NetworkLearner(case.network)
    one = gradient(learner, algorithm("rflo"), batch_of(case))
    assert {"feedback.0", "feedback.1"} <= learner.memory.keys()
    assert (gradient(learner, algorithm("e-prop", feedback="random"), batch_of(case)) == one).all()


def test_random_feedback_stays_for_a_run() -> None:
    learner = NetworkLearner(CASES["lstm, dense head"].network)
    batch = batch_of(CASES["lstm, dense head"])
    learner.random = np.random.default_rng(1)
    first = gradient(learner, algorithm("rflo"), batch)
    learner.random = np.random.default_rng(2)
    assert (gradient(learner, algorithm("rflo"), batch) == first).all()
    other = NetworkLearner(CASES["lstm, dense head"].network)
    other.random = np.random.default_rng(2)
    assert apart(gradient(other, algorithm("rflo"), batch), first) > 0.1


@pytest.mark.parametrize("name", CASES)
def test_errors_are_those_that_the_output_weights_bring_to_the_top(name: str) -> None:
    case = CASES[name]
    learner, batch = NetworkLearner(case.network), batch_of(case)
    learner.begin(batch)
    learner.forward(0, STEPS)
    learner.judge(0, STEPS)
    errors, seeds = learner.errors(0, STEPS), learner.seeds(0, STEPS)
    if case.architecture.dense and not learner.fed:
        # A dense head lies between: its biases are credited by the errors as they are.
        bias = case.network.named(learner.gradient)["output.b"]
        assert apart(errors.sum(axis=(0, 1)), bias) < EXACT
        return
    weights = np.eye(errors.shape[2]) if learner.fed else case.network.named(learner.parameters)["output.V"].T
    top = len(learner.sizes) - 1
    assert apart(learner.at_states(top, 0, STEPS, errors @ weights.T), seeds) < EXACT


def test_rflo_refuses_a_cell_that_carries_nothing() -> None:
    with pytest.raises(LabError, match="carries nothing") as refused:
        list(algorithm("rflo").updates(NetworkLearner(CASES["elman"].network), batch_of(CASES["elman"])))
    assert refused.value.remedy is not None
    assert "layers.0.cell" in refused.value.remedy


def test_e_prop_refuses_units_mixed_without_a_weight() -> None:
    case = of_cell(Attending())
    with pytest.raises(TrainingError, match="mix units otherwise"):
        list(algorithm("e-prop").updates(NetworkLearner(case.network), batch_of(case)))


@pytest.mark.parametrize(
    ("name", "cell", "epochs", "more"),
    [
        ("snap-1", 'cell = "gru"', 15, ""),
        ("snap-1", 'cell = "lstm"', 6, "update_every = 4"),
        ("snap-n", LEAKY, 6, "n = 2"),
        ("e-prop", 'cell = "lstm"', 20, ""),
        ("e-prop", 'cell = "gru"', 20, 'feedback = "random"'),
        ("rflo", LEAKY, 20, ""),
    ],
)
def test_they_learn_to_remember(name: str, cell: str, epochs: int, more: str) -> None:
    setup = prepared(ECHO.format(algorithm=name, cell=cell, epochs=epochs, more=more))
    with Trainer(setup, Plan(target="numpy")) as trainer:
        run_out(trainer)
        assert trainer.metrics()["test.nrmse"] < 0.85 * setup.data.baselines["memoryless"]


@pytest.mark.parametrize("name", ["snap-1", "snap-n", "e-prop", "rflo"])
def test_a_resumed_run_goes_on_with_what_the_algorithm_keeps(name: str) -> None:
    text = SUNSPOTS.replace('"truncated-bptt"', f'"{name}"').replace("reach_back = 9", "")
    setup = prepared(text.replace("epochs = 4", "epochs = 1"))
    with Trainer(setup, Plan(target="numpy")) as trainer:
        while not (trainer.can_save and trainer.batch == 2):
            trainer.advance()
        state = take(trainer)
        run_out(trainer)
        expected = trainer.network.parameters.copy()
    with Trainer(setup, Plan(target="numpy")) as other:
        put_back(other, state)
        assert other.learner.memory
        run_out(other)
        assert (other.network.parameters == expected).all()
