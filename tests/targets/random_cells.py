"""Cells of random equations: what no author thought of."""

from collections.abc import Iterator, Sequence
from typing import Any

from lab.api import (
    Cell,
    Var,
    broadcast,
    concat,
    cos,
    exp,
    glorot,
    log,
    maximum,
    minimum,
    orthogonal,
    reduce_max,
    reduce_mean,
    reduce_sum,
    relu,
    sigmoid,
    sin,
    softmax,
    sqrt,
    stop_gradient,
    tanh,
    uniform,
    where,
)

SMALL = 3
"""The size of the second state."""


class RandomCell(Cell):
    """Two states whose equations are chosen by a list of numbers; every value stays bounded and smooth enough."""

    name = "random"
    states = ("h", "m", "n")
    outputs = ("h", "n")

    def __init__(self, choices: Sequence[int]) -> None:
        super().__init__()
        self.choices = choices

    def sizes(self, hidden):
        return {"m": SMALL}

    def parameters(self, inputs, hidden):
        return {
            "W": glorot(hidden, inputs), "V": glorot(SMALL, inputs), "U": orthogonal(hidden, hidden),
            "R": orthogonal(hidden, hidden), "A": glorot(SMALL, hidden), "B": glorot(hidden, SMALL),
            "C": glorot(SMALL, SMALL), "b": uniform(hidden), "d": uniform(SMALL), "e": uniform(1),
        }  # fmt: skip

    def step(self, p, x, s, t):
        pool: dict[str, list[Var]] = {
            "D": [s.h, s.n, p.W @ x, p.b, tanh(p.U @ s.h + p.W @ x + p.b)],
            "E": [s.m, p.V @ x, x[0:SMALL], p.d],
            "1": [reduce_sum(p.e), sin(t), reduce_max(s.m)],
        }
        weights = {
            ("D", "D"): [p.U, p.R, p.U * 0.5, p.R.T],
            ("E", "D"): [p.A, p.B.T],
            ("D", "E"): [p.B],
            ("E", "E"): [p.C],
        }
        numbers = iter(self.choices)
        made: dict[str, list[Var]] = {"D": [], "E": [], "1": []}
        for choice in numbers:
            kind = "DDE1"[choice % 4]
            value = self._value(kind, choice // 4, numbers, pool, weights)
            pool[kind].append(value)
            made[kind].append(value)
        last = {kind: (values or pool[kind])[-1] for kind, values in made.items()}
        return self.next(
            h=last["D"] + 0.2 * pool["D"][len(self.choices) % len(pool["D"])],
            m=last["E"],
            n=pool["D"][sum(self.choices) % len(pool["D"])],
            watch={f"{kind}{index}": value for kind in made for index, value in enumerate(made[kind][-2:])},
        )

    def _value(
        self, kind: str, choice: int, numbers: Iterator[int], pool: dict[str, list[Var]], weights: dict[Any, list[Var]]
    ) -> Var:
        def pick(of: str) -> Var:
            return pool[of][next(numbers, 0) % len(pool[of])]

        a, other = pick(kind), next(numbers, 0)
        b = pick("1") if other % 5 == 0 else pick(kind)
        simple = [
            lambda: tanh(a), lambda: sigmoid(a), lambda: relu(a), lambda: exp(tanh(a)), lambda: log(1.5 + a * a),
            lambda: sqrt(0.5 + a * a), lambda: sin(a), lambda: cos(a), lambda: abs(a), lambda: -a,
            lambda: a + b, lambda: a - b, lambda: b - a, lambda: tanh(a) * b, lambda: a / (1.5 + b * b),
            lambda: b / (1.5 + a * a), lambda: maximum(a, b), lambda: minimum(b, a),
            lambda: where(a > b, sin(a), 0.5 * b), lambda: stop_gradient(a) * tanh(b),
            lambda: 0.5 * a + 0.25 * b + a * 0.1,
            lambda: sigmoid(a) * b + (1 - sigmoid(a)) * tanh(b), lambda: where(t_even(pool), a, b),
        ]  # fmt: skip
        if choice % 2 or (kind == "1" and choice % 3):
            return broadcast_to(simple[other % len(simple)](), a)
        if kind == "1":
            of = "DE"[other % 2]
            v, w = pick(of), pick(of)
            many = [
                lambda: reduce_mean(v), lambda: tanh(reduce_sum(v * w)), lambda: tanh(v @ w),
                lambda: reduce_max(v - w), lambda: tanh(reduce_sum(concat(v, pick("E")))),
                lambda: reduce_max(concat(pick("D"), v)),
            ]  # fmt: skip
            return many[choice % len(many)]()
        source = "DE"[other % 2]
        matrices = weights[kind, source]
        v, w = pick(source), pick(source)
        size = a.shape[0]
        whole = pick("D")
        long = whole.shape[0]
        several = [
            lambda: matrices[choice % len(matrices)] @ v,
            lambda: matrices[choice % len(matrices)] @ v + matrices[other % len(matrices)] @ w,
            lambda: tanh(matrices[choice % len(matrices)] @ v + b),
            lambda: softmax(a),
            lambda: softmax(concat(v, w))[0:size] if 2 * v.shape[0] >= size else a,
            lambda: concat(a[1:size], tanh(b)[0:1]) if b.shape else a,
            lambda: concat(b[0:1], a[0 : size - 1]) * a if b.shape else a * 0.5,
            lambda: whole[0:size] if kind == "E" else concat(pick("E"), whole[SMALL:long]),
            lambda: concat(whole[long - 2 : long], a[2:size]),
            lambda: a / (1 + reduce_sum(a * a)),
        ]  # fmt: skip
        return several[(choice // 2) % len(several)]()


def t_even(pool: dict[str, list[Var]]) -> Var:
    """A scalar condition."""
    return pool["1"][1] > 0


def broadcast_to(value: Var, like: Var) -> Var:
    """The value in the shape of another."""
    return value if value.shape == like.shape else broadcast(value, like.shape)
