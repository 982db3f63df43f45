"""A state that is only added to (Qiu, 2020, section 6.5.1)."""

from lab.api import Activation, Cell, activate, glorot, hookimpl, hyperparameter, zeros


class LinearCarry(Cell):
    """h_t = h_{t-1} + g(W x_t + b): the gradient through time is exactly 1, and nothing is ever forgotten.

    Qiu (2020), "Neural networks and deep learning", section 6.5.1, the first remedy for vanishing gradients; the
    carry of weight 1 is the constant error carousel of Hochreiter & Schmidhuber (1997, section 3.2). What is added does
    not depend on the state, and a g of one sign makes the state grow without end.
    """

    name = "linear-carry"
    title = {"en": "Linear carry", "zh": "线性累积单元"}
    states = ("h",)
    activation: Activation = hyperparameter(
        "tanh", choices=("tanh", "logistic", "relu", "linear"), en="Function g of what is added", zh="新增内容的函数 g"
    )

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "b": zeros(hidden)}

    def step(self, p, x, s):
        added = activate(self.activation, p.W @ x + p.b)
        return self.next(h=s.h + added, watch={"candidate": added})


@hookimpl
def lab_register_cells():
    return [LinearCarry]
