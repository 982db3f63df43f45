"""The architecture: what a network is made of, before it is built."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

from lab.trace.graph import Var
from lab.trace.tracer import CellLike

Encoding = Literal["features", "one-hot", "embedding"]
Readout = Literal["every-step", "last", "mean"]
Head = Literal["linear", "softmax", "sigmoid"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlan:
    """One layer: a cell with `hidden` units, in one or both directions; `dropout` of what it hands on."""

    cell: CellLike
    hidden: int
    bidirectional: bool = False
    dropout: float = 0.0
    bias: bool = True


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A network from encoding to loss.

    `inputs` is the number M of features, or of symbols. `embedding` is the width of a learned embedding. `dense` are
    sizes of dense layers between the last state and the head, `outputs` is K. `equation` is the loss of one row, from
    the net input of the head and the target; `classes` says that targets are class numbers.
    """

    inputs: int
    encoding: Encoding = "features"
    embedding: int = 0
    layers: tuple[LayerPlan, ...]
    readout: Readout = "every-step"
    dense: tuple[int, ...] = ()
    outputs: int
    head: Head = "linear"
    equation: Callable[[Var, Var], Var]
    classes: bool = False

    @property
    def width(self) -> int:
        """The width of what the first layer sees."""
        return self.embedding if self.encoding == "embedding" else self.inputs
