"""Gradients through time against differences, against truncated backpropagation one loss at a time, and at limits."""

import numpy as np
import pytest

from lab.errors import ExperimentError
from lab.gradients.through_time import truncated as whole_square
from lab.gradients.unrolled import ThroughTime, Unrolled
from lab.model.architecture import Architecture, LayerPlan
from lab.registry.manager import load_catalog
from tests.gradients.unrolled_cases import BATCH, HIDDEN, STEPS, Case, Nudged, cases, made

CASES = cases(load_catalog(entry_points=False))
TWO_WAYS = [name for name in CASES if name.startswith("both")]
ONE_WAY = [name for name in CASES if "both" not in name]
TOLERANCE = 1e-12
"""Both are sums of the same products in float64, in another order."""


def ends(case: Case) -> list[int]:
    """The steps that have a loss."""
    return list(range(STEPS)) if case.architecture.readout == "every-step" else [STEPS - 1]


def truncated(case: Case, last: int) -> np.ndarray:
    """Σ_t ∂L_t/∂θ with nothing flowing back beyond the last n steps, by the engine, one loss after another."""
    network = case.alone()
    total = np.zeros_like(network.gradient)
    for t in ends(case):
        first = max(0, t - last + 1)
        if case.architecture.readout == "mean":
            # The engine takes the mean over a window: from the whole one, nothing may flow beyond `first`.
            raise AssertionError
        network.backward(first, t + 1, t)
        total += network.gradient
    return total


@pytest.mark.parametrize("name", [name for name in ONE_WAY if name != "mean"])
def test_norms_are_those_of_one_loss_at_a_time(name: str) -> None:
    case, column = CASES[name], BATCH - 1
    top = f"layers.{len(case.architecture.layers) - 1}"
    found = case.unrolled(column).through_time(top)
    network = case.alone(column)
    executor = network.layers[-1].executors[0]
    states = executor.program.traced.states
    for t in ends(case):
        for k in range(t):
            network.backward(k + 1, t + 1, t)
            wanted = {state: np.linalg.norm(executor.first_gradient(state, k + 1)[0]) for state in states}
            for state, norm in wanted.items():
                assert found.norms[state][t, k] == pytest.approx(norm, rel=TOLERANCE, abs=1e-14)
            whole = np.sqrt(sum(norm**2 for norm in wanted.values()))
            assert found.norms["whole"][t, k] == pytest.approx(whole, rel=TOLERANCE, abs=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_said_of_later_steps_and_of_steps_without_a_loss(name: str) -> None:
    case = CASES[name]
    top = f"layers.{len(case.architecture.layers) - 1}"
    found = case.unrolled().through_time(top)
    wanted = np.zeros((STEPS, STEPS), bool)
    for t in ends(case):
        wanted[t, : t + 1] = True
    for array in found.norms.values():
        assert array.shape == (STEPS, STEPS)
        if name != "without memory":
            assert (np.isfinite(array) == wanted).all()


@pytest.mark.parametrize("name", [name for name in ONE_WAY if name != "mean"])
def test_what_truncation_leaves(name: str) -> None:
    case = CASES[name]
    found = case.unrolled().through_time("layers.0")
    whole = truncated(case, STEPS)
    for n in range(1, STEPS + 1):
        kept = truncated(case, n)
        size = np.linalg.norm(kept)
        assert found.share[n - 1] == pytest.approx(size / np.linalg.norm(whole), rel=1e-10)
        assert found.cosine[n - 1] == pytest.approx(kept @ whole / (size * np.linalg.norm(whole)), rel=1e-10)
    assert found.share[-1] == found.cosine[-1] == 1.0


@pytest.mark.parametrize("kind", ["elman", "lstm", "gru"])
@pytest.mark.parametrize(
    ("readout", "net"), [("every-step", False), ("every-step", True), ("last", False), ("mean", True)]
)
def test_norms_of_any_layer_against_differences(kind: str, readout: str, net: bool) -> None:
    """The lower layer's state, or net input, is nudged by its input; what the layer above makes of it counts."""
    catalog = load_catalog(entry_points=False)
    loss = catalog.get("loss", "mean-squared-error")()
    plan = Architecture(
        inputs=2 + HIDDEN,
        layers=(
            LayerPlan(cell=Nudged(net=net), hidden=HIDDEN),
            LayerPlan(cell=catalog.get("cell", kind)(), hidden=3),  # type: ignore[arg-type]
        ),
        readout=readout,  # type: ignore[arg-type]
        outputs=2,
        head=loss.head,  # type: ignore[attr-defined]
        equation=loss.equation,  # type: ignore[attr-defined]
    )
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(STEPS, 1, 2 + HIDDEN))
    targets = rng.normal(size=(STEPS, 1, 2) if readout == "every-step" else (1, 2))
    case = Case(made(plan, batch=1), {"inputs": inputs, "targets": targets}, plan)
    found = case.unrolled().through_time("layers.0").norms["net" if net else "h"]

    def losses(moved: np.ndarray) -> np.ndarray:
        case.network.begin(moved, targets)
        case.network.forward(0, STEPS)
        case.network.judge(0, STEPS)
        return case.network.predictions().losses

    for k in range(STEPS):
        slopes = []
        for unit in range(HIDDEN):
            sides = []
            for sign in (1, -1):
                moved = inputs.copy()
                moved[k, 0, 2 + unit] += sign * 1e-5
                sides.append(losses(moved))
            slopes.append((sides[0] - sides[1]) / 2e-5)
        wanted = np.linalg.norm(slopes, axis=0)
        for row, t in enumerate(ends(case)):
            if t >= k:
                # The error of the differences is about 1e-10, that of the square and of the rounding.
                assert found[t, k] == pytest.approx(wanted[row], rel=1e-6, abs=1e-9)


