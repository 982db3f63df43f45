"""Cells that stress the engine: what a plugin may write beside the built-in cells."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import product
from typing import Any, Final

import numpy as np

from lab.api import (
    Cell,
    broadcast,
    concat,
    cos,
    exp,
    fixed,
    gather,
    glorot,
    log,
    log_sum_exp,
    maximum,
    minimum,
    one_hot,
    orthogonal,
    outer,
    reduce_max,
    reduce_mean,
    reduce_sum,
    relu,
    reshape,
    sigmoid,
    softmax,
    sqrt,
    tanh,
    uniform,
    where,
    zeros,
)
from lab.hyperparameters import Hyperparameter
from lab.registry.manager import load_catalog


def gates(names: str, inputs: int, hidden: int) -> dict[str, Any]:
    """W_g, U_g and b_g for each letter."""
    weights: dict[str, Any] = {}
    for gate in names:
        weights[f"W_{gate}"] = glorot(hidden, inputs)
        weights[f"U_{gate}"] = orthogonal(hidden, hidden)
        weights[f"b_{gate}"] = uniform(hidden)
    return weights


class Residual(Cell):
    """One state passes unchanged, one is a linear carry, and both are outputs."""

    name = "residual"
    states = ("h", "k", "c")
    outputs = ("h", "k", "c")

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "b": uniform(hidden)}

    def step(self, p, x, s):
        h = s.h + 0.3 * tanh(p.U @ s.h + p.W @ x + p.b * s.c)
        return self.next(h=h, k=s.k + h, c=s.c)


class ShiftRegister(Cell):
    """The last states, handed on: n is the m of the step before, o the n."""

    name = "shift-register"
    states = ("m", "n", "o")
    outputs = ("o", "m")

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "V": orthogonal(hidden, hidden)}

    def step(self, p, x, s):
        return self.next(m=tanh(p.W @ x + p.U @ s.m + p.V @ s.o), n=s.m, o=s.n)


class Twins(Cell):
    """Two states that are the same value, one swapped pair, and one that is another's part."""

    name = "twins"
    states = ("h", "g", "a", "b", "q")
    outputs = ("g", "a", "q")

    def sizes(self, hidden):
        return {"q": 2}

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "V": glorot(hidden, 2)}

    def step(self, p, x, s):
        h = tanh(p.W @ x + p.U @ s.h + s.b - p.V @ s.q)
        return self.next(h=h, g=h, a=s.b, b=0.5 * s.a, q=h[0:2])


class Odd(Cell):
    """Reductions, softmax, masks, weights used twice, states of their own sizes, extrema and concatenation."""

    name = "odd"
    states = ("h", "m", "n")
    outputs = ("h", "m")

    def sizes(self, hidden):
        return {"m": 3, "n": 3}

    def parameters(self, inputs, hidden):
        return {
            "W": glorot(hidden, inputs),
            "U": orthogonal(hidden, hidden),
            "mask": fixed(np.tri(hidden)),
            "b": uniform(hidden),
            "V": glorot(3, hidden),
            "E": glorot(hidden, 6),
        }

    def step(self, p, x, s, t):
        masked = p.U * p.mask
        net = masked @ s.h + p.W @ x + p.b
        size = sqrt(reduce_mean(net * net) + 0.1)
        h = tanh(net / size)
        a = softmax(p.V @ h)
        h = where(t % 2 < 1, h, 0.5 * s.h) + 0.1 * relu(masked @ (h * s.h)) + p.E @ concat(s.m, s.n)
        m = a * maximum(x[0:3], s.m) + exp(-abs(s.n)) * cos(s.m) + log(1.5 + s.m * s.m) * minimum(s.n, 0.2)
        return self.next(h=h, m=m, n=s.m, watch={"attention": a, "size": size})


class LayerNorm(Cell):
    """Elman cell with layer normalization before the activation (Ba, Kiros & Hinton, 2016)."""

    name = "layer-norm"
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {
            "W": glorot(hidden, inputs),
            "U": orthogonal(hidden, hidden),
            "g": uniform(hidden),
            "b": uniform(hidden),
        }

    def step(self, p, x, s):
        net = p.U @ s.h + p.W @ x
        centred = net - reduce_mean(net)
        scale = sqrt(reduce_mean(centred * centred) + 1e-2)
        return self.next(h=tanh((1 + p.g) * centred / scale + p.b), watch={"scale": scale, "normed": centred / scale})


