"""Minimal gated unit (Zhou, Wu, Zhang & Zhou, 2016)."""

from lab.api import Cell, glorot, hookimpl, orthogonal, sigmoid, tanh, zeros


class MinimalGated(Cell):
    """h_t = (1 - f_t) ⊙ h_{t-1} + f_t ⊙ h̃_t with h̃_t = tanh(U_h (f_t ⊙ h_{t-1}) + W_h x_t + b_h): one gate does both.

    Zhou, Wu, Zhang & Zhou (2016), "Minimal gated unit for recurrent neural networks": a GRU whose update and reset
    gate are one gate f, which the paper calls the forget gate.
    """

    name = "minimal-gated"
    title = {"en": "Minimal gated unit", "zh": "最小门控单元"}
    states = ("h",)

    def parameters(self, inputs, hidden):
        weights = {}
        for gate in ("f", "h"):
            weights[f"W_{gate}"] = glorot(hidden, inputs)
            weights[f"U_{gate}"] = orthogonal(hidden, hidden)
            weights[f"b_{gate}"] = zeros(hidden)
        return weights

    def step(self, p, x, s):
        f = sigmoid(p.U_f @ s.h + p.W_f @ x + p.b_f)
        candidate = tanh(p.U_h @ (f * s.h) + p.W_h @ x + p.b_h)
        return self.next(h=(1 - f) * s.h + f * candidate, watch={"forget": f, "candidate": candidate})


@hookimpl
def lab_register_cells():
    return [MinimalGated]
