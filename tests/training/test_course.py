"""The record of gradients: from the first update on, thinned, and there again after a resume."""

import numpy as np

from lab.training.course import DENSE, Record
from lab.training.look import NetworkLook
from lab.training.plan import Plan
from lab.training.snapshot import put_back, take
from lab.training.trainer import Trainer
from tests.training.support import adding


def test_it_begins_at_the_first_update_and_thins_out() -> None:
    kept = [update for update in range(1, 100_001) if Record.wants(update)]
    assert kept[: 2 * DENSE - 1] == list(range(1, 2 * DENSE))
    for start in (1024, 32_768):
        assert sum(start <= update < 2 * start for update in kept) == DENSE
    assert len(kept) < 800


def test_it_has_the_norms_of_each_update_though_nobody_watches() -> None:
    with Trainer(adding(), Plan(target="numpy")) as trainer:
        totals = []
        while (progress := trainer.advance()) is not None:
            if progress.kind == "update":
                totals.append(progress.scalars["gradient.norm"])
        course = trainer.record.course
        assert course.updates.tolist() == list(range(1, len(totals) + 1))
        assert course.norms.shape == (len(totals), len(trainer.setup.plan.places))
        np.testing.assert_allclose(np.sqrt((course.norms.astype(float) ** 2).sum(axis=1)), totals, rtol=1e-5)
        assert np.isfinite(course.ratios[-1]).all()


def test_it_goes_on_where_a_checkpoint_left_it() -> None:
    plan = Plan(target="numpy")
    with Trainer(adding(), plan) as whole, Trainer(adding(), plan) as second:
        while whole.update < 5 or not whole.can_save:
            whole.advance()
        put_back(second, take(whole))
        assert NetworkLook(second, "test", [0]).course.updates.tolist() == list(range(1, whole.update + 1))
        for trainer in (whole, second):
            while trainer.advance() is not None:
                pass
        for name in ("updates", "norms", "ratios"):
            assert np.array_equal(getattr(whole.record.course, name), getattr(second.record.course, name))
