from lab.api import Metric, hookimpl


class Spread(Metric):
    name = "spread"
    better = "lower"

    def compute(self, predictions, targets):
        return 0.0


@hookimpl  # <- here
def lab_register_metrics():
    return Spread
