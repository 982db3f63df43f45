"""Cross-entropy of yes-or-no targets, with a sigmoid head."""

from lab.api import Loss, exp, hookimpl, log, reduce_mean, relu


class BinaryCrossEntropy(Loss):
    """-y log σ(z) - (1 - y) log(1 - σ(z)) in nats, as max(z, 0) - y z + log(1 + exp(-|z|)), the mean over outputs."""

    name = "binary-cross-entropy"
    title = {"en": "Binary cross-entropy", "zh": "二元交叉熵"}
    head = "sigmoid"
    target_kind = "binary"

    def equation(self, prediction, target):
        return reduce_mean(relu(prediction) - target * prediction + log(1 + exp(-abs(prediction))))


@hookimpl
def lab_register_losses():
    return [BinaryCrossEntropy]
