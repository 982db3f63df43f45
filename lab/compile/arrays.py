"""Arrays that may live on a device: how to bring them back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_host(array: Any) -> NDArray[Any]:
    """A NumPy array as it is; an array of another module (CuPy) copied to the host."""
    return array if isinstance(array, np.ndarray) else array.get()
