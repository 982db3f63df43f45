"""Every generated dataset trains, is measured and is looked at, as an experiment of its task."""

import numpy as np
import pytest

from lab.training.looking import Lookout
from tests.training.support import catalog, prepared, trained

CATALOG = catalog()
SMALL = {
    "held-wave": "cue = 10\ntrain_length = 10\ntest_length = 20\ntrain_size = 5",
    "by-hand": "",
    "temporal-order": "T = 12\ntrain_size = 20\nvalidation_size = 10\ntest_size = 10",
    "embedded-reber": "train_size = 20\nvalidation_size = 10\ntest_size = 10",
    "continual-reber": "window = 10\ntrain_size = 20\nstreams = 3\nvalidation_length = 20\ntest_length = 40",
    "counting": "train_until = 3\ntest_until = 6\ntrain_size = 20",
    "parity": "length = 8\ntrain_size = 20\nvalidation_size = 10\ntest_size = 10",
    "delayed-echo": "delay = 3\nlength = 8\ntrain_size = 20\nvalidation_size = 10\ntest_size = 10",
    "associative-recall": "pairs = 2\ntrain_size = 20\nvalidation_size = 10\ntest_size = 10",
    "mackey-glass": "train_length = 100\nwindow = 20\nwarm_up = 10\nhorizon = 5\ntest_size = 4",
    "lorenz": "train_length = 100\nwindow = 20\nwarm_up = 10\nhorizon = 5\ntest_size = 4",
    "narma10": "train_length = 200\nvalidation_length = 50\ntest_length = 50\nwindow = 20",
    "noisy-sine": "length = 200\nwindow = 20",
    "logistic-map": "length = 200\nwindow = 20",
}


@pytest.mark.parametrize("name", SMALL)
def test_it_trains_is_measured_and_looked_at(name: str) -> None:
    symbols = name in ("temporal-order", "embedded-reber", "continual-reber", "counting", "associative-recall")
    last = name in ("temporal-order", "associative-recall")
    text = f"""
version = 1
[dataset]
plugin = "{name}"
{SMALL[name]}
[input]
encoding = "{"one-hot" if symbols else "features"}"
[[layers]]
cell = "gru"
hidden = 4
[output]
readout = "{"last" if last else "every-step"}"
[training]
batch_size = 5
epochs = 1
"""
    with trained(prepared(text)) as trainer:
        data = trainer.setup.data
        metrics = trainer.metrics()
        assert all(np.isfinite(value) for value in metrics.values())
        own = metrics[f"test.{data.metric.replace('-', '_')}"]
        frame = Lookout(trainer, CATALOG).once("predictions")
        assert frame.notes["error"] == pytest.approx(own, rel=1e-5, abs=1e-9)
        assert data.baselines
        for wanted in data.more_metrics:
            assert f"test.{wanted.replace('-', '_')}" in metrics
