"""Networks: their gradients against finite differences, and what holds whatever the weights are."""

import gc
import weakref
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lab.compile import executor
from lab.compile.targets.numpy import NumpyTarget
from lab.errors import ExperimentError, TraceError
from lab.model.architecture import Architecture, LayerPlan
from lab.model.blueprint import blueprint
from lab.model.network import Network
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from tests.targets.cells import Fed, Gated

STEPS, BATCH = 6, 3
LENGTHS = np.array([2, 6, 4])


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(entry_points=False)


def layer(
    catalog: Catalog, cell: str, hidden: int = 5, settings: Mapping[str, Any] | None = None, **plan: Any
) -> LayerPlan:
    return LayerPlan(cell=catalog.get("cell", cell)(**(settings or {})), hidden=hidden, **plan)


def architecture(catalog: Catalog, loss: str = "mean-squared-error", **values: Any) -> Architecture:
    chosen = catalog.get("loss", loss)()
    classes = chosen.target_kind == "class"
    return Architecture(head=chosen.head, equation=chosen.equation, classes=classes, **values)


def network(plan: Architecture, seed: int = 3, dtype: type = np.float64) -> Network:
    # One step and one sample more than are used: what lies beyond must not matter.
    return Network(blueprint(plan), steps=STEPS + 1, batch=BATCH + 1, dtype=dtype, seed=seed, target=NumpyTarget())


def cases(catalog: Catalog) -> dict[str, tuple[Architecture, dict[str, Any]]]:
    rng = np.random.default_rng(1)
    symbols = rng.integers(0, 7, (STEPS, BATCH))
    features = rng.normal(size=(STEPS, BATCH, 3))
    classes = rng.integers(0, 4, (STEPS, BATCH))
    counted = rng.random((STEPS, BATCH)) < 0.6
    counted[0] = True
    return {
        "one layer": (
            architecture(catalog, inputs=3, layers=(layer(catalog, "lstm"),), outputs=2),
            {"inputs": features, "targets": rng.normal(size=(STEPS, BATCH, 2))},
        ),
        "stacked, dropout, both directions, dense, ragged, counted": (
            architecture(
                catalog,
                "cross-entropy",
                inputs=3,
                layers=(layer(catalog, "lstm", dropout=0.3), layer(catalog, "gru", bidirectional=True)),
                dense=(6,),
                outputs=4,
            ),
            {"inputs": features, "targets": classes, "lengths": LENGTHS, "counted": counted},
        ),
        "embedding, last step": (
            architecture(
                catalog,
                "cross-entropy",
                inputs=7,
                encoding="embedding",
                embedding=4,
                layers=(layer(catalog, "gru", bidirectional=True), layer(catalog, "elman")),
                readout="last",
                outputs=4,
            ),
            {"inputs": symbols, "targets": classes[0], "lengths": LENGTHS},
        ),
        "one-hot, mean over steps, no biases": (
            architecture(
                catalog,
                inputs=7,
                encoding="one-hot",
                layers=(layer(catalog, "gru", settings={"reset": "after"}, bias=False),),
                readout="mean",
                outputs=2,
            ),
            {"inputs": symbols, "targets": rng.normal(size=(BATCH, 2)), "lengths": LENGTHS},
        ),
        "binary, without memory": (
            architecture(catalog, "binary-cross-entropy", inputs=3, layers=(layer(catalog, "dense"),), outputs=2),
            {"inputs": features, "targets": (rng.random((STEPS, BATCH, 2)) < 0.5).astype(float)},
        ),
        "states of the layer below, dropout, ragged": (
            architecture(
                catalog,
                inputs=3,
                layers=(
                    layer(catalog, "lstm"),
                    LayerPlan(cell=Gated(), hidden=5, dropout=0.3),
                    LayerPlan(cell=Gated(), hidden=5, bidirectional=True),
                ),
                outputs=2,
            ),
            {"inputs": features, "targets": rng.normal(size=(STEPS, BATCH, 2)), "lengths": LENGTHS},
        ),
        "classes fed back, dense, ragged, counted": (
            architecture(
                catalog,
                "cross-entropy",
                inputs=3,
                layers=(layer(catalog, "gru", dropout=0.3), LayerPlan(cell=Fed(), hidden=5)),
                dense=(6,),
                outputs=4,
            ),
            {"inputs": features, "targets": classes, "lengths": LENGTHS, "counted": counted},
        ),
        "output fed back, mean over steps": (
            architecture(
                catalog, inputs=3, layers=(LayerPlan(cell=Fed(), hidden=5, bias=False),), readout="mean", outputs=2
            ),
            {"inputs": features, "targets": rng.normal(size=(BATCH, 2))},
        ),
    }


