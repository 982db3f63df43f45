"""The network fed by its own output (Jordan, 1986)."""

from lab.api import Activation, Cell, activate, glorot, hookimpl, hyperparameter, zeros


class Jordan(Cell):
    """h_t = f(U ŷ_{t-1} + W x_t + b): all that is remembered is the network's output of the step before.

    Jordan (1986), "Serial order: a parallel distributed processing approach". His state units also keep a share of
    their own past; here they hold the last output alone, as in the textbooks. The first output before is that of a head
    with net input zero. Only the last layer can have this cell.
    """

    name = "jordan"
    title = {"en": "Jordan network", "zh": "Jordan 网络"}
    states = ("h",)
    activation: Activation = hyperparameter(
        "tanh", choices=("tanh", "logistic", "relu", "linear"), en="Activation function", zh="激活函数"
    )

    def parameters(self, inputs, hidden, outputs):
        return {"W": glorot(hidden, inputs), "U": glorot(hidden, outputs), "b": zeros(hidden)}

    def step(self, p, x, y):
        return self.next(h=activate(self.activation, p.U @ y + p.W @ x + p.b))


@hookimpl
def lab_register_cells():
    return [Jordan]
