"""Layout of a gated cell: states run from left to right, gates stand between them, what they read runs below.

A state that is carried on by products and sums alone has a rail at the top; the others come in below the gates.
"""

from collections.abc import Iterable
from typing import Final, final

from lab.trace.rules.latex import symbol_named
from lab.ui.panels.drawing import BOX, RADIUS, Drawing, Part
from lab.ui.panels.rail_places import SIDE, RailPlaces
from lab.ui.panels.structure import Node, Structure

_MOST_BOXES: Final = 6
_MOST_CIRCLES: Final = 8
_MOST_STATES: Final = 3
_ROW, _LANE, _RAIL = 34.0, 15.0, 30.0


def on_rails(structure: Structure, width: float) -> Drawing | None:
    """The drawing of a cell of gates, `width` pixels wide; None where the cell is not of that kind or has no room."""
    if not _fits(structure):
        return None
    places = RailPlaces(structure, width)
    if places.single is not None:
        return _Rails(places).draw_single(places.single)
    return _Rails(places).draw() if places.fits else None


def _fits(structure: Structure) -> bool:
    if structure.count("box") > _MOST_BOXES or structure.count("circle", "function") > _MOST_CIRCLES:
        return False
    if any("mathrm" in node.label for node in structure.nodes.values() if not node.operands):
        return False  # words have no room at the sides
    made = [number for number in structure.next.values() if structure.nodes[number].operands]
    own = all(structure.nodes[n].operands or structure.states.get(s) == n for s, n in structure.next.items())
    return own and len(set(made)) == len(made) and 0 < len(structure.next) <= _MOST_STATES and bool(made)


