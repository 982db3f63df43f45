"""Cross-entropy over classes, with a softmax head."""

from lab.api import Loss, hookimpl, log_sum_exp, one_hot, reduce_sum


class CrossEntropy(Loss):
    """-log softmax(z)_y in nats: log Σ exp(z) - z_y, which stays finite where the softmax underflows."""

    name = "cross-entropy"
    title = {"en": "Cross-entropy", "zh": "交叉熵"}
    head = "softmax"
    target_kind = "class"

    def equation(self, prediction, target):
        return log_sum_exp(prediction) - reduce_sum(prediction * one_hot(target, prediction.shape[0]))


@hookimpl
def lab_register_losses():
    return [CrossEntropy]
