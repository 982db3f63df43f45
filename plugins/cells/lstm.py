"""Long short-term memory (Hochreiter & Schmidhuber, 1997)."""

from lab.api import Activation, Cell, activate, constant, glorot, hookimpl, hyperparameter, orthogonal, sigmoid, zeros


class LSTM(Cell):
    """c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t and h_t = o_t ⊙ tanh(c_t), with input, forget and output gates.

    Hochreiter & Schmidhuber (1997); the forget gate is that of Gers, Schmidhuber & Cummins (2000), its bias starts at 1
    as Jozefowicz, Zaremba & Sutskever (2015) advise, so that a new network remembers. With `forget_gate = false` it is
    the network of 1997, which never forgets: c_t = c_{t-1} + i_t ⊙ c̃_t.
    """

    name = "lstm"
    title = {"en": "LSTM", "zh": "长短期记忆网络"}
    states = ("h", "c")
    forget_bias: float = hyperparameter(
        1.0, low=-10, high=10, en="Initial bias of the forget gate", zh="遗忘门偏置初值"
    )
    activation: Activation = hyperparameter(
        "tanh", choices=("tanh", "linear", "relu"), en="Function of candidate and output", zh="候选值与输出的激活函数"
    )
    forget_gate: bool = hyperparameter(True, en="With forget gate", zh="使用遗忘门")

    def parameters(self, inputs, hidden):
        weights = {}
        for gate in ("i", "f", "c", "o") if self.forget_gate else ("i", "c", "o"):
            weights[f"W_{gate}"] = glorot(hidden, inputs)
            weights[f"U_{gate}"] = orthogonal(hidden, hidden)
            weights[f"b_{gate}"] = constant(self.forget_bias, hidden) if gate == "f" else zeros(hidden)
        return weights

    def step(self, p, x, s):
        i = sigmoid(p.U_i @ s.h + p.W_i @ x + p.b_i)
        gates, kept = {"input": i}, s.c
        if self.forget_gate:
            f = gates["forget"] = sigmoid(p.U_f @ s.h + p.W_f @ x + p.b_f)
            kept = f * s.c
        o = gates["output"] = sigmoid(p.U_o @ s.h + p.W_o @ x + p.b_o)
        candidate = gates["candidate"] = activate(self.activation, p.U_c @ s.h + p.W_c @ x + p.b_c)
        c = kept + i * candidate
        return self.next(h=o * activate(self.activation, c), c=c, watch=gates)


@hookimpl
def lab_register_cells():
    return [LSTM]
