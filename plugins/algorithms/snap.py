"""Sparse n-step approximations of real-time recurrent learning."""

from lab.api import hookimpl, hyperparameter

from ._forward import ForwardInTime


class SnAp1(ForwardInTime):
    """J_t ≈ D_t J_{t-1} + ∂s_t/∂w, where each weight's influence is kept on the states of its own unit alone.

    SnAp-1 of Menick, Elsen, Evci, Osindero, Simonyan & Graves (2021), "Practical real time recurrent learning with a
    sparse approximation": the Jacobian of real-time recurrent learning is set to zero wherever a weight does not act at
    once. D_t is what the m states of a unit owe to each other one step before: its own recurrent weight counts, those
    from other units do not. So the gradient is exact where the recurrence is diagonal. It takes m numbers for each
    weight and sequence and about m² operations on each a step, whatever T. Lower layers get their gradient through the
    layers above at the same step only. A weight that acts on several units at once, as in a reset gate before U, is
    credited for all of that at the step itself, and carries on only what it does to its own unit.
    """

    name = "snap-1"
    title = {"en": "SnAp-1, sparse real-time recurrent learning", "zh": "SnAp-1 稀疏实时循环学习"}

    def influence(self, learner):
        return learner.traces(products=True)


class SnApN(ForwardInTime):
    """J_t ≈ P ⊙ (A_t J_{t-1} + ∂s_t/∂w), where P has the units that a weight can reach within n steps.

    SnAp-n of Menick et al. (2021). P is found from the structure of the equations: what is zero at random weights and
    states, constants such as a mask of U being as they are. Units of layers above are reached at the same step. With
    n = 1 it is SnAp-1 for one layer whose weights act on one unit each. It pays where U is sparse: a full U reaches all
    units in two steps, and then this is real-time recurrent learning with its cost, exactly. What is not in P is not
    stored: columns with the same units make one small matrix.
    """

    name = "snap-n"
    title = {"en": "SnAp-n, sparse real-time recurrent learning", "zh": "SnAp-n 稀疏实时循环学习"}
    n: int = hyperparameter(
        2, low=1, high=1000, unit="steps", en="Steps within which a unit is reached (n)", zh="在多少步之内可达 (n)"
    )

    def influence(self, learner):
        return learner.sparse_influence(self.n)


@hookimpl
def lab_register_algorithms():
    return [SnAp1, SnApN]
