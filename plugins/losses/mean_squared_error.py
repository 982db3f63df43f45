"""Mean squared error, with a linear head."""

from lab.api import Loss, hookimpl, reduce_mean


class MeanSquaredError(Loss):
    """The mean over outputs of (ŷ - y)², without a factor ½."""

    name = "mean-squared-error"
    title = {"en": "Mean squared error", "zh": "均方误差"}
    head = "linear"
    target_kind = "real"

    def equation(self, prediction, target):
        difference = prediction - target
        return reduce_mean(difference * difference)


@hookimpl
def lab_register_losses():
    return [MeanSquaredError]
