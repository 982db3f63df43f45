"""Cells that make the generated CUDA source use every primitive, and the built-in cells by file."""

import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.hyperparameters import Hyperparameter
from lab.model.initialisers import constant, fixed, glorot, orthogonal, uniform
from lab.trace.functions import (
    broadcast,
    concat,
    cos,
    exp,
    floor,
    gather,
    log,
    log_sum_exp,
    maximum,
    minimum,
    one_hot,
    outer,
    reduce_max,
    reduce_mean,
    reduce_sum,
    relu,
    reshape,
    sigmoid,
    sign,
    sin,
    softmax,
    sqrt,
    stop_gradient,
    tanh,
    where,
)
from lab.trace.graph import Var
from lab.trace.tracer import Next

PLUGINS = Path(__file__).parents[2] / "plugins" / "cells"


class Plain:
    """What the tracer needs of a cell, without the checks of a registered component."""

    states: Any = ("h",)
    outputs: Any = ()
    parameters: Any
    step: Any

    def sizes(self, hidden: int) -> Mapping[str, int]:
        return {}

    def next(self, *, watch: Mapping[str, Var] | None = None, **states: Var) -> Next:
        return Next(states, watch or {})


class Many(Plain):
    """Three states of different sizes, one passed through, and most primitives that a loop can hold."""

    states = ("h", "m", "n")
    outputs = ("h", "m")

    def sizes(self, hidden):
        return {"m": 3, "n": 3}

    def parameters(self, inputs, hidden):
        weights = {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "b": uniform(hidden)}
        return weights | {
            "V": glorot(3, hidden),
            "E": glorot(hidden, 6),
            "g": constant(1.2, 1),
            "R": fixed(np.tri(hidden)),
        }

    def step(self, p, x, s, t):
        net = (p.U * p.R) @ s.h + p.W @ x + p.b  # 净输入
        size = sqrt(reduce_mean(net * net) + 0.1)
        h = tanh(net / size)
        a = softmax(p.V @ h)
        h = where(t % 2 < 1, h, s.h * 0.5) + 0.1 * relu(p.U @ (h * s.h)) + \
            p.E @ concat(s.m, s.n) * sigmoid(h)  # fmt: skip
        m = a * maximum(x[0:3], s.m) + exp(-abs(s.n)) * cos(s.m) - minimum(sin(s.n), 0.3) * reduce_sum(p.g)
        return self.next(h=h, m=m, n=s.m, watch={"a": a, "size": size, "sign": sign(net), "log": log(1 + net * net)})


class Structures(Plain):
    """Values of any rank: what has no kernel and goes by its evaluation rule."""

    states = ("h", "m")

    def sizes(self, hidden):
        return {"m": 2 * hidden}

    def parameters(self, inputs, hidden):
        return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "T": glorot(4, hidden), "P": glorot(2, 3)}

    def step(self, p, x, s, t):
        memory = reshape(s.m, (2, s.h.shape[0]))
        key = tanh(p.U @ s.h + p.W @ x)
        weights = softmax(memory @ key)
        read = memory.T @ weights
        pairs = outer(p.P @ x[0:3], key) + broadcast(read, memory.shape)
        row = gather(p.T, t - 4 * floor(t / 4)) + gather(pairs, where(x[0:1] > 0, 1.0, 0.0)[0:1] @ one_hot(t * 0, 1))
        h = tanh(reduce_sum(pairs, 0) + row + reduce_max(pairs) * log_sum_exp(key))
        m = concat(0.5 * key, tanh(read)) + 0.1 * stop_gradient(s.m)
        return self.next(h=h, m=m, watch={"weights": weights, "pairs": pairs})


class Specials(Plain):
    """Every pointwise primitive and both totals of the input alone: for NaN, infinities, zeros and ties."""

    states = ("h",)

    def sizes(self, hidden):
        return {"h": 27}

    def parameters(self):
        return {}

    def step(self, x):
        a, b, c = x[0:1], x[1:2], x[2:3]
        single = [-a, tanh(a), sigmoid(a), exp(a), log(a), sqrt(a), abs(a), sign(a), floor(a), relu(a)]
        double = [a + b, a - b, a * b, a / b, maximum(a, b), minimum(a, b), a > b, a >= b, a == b]
        totals = [broadcast(reduce_sum(x), (1,)), broadcast(reduce_max(x), (1,)), broadcast(reduce_max(-x), (1,))]
        chosen = [where(c, a, b), where(a > b, c, b * 0.5), a % 2, stop_gradient(c), where(a >= b, -float("inf"), c)]
        return self.next(h=concat(*single, *double, *totals, *chosen))


def _choices(one: Hyperparameter) -> tuple[Any, ...]:
    return one.choices or ((True, False) if one.type is bool else ())


def built_in() -> dict[str, Callable[[], Any]]:
    """The cells of the built-in plugins, and their variants."""
    pytest.importorskip("lab.api", reason="the built-in cells need all packages of the lab")
    found: dict[str, Callable[[], Any]] = {}
    for path in sorted(PLUGINS.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"cupy_cells_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for cell in module.lab_register_cells():
            chosen = [(name, one) for name, h in cell.hyperparameters().items() for one in _choices(h)]
            found |= {f"{cell.name}-{one}": partial(cell, **{name: one}) for name, one in chosen}
            if not chosen:
                found[cell.name] = cell
    return found
