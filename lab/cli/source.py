"""`source`: what is made of a cell's equations."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from lab.cli.failure import OK
from lab.cli.options import Settings
from lab.cli.output import say
from lab.errors import LabError, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.registry.catalog import Catalog
    from lab.trace.tracer import Traced


CellName = Annotated[str, typer.Argument(metavar="CELL", help="The name of a cell; plugins list has them.")]


def source(
    cell: CellName,
    target: Annotated[
        str, typer.Option(metavar="numpy|numba|cupy|latex", help="Whose code; latex writes the formulas.")
    ],
    inputs: Annotated[int, typer.Option(min=1, max=10_000, help="Size M of the input.")] = 8,
    hidden: Annotated[int, typer.Option(min=1, max=10_000, help="Size D of the layer.")] = 32,
    settings: Settings = None,
) -> int:
    """The generated source of both directions, each line with the equation it came from; or the equations in LaTeX.

    --set gives the cell a hyperparameter: --set reset=after.
    """
    from lab.registry.manager import load_catalog

    if target not in _WRITERS:
        raise LabError(unknown("target", target, _WRITERS), remedy=f"--target is one of {', '.join(_WRITERS)}")
    made = make_cell(load_catalog(), cell, parsed(settings or []))
    say(_WRITERS[target](made, {"inputs": inputs, "hidden": hidden}).rstrip("\n"))
    return OK


def make_cell(catalog: "Catalog", name: str, settings: "Mapping[str, object]") -> Any:
    """A cell of the catalog with these hyperparameters; LabError with the nearest name for what is not there."""
    return catalog.get("cell", name)(**settings)


def parsed(settings: list[str]) -> dict[str, object]:
    """`--set name=value` as hyperparameters."""
    from lab.experiment.edit import parse_value

    found: dict[str, object] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise LabError(f"--set {setting!r} gives no value", remedy="Write --set NAME=VALUE")
        found[name.strip()] = parse_value(value)
    return found


def _numpy(cell: Any, sizes: dict[str, int]) -> str:
    from lab.compile.targets.numpy import numpy_source

    forward, backward = numpy_source(_program(cell, sizes))
    return f"# Forward\n{forward}\n\n# Backward\n{backward}"


def _numba(cell: Any, sizes: dict[str, int]) -> str:
    from lab.compile.targets.numba import numba_sources

    forward, backward = numba_sources(_program(cell, sizes), single=True)
    return f"# Forward\n{forward.text()}\n\n# Backward\n{backward.text()}"


def _cupy(cell: Any, sizes: dict[str, int]) -> str:
    from lab.compile.targets.cupy_source import cupy_sources, cupy_text

    program = _program(cell, sizes)
    return str(cupy_text(program, cupy_sources(program, single=True), single=True))


def _latex(cell: Any, sizes: dict[str, int]) -> str:
    from lab.trace.rules.latex import latex

    return latex(_traced(cell, sizes, simplify=False))


_WRITERS: Final[dict[str, Callable[[Any, dict[str, int]], str]]] = {
    "numpy": _numpy,
    "numba": _numba,
    "cupy": _cupy,
    "latex": _latex,
}


def _traced(cell: Any, sizes: dict[str, int], *, simplify: bool = True) -> "Traced":
    from lab.model.alone import trace_alone

    return trace_alone(cell, inputs=sizes["inputs"], hidden=sizes["hidden"], simplify=simplify)


def _program(cell: Any, sizes: dict[str, int]) -> Any:
    from lab.compile.passes import optimise
    from lab.compile.place import place

    return place(optimise(_traced(cell, sizes)))
