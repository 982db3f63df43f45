"""Cells for the tests of what goes on unit by unit."""

from lab.api import Cell, glorot, orthogonal, reduce_sum, sigmoid, softmax, tanh, uniform, zeros


class Diagonal(Cell):
    """A recurrence without a matrix: each unit sees itself alone."""

    name = "diagonal"
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "u": uniform(hidden, limit=0.9), "b": zeros(hidden)}

    def step(self, p, x, s):
        return self.next(h=tanh(p.u * s.h + p.W @ x + p.b))


class DiagonalLSTM(Cell):
    """An LSTM whose gates see the state of their own unit alone."""

    name = "diagonal-lstm"
    states = ("h", "c")

    def parameters(self, inputs, hidden):
        weights = {}
        for gate in ("i", "f", "c", "o"):
            weights[f"W_{gate}"] = glorot(hidden, inputs)
            weights[f"u_{gate}"] = uniform(hidden, limit=0.9)
            weights[f"b_{gate}"] = zeros(hidden)
        return weights

    def step(self, p, x, s):
        i, f, o = (sigmoid(p[f"u_{g}"] * s.h + p[f"W_{g}"] @ x + p[f"b_{g}"]) for g in ("i", "f", "o"))
        c = f * s.c + i * tanh(p.u_c * s.h + p.W_c @ x + p.b_c)
        return self.next(h=o * tanh(c), c=c)


class Attending(Cell):
    """Units are mixed by a softmax: what one owes to itself is not in any weight's diagonal."""

    name = "attending"
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "b": zeros(hidden)}

    def step(self, p, x, s):
        shares = softmax(s.h)
        return self.next(h=tanh(p.U @ (shares * s.h) + shares + p.W @ x + p.b))


class Three(Cell):
    """Three products in a row, and a scalar that all units share."""

    name = "three-products"
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {
            "W": glorot(hidden, inputs),
            "A": orthogonal(5, hidden),
            "B": orthogonal(hidden, 5),
            "C": orthogonal(hidden, hidden),
            "g": uniform(hidden),
        }

    def step(self, p, x, s):
        shared = tanh(reduce_sum(p.g * s.h))
        return self.next(h=tanh(p.C @ tanh(p.B @ tanh(p.A @ s.h)) + p.W @ x + shared * s.h))