@final
class _Rails:
    def __init__(self, places: RailPlaces) -> None:
        self.places = places
        self.all, self.nodes, self.lane = places.all, places.nodes, places.lane
        self.drawing = Drawing(places.width, 0.0)

    def draw(self) -> Drawing:
        """All of it."""
        rails = len(self.places.rail)
        top = 24.0
        self.rail_y = {state: top + _RAIL * place for place, state in enumerate(self._rails_in_order())}
        above = any(self.places.above_reader(n) is not None for n in self.places.order)
        low_rail = top + _RAIL * (rails - 1) if rails else top - 24.0
        first = low_rail + (30.0 if self.places.rows or not rails else 38.0) + (10.0 if above else 0.0)
        self.rows_y = [first + _ROW * 0.8 * (self.places.rows - 1 - row) for row in range(self.places.rows)]
        self.box_y = (self.rows_y[0] if self.places.rows else first - 18.0) + _ROW
        self.lane_y = [self.box_y + BOX[1] / 2 + 20.0 + _LANE * lane for lane in range(self.places.lanes)]
        bottom = (self.lane_y[-1] if self.lane_y else self.box_y + BOX[1] / 2 + 6) + 16.0
        width = self.drawing.width
        self.drawing.frame = (SIDE, 8.0, width - 2 * SIDE, bottom - 8.0)
        self.drawing.height = bottom + 24.0
        self.left, self.right = SIDE, width - SIDE
        self._draw_rails()
        self._draw_sources()
        for number in self.places.order:
            self._draw_node(number)
        self._draw_ends()
        return self.drawing

    def _rails_in_order(self) -> Iterable[str]:
        # A state that is also read below is nearest to the gates, so that its wire down crosses no other rail.
        return sorted(self.places.rail, key=lambda state: self.all.states.get(state, -1) in self.lane)

    def _y(self, number: int) -> float:
        if number in self.places.railed:
            return self.rail_y[next(state for state, path in self.places.rail.items() if number in path)]
        node = self.nodes[number]
        if node.kind == "box":
            return self.box_y
        reader = self.places.above_reader(number)
        return self._y(reader) - 25.0 if reader is not None else self.rows_y[self.places.row[number]]

    def _label(self, text: str, x: float, y: float) -> None:
        self.drawing.parts.append(Part("label", text, x, y))

    def _draw_rails(self) -> None:
        for state, y in self.rail_y.items():
            name = self.nodes[self.all.states[state]].label
            self.drawing.wire((self.left - 22, y), (self.right + 22, y))
            self._label(name, self.left - 14, y - 11)
            self._label(name, self.right + 14, y - 11)

    def _draw_sources(self) -> None:
        """The lanes under the boxes, and how their sources come to them."""
        inner = self.left + 10.0
        joined: dict[int, int] = {}
        for source, lane in sorted(self.lane.items(), key=lambda item: item[1]):
            node, y = self.nodes[source], self.lane_y[lane]
            ends = [self._entry(reader, source) for reader in self.places.readers[source]]
            if node.operands:
                start, high = self._exit(source), self._y(source)
                self.drawing.wire((self.places.at(source), high), (start, high), (start, y), (max([start, *ends]), y))
                if source in self.places.railed:
                    self.drawing.dots.append((start, high))
                continue
            state = next((name for name, one in self.all.states.items() if one == source), None)
            far = max(ends)
            if state in self.rail_y:
                rail = self.rail_y[str(state)]
                self.drawing.wire((inner, rail), (inner, y), (far, y))
                self.drawing.dots.append((inner, rail))
            elif state is not None and lane not in joined:
                self.drawing.wire((self.left - 22, y), (far, y))
                self._label(node.label, self.left - 14, y - 11)
            else:
                low = self.drawing.height - 12.0
                self.drawing.wire((inner, low), (inner, y), (far, y))
                self._label(node.label, inner + 11, low - 1)
                if lane in joined:
                    self.drawing.dots.append((inner, y))
            joined[lane] = source
            inner += self.places.entry_room(source)

    def _exit(self, source: int) -> float:
        """Where the wire of a source goes down; from a rail, just before the gate that reads it."""
        if source not in self.places.railed:
            return self.places.at(source) + RADIUS + 6.0
        before = min(self.places.at(reader) for reader in self.places.readers[source]) - BOX[0] / 2 - 8.0
        return max(self.places.at(source) + 14.0, before)

    def _entry(self, reader: int, source: int) -> float:
        """Where the wire of a source goes up to its reader: side by side where there are several."""
        lanes = sorted({self.lane[o] for o in self.nodes[reader].operands if o in self.lane}, reverse=True)
        if self.nodes[reader].kind != "box":
            return self.places.at(reader)
        return self.places.at(reader) + 9.0 * (lanes.index(self.lane[source]) - (len(lanes) - 1) / 2)

    def _draw_node(self, number: int) -> None:
        node, x, y = self.nodes[number], self.places.at(number), self._y(number)
        wide = BOX[0] * min(1.0, max(self.places.stretch, 0.75))
        self.drawing.parts.append(Part(node.kind, node.label, x, y, node.series, wide))
        seen: set[int] = set()
        for operand in node.operands:
            if operand in self.lane and operand in self.places.readers and number in self.places.readers[operand]:
                if self.lane[operand] in seen:
                    continue
                seen.add(self.lane[operand])
                end = y + (BOX[1] / 2 if node.kind == "box" else RADIUS)
                entry, lane = self._entry(number, operand), self.lane_y[self.lane[operand]]
                self.drawing.wire((entry, lane), (entry, end))
                ends = [self._entry(reader, operand) for reader in self.places.readers[operand]]
                if entry < max(ends):
                    self.drawing.dots.append((entry, lane))
            elif operand in self.places.x:
                self._connect(operand, number)
            else:
                rail = self.rail_y.get(next((s for s, n in self.all.states.items() if n == operand), ""), None)
                if rail is not None and not (number in self.places.railed and rail == y):
                    self.drawing.wire((x, rail), (x, y))
                    self.drawing.dots.append((x, rail))

    def _connect(self, operand: int, number: int) -> None:
        """A wire from a part to the one that reads it: up to its height, then across; from a rail straight down."""
        if operand in self.places.railed and number in self.places.railed and self._y(operand) == self._y(number):
            return  # the rail itself
        x, y, to_x, to_y = self.places.at(operand), self._y(operand), self.places.at(number), self._y(number)
        if operand in self.places.railed:
            self.drawing.wire((to_x, y), (to_x, to_y))
            if to_x < self.right:
                self.drawing.dots.append((to_x, y))
        elif abs(x - to_x) < 1 or number not in self.places.railed:
            self.drawing.wire((x, y), (x, to_y), (to_x, to_y))
            others = [reader for reader in self.all.readers(operand) if reader.number != number]
            if any(self._y(other.number) < to_y for other in others) and x != to_x:
                self.drawing.dots.append((x, to_y))
        else:
            under = to_y + 18.0
            self.drawing.wire((x, y), (x, under), (to_x, under), (to_x, to_y))

    def _draw_ends(self) -> None:
        """Where states that have no rail leave: down beside the last part, and out to the right."""
        taken: list[float] = []
        for state, number in self.all.next.items():
            if state in self.places.rail:
                continue
            leaf = self.all.states.get(state)
            low = self.lane_y[self.lane[leaf]] if leaf in self.lane else self.box_y
            while any(abs(low - other) < 14 for other in taken):
                low += 16.0
            taken.append(low)
            x, y = self.places.at(number), self._y(number)
            if self.nodes[number].kind == "box" or number in self.lane or low <= self.box_y:
                high, out = y - BOX[1] / 2 - 8.0, self.right - 8.0 - 8.0 * len(taken)
                self.drawing.wire((x, y), (x, high), (out, high), (out, low), (self.right + 22, low))
            else:
                self.drawing.wire((x, y), (x, low), (self.right + 22, low))
            self._label(self._name(state), self.right + 14, low - 11)

    def _name(self, state: str) -> str:
        leaf = self.all.states.get(state)
        return self.nodes[leaf].label if leaf is not None else symbol_named(state)

    def draw_single(self, box: Node) -> Drawing:
        """One box and nothing else: it stands in the middle, states go through it, inputs come from below."""
        width, y = self.drawing.width, 56.0
        x = round(width / 2) + 0.5
        self.drawing.height, self.drawing.frame = 128.0, (SIDE, 22.0, width - 2 * SIDE, 68.0)
        left, right = SIDE - 22, width - SIDE + 22
        states = [o for o in box.operands if self.nodes[o].kind == "state"]
        others = [o for o in box.operands if self.nodes[o].kind != "state"]
        for place, source in enumerate(states):
            height = y + 14.0 * (place - (len(states) - 1) / 2)
            self.drawing.wire((left, height), (x, height))
            self._label(self.nodes[source].label, SIDE - 14, height - 11)
        for place, source in enumerate(others):
            column = x + 12.0 * (place - (len(others) - 1) / 2)
            self.drawing.wire((column, y), (column, 118.0))
            self._label(self.nodes[source].label, column + 12, 114.0)
        self.drawing.wire((x, y), (right, y))
        self._label(self._name(next(iter(self.all.next))), width - SIDE + 14, y - 11)
        self.drawing.parts.append(Part("box", box.label, x, y, box.series, 52.0))
        return self.drawing
