"""Updates within a sequence: the steps of a batch in windows."""

from lab.api import Algorithm


class InWindows(Algorithm):
    """Abstract: an update after every `update_every` steps, which is a hyperparameter; 0 is the whole sequence."""

    def windows(self, steps):
        """The windows in which `steps` are run, as (first, last): steps first ... last - 1."""
        every = self.update_every or max(steps, 1)
        return [(first, min(first + every, steps)) for first in range(0, steps, every)]

    def updates_in(self, steps):
        return len(self.windows(steps))
