from lab.api import Cell, hookimpl


class PeepholeLSTM(Cell):  # <- here
    states = ("h",)

    def parameters(self, hidden):
        return {}

    def step(self, s):
        return self.next(h=s.h)


@hookimpl
def lab_register_cells():
    return [PeepholeLSTM]
