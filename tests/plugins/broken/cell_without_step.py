from lab.api import Cell, hookimpl


class Idle(Cell):  # <- here
    name = "idle"
    states = ("h",)

    def parameters(self, hidden):
        return {}

    def steps(self, s):
        return self.next(h=s.h)


class Holds(Cell):
    name = "holds"
    states = ("h",)

    def parameters(self, hidden):
        return {}

    def step(self, s):
        return self.next(h=s.h)


@hookimpl
def lab_register_cells():
    return [Idle, Holds]
