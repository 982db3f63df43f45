"""The meter, on a clock of its own: rates, shares, and what a costly probe may not do to the others."""

from itertools import pairwise

import pytest

from lab.telemetry.meter import CREDIT, Meter


def watched(
    meter: Meter, costs: dict[str, float], seconds: float, update: float = 0.002
) -> tuple[dict[str, int], float]:
    """Train for so many seconds in updates of `update`; how often each probe was measured, and the time that took."""
    now, spent = 100.0, 0.0
    counts = dict.fromkeys(costs, 0)
    meter.watch(costs, now)
    while now < 100.0 + seconds:
        now += update
        for name in meter.due(now):
            meter.took(name, now, now + costs[name])
            now += costs[name]
            spent += costs[name]
            counts[name] += 1
    return counts, spent


def test_cheap_probes_go_at_the_full_rate() -> None:
    counts, _ = watched(Meter(0.02, 25.0), {"a": 1e-5, "b": 2e-5}, 10)
    assert counts["a"] == pytest.approx(250, rel=0.1)
    assert counts["b"] == pytest.approx(250, rel=0.1)


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_all_together_stay_below_the_share(share: float) -> None:
    costs = {"states": 2e-4, "gates": 1e-3, "triangle": 0.08, "spectrum": 0.3}
    counts, spent = watched(Meter(share, 30.0), costs, 120)
    # One measurement more than the share and the credit allow may be under way.
    assert spent / 120 <= share + (CREDIT + max(costs.values())) / 120
    assert spent / 120 > 0.6 * share
    assert min(counts.values()) >= 2


def test_what_cheap_probes_leave_goes_to_the_costly_one() -> None:
    alone, _ = watched(Meter(0.02, 30.0), {"spectrum": 0.1}, 100)
    beside, _ = watched(Meter(0.02, 30.0), {"spectrum": 0.1, "a": 1e-6, "b": 1e-6}, 100)
    assert beside["spectrum"] >= 0.8 * alone["spectrum"]
    assert alone["spectrum"] == pytest.approx(20, abs=4)


def test_the_share_that_is_shown_is_that_of_the_last_seconds() -> None:
    meter = Meter(1.0, 10.0)
    assert meter.share(0.0) == 0.0
    meter.watch(["a"], 0.0)
    for second in range(20):
        meter.took("a", second, second + 0.25)
    assert meter.share(20.0) == pytest.approx(0.25, rel=0.15)
    assert meter.share(40.0) == 0.0


def test_nothing_is_due_while_nothing_is_watched() -> None:
    meter = Meter(0.02, 30.0)
    assert meter.due(1e9) == []
    meter.watch(["a"], 1.0)
    assert meter.due(0.5) == []
    assert meter.due(1.0) == ["a"]
    meter.watch([], 2.0)
    assert meter.due(1e9) == []


def test_other_limits_count_at_once() -> None:
    meter = Meter(0.001, 30.0)
    watched(meter, {"a": 0.1}, 3)
    assert meter.due(103.1) == []
    meter.set(0.001, 30.0)
    assert meter.due(103.2) == []
    meter.set(0.5, 30.0)
    assert meter.due(103.2) == ["a"]


def test_what_is_looked_at_anew_is_due_at_once_within_the_share() -> None:
    meter = Meter(0.01, 30.0)
    meter.watch(["a", "b"], 0.0)
    for name in ("a", "b"):
        for _ in range(2):
            meter.took(name, 0.0, 0.01)
    assert meter.due(0.02) == []
    meter.watch(["a", "b"], 0.02, ["b"])
    assert meter.due(0.02) == ["b"]
    meter.took("b", 0.02, 0.02 + 2 * CREDIT)
    meter.watch(["a", "b"], 0.5, ["b"])
    assert meter.due(0.6) == []


def test_what_a_first_measurement_builds_does_not_still_the_probe() -> None:
    meter = Meter(share=0.02, rate=30.0)
    meter.watch(["slow"], 0.0)
    meter.took("slow", 0.0, 2.0)
    # Two seconds at a share of 2 % would be a wait of 100; the first of them were spent on what later ones use.
    assert meter.due(3.0) == ["slow"]
    meter.took("slow", 3.0, 3.5)
    assert meter.due(20.0) == []


def test_a_debt_slows_all_and_stills_none_that_is_cheap() -> None:
    meter = Meter(0.02, 30.0)
    costs = {"cheap": 1e-4, "states": 0.002, "triangle": 0.3, "spectrum": 0.3, "predictions": 0.3}
    now, measured = 0.0, {name: [0.0] for name in costs}
    meter.watch(costs, now)
    while now < 60.0:
        now += 0.01
        for name in meter.due(now):
            meter.took(name, now, now + costs[name])
            now += costs[name]
            measured[name].append(now)
    longest = {name: max(late - early for early, late in pairwise(times)) for name, times in measured.items()}
    assert longest["cheap"] < 1.5, "nothing that costs next to nothing stands still"
    assert longest["states"] < 3.0
    assert len(measured["triangle"]) <= 4, "what it took is paid for"
    spent = sum(costs[name] * (len(times) - 2) for name, times in measured.items())
    assert spent <= 0.02 * 60 + CREDIT + 0.9
