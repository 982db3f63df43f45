"""Grid LSTM over time and depth (Kalchbrenner, Danihelka & Graves, 2015)."""

from lab.api import Cell, concat, constant, glorot, hookimpl, hyperparameter, sigmoid, tanh, zeros


class GridLSTM(Cell):
    """Two LSTMs that share their input [h_{t-1}; h_d of the layer below]: one runs through time, one through depth.

    Kalchbrenner, Danihelka & Graves (2015), "Grid long short-term memory", in two dimensions with untied weights: h and
    c go on in time, h_d and c_d from layer to layer, each with gates of its own. In the lowest layer h_d and c_d are
    projections P_h x and P_c x of the input. All layers are grid LSTMs of one size; h_d is handed on.
    """

    name = "grid-lstm"
    title = {"en": "Grid LSTM", "zh": "网格 LSTM"}
    states = ("h", "c", "h_d", "c_d")
    outputs = ("h_d",)
    forget_bias: float = hyperparameter(
        1.0, low=-10, high=10, en="Initial bias of the forget gates", zh="遗忘门偏置初值"
    )

    def parameters(self, inputs, hidden, depth):
        weights = {}
        for gate in ("i", "f", "c", "o", "i_d", "f_d", "c_d", "o_d"):
            weights[f"W_{gate}"] = glorot(hidden, 2 * hidden)
            weights[f"b_{gate}"] = constant(self.forget_bias, hidden) if gate[0] == "f" else zeros(hidden)
        if not depth:
            weights |= {"P_h": glorot(hidden, inputs), "P_c": glorot(hidden, inputs)}
        return weights

    def step(self, p, x, s, below):
        if below is None:
            h_below, c_below = p.P_h @ x, p.P_c @ x
        else:
            h_below, c_below = below.h_d, below.c_d
        H = concat(s.h, h_below)
        i = sigmoid(p.W_i @ H + p.b_i)
        f = sigmoid(p.W_f @ H + p.b_f)
        o = sigmoid(p.W_o @ H + p.b_o)
        candidate = tanh(p.W_c @ H + p.b_c)
        c = f * s.c + i * candidate
        i_d = sigmoid(p.W_i_d @ H + p.b_i_d)
        f_d = sigmoid(p.W_f_d @ H + p.b_f_d)
        o_d = sigmoid(p.W_o_d @ H + p.b_o_d)
        candidate_d = tanh(p.W_c_d @ H + p.b_c_d)
        c_d = f_d * c_below + i_d * candidate_d
        time = {"input": i, "forget": f, "output": o, "candidate": candidate}
        depth = {"input_d": i_d, "forget_d": f_d, "output_d": o_d, "candidate_d": candidate_d}
        return self.next(h=o * tanh(c), c=c, h_d=o_d * tanh(c_d), c_d=c_d, watch=time | depth)


@hookimpl
def lab_register_cells():
    return [GridLSTM]
