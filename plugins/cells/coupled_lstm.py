"""LSTM that forgets where it writes (Greff et al., 2017)."""

from lab.api import Cell, constant, glorot, hookimpl, hyperparameter, orthogonal, sigmoid, tanh, zeros


class CoupledLSTM(Cell):
    """c_t = (1 - i_t) ⊙ c_{t-1} + i_t ⊙ c̃_t and h_t = o_t ⊙ tanh(c_t): the forget gate is f_t = 1 - i_t.

    The variant CIFG of Greff et al. (2017), "LSTM: a search space odyssey", without peepholes. As the forget gate of
    an LSTM begins with the bias `forget_bias`, the input gate begins here with its negative: 1 - σ(-b) = σ(b).
    """

    name = "coupled-lstm"
    title = {"en": "LSTM, input and forget gate coupled", "zh": "输入门与遗忘门耦合的 LSTM"}
    states = ("h", "c")
    forget_bias: float = hyperparameter(
        1.0, low=-10, high=10, en="Initial bias of forgetting, 1 - i", zh="遗忘（1 - i）的偏置初值"
    )

    def parameters(self, inputs, hidden):
        weights = {}
        for gate in ("i", "c", "o"):
            weights[f"W_{gate}"] = glorot(hidden, inputs)
            weights[f"U_{gate}"] = orthogonal(hidden, hidden)
            weights[f"b_{gate}"] = constant(-self.forget_bias, hidden) if gate == "i" else zeros(hidden)
        return weights

    def step(self, p, x, s):
        i = sigmoid(p.U_i @ s.h + p.W_i @ x + p.b_i)
        o = sigmoid(p.U_o @ s.h + p.W_o @ x + p.b_o)
        candidate = tanh(p.U_c @ s.h + p.W_c @ x + p.b_c)
        c = (1 - i) * s.c + i * candidate
        return self.next(h=o * tanh(c), c=c, watch={"input": i, "output": o, "candidate": candidate})


@hookimpl
def lab_register_cells():
    return [CoupledLSTM]