CASES = (
    "one layer",
    "stacked, dropout, both directions, dense, ragged, counted",
    "embedding, last step",
    "one-hot, mean over steps, no biases",
    "binary, without memory",
    "states of the layer below, dropout, ragged",
    "classes fed back, dense, ragged, counted",
    "output fed back, mean over steps",
)


@pytest.mark.parametrize("name", CASES)
def test_gradient_against_central_differences(catalog: Catalog, name: str) -> None:
    """Step 6e-6 makes truncation and rounding of central differences about 1e-10 of the loss; 1e-6 leaves room."""
    plan, batch = cases(catalog)[name]
    net = network(plan)

    def loss() -> float:
        net.begin(**batch, generator=np.random.default_rng(5))  # the same dropout mask every time
        net.forward(0, STEPS)
        result = net.judge(0, STEPS)
        assert result is not None
        return result

    loss()
    net.backward(0, STEPS)
    gradient = net.gradient.copy()
    chosen = np.random.default_rng(0).choice(len(gradient), min(80, len(gradient)), replace=False)
    numeric = []
    for index in chosen:
        value = net.parameters[index]
        step = 6e-6 * max(1.0, abs(value))
        net.parameters[index] = value + step
        above = loss()
        net.parameters[index] = value - step
        numeric.append((above - loss()) / (2 * step))
        net.parameters[index] = value
    found, wanted = gradient[chosen], np.array(numeric)
    assert np.linalg.norm(wanted) > 1e-3
    assert np.linalg.norm(found - wanted) / (np.linalg.norm(found) + np.linalg.norm(wanted)) <= 1e-6


def test_ragged_batch_equals_each_sequence_alone(catalog: Catalog) -> None:
    plan, batch = cases(catalog)["embedding, last step"]
    net = network(plan)
    net.begin(**batch)
    net.forward(0, STEPS)
    net.judge(0, STEPS)
    together = net.predictions()
    states = net.final_states()
    for sample, length in enumerate(LENGTHS):
        alone = network(plan)
        alone.begin(batch["inputs"][:length, sample : sample + 1], batch["targets"][sample : sample + 1])
        alone.forward(0, length)
        alone.judge(0, length)
        row = int(np.flatnonzero(together.samples == sample)[0])
        np.testing.assert_allclose(together.outputs[row], alone.predictions().outputs[0], rtol=1e-13)
        for mine, its in zip(states, alone.final_states(), strict=True):
            for one, other in zip(mine, its, strict=True):
                for name in one:
                    np.testing.assert_allclose(one[name][sample], other[name][0], rtol=1e-12, atol=1e-15)


def test_carried_state_is_the_same_as_one_long_sequence(catalog: Catalog) -> None:
    plan, batch = cases(catalog)["one layer"]
    net = network(plan)
    net.begin(**batch)
    net.forward(0, STEPS)
    net.judge(0, STEPS)
    whole = net.predictions().outputs.reshape(STEPS, BATCH, -1)
    half = STEPS // 2
    net.begin(batch["inputs"][:half], batch["targets"][:half])
    net.forward(0, half)
    carried = net.final_states()
    net.begin(batch["inputs"][half:], batch["targets"][half:], states=carried)
    net.forward(0, STEPS - half)
    net.judge(0, STEPS - half)
    np.testing.assert_allclose(net.predictions().outputs.reshape(STEPS - half, BATCH, -1), whole[half:], rtol=1e-13)


