"""One gate between the old state and the new (Collins, Sohl-Dickstein & Sussillo, 2017)."""

from lab.api import Cell, constant, glorot, hookimpl, hyperparameter, orthogonal, sigmoid, tanh, zeros


class UpdateGate(Cell):
    """h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t with one gate z: a GRU without its reset gate.

    The update gate RNN (UGRNN) of Collins, Sohl-Dickstein & Sussillo (2017), "Capacity and trainability in recurrent
    neural networks". The bias of z starts above 0, so that a new network remembers.
    """

    name = "update-gate"
    title = {"en": "Update gate alone", "zh": "单更新门单元"}
    states = ("h",)
    update_bias: float = hyperparameter(
        1.0, low=-10, high=10, en="Initial bias of the update gate", zh="更新门偏置初值"
    )

    def parameters(self, inputs, hidden):
        return {
            "W_z": glorot(hidden, inputs),
            "U_z": orthogonal(hidden, hidden),
            "b_z": constant(self.update_bias, hidden),
            "W_h": glorot(hidden, inputs),
            "U_h": orthogonal(hidden, hidden),
            "b_h": zeros(hidden),
        }

    def step(self, p, x, s):
        z = sigmoid(p.U_z @ s.h + p.W_z @ x + p.b_z)
        candidate = tanh(p.U_h @ s.h + p.W_h @ x + p.b_h)
        return self.next(h=z * s.h + (1 - z) * candidate, watch={"update": z, "candidate": candidate})


@hookimpl
def lab_register_cells():
    return [UpdateGate]