def test_truncation_of_a_mean_over_the_steps() -> None:
    """By differences: with n steps kept the parameters act in the last n steps alone, on the states that there were."""
    case = CASES["mean"]
    found = case.unrolled().through_time("layers.1")
    network = case.alone()
    network.backward(0, STEPS)
    whole = network.gradient.copy()
    for n in (1, 3, STEPS - 1):
        part = _mean_truncated(case, n)
        assert found.share[n - 1] == pytest.approx(np.linalg.norm(part) / np.linalg.norm(whole), rel=1e-6)
        cosine = part @ whole / (np.linalg.norm(part) * np.linalg.norm(whole))
        assert found.cosine[n - 1] == pytest.approx(cosine, rel=1e-6)


def _mean_truncated(case: Case, n: int) -> np.ndarray:
    """∂L/∂θ where θ moves in the last n steps (and the readout) alone, by differences."""
    network = case.alone()
    inputs, targets = case.batch["inputs"][:, :1], case.batch["targets"][:1]
    start = network.parameters.copy()

    def loss(moved: np.ndarray, switch: int) -> float:
        network.parameters[:] = start
        network.begin(inputs, targets)
        network.forward(0, switch)
        network.parameters[:] = moved
        network.refresh()
        network.forward(switch, STEPS)
        result = network.judge(0, STEPS)
        assert result is not None
        return result

    slopes = np.zeros_like(start)
    for index in range(len(start)):
        moved = start.copy()
        sides = []
        for sign in (1, -1):
            moved[index] = start[index] + sign * 1e-5
            sides.append(loss(moved, STEPS - n))
        slopes[index] = (sides[0] - sides[1]) / 2e-5
    return slopes


