"""A state with an addition that sees it (Qiu, 2020, section 6.5.1)."""

from lab.api import Activation, Cell, activate, glorot, hookimpl, hyperparameter, orthogonal, zeros


class Residual(Cell):
    """h_t = h_{t-1} + g(U h_{t-1} + W x_t + b): the state goes on by itself, and what is added depends on it.

    Qiu (2020), "Neural networks and deep learning", section 6.5.1: ∂h_t/∂h_{t-1} = 1 + g' U does not vanish, but may
    explode, and a state that is only added to grows until g no longer answers: the memory is full. The residual block
    of He et al. (2016, eq. 1), through time.
    """

    name = "residual"
    title = {"en": "Residual recurrent unit", "zh": "残差循环单元"}
    states = ("h",)
    activation: Activation = hyperparameter(
        "tanh", choices=("tanh", "logistic", "relu", "linear"), en="Function g of what is added", zh="新增内容的函数 g"
    )

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "b": zeros(hidden)}

    def step(self, p, x, s):
        added = activate(self.activation, p.U @ s.h + p.W @ x + p.b)
        return self.next(h=s.h + added, watch={"candidate": added})


@hookimpl
def lab_register_cells():
    return [Residual]
