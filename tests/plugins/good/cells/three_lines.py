"""A cell as short as they come."""

from lab.api import Cell, glorot, hookimpl, tanh

LAB_API = "1.0"
__version__ = "0.3"


class ThreeLines(Cell):
    """h_t = tanh(W x_t + U h_{t-1})."""

    name = "three-lines"
    title = {"en": "Three lines", "zh": "三行"}
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": glorot(hidden, hidden)}

    def step(self, p, x, s):
        return self.next(h=tanh(p.W @ x + p.U @ s.h))


@hookimpl
def lab_register_cells():
    return [ThreeLines]
