"""JAX: `lax.scan` with the products of the inputs ahead of it, jitted with its gradient."""

from collections.abc import Callable
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from tests.bench.problems import Size, drawn, names
from tests.bench.sides.case import Array, Case, Side

Tree = dict[str, Any]


@final
class JaxSide(Side):
    """JAX on the CPU; it takes the processors that the process may use."""

    def __init__(self, threads: int) -> None:
        self.version = jax.__version__

    def case(self, kind: str, options: dict[str, Any]) -> Case:
        """See `Side.case`; only `scan`."""
        assert kind == "scan", kind
        return Scan(**options)


def _lstm(p: Tree, state: tuple[Any, Any], projected: Any) -> tuple[tuple[Any, Any], Any]:
    h, c = state
    z_i, z_f, z_c, z_o = jnp.split(projected + h @ p["U"], 4, axis=-1)
    c = jax.nn.sigmoid(z_f) * c + jax.nn.sigmoid(z_i) * jnp.tanh(z_c)
    h = jax.nn.sigmoid(z_o) * jnp.tanh(c)
    return (h, c), h


def _gru(p: Tree, state: tuple[Any, ...], projected: Any) -> tuple[tuple[Any, ...], Any]:
    (h,) = state
    x_r, x_z, x_h = jnp.split(projected, 3, axis=-1)
    h_r, h_z, h_h = jnp.split(h @ p["U"], 3, axis=-1)
    r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
    h = z * h + (1 - z) * jnp.tanh(x_h + r * (h_h + p["b_u"]))
    return (h,), h


def _elman(p: Tree, state: tuple[Any, ...], projected: Any) -> tuple[tuple[Any, ...], Any]:
    (h,) = state
    h = jnp.tanh(projected + h @ p["U"])
    return (h,), h


STEPS: dict[str, tuple[Callable[..., Any], int]] = {"lstm": (_lstm, 2), "gru": (_gru, 1), "elman": (_elman, 1)}
"""The step of each cell, and how many states it has."""


@final
class Scan(Case):
    """Loss ∑ h · ∂L/∂h and its gradient, jitted together."""

    def __init__(self, *, cell: str, size: Size, dtype: str = "float32") -> None:
        problem = drawn(cell, size, dtype)
        step, count = STEPS[cell]
        self.cell = cell
        stacked = {
            letter: jnp.asarray(np.concatenate([problem.weights[name] for name in names(letter, cell)]).T)
            for letter in "WUb"
        }
        self.p: Tree = stacked | {name: jnp.asarray(problem.weights[name]) for name in ("b_u",) if cell == "gru"}
        self.x, self.seeds = jnp.asarray(problem.x), jnp.asarray(problem.seeds)

        def loss(p: Tree, x: Any, seeds: Any) -> tuple[Any, Any]:
            start = (jnp.zeros((size.B, size.D), x.dtype),) * count
            _, h = jax.lax.scan(lambda state, projected: step(p, state, projected), start, x @ p["W"] + p["b"])
            return jnp.sum(h * seeds), h

        self.function = jax.jit(jax.value_and_grad(loss, has_aux=True))
        self.found: Any = None

    def run(self) -> None:
        """See `Case.run`."""
        self.found = jax.block_until_ready(self.function(self.p, self.x, self.seeds))  # type: ignore[no-untyped-call]

    def results(self) -> dict[str, Array]:
        """Outputs h and the gradient of each parameter, by our names."""
        (_, h), gradients = self.found
        found = {"h": np.asarray(h)}
        for letter in "WUb":
            parts = np.split(np.asarray(gradients[letter]).T, len(names(letter, self.cell)))
            found |= dict(zip(names(letter, self.cell), parts, strict=True))
        if self.cell == "gru":
            found["b_u"] = np.asarray(gradients["b_u"])
        return found
