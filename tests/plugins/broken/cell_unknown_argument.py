from lab.api import Cell, hookimpl


class Wishful(Cell):
    name = "wishful"
    states = ("h",)

    def parameters(self, hidden):
        return {}

    def step(self, p, s, memmory):  # <- here
        return self.next(h=s.h)


@hookimpl
def lab_register_cells():
    return [Wishful]
