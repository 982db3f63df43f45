"""Layout of any cell in columns: what is read stands to the left of what reads it; wires are drawn as curves."""

import re
from typing import Final

from lab.trace.rules.latex import symbol_named
from lab.ui.panels.drawing import Drawing, Part
from lab.ui.panels.structure import Structure

_SILENT: Final = re.compile(r"\\(?:mathrm|tilde)|[\\{}_^]")
"""What in a label is not drawn as letters."""
_HIGH: Final = 30.0
_SIDE: Final = 18.0
_SWEEPS: Final = 6
_END: Final = -1
"""Numbers from here downwards are the next states at the right side."""


def in_layers(structure: Structure, width: float) -> Drawing:
    """The drawing of any cell: columns by depth, each ordered so that few wires cross."""
    nodes = structure.nodes
    ends = {_END - place: (state, number) for place, (state, number) in enumerate(structure.next.items())}
    depth: dict[int, int] = {}
    for number, node in nodes.items():
        depth[number] = 1 + max((depth[operand] for operand in node.operands), default=-1)
    last = max(depth.values()) + 1
    depth |= dict.fromkeys(ends, last)
    edges = [(operand, number) for number, node in nodes.items() for operand in node.operands]
    edges += [(number, end) for end, (_, number) in ends.items()]
    columns: list[list[int]] = [[] for _ in range(last + 1)]
    bends, links = _with_bends(edges, depth, len(nodes))
    for number, column in {**depth, **bends}.items():
        columns[column].append(number)
    heights = _ordered(columns, links)
    high = max(len(column) for column in columns) * _HIGH
    names = [node.label for node in nodes.values() if not node.operands] + list(structure.next)
    side = max(_SIDE, 4.0 + 3.6 * max(len(name.replace("\\mathrm", "")) for name in names))
    left, right = side, width - side
    step = (right - left) / max(1, last)
    place = {n: (left + step * c, 14.0 + heights[n] * high) for c, column in enumerate(columns) for n in column}
    drawing = Drawing(width, high + 28.0)
    drawing.curves = [(place[a], place[b]) for a, b in links]
    room = 0.86 * step
    for number, node in nodes.items():
        kind = "label" if node.kind in ("state", "input") else "box" if node.kind == "function" else node.kind
        drawing.parts.append(
            Part("leaf" if kind == "label" else kind, node.label, *place[number], node.series, _wide(node.label, room))
        )
    for end, (state, _) in ends.items():
        drawing.parts.append(Part("leaf", symbol_named(state), *place[end]))
    return drawing


def _wide(label: str, room: float) -> float:
    """The width of a box: by its label, where there is room."""
    letters = len(_SILENT.sub("", label))
    return min(room, max(28.0, 10.0 + 6.5 * letters))


def _with_bends(
    edges: list[tuple[int, int]], depth: dict[int, int], first: int
) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Edges over more than one column get a bend in each column between, which is kept free of parts for them."""
    bends: dict[int, int] = {}
    links: list[tuple[int, int]] = []
    for start, end in edges:
        before = start
        for column in range(depth[start] + 1, depth[end]):
            number = first + len(bends)
            bends[number] = column
            links.append((before, number))
            before = number
        links.append((before, end))
    return bends, links


def _ordered(columns: list[list[int]], links: list[tuple[int, int]]) -> dict[int, float]:
    """Heights between 0 and 1: each column is sorted by the mean height of what it is linked with, to and fro."""
    before: dict[int, list[int]] = {}
    after: dict[int, list[int]] = {}
    for start, end in links:
        before.setdefault(end, []).append(start)
        after.setdefault(start, []).append(end)
    heights: dict[int, float] = {}
    for column in columns:
        _spread(column, heights)
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        beside = before if forwards else after
        for column in columns[1:] if forwards else columns[-2::-1]:
            means = {n: sum(heights[m] for m in beside[n]) / len(beside[n]) for n in column if n in beside}
            column.sort(key=lambda number: means.get(number, heights[number]))
            _spread(column, heights)
    return heights


def _spread(column: list[int], heights: dict[int, float]) -> None:
    for place, number in enumerate(column):
        heights[number] = (place + 0.5) / len(column)
