from lab.api import Optimizer, hookimpl


class Forgetful(Optimizer):
    name = "forgetful"

    def update(self, parameters, gradient):  # <- here
        parameters -= gradient


@hookimpl
def lab_register_optimizers():
    return [Forgetful]
