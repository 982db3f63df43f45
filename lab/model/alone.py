"""A cell on its own: traced as in a small network, to be checked, shown and compiled without one."""

from typing import Final

from lab.model.readout import Head
from lab.trace.tracer import CellLike, Traced, argument_names, trace_cell

OUTPUTS: Final = 2
"""Outputs of the linear head that stands above the cell; only cells that ask for `outputs` or `y` notice it."""


def trace_alone(cell: CellLike, *, inputs: int, hidden: int, bias: bool = True, simplify: bool = True) -> Traced:
    """Trace a cell; one that asks for the states `below` stands on another of its kind and size."""
    stacked = "below" in argument_names(cell.step)
    below = dict.fromkeys(cell.states, hidden) | dict(cell.sizes(hidden)) if stacked else None
    return trace_cell(
        cell,
        inputs=inputs,
        hidden=hidden,
        outputs=OUTPUTS,
        depth=int(stacked),
        bias=bias,
        below=below,
        feedback=Head((), OUTPUTS, "linear"),
        simplify=simplify,
    )
