"""LSTM whose gates see the memory (Gers & Schmidhuber, 2000)."""

from lab.api import Cell, constant, glorot, hookimpl, hyperparameter, orthogonal, sigmoid, tanh, uniform, zeros


class PeepholeLSTM(Cell):
    """i_t = σ(U_i h_{t-1} + W_i x_t + V_i ⊙ c_{t-1} + b_i), f_t alike, and o_t = σ(U_o h_{t-1} + … + V_o ⊙ c_t + b_o).

    Gers & Schmidhuber (2000), "Recurrent nets that time and count"; in this notation Graves (2013, eq. 7 to 11). V is
    diagonal: each gate sees the memory of its own unit. The output gate sees the new memory c_t, as in the papers, or
    with `output_sees = "old"` that of the step before, c_{t-1}, as the two other gates do.
    """

    name = "peephole-lstm"
    title = {"en": "LSTM with peepholes", "zh": "窥视孔 LSTM"}
    states = ("h", "c")
    output_sees: str = hyperparameter(
        "new", choices=("new", "old"), en="Memory that the output gate sees", zh="输出门看到的记忆"
    )
    forget_bias: float = hyperparameter(
        1.0, low=-10, high=10, en="Initial bias of the forget gate", zh="遗忘门偏置初值"
    )

    def parameters(self, inputs, hidden):
        weights = {}
        for gate in ("i", "f", "c", "o"):
            weights[f"W_{gate}"] = glorot(hidden, inputs)
            weights[f"U_{gate}"] = orthogonal(hidden, hidden)
            weights[f"b_{gate}"] = constant(self.forget_bias, hidden) if gate == "f" else zeros(hidden)
        return weights | {f"V_{gate}": uniform(hidden, limit=0.1) for gate in ("i", "f", "o")}

    def step(self, p, x, s):
        i = sigmoid(p.U_i @ s.h + p.W_i @ x + p.V_i * s.c + p.b_i)
        f = sigmoid(p.U_f @ s.h + p.W_f @ x + p.V_f * s.c + p.b_f)
        candidate = tanh(p.U_c @ s.h + p.W_c @ x + p.b_c)
        c = f * s.c + i * candidate
        seen = c if self.output_sees == "new" else s.c
        o = sigmoid(p.U_o @ s.h + p.W_o @ x + p.V_o * seen + p.b_o)
        return self.next(h=o * tanh(c), c=c, watch={"input": i, "forget": f, "output": o, "candidate": candidate})


@hookimpl
def lab_register_cells():
    return [PeepholeLSTM]
