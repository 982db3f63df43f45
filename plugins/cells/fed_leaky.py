"""Leaky units that also read the network's output (Jaeger, 2001; Sussillo & Abbott, 2009)."""

import numpy as np

from lab.api import Cell, fixed, hookimpl, hyperparameter, spectral, tanh, uniform


class FedLeaky(Cell):
    """h_t = (1 - α) h_{t-1} + α tanh((U ⊙ M) h_{t-1} + W x_t + F ŷ_{t-1} + b): leaky units with output feedback.

    The echo state network with feedback of Jaeger (2001, eq. 21, with a = 1 and δC = α). With the spectral radius of
    1.5 it is chaotic before it learns, as the network of FORCE learning (Sussillo & Abbott, 2009, Figure 1A); there
    what leaks is the net input, and tanh of it is read. U begins as in `leaky`; F begins uniform in ± `feedback`. The
    first output before is that of a head with net input zero. Only the last layer can have this cell.
    """

    name = "fed-leaky"
    title = {"en": "Leaky units with output feedback", "zh": "带输出反馈的泄漏单元"}
    states = ("h",)
    leak: float = hyperparameter(0.3, low=0, high=1, en="Share α of the new value", zh="新值所占比例 α")
    spectral_radius: float = hyperparameter(
        1.5, low=0, high=10, en="Largest |eigenvalue| that U begins with", zh="U 的初始谱半径"
    )
    input_scale: float = hyperparameter(1.0, low=0, high=100, en="Size of the input weights", zh="输入权重的尺度")
    bias_scale: float = hyperparameter(1.0, low=0, high=100, en="Size of the biases", zh="偏置的尺度")
    feedback: float = hyperparameter(1.0, low=0, high=100, en="Size of the feedback weights", zh="反馈权重的尺度")
    sparsity: float = hyperparameter(0.8, low=0, high=1, en="Share of absent connections", zh="不存在的连接所占比例")

    def parameters(self, inputs, hidden, outputs, depth):
        read = max(1, round((1 - self.sparsity) * hidden))
        connected = np.random.default_rng(depth).random((hidden, hidden)).argsort(axis=1) < read
        return {
            "W": uniform(hidden, inputs, limit=self.input_scale),
            "U": spectral(hidden, hidden, radius=self.spectral_radius, mask=connected),
            "F": uniform(hidden, outputs, limit=self.feedback),
            "b": uniform(hidden, limit=self.bias_scale),
            "M": fixed(connected),
        }

    def step(self, p, x, s, y):
        candidate = tanh((p.U * p.M) @ s.h + p.W @ x + p.F @ y + p.b)
        return self.next(h=(1 - self.leak) * s.h + self.leak * candidate, watch={"candidate": candidate})


@hookimpl
def lab_register_cells():
    return [FedLeaky]
