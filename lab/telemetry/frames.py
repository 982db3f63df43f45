"""The frame: what one probe saw at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from numpy.typing import NDArray

Array = NDArray[Any]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """The arrays of one probe after `update` updates, in `epoch`; `notes` are plain JSON values beside them.

    Arrays are what they are, NaN and infinity included.
    """

    probe: str
    update: int
    epoch: int
    arrays: Mapping[str, Array]
    notes: Mapping[str, Any] = field(default_factory=dict)
