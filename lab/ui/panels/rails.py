"""Layout of a gated cell: states run from left to right, gates stand between them, what they read runs below.

A state that is carried on by products and sums alone has a rail at the top; the others come in below the gates.
"""

from collections.abc import Iterable
from typing import Final, final

from lab.trace.rules.latex import symbol_named
from lab.ui.panels.drawing import BOX, RADIUS, Drawing, Part
from lab.ui.panels.structure import Node, Structure

_MOST_BOXES: Final = 6
_MOST_CIRCLES: Final = 8
_MOST_STATES: Final = 3
_MOST_LANES: Final = 4
_MOST_ROWS: Final = 2
_LEAST_STRETCH: Final = 0.7
_ROW, _LANE, _RAIL = 34.0, 15.0, 30.0
_SIDE: Final = 26.0
"""Room at both sides of the frame, where the states enter and leave."""


def on_rails(structure: Structure, width: float) -> Drawing | None:
    """The drawing of a cell of gates, `width` pixels wide; None where the cell is not of that kind or has no room."""
    if not _fits(structure):
        return None
    layout = _Rails(structure, width)
    return layout.drawing if layout.place() else None


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
    def __init__(self, structure: Structure, width: float) -> None:
        self.all = structure
        self.nodes = structure.nodes
        self.drawing = Drawing(width, 0.0)
        self.rail: dict[str, list[int]] = {}
        """The circles on each rail, from left to right."""
        taken: set[int] = set()
        for state, last in structure.next.items():
            path = self._carried(structure.states.get(state), last)
            if path is not None and not taken & set(path):
                self.rail[state] = path
                taken |= set(path)
        self.railed = taken
        self.x: dict[int, float] = {}
        self.row: dict[int, int] = {}
        self.lane: dict[int, int] = {}
        self.drop: dict[int, float] = {}

    def place(self) -> bool:
        """Lay out all of it; False where it does not fit."""
        self.order = self._ordered()
        boxes = [n for n in self.order if self.nodes[n].kind == "box"]
        if len(boxes) == 1 and not self.railed and len(self.order) == 1:
            self._single(self.nodes[boxes[0]])
            return True
        self._assign_lanes()
        self._assign_columns()
        self._assign_rows()
        if not self.railed or self.lanes > _MOST_LANES or self.rows > _MOST_ROWS or self._scale() < _LEAST_STRETCH:
            return False
        self._draw()
        return True

    def _carried(self, start: int | None, last: int) -> list[int] | None:
        """The circles between a state and its next value, if nothing else stands between them."""
        if start is None:
            return None
        if last == start:
            return []
        node = self.nodes[last]
        if node.kind != "circle":
            return None
        for operand in node.operands:
            before = self._carried(start, operand)
            if before is not None:
                return [*before, last]
        return None

    def _ordered(self) -> list[int]:
        """All that is drawn between the sides, operands before results, carried states first."""
        done: dict[int, None] = {}

        def visit(number: int) -> None:
            if number in done or not self.nodes[number].operands:
                return
            operands = sorted(self.nodes[number].operands, key=lambda one: one not in self.railed)
            for operand in operands:
                visit(operand)
            done[number] = None

        for state in sorted(self.all.next, key=lambda name: name not in self.rail):
            visit(self.all.next[state])
        return list(done)

    def _assign_lanes(self) -> None:
        """Which sources run below the boxes: each in a lane, and in one lane those that the same boxes read."""
        readers: dict[int, list[int]] = {}
        for number in self.order:
            node = self.nodes[number]
            for operand in node.operands:
                if node.kind == "box" or self._from_below(number, operand):
                    readers.setdefault(operand, []).append(number)
        groups: dict[tuple[int, ...], int] = {}
        leaves = sorted(readers, key=lambda one: (bool(self.nodes[one].operands), self.nodes[one].kind == "input", one))
        for source in leaves:
            key = tuple(readers[source]) if not self.nodes[source].operands else (-1, source)
            self.lane[source] = groups.setdefault(key, len(groups))
        self.readers = readers
        self.lanes = len(groups)

    def _from_below(self, number: int, operand: int) -> bool:
        """True where a circle off the rails reads a state that can reach it from below alone."""
        node, source = self.nodes[number], self.nodes[operand]
        if number in self.railed or source.operands or node.kind == "box":
            return False
        if source.kind == "input":
            return True
        name = next((one for one, state in self.all.states.items() if state == operand), "")
        return not (name in self.rail and self.order.index(number) < self._first_on_rail(name))

    def _first_on_rail(self, name: str) -> int:
        return min((self.order.index(n) for n in self.rail[name]), default=len(self.order))

    def _assign_columns(self) -> None:
        leaves = [source for source in sorted(self.lane, key=self.lane.__getitem__) if not self.nodes[source].operands]
        at = 32.0 + sum(map(self._entry_room, leaves[:-1]))
        last_of_rail: dict[int, float] = {}
        for number in self.order:
            node = self.nodes[number]
            beside = [self.x[o] for o in node.operands if o in self.x and o not in self.railed]
            if node.kind == "box":
                at += BOX[0] / 2
                self.x[number] = at
                at += BOX[0] / 2 + 9.0
                if any(self.nodes[o].operands and o in self.lane for o in node.operands):
                    self.x[number] += 14.0
                    at += 14.0
            elif number in self.railed:
                rail = next(k for k, path in enumerate(self.rail.values()) if number in path)
                least = last_of_rail.get(rail, 0.0) + 2 * RADIUS + 8
                self.x[number] = max([*beside, least])
                at = max(at, self.x[number] + RADIUS + 6)
                last_of_rail[rail] = self.x[number]
            elif self._is_middle(node):
                self.x[number] = sum(beside) / len(beside)
            elif self._stays(number, node):
                self.x[number] = max(beside)
            elif node.kind == "function" and self._above_reader(number) is not None:
                continue  # it gets the column of the circle that reads it
            else:
                at += RADIUS + 3
                self.x[number] = at
                at += RADIUS + 9
            for operand in node.operands:
                if operand not in self.x and self.nodes[operand].operands:
                    self.x[operand] = self.x[number]
        self.end = at + 6.0

    def _is_middle(self, node: Node) -> bool:
        """Two gates side by side, read by one circle that stands between them."""
        kinds = [self.nodes[o].kind == "box" for o in node.operands]
        places = [self.order.index(o) for o in node.operands if o in self.x]
        return len(kinds) == 2 and all(kinds) and abs(places[0] - places[1]) == 1

    def _stays(self, number: int, node: Node) -> bool:
        """In the column of the last gate it reads: where nothing comes from below and a rail reads it next."""
        boxes = [o for o in node.operands if self.nodes[o].kind == "box"]
        above = any(reader.number in self.railed for reader in self.all.readers(number))
        return bool(boxes) and above and number not in self.all.next.values()

    def _above_reader(self, number: int) -> int | None:
        """The circle that a function of a rail is above, if it is the only one that reads it."""
        node = self.nodes[number]
        readers = self.all.readers(number)
        ends = number in self.all.next.values()
        only = len(readers) == 1 and readers[0].kind == "circle" and readers[0].number not in self.railed
        return readers[0].number if only and not ends and all(o in self.railed for o in node.operands) else None

    def _scale(self) -> float:
        inner = self.drawing.width - 2 * _SIDE
        self.stretch = min(1.25, inner / self.end)
        if self.stretch > 1.0:
            shift = (inner - self.end * self.stretch) / 2
            self.shift = _SIDE + shift
        else:
            self.shift = _SIDE
        return self.stretch

    def _assign_rows(self) -> None:
        """Rows between gates and rails: a circle goes into the lowest one in which its wires meet no other circle."""
        spans: list[list[tuple[float, float]]] = []
        for number in self.order:
            if number in self.railed or self.nodes[number].kind == "box" or self._above_reader(number) is not None:
                continue
            inner = [o for o in self.nodes[number].operands if o in self.x and o not in self.railed]
            left = min([self.x[o] for o in inner if self._above_reader(o) is None] + [self.x[number]])
            right = self.x[number] + (16.0 if number in self.lane else 0.0)
            least = max((self.row[o] for o in inner if o in self.row), default=0)
            row = least
            while row < len(spans) and any(a < right + 2 and left - 2 < b for a, b in spans[row]):
                row += 1
            while row >= len(spans):
                spans.append([])
            spans[row].append((left, right))
            self.row[number] = row
        self.rows = len(spans)

    def _draw(self) -> None:
        rails = len(self.rail)
        top = 24.0
        self.rail_y = {state: top + _RAIL * place for place, state in enumerate(self._rails_in_order())}
        above = any(self._above_reader(n) is not None for n in self.order)
        low_rail = top + _RAIL * (rails - 1) if rails else top - 24.0
        first = low_rail + (30.0 if self.rows or not rails else 38.0) + (10.0 if above else 0.0)
        self.rows_y = [first + _ROW * 0.8 * (self.rows - 1 - row) for row in range(self.rows)]
        self.box_y = (self.rows_y[0] if self.rows else first - 18.0) + _ROW
        self.lane_y = [self.box_y + BOX[1] / 2 + 20.0 + _LANE * lane for lane in range(self.lanes)]
        bottom = (self.lane_y[-1] if self.lane_y else self.box_y + BOX[1] / 2 + 6) + 16.0
        width = self.drawing.width
        self.drawing.frame = (_SIDE, 8.0, width - 2 * _SIDE, bottom - 8.0)
        self.drawing.height = bottom + 24.0
        self.left, self.right = _SIDE, width - _SIDE
        self._draw_rails()
        self._draw_sources()
        for number in self.order:
            self._draw_node(number)
        self._draw_ends()

    def _rails_in_order(self) -> Iterable[str]:
        # A state that is also read below is nearest to the gates, so that its wire down crosses no other rail.
        return sorted(self.rail, key=lambda state: self.all.states.get(state, -1) in self.lane)

    def _at(self, number: int) -> float:
        return round(self.shift + self.x[number] * self.stretch) + 0.5

    def _y(self, number: int) -> float:
        if number in self.railed:
            return self.rail_y[next(state for state, path in self.rail.items() if number in path)]
        node = self.nodes[number]
        if node.kind == "box":
            return self.box_y
        reader = self._above_reader(number)
        return self._y(reader) - 25.0 if reader is not None else self.rows_y[self.row[number]]

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
            ends = [self._entry(reader, source) for reader in self.readers[source]]
            if node.operands:
                start, high = self._exit(source), self._y(source)
                self.drawing.wire((self._at(source), high), (start, high), (start, y), (max([start, *ends]), y))
                if source in self.railed:
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
            inner += self._entry_room(source)

    def _entry_room(self, source: int) -> float:
        """How far the wires of a state or input and of the next one stand apart: there is the label of an input."""
        label = self.nodes[source].label
        return 9.0 if self.nodes[source].kind == "state" else 22.0 if len(label) == 1 else 38.0

    def _exit(self, source: int) -> float:
        """Where the wire of a source goes down; from a rail, just before the gate that reads it."""
        if source not in self.railed:
            return self._at(source) + RADIUS + 6.0
        before = min(self._at(reader) for reader in self.readers[source]) - BOX[0] / 2 - 8.0
        return max(self._at(source) + 14.0, before)

    def _entry(self, reader: int, source: int) -> float:
        """Where the wire of a source goes up to its reader: side by side where there are several."""
        lanes = sorted({self.lane[o] for o in self.nodes[reader].operands if o in self.lane}, reverse=True)
        if self.nodes[reader].kind != "box":
            return self._at(reader)
        return self._at(reader) + 9.0 * (lanes.index(self.lane[source]) - (len(lanes) - 1) / 2)

    def _draw_node(self, number: int) -> None:
        node, x, y = self.nodes[number], self._at(number), self._y(number)
        wide = BOX[0] * min(1.0, max(self.stretch, 0.75))
        self.drawing.parts.append(Part(node.kind, node.label, x, y, node.series, wide))
        seen: set[int] = set()
        for operand in node.operands:
            if operand in self.lane and operand in self.readers and number in self.readers[operand]:
                if self.lane[operand] in seen:
                    continue
                seen.add(self.lane[operand])
                end = y + (BOX[1] / 2 if node.kind == "box" else RADIUS)
                entry, lane = self._entry(number, operand), self.lane_y[self.lane[operand]]
                self.drawing.wire((entry, lane), (entry, end))
                ends = [self._entry(reader, operand) for reader in self.readers[operand]]
                if entry < max(ends):
                    self.drawing.dots.append((entry, lane))
            elif operand in self.x:
                self._connect(operand, number)
            else:
                rail = self.rail_y.get(next((s for s, n in self.all.states.items() if n == operand), ""), None)
                if rail is not None and not (number in self.railed and rail == y):
                    self.drawing.wire((x, rail), (x, y))
                    self.drawing.dots.append((x, rail))

    def _connect(self, operand: int, number: int) -> None:
        """A wire from a part to the one that reads it: up to its height, then across; from a rail straight down."""
        if operand in self.railed and number in self.railed and self._y(operand) == self._y(number):
            return  # the rail itself
        x, y, to_x, to_y = self._at(operand), self._y(operand), self._at(number), self._y(number)
        if operand in self.railed:
            self.drawing.wire((to_x, y), (to_x, to_y))
            if to_x < self.right:
                self.drawing.dots.append((to_x, y))
        elif abs(x - to_x) < 1 or number not in self.railed:
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
            if state in self.rail:
                continue
            leaf = self.all.states.get(state)
            low = self.lane_y[self.lane[leaf]] if leaf in self.lane else self.box_y
            while any(abs(low - other) < 14 for other in taken):
                low += 16.0
            taken.append(low)
            x, y = self._at(number), self._y(number)
            if self.nodes[number].kind == "box" or number in self.lane or low <= self.box_y:
                high, out = y - BOX[1] / 2 - 8.0, self.right - 8.0 - 8.0 * len(taken)
                self.drawing.wire((x, y), (x, high), (out, high), (out, low), (self.right + 22, low))
            else:
                self.drawing.wire((x, y), (x, low), (self.right + 22, low))
            self._label(self._name(state), self.right + 14, low - 11)

    def _name(self, state: str) -> str:
        leaf = self.all.states.get(state)
        return self.nodes[leaf].label if leaf is not None else symbol_named(state)

    def _single(self, box: Node) -> None:
        """One box and nothing else: it stands in the middle, states go through it, inputs come from below."""
        width, y = self.drawing.width, 56.0
        x = round(width / 2) + 0.5
        self.drawing.height, self.drawing.frame = 128.0, (_SIDE, 22.0, width - 2 * _SIDE, 68.0)
        left, right = _SIDE - 22, width - _SIDE + 22
        states = [o for o in box.operands if self.nodes[o].kind == "state"]
        others = [o for o in box.operands if self.nodes[o].kind != "state"]
        for place, source in enumerate(states):
            height = y + 14.0 * (place - (len(states) - 1) / 2)
            self.drawing.wire((left, height), (x, height))
            self._label(self.nodes[source].label, _SIDE - 14, height - 11)
        for place, source in enumerate(others):
            column = x + 12.0 * (place - (len(others) - 1) / 2)
            self.drawing.wire((column, y), (column, 118.0))
            self._label(self.nodes[source].label, column + 12, 114.0)
        self.drawing.wire((x, y), (right, y))
        self._label(self._name(next(iter(self.all.next))), width - _SIDE + 14, y - 11)
        self.drawing.parts.append(Part("box", box.label, x, y, box.series, 52.0))
