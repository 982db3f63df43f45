"""E-prop: a learning signal for each unit times an eligibility trace for each weight."""

from lab.api import hookimpl, hyperparameter

from ._feedback import ByFeedback


class EProp(ByFeedback):
    """The gradient is Σ_t L_t e_t: a learning signal for each unit times an eligibility trace for each weight.

    Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass (2020), "A solution to the learning dilemma for
    recurrent networks of spiking neurons", eq. 1 to 4, 13 and 14. The trace follows what a unit carries by itself,
    ε_t = D_t ε_{t-1} + ∂s_t/∂w, and leaves out all products with recurrent weights; with each unit's own weight among
    them it would be SnAp-1. The learning signal is ∂L_t/∂h_t ("symmetric"), which reaches lower layers through those
    above at the same step, or B ∂L_t/∂z_t with z the net input of the network's output ("random"), where B is drawn
    once for a whole run and each layer has its own. With random feedback and units that leak this is RFLO. Time and
    memory are as those of SnAp-1: some numbers for each weight, whatever T.
    """

    name = "e-prop"
    title = {"en": "E-prop, eligibility propagation", "zh": "e-prop 资格迹传播"}
    feedback: str = hyperparameter(
        "symmetric",
        choices=("symmetric", "random"),
        en="Learning signal by the output weights, or by random ones",
        zh="学习信号：用输出权重，或用随机权重",
    )

    def influence(self, learner):
        return learner.traces(products=False)


@hookimpl
def lab_register_algorithms():
    return [EProp]
