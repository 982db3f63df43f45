"""LSTM with a gate to the memory of the layer below (Yao et al., 2015)."""

from lab.api import Cell, constant, glorot, hookimpl, hyperparameter, orthogonal, sigmoid, tanh, uniform, zeros


class DepthGatedLSTM(Cell):
    """c_t = d_t ⊙ c_t^{below} + f_t ⊙ c_{t-1} + i_t ⊙ c̃_t with the depth gate d: memory also flows upwards.

    Yao, Cohn, Vylomova, Duh & Dyer (2015), "Depth-gated LSTM": d_t = σ(W_d x_t + V_d ⊙ c_{t-1} + L_d ⊙ c_t^{below} +
    b_d); i, f and o have peepholes, here of their own unit alone. The layer below must have a memory c of the same
    size. The lowest layer here has no depth gate: it is a peephole LSTM.
    """

    name = "depth-gated-lstm"
    title = {"en": "Depth-gated LSTM", "zh": "深度门控 LSTM"}
    states = ("h", "c")
    forget_bias: float = hyperparameter(
        1.0, low=-10, high=10, en="Initial bias of the forget gate", zh="遗忘门偏置初值"
    )

    def parameters(self, inputs, hidden, depth):
        weights = {}
        for gate in ("i", "f", "c", "o"):
            weights[f"W_{gate}"] = glorot(hidden, inputs)
            weights[f"U_{gate}"] = orthogonal(hidden, hidden)
            weights[f"b_{gate}"] = constant(self.forget_bias, hidden) if gate == "f" else zeros(hidden)
        weights |= {f"V_{gate}": uniform(hidden, limit=0.1) for gate in ("i", "f", "o")}
        if depth:
            weights |= {"W_d": glorot(hidden, inputs), "b_d": zeros(hidden)}
            weights |= {f"{letter}_d": uniform(hidden, limit=0.1) for letter in ("V", "L")}
        return weights

    def step(self, p, x, s, below):
        i = sigmoid(p.U_i @ s.h + p.W_i @ x + p.V_i * s.c + p.b_i)
        f = sigmoid(p.U_f @ s.h + p.W_f @ x + p.V_f * s.c + p.b_f)
        candidate = tanh(p.U_c @ s.h + p.W_c @ x + p.b_c)
        c = f * s.c + i * candidate
        gates = {"input": i, "forget": f, "candidate": candidate}
        if below is not None:
            d = gates["depth"] = sigmoid(p.W_d @ x + p.V_d * s.c + p.L_d * below.c + p.b_d)
            c = d * below.c + c
        o = gates["output"] = sigmoid(p.U_o @ s.h + p.W_o @ x + p.V_o * c + p.b_o)
        return self.next(h=o * tanh(c), c=c, watch=gates)


@hookimpl
def lab_register_cells():
    return [DepthGatedLSTM]
