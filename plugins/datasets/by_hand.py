"""One sequence whose numbers stand in the experiment itself: for examples that can be followed on paper."""

import numpy as np
from numpy.typing import NDArray

from lab.api import Data, DataError, Dataset, Sequences, hookimpl, hyperparameter, root_mean_squared_errors


class ByHand(Dataset):
    """A step is a text of numbers, `inputs` and `targets` are lists of steps: `["1 1", "1 1", "2 2"]`.

    Nothing is scaled. The one sequence is for training and test alike, since what is asked is not what a network can
    learn but what it does: with weights set by hand and a learning rate of 0 a run shows every number of an example.
    """

    name = "by-hand"
    title = {"en": "Written by hand", "zh": "手写序列"}
    task = "regression"
    source = "The experiment"
    licence = "That of the experiment"

    inputs: list[str] = hyperparameter(["1 1", "1 1", "2 2"], en="Inputs, step by step", zh="各步的输入")
    targets: list[str] = hyperparameter(["4 4", "12 12", "32 32"], en="Targets, step by step", zh="各步的目标")

    def load(self, seed: int) -> Data:
        """Inputs (T, 1, M), targets (T, 1, K). The same for every `seed`."""
        inputs, targets = _read("inputs", self.inputs), _read("targets", self.targets)
        if len(inputs) != len(targets):
            raise DataError(
                f"there are {len(inputs)} steps of inputs and {len(targets)} of targets",
                remedy="Write as many targets as inputs",
            )
        sequences = Sequences(inputs=inputs[:, None], targets=targets[:, None])
        return Data(
            train=sequences,
            test=sequences,
            baselines=root_mean_squared_errors({"mean": targets.mean(axis=0)}, targets),
            metric="rmse",
            inputs=inputs.shape[1],
            outputs=targets.shape[1],
        )


def _read(name: str, steps: list[str]) -> NDArray[np.float64]:
    """The numbers of all steps, (T, ·)."""
    rows = []
    for step in steps:
        try:
            rows.append([float(number) for number in step.replace(",", " ").split()])
        except ValueError:
            raise DataError(
                f"{name} has a step that is not numbers: {step!r}", remedy='Write a step as "1 0.5"'
            ) from None
    if not rows or not rows[0]:
        raise DataError(f"{name} has no numbers", remedy='Write a step as "1 0.5"')
    if len({len(row) for row in rows}) > 1:
        raise DataError(f"not all steps of {name} have equally many numbers", remedy="Write as many in each step")
    return np.array(rows)


@hookimpl
def lab_register_datasets() -> list[type[Dataset]]:
    return [ByHand]
