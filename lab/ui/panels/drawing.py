"""What a diagram is drawn from: placed parts and wires, in pixels at normal text size."""

from dataclasses import dataclass, field
from typing import final

Point = tuple[float, float]

BOX = (30.0, 24.0)
"""Width and height of a gate."""
RADIUS = 9.0
"""Of a circle with an operator."""


@final
@dataclass(frozen=True, slots=True)
class Part:
    """A box, circle, function or label at its centre."""

    kind: str
    label: str
    x: float
    y: float
    series: int = 0
    width: float = 0.0


@final
@dataclass(slots=True)
class Drawing:
    """Parts, wires (each a line through points) and dots where wires branch. `frame` is the cell's own border."""

    width: float
    height: float
    parts: list[Part] = field(default_factory=list)
    wires: list[tuple[Point, ...]] = field(default_factory=list)
    curves: list[tuple[Point, Point]] = field(default_factory=list)
    dots: list[Point] = field(default_factory=list)
    frame: tuple[float, float, float, float] | None = None

    def wire(self, *points: Point) -> None:
        """A wire through points; those that say nothing new are left out."""
        clean: list[Point] = []
        for point in points:
            if not clean or point != clean[-1]:
                clean.append(point)
        if len(clean) > 1:
            self.wires.append(tuple(clean))
