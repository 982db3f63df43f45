from lab.api import Optimizer, hookimpl


class StandStill(Optimizer):
    name = "stand-still"

    def update(self, parameters, gradient, slots, rate, count):
        pass


def lookup(table):
    return table["missing"]  # <- here


@hookimpl
def lab_register_cells():
    return lookup({})


@hookimpl
def lab_register_optimizers():
    return [StandStill]
