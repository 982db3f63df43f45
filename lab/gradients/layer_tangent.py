"""The tangent of one layer's step, as equations."""

from typing import final

from lab.gradients.pullback import Pullback, Sweep
from lab.trace.rules.jvp import jvp


@final
class LayerTangent:
    """The tangent of one layer's step: from those of the states before, of what it reads, and of its weights."""

    def __init__(self, pullback: Pullback) -> None:
        traced = pullback.traced
        graph = traced.graph
        leaves = {f"s {name}": leaf for name, leaf in traced.states.items()}
        leaves |= {f"i {name}": leaf for name, leaf in traced.inputs.items() if name != "t"}
        self.arriving = {name: graph.leaf("tangent", name, leaf.shape) for name, leaf in leaves.items()}
        weights = [pull.weight for pull in pullback.weights]
        self.weights = [graph.leaf("weight_tangent", f"{one.number}", one.shape) for one in weights]
        moving = {leaf: self.arriving[name] for name, leaf in leaves.items()}
        turning = dict(zip(weights, self.weights, strict=True))
        self.sweep = Sweep(self.arriving)
        self.still = jvp(traced.next.values(), moving)
        """The tangents of the states after the step while the weights stay."""
        self.turned = jvp(traced.next.values(), moving | turning)
        """The same while the weights move as well."""
