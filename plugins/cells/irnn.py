"""Rectified units that begin with the identity (Le, Jaitly & Hinton, 2015)."""

from lab.api import Cell, hookimpl, hyperparameter, identity, normal, relu, zeros


class IRNN(Cell):
    """h_t = ReLU(U h_{t-1} + W x_t + b), where U begins as the identity: a new network keeps its state as it is.

    Le, Jaitly & Hinton (2015), "A simple way to initialize recurrent networks of rectified linear units": biases begin
    at 0, W normal with deviation 0.001; `scale` times the identity (0.01 in their speech task) forgets quickly.
    """

    name = "irnn"
    title = {"en": "IRNN (rectified, identity)", "zh": "IRNN（ReLU，单位矩阵初始化）"}
    states = ("h",)
    scale: float = hyperparameter(
        1.0, low=0, high=2, en="U begins as the identity times this", zh="U 的初值为单位矩阵的倍数"
    )

    def parameters(self, inputs, hidden):
        return {
            "W": normal(hidden, inputs, deviation=0.001),
            "U": identity(hidden, hidden, gain=self.scale),
            "b": zeros(hidden),
        }

    def step(self, p, x, s):
        return self.next(h=relu(p.U @ s.h + p.W @ x + p.b))


@hookimpl
def lab_register_cells():
    return [IRNN]