@pytest.mark.parametrize("name", TWO_WAYS)
def test_both_directions_together_give_the_whole_gradient(name: str) -> None:
    case = CASES[name]
    found = {layer: case.unrolled().through_time(layer) for layer in ("layers.0", "layers.0.reverse")}
    for one in found.values():
        assert one.share[-1] == one.cosine[-1] == 1.0
        assert np.isfinite(one.share).all()
    assert np.array_equal(found["layers.0"].share, found["layers.0.reverse"].share)
    # Turned around in time, the second direction is the first of a network with the directions exchanged.
    turned = _turned(case)
    other = turned.through_time("layers.0.reverse")
    if case.architecture.readout == "every-step":
        assert np.allclose(other.norms["whole"], found["layers.0"].norms["whole"], rtol=1e-10, equal_nan=True)
        assert np.allclose(other.share, found["layers.0"].share, rtol=1e-10)


def _turned(case: Case) -> Unrolled:
    """The same network with directions and data turned around in time."""
    batch = {key: array[::-1].copy() if array.shape[0] == STEPS else array for key, array in case.batch.items()}
    network = made(case.architecture)
    parameters, views = case.network.named(case.network.parameters), network.named(network.parameters)
    for name, view in views.items():
        twin = name.replace(".reverse", "") if ".reverse" in name else name.replace("layers.0.", "layers.0.reverse.")
        view[...] = parameters[twin] if name.startswith("layers") else parameters[name]
    half = HIDDEN
    views["output.V"][...] = np.concatenate(
        [parameters["output.V"][:, half:], parameters["output.V"][:, :half]], axis=1
    )
    return Case(network, batch, case.architecture).unrolled()


@pytest.mark.parametrize("name", [name for name in CASES if name != "above both directions"])
def test_the_whole_gradient_is_the_engines(name: str) -> None:
    """Shares and cosines are ratios: the norm that they compare with is that of the gradient of the summed losses."""
    case = CASES[name]
    opened = case.unrolled()
    runs = [opened._run(chain, STEPS, weights=True) for chain in opened._chains()]
    square = opened._readout_square(STEPS) + whole_square(runs)[2]
    network = case.alone()
    network.backward(0, STEPS)
    wanted = len(ends(case)) ** 2 * network.gradient @ network.gradient
    assert square == pytest.approx(wanted, rel=1e-10)


def test_a_layer_below_one_of_two_directions_has_no_triangle() -> None:
    case = CASES["above both directions"]
    with pytest.raises(ExperimentError, match=r"every loss depends on all states of layers\.0, .*\n?.*layers\.1"):
        case.unrolled().through_time("layers.0")
    above = case.unrolled().through_time("layers.1")
    assert np.isnan(above.share).all()
    with pytest.raises(ExperimentError, match=r"unknown layer 'layers\.7'"):
        case.unrolled().through_time("layers.7")


def test_without_memory_nothing_goes_back() -> None:
    found = CASES["without memory"].unrolled().through_time("layers.0")
    norms = found.norms["whole"]
    assert (np.diag(norms) > 0).all()
    assert (norms[np.tril_indices(STEPS, -1)] == 0).all()
    assert np.allclose(found.share, 1.0)


def test_parameters_that_are_not_finite_are_passed_on() -> None:
    case = CASES["lstm, dense head"]
    network = made(case.architecture)
    network.set_parameter("layers.0.U_f", np.full((HIDDEN, HIDDEN), np.nan))
    with np.errstate(all="ignore"):
        found: ThroughTime = Case(network, case.batch, case.architecture).unrolled().through_time("layers.0")
    assert np.isnan(found.norms["whole"]).all()
    assert np.isnan(found.share).all()


def test_a_long_sample_is_taken_back_from_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["elman"]
    whole = case.unrolled().through_time("layers.0")
    monkeypatch.setattr("lab.gradients.unrolled.MOST_LOSSES", 4)
    part = case.unrolled().through_time("layers.0")
    assert part.first == STEPS - 4
    assert np.allclose(part.norms["whole"], whole.norms["whole"][-4:, -4:], rtol=1e-12, equal_nan=True)
