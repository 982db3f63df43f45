"""What one step does to the state: eigenvalues and singular values of its Jacobian."""

import numpy as np

from lab.api import PluginError, Probe, eigenvalues, hookimpl, hyperparameter, singular_values

WORK = 6_000_000
"""S³ for each step, S numbers in the state, summed over the steps at which the spectrum is taken."""
FEWEST = {128: 5, 256: 2}
"""Steps at which it is taken at least, for states of up to so many numbers; for larger ones at least one."""


class Spectrum(Probe):
    """Eigenvalues and singular values of ∂s_t/∂s_{t-1}, s the whole state, for one watched sample.

    A gradient goes back through the product of these Jacobians: singular values below 1 make it smaller whatever it is.
    For large states they are taken at some steps, evenly apart, and each stands for the steps next to it; `every` says
    how far apart, and the step asked for is always among them. Where a cell has one square matrix U from state to
    state, its eigenvalues are given too.
    """

    name = "spectrum"
    title = {"en": "Spectrum of a step", "zh": "单步谱"}
    tier = "sampled"
    sample: int = hyperparameter(
        0, low=0, high=7, en="Which of the watched samples, from 0", zh="第几个被观察的样本，从 0 起"
    )
    layer: str = hyperparameter("", en="The layer, layers.0; empty is the top one", zh="层，如 layers.0；空为最上层")
    step: int = hyperparameter(
        -1, low=-1, en="A step not to be left out, from 0; -1 is none", zh="必须包含的步，从 0 起；-1 为无"
    )

    def measure(self, look):
        sample = min(self.sample, look.samples.count - 1)
        steps = int(look.lengths[sample])
        layer = self._layer(look)
        chosen = self._chosen(steps, size(look.layers[layer]))
        jacobians = look.jacobians(layer, sample, chosen)
        nearest = np.abs(np.arange(steps)[:, None] - chosen).argmin(axis=1)
        values = eigenvalues(jacobians)[nearest]
        largest = np.abs(values).max()
        self._largest = float(largest) if np.isfinite(largest) else None
        arrays = {"real": values.real, "imag": values.imag, "singular": singular_values(jacobians)[nearest]}
        matrix = recurrent(look.layers[layer].parameters)
        if matrix is not None:
            (own,) = eigenvalues(matrix[None])
            arrays |= {"U_real": own.real, "U_imag": own.imag}
        return arrays

    def notes(self, look):
        sample = min(self.sample, look.samples.count - 1)
        layer = self._layer(look)
        chosen = self._chosen(int(look.lengths[sample]), size(look.layers[layer]))
        return {
            "largest": self._largest,
            "layer": layer,
            "every": int(np.diff(chosen).max(initial=1)),
            "steps": chosen.tolist(),
        }

    def _layer(self, look):
        if self.layer and self.layer not in look.layers:
            raise PluginError(f"unknown layer {self.layer!r}", remedy=f"Choose one of {', '.join(look.layers)}")
        return self.layer or [name for name, layer in look.layers.items() if not layer.reverse][-1]

    def _chosen(self, steps, numbers):
        """The steps at which it is taken, rising."""
        fewest = next((count for most, count in FEWEST.items() if numbers <= most), 1)
        count = min(max(WORK // numbers**3, fewest), steps)
        # Evenly apart, each in the middle of the steps that it stands for.
        chosen = ((np.arange(count) + 0.5) * steps / count).astype(int)
        asked = [self.step] if 0 <= self.step < steps else []
        return np.unique(np.concatenate([chosen, np.array(asked, int)]))


def size(layer):
    """Numbers in the whole state."""
    return sum(array.shape[2] for array in layer.states.values())


def recurrent(parameters):
    """The one square matrix from state to state, called U as in the textbooks; None where there is none or several."""
    found = [array for name, array in parameters.items() if name == "U" or name.startswith("U_")]
    square = len(found) == 1 and found[0].ndim == 2 and found[0].shape[0] == found[0].shape[1]
    return found[0] if square else None


@hookimpl
def lab_register_probes():
    return [Spectrum]
