"""The readout: from the state of the last layer to the loss, traced like a cell that has no memory.

Its rows are the steps that count. `prediction` (the net input of the head) and `loss` are its results; they are
declared as states only because the results of a step are, and no equation reads those of the row before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

from lab.errors import ShapeError
from lab.model.initialisers import glorot, zeros
from lab.trace.functions import sigmoid, softmax, tanh
from lab.trace.graph import Graph, Var
from lab.trace.rules.shape import words
from lab.trace.tracer import ParameterLike, Traced, call_author, definition
from lab.trace.verify import verify

Equation = Callable[[Var, Var], Var]


HEADS: Final[Mapping[str, Callable[[Var], Var]]] = {"linear": lambda z: z, "softmax": softmax, "sigmoid": sigmoid}
"""From the net input of the head to the network's output."""


@final
@dataclass(frozen=True, slots=True)
class Head:
    """Dense layers (tanh) of the sizes `hidden`, a linear layer (V, b) to `size` outputs, and what is made of them.

    It is what a cell that asks for `y` is fed by: a `Feedback` of the tracer.
    """

    hidden: tuple[int, ...]
    size: int
    kind: str

    def net(self, parameter: Callable[[str, ParameterLike], Var], x: Var) -> Var:
        """The net input of the head, (K,)."""
        for index, size in enumerate(self.hidden):
            weight = parameter(f"output.V_{index}", glorot(size, x.shape[0]))
            x = tanh(weight @ x + parameter(f"output.b_{index}", zeros(size)))
        return parameter("output.V", glorot(self.size, x.shape[0])) @ x + parameter("output.b", zeros(self.size))

    def output(self, net: Var) -> Var:
        """The network's output, (K,)."""
        return HEADS[self.kind](net)


def trace_readout(
    head: Head, *, inputs: int, equation: Equation, classes: bool, fed: bool = False, simplify: bool = True
) -> Traced:
    """Trace the head and the loss `equation`. If the last cell is `fed` with y, it has the net input made already.

    `equation` takes the net input of the head, (K,), and the target: (K,), or a scalar where targets are `classes`.
    """
    graph = Graph(simplify=simplify)
    specs: dict[str, ParameterLike] = {}
    parameters: dict[str, Var] = {}

    def parameter(name: str, spec: ParameterLike) -> Var:
        specs[name] = spec
        parameters[name] = graph.leaf("parameter", name, spec.shape)
        return parameters[name]

    x = graph.leaf("input", "x", (inputs,))
    target = graph.leaf("input", "target", () if classes else (head.size,))
    prediction = x if fed else head.net(parameter, x)
    loss = call_author(equation, prediction, target)
    if not isinstance(loss, Var) or loss.shape:
        found = words(loss.shape) if isinstance(loss, Var) else type(loss).__name__
        raise ShapeError(
            f"the loss is {found}", remedy="Return one number a row: a sum or a mean", **definition(equation)
        )
    states = {
        "prediction": graph.leaf("state", "prediction", prediction.shape),
        "loss": graph.leaf("state", "loss", ()),
    }
    output = head.output(prediction)
    verify([prediction, loss, output], "the trace of the readout")
    return Traced(
        graph=graph,
        specs=specs,
        parameters=parameters,
        inputs={"x": x, "target": target},
        states=states,
        next={"prediction": prediction, "loss": loss},
        watch={"output": output},
        outputs=("loss",),
    )
