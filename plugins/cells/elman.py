"""The simple recurrent network (Elman, 1990)."""

from lab.api import Activation, Cell, activate, glorot, hookimpl, hyperparameter, orthogonal, zeros


class Elman(Cell):
    """h_t = f(U h_{t-1} + W x_t + b) (Elman, 1990, "Finding structure in time")."""

    name = "elman"
    title = {"en": "Simple recurrent network", "zh": "简单循环网络"}
    states = ("h",)
    activation: Activation = hyperparameter(
        "tanh", choices=("tanh", "logistic", "relu", "linear"), en="Activation function", zh="激活函数"
    )

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "b": zeros(hidden)}

    def step(self, p, x, s):
        return self.next(h=activate(self.activation, p.U @ s.h + p.W @ x + p.b))


@hookimpl
def lab_register_cells():
    return [Elman]
