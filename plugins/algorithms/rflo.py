"""RFLO: random feedback local online learning."""

from lab.api import LabError, hookimpl, hyperparameter

from ._feedback import ByFeedback


class RFLO(ByFeedback):
    """ΔU_ij ∝ (B ε_t)_i p_ij(t) with p_ij(t) = (1 - α) p_ij(t-1) + α f'(u_i(t)) h_j(t-1), for leaky units h.

    Murray (2019), "Local online learning in recurrent networks with random feedback", with α = 1/τ: ε_t is the error of
    the network's output, B random weights that are drawn once for a whole run, p an eligibility trace that follows the
    leak of a unit and nothing that units tell each other. That is e-prop with random feedback where a unit leaks. Here
    the leak may be anything that a unit carries by itself, as z in a GRU or f in an LSTM; a cell that carries nothing
    is refused. Murray's U is given no error from layers above: each layer here has a B of its own.
    """

    name = "rflo"
    title = {"en": "RFLO, random feedback local online learning", "zh": "RFLO 随机反馈局部在线学习"}
    feedback: str = hyperparameter(
        "random",
        choices=("random", "symmetric"),
        en="Errors by random weights, or by the output weights",
        zh="误差：用随机权重，或用输出权重",
    )

    def influence(self, learner):
        traces = learner.traces(products=False)
        if not all(traces.carries):
            depth = traces.carries.index(False)
            raise LabError(
                f"RFLO follows what a unit carries from step to step by itself, and the cell of layer {depth} "
                f"carries nothing",
                remedy=f'Set layers.{depth}.cell = "leaky", or training.algorithm = "e-prop"',
            )
        return traces


@hookimpl
def lab_register_algorithms():
    return [RFLO]
