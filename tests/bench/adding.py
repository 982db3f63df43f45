"""The adding problem as the bench trains it: one experiment, from which every side takes data, order and weights."""

from lab.experiment.file import read_text
from lab.registry.catalog import Catalog
from lab.training.setup import Setup, set_up
from tests.bench.problems import SETTINGS, Size

LEARNING_RATE = 0.003
CLIP_NORM = 1.0
_EXPERIMENT = """
version = 1
name = "Adding problem, timed"
seed = 7

[dataset]
plugin = "adding-problem"
length = {size.T}
train_size = 10000
validation_size = 0
test_size = 1

[[layers]]
cell = "{cell}"
hidden = {size.D}
{settings}

[output]
readout = "last"

[training]
optimizer = "adam"
learning_rate = {rate}
clip_norm = {clip}
batch_size = {size.B}
updates = 1000000000
"""


def setup_of(catalog: Catalog, cell: str, size: Size) -> Setup:
    """The experiment made ready; M is what the problem has, 2."""
    settings = "\n".join(f'{name} = "{value}"' for name, value in SETTINGS.get(cell, {}).items())
    text = _EXPERIMENT.format(size=size, cell=cell, settings=settings, rate=LEARNING_RATE, clip=CLIP_NORM)
    return set_up(read_text(text, catalog).spec, catalog)
