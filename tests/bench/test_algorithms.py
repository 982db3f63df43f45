"""The bench of training algorithms: what it compares is the same, and its slopes are slopes."""

import numpy as np
import pytest

from lab.compile.executor import MOST_WINDOWS
from lab.registry.manager import load_catalog
from tests.bench.problems import Size
from tests.bench.sections.algorithms import duel_at, looped, slope


def test_the_loop_over_parameters_finds_the_gradient() -> None:
    duel = duel_at(load_catalog(entry_points=False), "elman", Size(2, 6, 3, 5), "float64")
    exact = duel.learner.network.named(duel.exact)
    found = looped(duel)
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, exact[f"layers.0.{name}"], rtol=0, atol=1e-12 * duel.norm)


def test_a_slope_is_the_exponent() -> None:
    assert slope([2, 4, 8], [3.0, 12.0, 48.0]) == pytest.approx(2)
    assert slope([2, 4, 8], [5.0, 5.0, 5.0]) == pytest.approx(0)


def test_memory_of_force_does_not_grow_with_the_steps() -> None:
    catalog = load_catalog(entry_points=False)
    lengths = (MOST_WINDOWS // 4, 2 * MOST_WINDOWS)
    short, long = (
        duel_at(catalog, "elman", Size(4, steps, 8, 32)).measure(catalog.get("algorithm", "force")(), 1).bytes
        for steps in lengths
    )
    assert long < 2 * short
