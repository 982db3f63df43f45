"""Clockwork network (Koutník, Greff, Gomez & Schmidhuber, 2014)."""

import numpy as np

from lab.api import Cell, fixed, hookimpl, hyperparameter, normal, tanh, where, zeros


class Clockwork(Cell):
    """Modules with periods T_i: a module is computed where t mod T_i = 0, and keeps its value elsewhere.

    Koutník et al. (2014), "A clockwork RNN": h_t = tanh((U ⊙ M) h_{t-1} + W x_t + b) in the modules whose time has
    come. A module reads itself and the slower ones alone, so M is block-triangular. Weights begin normal with deviation
    0.1. The units are divided equally among the periods, the fastest first.
    """

    name = "clockwork"
    title = {"en": "Clockwork network", "zh": "时钟循环网络"}
    states = ("h",)
    periods: list[int] = hyperparameter([1, 2, 4, 8], low=1, en="Period of each module", zh="各模块的周期")

    def parameters(self, inputs, hidden):
        ordered = np.sort(self.periods)
        period = ordered[np.arange(hidden) * len(ordered) // hidden]
        return {
            "W": normal(hidden, inputs, deviation=0.1),
            "U": normal(hidden, hidden, deviation=0.1),
            "b": zeros(hidden),
            "T": fixed(period),
            "M": fixed(period[:, None] <= period),
        }

    def step(self, p, x, s, t):
        new = tanh((p.U * p.M) @ s.h + p.W @ x + p.b)
        return self.next(h=where(t % p.T == 0, new, s.h), watch={"candidate": new})


@hookimpl
def lab_register_cells():
    return [Clockwork]
