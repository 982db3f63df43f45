"""Waiting for a store that cannot be written to just now: what is to be kept is kept later, and no run ends by it."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from lab.errors import StoreBusyError, StoreError

RETRY: Final = 1.0
"""Seconds from one attempt to the next."""
_USUAL: Final = 2.0
"""Seconds that another process may well need for what it writes."""

Hold = Callable[[StoreError, float], bool]
"""Asked after each attempt that failed, with the seconds since the first one. It waits; False is to give up."""

T = TypeVar("T")


def give_up(error: StoreError, seconds: float) -> bool:
    """The `Hold` of whoever does not wait."""
    return False


def worth_telling(error: StoreError, seconds: float) -> bool:
    """Whether whoever watches should know: at once, unless another process is just writing."""
    return seconds >= _USUAL or not isinstance(error, StoreBusyError)


def kept(write: Callable[[], T], hold: Hold, only: type[StoreError] = StoreError) -> T:
    """Do `write`, again and again while it raises `only` and `hold` waits; it must be the same done twice."""
    start = time.monotonic()
    while True:
        try:
            return write()
        except only as error:
            if not hold(error, time.monotonic() - start):
                raise
