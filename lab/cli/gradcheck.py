"""`gradcheck`: whether the gradients of cells are right, and their fast code too."""

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cli.failure import FAILED, OK
from lab.cli.output import note, say, say_table
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.components.base import Component
    from lab.gradients.check import CellCheck


def gradcheck(
    cell: Annotated[str | None, typer.Argument(metavar="CELL", help="The name of a cell.", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="Check every cell there is; so it is without CELL too.")] = False,
) -> int:
    """Check cells, with each choice of each hyperparameter, and print the errors; exit code 1 where one is too large.

    Backpropagation against central differences in float64, the tangent against the adjoint, and the targets numpy and
    numba against the reference, in float64 and, for the default choices, in float32.
    """
    from lab.experiment.write import item
    from lab.gradients.check import check_cell
    from lab.registry.manager import load_catalog

    if cell is not None and every:
        raise LabError("CELL and --all contradict each other", remedy="Leave one of them out")
    catalog = load_catalog()
    names = catalog.names("cell") if cell is None else (cell,)
    rows, notes, wrong = [], [], 0
    for name in names:
        for choices in variants(catalog.get("cell", name)):
            label = ", ".join(f"{key} = {item(value).as_string()}" for key, value in choices.items()) or "as it is"
            note(f"{name} ({label}) ...")
            try:
                made: Any = catalog.get("cell", name)(**choices)
                found = check_cell(made, single=not choices)
            except LabError as error:
                notes.append(str(error))
                rows.append((name, label, *[""] * (1 + len(_COLUMNS)), "FAILED"))
                wrong += 1
                continue
            wrong += bool(found.failed)
            rows.append((name, label, *_cells(found)))
            notes += [f"{name} ({label}): {text}" for text in found.notes]
    _say(rows, notes, wrong)
    return FAILED if wrong else OK


def variants(component: "type[Component]") -> Iterator[Mapping[str, object]]:
    """The default hyperparameters, and each other choice of each of them by itself."""
    yield {}
    for name, one in component.hyperparameters().items():
        choices = one.choices or ((True, False) if one.type is bool else ())
        yield from ({name: choice} for choice in choices if choice != one.default)


def _cells(found: "CellCheck") -> list[str]:
    errors = found.errors
    shown = [f"{errors[name]:.1e}" if name in errors else "-" for name in _COLUMNS]
    verdict = f"FAILED: {', '.join(found.failed)}" if found.failed else "ok"
    return [str(found.parameters), *shown, verdict]


def _say(rows: list[tuple[str, ...]], notes: list[str], wrong: int) -> None:
    from lab.gradients.check import tolerance

    say_table(["cell", "choices", "parameters", *_COLUMNS, ""], rows, right=range(2, 3 + len(_COLUMNS)))
    for text in dict.fromkeys(notes):
        say(text)
    limits = itertools.groupby(_COLUMNS, tolerance)
    say("Largest that pass: " + "; ".join(f"{', '.join(names)} {limit:.0e}" for limit, names in limits))
    say(f"{wrong} of {len(rows)} failed" if wrong else f"All {len(rows)} passed")


_COLUMNS = ("differences", "tangent", "numpy float64", "numba float64", "numpy float32", "numba float32")
