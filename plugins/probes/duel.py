"""What other training algorithms would make of the same weights and samples."""

import numpy as np

from lab.api import Probe, hookimpl, hyperparameter

CHEAP = ("truncated-bptt", "snap-1", "uoro")
"""Those that cost about what backpropagation costs."""
SMALL = 1e9
"""Operations up to which real-time recurrent learning, which is exact and dear, is one of them."""


class Duel(Probe):
    """The gradients of some algorithms on the watched samples, with the weights as they are, beside the exact one: the
    cosine between both and the ratio of their norms, from look to look, and how long each took.

    Without a choice these are the algorithm that trains, where it is not exact anyway, and those that are cheap. Of a
    rule that follows no gradient the direction of its change is compared with that against the gradient.
    """

    name = "duel"
    title = {"en": "Duel of algorithms", "zh": "算法对决"}
    tier = "costly"
    algorithms: str = hyperparameter(
        "",
        en="NAME or NAME(KEY=VALUE,...), with commas between; empty: cheap ones",
        zh="NAME 或 NAME(KEY=VALUE,...)，以逗号分隔；空为开销小的几种",
    )

    def measure(self, look):
        found = {"update": np.array([look.update])}
        for name, rival in self._rivals(look).items():
            if not rival.reason:
                found[f"{name}/update"] = rival.updates
                found[f"{name}/cosine"] = rival.cosines
                found[f"{name}/ratio"] = rival.ratios
        return found

    def notes(self, look):
        found = self._rivals(look)
        return {
            "algorithms": list(found),
            "seconds": {name: rival.seconds for name, rival in found.items() if not rival.reason},
            "reasons": {name: rival.reason for name, rival in found.items() if rival.reason},
            "known": {name: dict(title) for name, title in look.algorithms.items() if name != "bptt"},
            "trains": look.algorithm,
        }

    def _rivals(self, look):
        return look.duel(self.algorithms or ",".join(usual(look)))


def usual(look):
    """What is compared where nobody has chosen."""
    layers = look.layers.values()
    states = sum(array.shape[-1] for layer in layers for array in layer.states.values())
    weights = sum(array.size for layer in layers for array in layer.parameters.values())
    work = states**2 * weights * look.samples.steps * look.samples.count
    names = [look.algorithm, *CHEAP, *(["rtrl"] if work <= SMALL else [])]
    return [name for name in dict.fromkeys(names) if name in look.algorithms and name != "bptt"]


@hookimpl
def lab_register_probes():
    return [Duel]