def test_windows_of_a_fed_network_meet_without_a_seam(catalog: Catalog) -> None:
    """The output of the step before is a state: it is carried over a cut like any other."""
    plan, batch = cases(catalog)["output fed back, mean over steps"]
    plan = replace(plan, readout="every-step")
    targets = np.zeros((STEPS, BATCH, 2))
    net = network(plan)
    net.begin(batch["inputs"], targets)
    net.forward(0, STEPS)
    net.judge(0, STEPS)
    p = net.named(net.parameters)
    h, y = np.zeros((BATCH, 5)), np.zeros((BATCH, 2))
    wanted = []
    for x in batch["inputs"]:
        h = np.tanh(y @ p["layers.0.U"].T + x @ p["layers.0.W"].T) + 0.3 * h
        y = h @ p["output.V"].T + p["output.b"]
        wanted.append(y)
    found = net.predictions().outputs.reshape(STEPS, BATCH, 2)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)
    net.begin(batch["inputs"][:2], targets[:2])
    net.forward(0, 2)
    net.begin(batch["inputs"][2:], targets[2:], states=net.final_states())
    net.forward(0, STEPS - 2)
    net.judge(0, STEPS - 2)
    np.testing.assert_allclose(net.predictions().outputs.reshape(-1, BATCH, 2), wanted[2:], rtol=1e-12, atol=1e-15)


