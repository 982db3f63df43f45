"""The shapes of a network before its data are known are those it has with them."""

import pytest

from lab.experiment.file import read_text
from lab.resources import resource_folder
from lab.training.setup import outline, set_up
from tests.training.support import catalog


@pytest.mark.parametrize("name", ["airline", "adding", "force-sine", "lorenz", "temporal-order", "embedded-reber"])
def test_letters_stand_for_what_only_data_tell(name: str) -> None:
    spec = read_text((resource_folder() / "experiments" / f"{name}.toml").read_text(encoding="utf-8"), catalog()).spec
    setup = set_up(spec, catalog())
    sizes = {"M": setup.data.inputs, "K": setup.data.outputs}
    found = outline(spec, catalog())
    assert {"M", "K"} & {size for shape in found.values() for size in shape}
    filled = {name: tuple(sizes.get(size, size) for size in shape) for name, shape in found.items()}
    assert filled == {name: place.shape for name, place in setup.plan.places.items()}
