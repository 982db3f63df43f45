"""The text of a new experiment: an empty one, or one for data of one's own. Both begin as the same small network."""

from collections.abc import Mapping
from typing import Final

from lab.experiment.draft import Draft
from lab.experiment.edit import parse_key

_BLANK: Final = """\
version = 1
name = "Untitled"
name_zh = "未命名"
seed = 7

[dataset]
plugin = ""

[input]
encoding = "features"

[[layers]]
cell = ""
hidden = 32

[output]
readout = "every-step"

[training]
algorithm = "bptt"
optimizer = "adam"
learning_rate = 0.01
clip_norm = 1.0
batch_size = 16
epochs = 500
"""


def blank(values: Mapping[str, object]) -> str:
    """A small experiment with these values, by the path of their key, `layers.0.cell`; without those that are None."""
    draft = Draft(_BLANK)
    for path, value in values.items():
        if value is None:
            draft.drop(parse_key(path))
        else:
            draft.put(parse_key(path), value)
    return draft.text