class Named(Fed):
    """A state has the name of what a fed cell carries."""

    states = ("prediction",)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "y below the top": ({"layers": ("fed", "gru")}, "layer 0 asks for y.* not the last"),
    "y in both directions": ({"bidirectional": True}, "both directions.*set bidirectional to false"),
    "y with dropout": ({"dropout": 0.1}, "dropout of layer 0 to 0"),
    "a name that is taken": ({"layers": ("named",)}, "state prediction.*another name"),
    "two directions below": ({"layers": ("gru", "gated"), "bidirectional": True}, "bidirectional of layer 0 to false"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_order_of_computing_gives_is_refused(catalog: Catalog, name: str) -> None:
    changes, message = REFUSED[name]
    own = {"fed": Fed(), "gated": Gated(), "named": Named()}
    first, *rest = changes.get("layers", ("fed",))
    settings = {key: value for key, value in changes.items() if key != "layers"}
    plans = [LayerPlan(cell=own.get(first) or catalog.get("cell", first)(), hidden=4, **settings)]
    plans += [LayerPlan(cell=own.get(cell) or catalog.get("cell", cell)(), hidden=4) for cell in rest]
    with pytest.raises(TraceError, match=message) as caught:
        blueprint(architecture(catalog, inputs=3, layers=tuple(plans), outputs=2))
    assert str(caught.value.file).endswith("cells.py")


def test_parameters_of_other_layers_do_not_change_when_one_is_added(catalog: Catalog) -> None:
    """Each parameter has its own random stream, by its name."""
    one = network(architecture(catalog, inputs=3, layers=(layer(catalog, "lstm"),), outputs=2))
    two = network(architecture(catalog, inputs=3, layers=(layer(catalog, "lstm"), layer(catalog, "gru")), outputs=2))
    first, second = one.named(one.parameters), two.named(two.parameters)
    assert all((first[name] == second[name]).all() for name in first if name.startswith("layers.0."))
    assert (first["layers.0.b_f"] == 1).all()


def test_parameter_by_name(catalog: Catalog) -> None:
    net = network(architecture(catalog, inputs=3, layers=(layer(catalog, "elman"),), outputs=2))
    net.set_parameter("layers.0.W", np.ones((5, 3)))
    assert (net.named(net.parameters)["layers.0.W"] == 1).all()
    with pytest.raises(ExperimentError, match=r"layers\.0\.Wx.*layers\.0\.W"):
        net.set_parameter("layers.0.Wx", np.ones((5, 3)))
    with pytest.raises(ExperimentError, match=r"\(3, 5\).*\(5, 3\)"):
        net.set_parameter("layers.0.W", np.ones((3, 5)))


def test_a_parameter_has_no_number_too_large_for_its_type(catalog: Catalog) -> None:
    plan = architecture(catalog, inputs=3, layers=(layer(catalog, "elman"),), outputs=2)
    large = np.full((5, 3), 1e38)
    large[2, 1] = -1e308
    net = network(plan, dtype=np.float32)
    before = net.parameters.copy()
    with pytest.raises(ExperimentError, match=r"layers\.0\.W has a value too large for float32.* 3\.403e\+38"):
        net.set_parameter("layers.0.W", large)
    with pytest.raises(ExperimentError, match="too large for float32"):
        net.set_parameter("layers.0.W", large.tolist())
    assert (net.parameters == before).all()
    net = network(plan)
    net.set_parameter("layers.0.W", large)
    assert net.named(net.parameters)["layers.0.W"][2, 1] == -1e308


def test_all_ones_network_by_hand(catalog: Catalog) -> None:
    """Two linear units, all weights 1, no bias: [1,1],[1,1],[2,2] give hidden [2,2],[6,6],[16,16], outputs [4,4] ..."""
    plan = architecture(
        catalog, inputs=2, layers=(layer(catalog, "elman", 2, {"activation": "linear"}, bias=False),), outputs=2
    )
    net = network(plan)
    for name in ("layers.0.W", "layers.0.U", "output.V"):
        net.set_parameter(name, np.ones((2, 2)))
    inputs = np.array([[1.0, 1], [1, 1], [2, 2]])[:, None]
    net.begin(inputs, np.zeros((3, 1, 2)))
    net.forward(0, 3)
    net.judge(0, 3)
    np.testing.assert_array_equal(net.layers[0].outputs[:3, 0], [[2, 2], [6, 6], [16, 16]])
    np.testing.assert_array_equal(net.predictions().outputs, [[4, 4], [12, 12], [32, 32]])


def test_dropout_keeps_the_mean_and_is_off_without_a_generator(catalog: Catalog) -> None:
    plan = architecture(catalog, inputs=3, layers=(layer(catalog, "elman", 400, dropout=0.25),), outputs=2)
    net = network(plan)
    inputs = np.random.default_rng(0).normal(size=(STEPS, BATCH, 3))
    net.begin(inputs, np.zeros((STEPS, BATCH, 2)), generator=np.random.default_rng(0))
    mask = net.layers[0].mask
    assert mask is not None
    assert set(np.unique(mask)) == {0.0, 1 / 0.75}
    # 7 200 draws: the standard error of the mean is 0.007.
    assert abs(mask[:, :BATCH].mean() - 1) < 0.03
    net.begin(inputs, np.zeros((STEPS, BATCH, 2)))
    assert net.layers[0].mask is None


@pytest.mark.parametrize("name", ["one layer", "stacked, dropout, both directions, dense, ragged, counted"])
def test_nothing_stays_of_a_window_that_is_given_up(
    catalog: Catalog, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, batch = cases(catalog)[name]
    made = network(plan)
    made.begin(**batch)
    made.forward(0, STEPS)
    made.backward(0, STEPS)
    windows = [weakref.ref(one.window(0, STEPS)) for layer in made.layers for one in layer.executors]
    monkeypatch.setattr(executor, "MOST_WINDOWS", 1)
    gc.disable()
    try:
        for one in made.executors:
            one.window(0, 1)
        assert [one() for one in windows] == [None] * len(windows)
    finally:
        gc.enable()
