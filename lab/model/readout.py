"""The readout: from the state of the last layer to the loss, traced like a cell that has no memory.

Its rows are the steps that count. `prediction` (the net input of the head) and `loss` are its results; they are
declared as states only because the results of a step are, and no equation reads those of the row before.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lab.errors import ShapeError
from lab.model.initialisers import Initialiser, glorot, zeros
from lab.trace.functions import tanh
from lab.trace.graph import Graph, Var
from lab.trace.rules.evaluate import sigmoid
from lab.trace.rules.shape import words
from lab.trace.tracer import Traced, call_author, definition
from lab.trace.verify import verify

Array = NDArray[Any]
Equation = Callable[[Var, Var], Var]


def trace_readout(
    *, inputs: int, hidden: Sequence[int], outputs: int, equation: Equation, classes: bool, simplify: bool = True
) -> Traced:
    """Trace dense layers (tanh) of the given sizes, the linear layer of the head (V, b) and the loss `equation`.

    `equation` takes the net input of the head, (K,), and the target: (K,), or a scalar where targets are `classes`.
    """
    graph = Graph(simplify=simplify)
    specs: dict[str, Initialiser] = {}
    parameters: dict[str, Var] = {}

    def parameter(name: str, spec: Initialiser) -> Var:
        specs[name] = spec
        parameters[name] = graph.leaf("parameter", name, spec.shape)
        return parameters[name]

    x = graph.leaf("input", "x", (inputs,))
    target = graph.leaf("input", "target", () if classes else (outputs,))
    value = x
    for index, size in enumerate(hidden):
        weight = parameter(f"V_{index}", glorot(size, value.shape[0]))
        value = tanh(weight @ value + parameter(f"b_{index}", zeros(size)))
    prediction = parameter("V", glorot(outputs, value.shape[0])) @ value + parameter("b", zeros(outputs))
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
    verify([prediction, loss], "the trace of the readout")
    return Traced(
        graph=graph,
        specs=specs,
        parameters=parameters,
        inputs={"x": x, "target": target},
        states=states,
        next={"prediction": prediction, "loss": loss},
        watch={},
        outputs=("loss",),
    )


def _softmax(z: Array) -> Array:
    raised = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


HEADS: Final[Mapping[str, Callable[[Array], Array]]] = {"linear": np.array, "softmax": _softmax, "sigmoid": sigmoid}
"""From the net input of the head, (R, K), to predictions."""
