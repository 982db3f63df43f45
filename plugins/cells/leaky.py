"""Leaky units of an echo state network (Jaeger, 2001; Jaeger, Lukoševičius, Popovici & Siewert, 2007)."""

import numpy as np

from lab.api import Cell, fixed, hookimpl, hyperparameter, spectral, tanh, uniform


class Leaky(Cell):
    """h_t = (1 - α) h_{t-1} + α h̃_t with h̃_t = tanh((U ⊙ M) h_{t-1} + W x_t + b): units that follow slowly.

    The leaky integrators of Jaeger (2001, eq. 21, with a = 1 and δC = α) and of Jaeger et al. (2007), in the notation
    of Lukoševičius (2012): a step of the continuous-time unit. U begins sparse, M being 1 where units are
    connected, and with the given spectral radius; W begins uniform in ± `input_scale` and b in ± `bias_scale`:
    a bias moves units to where tanh is curved, and a small input disturbs their memory less. Each unit reads equally
    many others; which ones does not depend on the seed.
    """

    name = "leaky"
    title = {"en": "Leaky units (echo state)", "zh": "泄漏单元（回声状态）"}
    states = ("h",)
    leak: float = hyperparameter(0.3, low=0, high=1, en="Share α of the new value", zh="新值所占比例 α")
    spectral_radius: float = hyperparameter(
        0.9, low=0, high=10, en="Largest |eigenvalue| that U begins with", zh="U 的初始谱半径"
    )
    input_scale: float = hyperparameter(1.0, low=0, high=100, en="Size of the input weights", zh="输入权重的尺度")
    bias_scale: float = hyperparameter(1.0, low=0, high=100, en="Size of the biases", zh="偏置的尺度")
    sparsity: float = hyperparameter(0.8, low=0, high=1, en="Share of absent connections", zh="不存在的连接所占比例")

    def parameters(self, inputs, hidden, depth):
        read = max(1, round((1 - self.sparsity) * hidden))
        connected = np.random.default_rng(depth).random((hidden, hidden)).argsort(axis=1) < read
        return {
            "W": uniform(hidden, inputs, limit=self.input_scale),
            "U": spectral(hidden, hidden, radius=self.spectral_radius, mask=connected),
            "b": uniform(hidden, limit=self.bias_scale),
            "M": fixed(connected),
        }

    def step(self, p, x, s):
        candidate = tanh((p.U * p.M) @ s.h + p.W @ x + p.b)
        return self.next(h=(1 - self.leak) * s.h + self.leak * candidate, watch={"candidate": candidate})


@hookimpl
def lab_register_cells():
    return [Leaky]
