"""The problems that every side is given: the same weights, inputs and ∂L/∂h, drawn from one seed."""

from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True)
class Size:
    """B samples of T steps, M inputs, D hidden units."""

    B: int
    T: int
    M: int
    D: int

    @property
    def label(self) -> str:
        """As the tables show it."""
        return f"{self.B} {self.T} {self.M} {self.D}"


SIZES: Final = {
    "S1": Size(1, 100, 8, 32),
    "S2": Size(16, 50, 32, 64),
    "S3": Size(32, 100, 64, 128),
    "S4": Size(64, 100, 128, 512),
}
STANDARD_CELLS: Final = ("lstm", "gru", "elman")
CUSTOM_CELLS: Final = ("peephole-lstm", "coupled-lstm", "clockwork", "multiplicative")
"""Cells that no peer has a layer for: it runs them as eager code."""
SETTINGS: Final[dict[str, dict[str, str]]] = {"gru": {"reset": "after"}}
"""Hyperparameters with which a cell of ours is that of the peers."""
GATES: Final[dict[str, dict[str, str | tuple[str, ...]]]] = {
    "lstm": dict.fromkeys("WUb", "ifco"),
    "gru": dict.fromkeys("WUb", "rzh"),
    "elman": dict.fromkeys("WUb", ("",)),
    "peephole-lstm": {**dict.fromkeys("WUb", "ifco"), "V": "ifo"},
    "coupled-lstm": dict.fromkeys("WUb", "ico"),
    "clockwork": dict.fromkeys("WUb", ("",)),
    "multiplicative": {"W": "mh", "U": "mh", "b": ("",)},
}
"""The gates of each cell by the letter of the weight, in the order in which the peers stack them."""
PERIODS: Final = (1, 2, 4, 8)
"""Of the clockwork network: those it has by itself."""


def names(letter: str, cell: str) -> list[str]:
    """The parameters W_i, W_f ... of a cell, in the order of its gates; W alone where there is one."""
    return [f"{letter}_{gate}" if gate else letter for gate in GATES[cell][letter]]


def shapes(cell: str, size: Size) -> dict[str, tuple[int, ...]]:
    """The parameters of a cell, by the names that our cell gives them."""
    of: dict[str, tuple[int, ...]] = {"W": (size.D, size.M), "U": (size.D, size.D), "b": (size.D,), "V": (size.D,)}
    found = {name: of[letter] for letter in GATES[cell] for name in names(letter, cell)}
    return found | ({"b_u": (size.D,)} if cell == "gru" else {})


@final
@dataclass(frozen=True, slots=True)
class Problem:
    """Weights by name, inputs x (T, B, M) and ∂L/∂h for every step (T, B, D)."""

    weights: dict[str, Array]
    x: Array
    seeds: Array


def drawn(cell: str, size: Size, dtype: str = "float32", seed: int = 7) -> Problem:
    """The problem of a cell and a size, in float32 numbers whatever `dtype` holds them."""
    generator = np.random.default_rng(seed)
    limit = np.float32(size.D**-0.5)

    def uniform(shape: tuple[int, ...]) -> Array:
        return ((2 * generator.random(shape, np.float32) - 1) * limit).astype(dtype, copy=False)

    def normal(width: int) -> Array:
        return generator.standard_normal((size.T, size.B, width), np.float32).astype(dtype, copy=False)

    weights = {name: uniform(shape) for name, shape in shapes(cell, size).items()}
    return Problem(weights, normal(size.M), normal(size.D))