class Projected(Cell):
    """LSTM with a projected state (Sak et al., 2014): h = P (o ⊙ tanh c), of its own size."""

    name = "projected"
    states = ("h", "c")

    def sizes(self, hidden):
        return {"h": max(1, hidden // 2)}

    def parameters(self, inputs, hidden):
        size = max(1, hidden // 2)
        weights: dict[str, Any] = {"P": glorot(size, hidden)}
        for gate in "ifco":
            weights |= {
                f"W_{gate}": glorot(hidden, inputs),
                f"U_{gate}": glorot(hidden, size),
                f"b_{gate}": uniform(hidden),
            }
        return weights

    def step(self, p, x, s):
        net = {gate: p[f"U_{gate}"] @ s.h + p[f"W_{gate}"] @ x + p[f"b_{gate}"] for gate in "ifco"}
        c = sigmoid(net["f"]) * s.c + sigmoid(net["i"]) * tanh(net["c"])
        return self.next(h=p.P @ (sigmoid(net["o"]) * tanh(c)), c=c)


class DeepInput(Cell):
    """Two products of the input alone, one behind the other; a product of the new state; the same weight both ways."""

    name = "deep-input"
    states = ("h", "k")
    outputs = ("k",)

    def parameters(self, inputs, hidden):
        return {
            "E": glorot(hidden, inputs),
            "F": glorot(hidden, hidden + inputs),
            "U": orthogonal(hidden, hidden),
            "V": glorot(hidden, hidden),
            "b": uniform(hidden),
        }

    def step(self, p, x, s, t):
        embedded = tanh(p.E @ x + 0.1 * t)
        h = tanh(p.F @ concat(embedded * embedded, x) + p.U.T @ s.h + s.k @ p.V + p.b)
        return self.next(h=h, k=sigmoid(p.V @ h) - 0.1 * (p.U @ s.h), watch={"embedded": embedded, "seen": p.V @ s.k})


class Slices(Cell):
    """Parts of a state that overlap and touch, beside uses of the whole and a norm."""

    name = "slices"
    states = ("h",)

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "A": glorot(3, 3), "B": glorot(hidden, 2)}

    def step(self, p, x, s):
        size = s.h.shape[0]
        norm = sqrt(1 + reduce_sum(s.h * s.h))
        local = p.A @ s.h[0:3] + p.A @ s.h[1:4]
        joined = concat(tanh(s.h[0:2]), s.h[2:size]) + s.h / norm
        turned = concat(s.h[1:size], s.h[0:1])
        largest = reduce_max(concat(local, 2 * s.h[0:2], s.h[3:size] * s.h[2 : size - 1]))
        h = tanh(0.5 * joined + p.W @ x + p.U @ turned * 0.5 + concat(local, s.h[3:size]) + p.B @ (s.h / norm)[1:3])
        return self.next(h=h * sigmoid(largest), watch={"largest": largest, "norm": norm})


class Attention(Cell):
    """Softmax over slots of a reshaped state, masked with -∞, and a softmax over a concatenation."""

    name = "slots"
    states = ("h", "r")

    def sizes(self, hidden):
        return {"r": 4}

    def parameters(self, inputs, hidden):
        return {
            "W": glorot(hidden, inputs),
            "U": orthogonal(hidden, hidden),
            "Q": glorot(4, hidden),
            "R": glorot(hidden, 4),
        }

    def step(self, p, x, s, t):
        score = p.Q @ s.h
        allowed = one_hot(t % 4, 4) == 0
        a = softmax(where(allowed, score, -float("inf")))
        b = softmax(concat(score, s.r * 0.5))
        h = tanh(p.U @ s.h + p.W @ x + p.R @ (a * b[0:4]) + log_sum_exp(concat(s.r, x[0:2])))
        return self.next(h=h, r=a + b[2:6] * (p.Q @ h), watch={"a": a, "b": b})


class Scalars(Cell):
    """Scalars among vectors: dot products, a learned scale, a gate of one unit, the step's number."""

    name = "scalars"
    states = ("h", "e")
    outputs = ("h", "e")

    def sizes(self, hidden):
        return {"e": 1}

    def parameters(self, inputs, hidden):
        return {
            "W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "v": uniform(hidden), "w": uniform(hidden),
            "G": glorot(1, hidden), "scale": uniform(1),
        }  # fmt: skip

    def step(self, p, x, s, t):
        alpha = sigmoid(p.v @ s.h + 0.1 * t)
        beta = tanh(s.h @ (p.v * p.w)) / (1 + t)
        gate = sigmoid(p.G @ s.h + p.scale * s.e)
        h = alpha * s.h + (1 - alpha) * tanh(p.U @ s.h + p.W @ x) * beta - reduce_sum(gate) * 0.1
        return self.next(h=h, e=0.5 * s.e + gate * reduce_max(h), watch={"alpha": alpha, "beta": beta})


class Forgetful(Cell):
    """States that do not depend on their past: of the input alone, of parameters alone, and constant."""

    name = "forgetful"
    states = ("h", "p", "z")
    outputs = ("h", "p", "z")

    def parameters(self, inputs, hidden):
        return {
            "W": glorot(hidden, inputs),
            "U": orthogonal(hidden, hidden),
            "b": uniform(hidden),
            "k": uniform(hidden),
        }

    def step(self, p, x, s):
        return self.next(h=tanh(p.W @ x + p.b), p=tanh(p.k) * 2, z=broadcast(0.0 * p.k[0:1] @ p.k[0:1], s.z.shape) + 1)


class Matrices(Cell):
    """Values of rank two of one sample: what has no loop of its own and goes by its rule (not for `numba`)."""

    name = "matrices"
    states = ("h", "m")

    def sizes(self, hidden):
        return {"m": 2 * hidden}

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "T": glorot(4, hidden), "P": glorot(2, 3)}

    def step(self, p, x, s, t):
        size = s.h.shape[0]
        memory = reshape(s.m * 0.9, (2, size))
        key = tanh(p.U @ s.h + p.W @ x)
        read = memory.T @ softmax(memory @ key)
        pairs = outer(p.P @ x[0:3], key) + broadcast(read, (2, size))
        row = gather(p.T, t % 4) + gather(pairs, where(x[0:1] > 0, 1.0, 0.0) @ one_hot(0 * t, 1)) + gather(pairs, 1.0)
        h = tanh(reduce_sum(pairs, 0) + row + reduce_sum(reduce_max(pairs, 1)))
        return self.next(h=h, m=reshape(0.5 * pairs, (2 * size,)) + concat(0.3 * key, tanh(read)))


class Gated(Cell):
    """A memory that a gate lets look at the memory and the state below (after Yao et al., 2015)."""

    name = "gated"
    title = {"en": "Gated"}
    states = ("c", "h")
    outputs = ("h",)

    def parameters(self, inputs, hidden, depth):
        weights = {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "b": zeros(hidden)}
        return weights | ({"W_d": glorot(hidden, inputs)} if depth else {})

    def step(self, p, x, s, below):
        c = 0.5 * s.c + tanh(p.U @ s.h + p.W @ x + p.b)
        if below is not None:
            c = c + sigmoid(p.W_d @ x) * below.c * tanh(below.h)
        return self.next(c=c, h=tanh(c))


class Fed(Cell):
    """The state is fed by the output of the step before (Jordan, 1986)."""

    name = "fed"
    title = {"en": "Fed"}
    states = ("h",)

    def parameters(self, inputs, hidden, outputs):
        return {"W": glorot(hidden, inputs), "U": glorot(hidden, outputs), "b": zeros(hidden)}

    def step(self, p, x, s, y):
        return self.next(h=tanh(p.U @ y + p.W @ x + p.b) + 0.3 * s.h)


TEST_CELLS: Final[Mapping[str, Callable[[], Cell]]] = {
    cell.name: cell
    for cell in (
        Residual, ShiftRegister, Twins, Odd, LayerNorm, Projected, DeepInput,
        Slices, Attention, Scalars, Forgetful, Matrices, Gated, Fed,
    )
}  # fmt: skip
WITHOUT_LOOPS: Final = frozenset({"matrices"})
"""Cells that the target numba has no code for."""


def _labelled(one: Hyperparameter) -> dict[str, Any]:
    """The choices of a hyperparameter by what a name says of them; a switch is named where it is not as it is."""
    if one.choices:
        return {str(choice): choice for choice in one.choices}
    return {"": one.default, f"no_{one.name}" if one.default else one.name: not one.default}


@cache
def built_in() -> Mapping[str, Callable[[], Cell]]:
    """Every cell in the built-in folder, with each choice of its hyperparameters."""
    catalog = load_catalog(entry_points=False)
    assert not catalog.failures
    found: dict[str, Callable[[], Cell]] = {}
    for name in catalog.names("cell"):
        kind: Any = catalog.get("cell", name)
        options = {
            one.name: _labelled(one) for one in kind.hyperparameters().values() if one.choices or one.type is bool
        }
        for labels in product(*options.values()):
            chosen = {key: options[key][label] for key, label in zip(options, labels, strict=True)}
            found["-".join((name, *filter(None, labels)))] = partial(kind, **chosen)
    return found


def all_cells() -> dict[str, Callable[[], Cell]]:
    """Built-in and test cells by name."""
    return {**built_in(), **TEST_CELLS}
