"""Multiplicative network (Sutskever, Martens & Hinton, 2011)."""

from lab.api import Cell, glorot, hookimpl, hyperparameter, orthogonal, tanh, zeros


class Multiplicative(Cell):
    """m_t = (W_m x_t) ⊙ (U_m h_{t-1}) and h_t = tanh(U_h m_t + W_h x_t + b): each input has its own recurrent matrix.

    Sutskever, Martens & Hinton (2011), "Generating text with recurrent neural networks": the matrix
    U_h diag(W_m x_t) U_m, factored, in place of one matrix for each symbol. m are the factors.
    """

    name = "multiplicative"
    title = {"en": "Multiplicative network", "zh": "乘性循环网络"}
    states = ("h",)
    factors: int = hyperparameter(
        0, low=0, high=100_000, en="Number of factors (0: as many as units)", zh="因子个数（0：与单元数相同）"
    )

    def parameters(self, inputs, hidden):
        factors = self.factors or hidden
        return {
            "W_m": glorot(factors, inputs),
            "U_m": orthogonal(factors, hidden),
            "U_h": orthogonal(hidden, factors),
            "W_h": glorot(hidden, inputs),
            "b": zeros(hidden),
        }

    def step(self, p, x, s):
        m = (p.W_m @ x) * (p.U_m @ s.h)
        return self.next(h=tanh(p.U_h @ m + p.W_h @ x + p.b), watch={"m": m})


@hookimpl
def lab_register_cells():
    return [Multiplicative]
