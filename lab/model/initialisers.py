"""How parameters start. An author declares each parameter by calling one of these with its shape."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lab.errors import HyperparameterError, unknown


@final
@dataclass(frozen=True, slots=True)
class Initialiser:
    """A parameter before it has values: its shape, how it starts, and whether it is learned."""

    kind: str
    shape: tuple[int, ...]
    value: float = 0.0
    array: NDArray[np.float64] | None = field(default=None, compare=False)
    trainable: bool = True

    def draw(self, generator: np.random.Generator) -> NDArray[np.float64]:
        """Its first values, float64."""
        return KINDS[self.kind](self, generator)


def _shape(sizes: tuple[int, ...]) -> tuple[int, ...]:
    if not sizes or any(not isinstance(size, int) or isinstance(size, bool) or size < 1 for size in sizes):
        raise HyperparameterError(
            f"the sizes {sizes} of a parameter are not whole numbers above 0;", remedy="give (rows, columns)"
        )
    return sizes


def glorot(*sizes: int) -> Initialiser:
    """Uniform in ±√(6 / (rows + columns)) (Glorot & Bengio, 2010)."""
    return Initialiser("glorot", _shape(sizes))


def he(*sizes: int) -> Initialiser:
    """Normal with variance 2 / columns, for rectified units (He et al., 2015)."""
    return Initialiser("he", _shape(sizes))


def orthogonal(*sizes: int, gain: float = 1.0) -> Initialiser:
    """A random matrix with orthonormal rows or columns, times `gain` (Saxe et al., 2014)."""
    return Initialiser("orthogonal", _shape(sizes), gain)


def identity(*sizes: int, gain: float = 1.0) -> Initialiser:
    """The identity matrix times `gain` (Le, Jaitly & Hinton, 2015)."""
    return Initialiser("identity", _shape(sizes), gain)


def uniform(*sizes: int, limit: float = 0.1) -> Initialiser:
    """Uniform in ±limit."""
    return Initialiser("uniform", _shape(sizes), limit)


def normal(*sizes: int, deviation: float = 0.1) -> Initialiser:
    """Normal with mean 0 and this standard deviation."""
    return Initialiser("normal", _shape(sizes), deviation)


def spectral(*sizes: int, radius: float = 0.9, mask: ArrayLike | None = None) -> Initialiser:
    """Normal, 0 where `mask` is 0, and scaled so that the largest |eigenvalue| is `radius` (Jaeger, 2001).

    The mask, of the same square shape, only says how the matrix begins; one that is to stay is in the equations too.
    Where a masked matrix has no eigenvalue but 0, it is left as it was drawn.
    """
    shape = _shape(sizes)
    array = np.ones(shape) if mask is None else np.asarray(mask, np.float64)
    if len(shape) != 2 or shape[0] != shape[1] or array.shape != shape:
        raise HyperparameterError(
            f"a matrix {shape} with the mask {array.shape} has no spectral radius;",
            remedy="give two equal sizes, and a mask of this shape",
        )
    return Initialiser("spectral", shape, radius, array)


def zeros(*sizes: int) -> Initialiser:
    """All zero."""
    return Initialiser("constant", _shape(sizes), 0.0)


def constant(value: float, *sizes: int) -> Initialiser:
    """All equal to `value`."""
    return Initialiser("constant", _shape(sizes), float(value))


def fixed(values: ArrayLike) -> Initialiser:
    """An array that is part of the equations and never learned (a mask, a set of periods)."""
    array = np.asarray(values, np.float64)
    return Initialiser("fixed", _shape(array.shape), array=array, trainable=False)


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    return shape[0], math.prod(shape[1:]) if len(shape) > 1 else shape[0]


def _glorot(spec: Initialiser, generator: np.random.Generator) -> NDArray[np.float64]:
    limit = math.sqrt(6.0 / sum(_fans(spec.shape)))
    return generator.uniform(-limit, limit, spec.shape)


def _he(spec: Initialiser, generator: np.random.Generator) -> NDArray[np.float64]:
    return generator.normal(0.0, math.sqrt(2.0 / _fans(spec.shape)[1]), spec.shape)


def _orthogonal(spec: Initialiser, generator: np.random.Generator) -> NDArray[np.float64]:
    rows, columns = _fans(spec.shape)
    normal = generator.normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(normal)
    # The signs of R's diagonal make the distribution uniform (Mezzadri, 2007).
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return spec.value * (q if rows >= columns else q.T).reshape(spec.shape)


def _identity(spec: Initialiser, _: np.random.Generator) -> NDArray[np.float64]:
    return spec.value * np.eye(*_fans(spec.shape)).reshape(spec.shape)


def _spectral(spec: Initialiser, generator: np.random.Generator) -> NDArray[np.float64]:
    assert spec.array is not None
    drawn: NDArray[np.float64] = generator.normal(size=spec.shape) * spec.array
    radius = float(np.abs(np.linalg.eigvals(drawn)).max())
    # Rounding leaves eigenvalues of about ε^(1/D) where all are 0, as in a triangular matrix.
    return drawn * (spec.value / radius) if radius > 1e-3 else drawn


def _fixed(spec: Initialiser, _: np.random.Generator) -> NDArray[np.float64]:
    assert spec.array is not None
    return spec.array.copy()


KINDS: Final[Mapping[str, Callable[[Initialiser, np.random.Generator], NDArray[Any]]]] = {
    "glorot": _glorot,
    "he": _he,
    "orthogonal": _orthogonal,
    "identity": _identity,
    "uniform": lambda spec, generator: generator.uniform(-spec.value, spec.value, spec.shape),
    "normal": lambda spec, generator: generator.normal(0.0, spec.value, spec.shape),
    "spectral": _spectral,
    "constant": lambda spec, _: np.full(spec.shape, spec.value),
    "fixed": _fixed,
}


def kind_named(name: str) -> str:
    """The kind of this name; HyperparameterError with the nearest one."""
    if name not in KINDS:
        raise HyperparameterError(unknown("initialiser", name, KINDS))
    return name
