"""Small experiments for the tests of training."""

from lab.experiment.file import read_text
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.training.plan import Plan
from lab.training.setup import Setup, set_up
from lab.training.trainer import Trainer

ADDING = """
version = 1
seed = 3
dtype = "{dtype}"
[dataset]
plugin = "adding-problem"
length = 12
train_size = 60
validation_size = 20
test_size = 20
[[layers]]
cell = "{cell}"
hidden = 6
dropout = {dropout}
[output]
readout = "last"
[training]
algorithm = "bptt"
optimizer = "{optimizer}"
learning_rate = {rate}
batch_size = 16
epochs = {epochs}
{more}
"""

SUNSPOTS = """
version = 1
seed = 3
[dataset]
plugin = "sunspots"
window = 20
[[layers]]
cell = "gru"
hidden = 5
[training]
algorithm = "truncated-bptt"
update_every = 6
reach_back = 9
optimizer = "adam"
learning_rate = 0.01
batch_size = 3
carry_state = true
epochs = 4
"""


def catalog() -> Catalog:
    return load_catalog(entry_points=False)


def adding(**values: object) -> Setup:
    """The adding problem at a size for tests."""
    filled: dict[str, object] = {
        "cell": "lstm",
        "dropout": 0.0,
        "optimizer": "adam",
        "rate": 0.01,
        "epochs": 2,
        "dtype": "float32",
        "more": "",
    }
    return prepared(ADDING.format(**(filled | values)))


def prepared(text: str) -> Setup:
    """The setup of an experiment's text."""
    found = catalog()
    return set_up(read_text(text, found).spec, found)


def run_out(trainer: Trainer) -> None:
    """Advance to the end."""
    while trainer.advance() is not None:
        pass


def trained(setup: Setup, **plan: object) -> Trainer:
    """A trainer on the target numpy that has run to the end (close it)."""
    trainer = Trainer(setup, Plan(**{"target": "numpy", **plan}))  # type: ignore[arg-type]
    run_out(trainer)
    return trainer
