"""Colour maps. Paper means nothing: the zero of each map is the colour of the sheet; `time` has no zero."""

from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_STOPS: Final[Mapping[tuple[str, bool], str]] = {
    ("gate", False): "#FFFFFF #D0ECEB #9ED8DD #7BC0CE #59A8C0 #418EAF #2D759D #245B88 #1D4371",
    ("gate", True): "#15191E #193043 #094B6A #096785 #0B859E #3BA2B1 #60BFC3 #94DAD4 #C5F3E9",
    ("time", False): "#9ED8DD #7BC0CE #59A8C0 #418EAF #2D759D #245B88 #1D4371",
    ("time", True): "#096785 #0B859E #3BA2B1 #60BFC3 #94DAD4 #C5F3E9 #F2FFFB",
    ("magnitude", False): "#FFFFFF #F4DFC2 #F2B88A #E59369 #D66C51 #BB4A55 #9A2C59 #721B54 #4C0C49",
    ("magnitude", True): "#1C161B #451F36 #762344 #9F3541 #C64E31 #DC763E #EF9D57 #F3C988 #FBEFC2",
    ("signed", False): "#1A42A8 #4B72C5 #80A1E0 #BED0F1 #FFFFFF #E9C7B6 #D19071 #A86040 #803009",
    ("signed", True): "#B6D2FF #799EE1 #3F6BBF #2B426B #181B20 #5F3623 #A55627 #CF8D65 #F8C5A2",
}

MAPS: Final = ("gate", "magnitude", "signed")
"""`gate` for 0 to 1, `magnitude` for logarithms of what is not negative, `signed` for both sides of zero."""


@cache
def table(name: str, dark: bool) -> NDArray[np.uint8]:
    """The 256 colours of a map, (256, 4) RGBA, from the lowest value to the highest. KeyError for an unknown name."""
    stops = np.array([_channels(stop) for stop in _STOPS[name, dark].split()], np.float64)
    place = np.linspace(0, len(stops) - 1, 256)
    colours = np.stack([np.interp(place, np.arange(len(stops)), stops[:, k]) for k in range(3)], axis=1)
    opaque = np.full((256, 1), 255.0)
    made = np.concatenate([colours, opaque], axis=1).round().astype(np.uint8)
    made.flags.writeable = False
    return made


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
