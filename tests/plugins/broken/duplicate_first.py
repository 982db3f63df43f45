from lab.api import Metric, hookimpl


class First(Metric):
    name = "twice"
    better = "lower"

    def compute(self, predictions, targets):
        return 0.0


@hookimpl
def lab_register_metrics():
    return [First]
