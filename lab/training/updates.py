"""The updates of a batch as an algorithm gives them, each looked at first: it may come from a plugin in the making."""

from collections.abc import Iterator
from types import GeneratorType
from typing import Any, Final

import numpy as np

from lab.components.algorithm import Algorithm, Batch, Learner, Step
from lab.errors import PluginError

_YIELD: Final = "Write yield Step(loss=..., gradient=...) for each update"


def updates_of(algorithm: Algorithm, learner: Learner, batch: Batch) -> Iterator[Step]:
    """Each update of the batch. PluginError, with the line of the plugin, for what no update can be made from."""
    given: Any = algorithm.updates(learner, batch)
    owner = algorithm.described()
    if not isinstance(given, Iterator):
        code = type(algorithm).updates.__code__
        raise PluginError(
            f"updates of {owner} returned {type(given).__name__} and yields nothing",
            file=code.co_filename,
            line=code.co_firstlineno,
            remedy=_YIELD,
        )
    for step in given:
        problem = _problem(step, owner, learner.parameters.shape)
        if problem is not None:
            frame = given.gi_frame if isinstance(given, GeneratorType) else None
            raise problem if frame is None else problem.with_place(frame.f_code.co_filename, frame.f_lineno)
        yield step


def _problem(step: Any, owner: str, shape: tuple[int, ...]) -> PluginError | None:
    if not isinstance(step, Step):
        return PluginError(f"{owner} yields {type(step).__name__}, which is no Step", remedy=_YIELD)
    vectors = [vector for vector in (step.gradient, step.change) if vector is not None]
    if len(vectors) != 1:
        return PluginError(f"{owner} yields a Step with {len(vectors)} of gradient and change", remedy="Give it one")
    loss: Any = step.loss
    if loss is None:
        return PluginError(
            f"{owner} yields a Step without a loss",
            remedy="Yield none where backward, judge or loss returns None: no target of the window counts",
        )
    if np.shape(vectors[0]) != shape:
        return PluginError(
            f"{owner} yields a vector of shape {np.shape(vectors[0])}, and the parameters have {shape}",
            remedy="Make it like learner.parameters, flat",
        )
    return None
