"""Gated recurrent unit (Cho et al., 2014)."""

from lab.api import Cell, glorot, hookimpl, hyperparameter, orthogonal, sigmoid, tanh, zeros


class GRU(Cell):
    """h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t, with update gate z and reset gate r (Cho et al., 2014, eq. 5 to 8).

    With `reset = "before"` the reset gate acts on the state before U, as in the paper: h̃ = tanh(U (r ⊙ h) + W x + b).
    With "after" it acts behind U, as in cuDNN and the libraries built on it: h̃ = tanh(r ⊙ (U h + b_u) + W x + b).
    """

    name = "gru"
    title = {"en": "GRU", "zh": "门控循环单元"}
    states = ("h",)
    reset: str = hyperparameter(
        "before", choices=("before", "after"), en="Reset gate before or after U", zh="重置门在 U 之前或之后"
    )

    def parameters(self, inputs, hidden):
        weights = {}
        for gate in ("z", "r", "h"):
            weights[f"W_{gate}"] = glorot(hidden, inputs)
            weights[f"U_{gate}"] = orthogonal(hidden, hidden)
            weights[f"b_{gate}"] = zeros(hidden)
        if self.reset == "after":
            weights["b_u"] = zeros(hidden)
        return weights

    def step(self, p, x, s):
        z = sigmoid(p.U_z @ s.h + p.W_z @ x + p.b_z)
        r = sigmoid(p.U_r @ s.h + p.W_r @ x + p.b_r)
        remembered = p.U_h @ (r * s.h) if self.reset == "before" else r * (p.U_h @ s.h + p.b_u)
        candidate = tanh(remembered + p.W_h @ x + p.b_h)
        return self.next(h=z * s.h + (1 - z) * candidate, watch={"update": z, "reset": r, "candidate": candidate})


@hookimpl
def lab_register_cells():
    return [GRU]
