"""Reservoir computing: everything recurrent stays as it is, and the readout is solved for."""

from dataclasses import replace

import numpy as np

from lab.api import Algorithm, LabError, Step, hookimpl, hyperparameter

from ._linear import change_by, check_linear, weights, with_one


class Reservoir(Algorithm):
    """V and b that minimise the mean of |V s_t + b - y_t|² plus λ |V|², in closed form: ridge regression.

    The echo state network of Jaeger (2001) with the ridge regression of Lukoševičius (2012), whose β is λ times the
    number of steps here, so that the same λ fits any length; the bias is not penalised. The first `washout` steps of
    each sequence still show how it began and are left out, so there is none with the readout mean. `noise` on what the
    network reads, inputs and the targets that stand for its fed back output while it learns, makes a network stable
    that later reads its own predictions (Jaeger, 2001, section 4.1.3).

    What has been read is kept as sums over steps, so after an epoch the readout is the solution for all sequences: one
    epoch is enough, and further ones change nothing but the noise. The loss of an update is that of the batch with the
    readout found; optimizer and learning rate play no part. Memory is (D + 1)² numbers; a step costs D² operations, an
    update D³ once.
    """

    name = "reservoir"
    title = {"en": "Reservoir (readout by ridge regression)", "zh": "储备池（岭回归读出）"}
    ridge: float = hyperparameter(1e-6, low=0, high=1e6, en="Penalty λ on the readout", zh="读出权重的惩罚 λ")
    washout: int = hyperparameter(0, low=0, unit="steps", en="Steps left out at the beginning", zh="开头略去的步数")
    noise: float = hyperparameter(
        0.0, low=0, high=10, en="Deviation of noise on what is read", zh="所读数值上的噪声标准差"
    )

    def updates(self, learner, batch):
        check_linear(learner, self.name)
        if learner.averages and self.washout:
            raise LabError(
                f"the readout mean takes in every step, also the first {self.washout} that the washout leaves out",
                remedy='Set training.washout = 0, or output.readout = "last"',
            )
        learner.begin(self._disturbed(learner, batch))
        if learner.fed:
            learner.teach(0, learner.steps, self.noise)
        else:
            learner.forward(0, learner.steps)
        rows = learner.rows(0, learner.steps)
        kept = rows.steps >= (0 if batch.continued else self.washout)
        if not kept.any():
            if len(kept) and self.washout >= learner.steps:
                raise LabError(
                    f"the washout of {self.washout} steps leaves nothing of sequences of {learner.steps} steps",
                    remedy="Set training.washout lower, or make the dataset's sequences longer",
                )
            return
        seen, targets = with_one(rows.seen[kept]), rows.targets[kept].astype(np.float64)
        solution = self._solve(learner, seen, targets)
        loss = float(np.mean((seen @ solution - targets) ** 2))
        yield Step(loss=loss, change=change_by(learner, solution - weights(learner, learner.parameters)))

    def _disturbed(self, learner, batch):
        inputs = batch.sequences.inputs
        if not self.noise or inputs.dtype.kind != "f":
            return batch
        noise = self.noise * learner.random.standard_normal(inputs.shape)
        return replace(batch, sequences=replace(batch.sequences, inputs=inputs + noise.astype(inputs.dtype)))

    def _solve(self, learner, seen, targets):
        """The readout (D + 1, K) for all rows that have been read, these among them."""
        memory = learner.memory
        read = {"gram": seen.T @ seen, "moment": seen.T @ targets, "rows": np.array(len(seen), np.float64)}
        for name, added in read.items():
            memory[name] = memory[name] + added if name in memory else added
        penalty = np.full(len(memory["gram"]), self.ridge)
        penalty[-1] = 0.0
        gram, moment = memory["gram"] / memory["rows"], memory["moment"] / memory["rows"]
        if not np.isfinite(gram).all():
            return np.full(moment.shape, np.nan)  # the trainer says where it began
        if self.ridge > np.finfo(np.float64).eps * np.trace(gram):
            return np.linalg.solve(gram + np.diag(penalty), moment)
        # With a penalty lost in rounding, states may be linearly dependent; of all solutions this is the smallest.
        return np.linalg.lstsq(gram, moment, rcond=None)[0]


@hookimpl
def lab_register_algorithms():
    return [Reservoir]
