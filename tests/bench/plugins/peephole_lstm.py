"""LSTM with peepholes, written as anyone would write a plugin: the custom cell of the bench."""

from lab.api import Cell, constant, glorot, hookimpl, orthogonal, sigmoid, tanh, uniform, zeros


class PeepholeLSTM(Cell):
    """An LSTM whose gates see the memory: i and f that of the step before, o that of this one.

    Gers, Schraudolph & Schmidhuber, "Learning precise timing with LSTM recurrent networks" (2002).
    """

    name = "peephole-lstm"
    title = {"en": "LSTM with peepholes", "zh": "窥视孔 LSTM"}
    states = ("h", "c")

    def parameters(self, inputs, hidden):
        weights = {}
        for gate in ("i", "f", "c", "o"):
            weights[f"W_{gate}"] = glorot(hidden, inputs)
            weights[f"U_{gate}"] = orthogonal(hidden, hidden)
            weights[f"b_{gate}"] = constant(1.0, hidden) if gate == "f" else zeros(hidden)
        return weights | {f"p_{gate}": uniform(hidden) for gate in ("i", "f", "o")}

    def step(self, p, x, s):
        i = sigmoid(p.U_i @ s.h + p.W_i @ x + p.p_i * s.c + p.b_i)
        f = sigmoid(p.U_f @ s.h + p.W_f @ x + p.p_f * s.c + p.b_f)
        c = f * s.c + i * tanh(p.U_c @ s.h + p.W_c @ x + p.b_c)
        o = sigmoid(p.U_o @ s.h + p.W_o @ x + p.p_o * c + p.b_o)
        return self.next(h=o * tanh(c), c=c)


@hookimpl
def lab_register_cells():
    return [PeepholeLSTM]
