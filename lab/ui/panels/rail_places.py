"""Where the parts of a gated cell stand: in which column, which row, and which lane below the gates."""

from typing import Final, final

from lab.ui.panels.drawing import BOX, RADIUS
from lab.ui.panels.structure import Node, Structure

SIDE: Final = 26.0
"""Room at both sides of the frame, where the states enter and leave."""
_MOST_LANES: Final = 4
_MOST_ROWS: Final = 2
_LEAST_STRETCH: Final = 0.7


@final
class RailPlaces:
    """The places of all that is drawn of a cell, `width` pixels wide; `fits` tells whether there is room for it.

    Parts are known by their numbers in the structure. `order` has those between the sides, operands before results;
    `x` the column of each, `row` that of a circle between gates and rails, `lane` that of a source below the boxes.
    """

    def __init__(self, structure: Structure, width: float) -> None:
        self.all = structure
        self.nodes = structure.nodes
        self.width = width
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
        self.order = self._ordered()
        self._assign_lanes()
        self._assign_columns()
        self._assign_rows()
        self._scale()

    @property
    def single(self) -> Node | None:
        """The only part, if it is a box that no rail passes."""
        only = self.nodes[self.order[0]] if len(self.order) == 1 else None
        return only if only is not None and only.kind == "box" and not self.railed else None

    @property
    def fits(self) -> bool:
        """Whether it is a cell with rails, for which there is room."""
        few = self.lanes <= _MOST_LANES and self.rows <= _MOST_ROWS
        return bool(self.railed) and few and self.stretch >= _LEAST_STRETCH

    def at(self, number: int) -> float:
        """The middle of a part, in pixels."""
        return round(self.shift + self.x[number] * self.stretch) + 0.5

    def above_reader(self, number: int) -> int | None:
        """The circle that a function of a rail is above, if it is the only one that reads it."""
        node = self.nodes[number]
        readers = self.all.readers(number)
        ends = number in self.all.next.values()
        only = len(readers) == 1 and readers[0].kind == "circle" and readers[0].number not in self.railed
        return readers[0].number if only and not ends and all(o in self.railed for o in node.operands) else None

    def entry_room(self, source: int) -> float:
        """How far the wires of a state or input and of the next one stand apart: there is the label of an input."""
        label = self.nodes[source].label
        return 9.0 if self.nodes[source].kind == "state" else 22.0 if len(label) == 1 else 38.0

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
        at = 32.0 + sum(map(self.entry_room, leaves[:-1]))
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
            elif node.kind == "function" and self.above_reader(number) is not None:
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

    def _scale(self) -> None:
        inner = self.width - 2 * SIDE
        self.stretch = min(1.25, inner / self.end)
        if self.stretch > 1.0:
            shift = (inner - self.end * self.stretch) / 2
            self.shift = SIDE + shift
        else:
            self.shift = SIDE

    def _assign_rows(self) -> None:
        """Rows between gates and rails: a circle goes into the lowest one in which its wires meet no other circle."""
        spans: list[list[tuple[float, float]]] = []
        for number in self.order:
            if number in self.railed or self.nodes[number].kind == "box" or self.above_reader(number) is not None:
                continue
            inner = [o for o in self.nodes[number].operands if o in self.x and o not in self.railed]
            left = min([self.x[o] for o in inner if self.above_reader(o) is None] + [self.x[number]])
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
