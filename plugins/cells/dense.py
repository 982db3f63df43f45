"""A dense layer as a cell: no memory, for comparison."""

from lab.api import Activation, Cell, activate, glorot, hookimpl, hyperparameter, zeros


class Dense(Cell):
    """h_t = f(W x_t + b): a plain dense layer at every step, which remembers nothing (a baseline for the others)."""

    name = "dense"
    title = {"en": "Dense layer (no memory)", "zh": "全连接层（无记忆）"}
    states = ("h",)
    activation: Activation = hyperparameter(
        "tanh", choices=("tanh", "logistic", "relu", "linear"), en="Activation function", zh="激活函数"
    )

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "b": zeros(hidden)}

    def step(self, p, x):
        return self.next(h=activate(self.activation, p.W @ x + p.b))


@hookimpl
def lab_register_cells():
    return [Dense]
