"""`runs`: the list of runs, one of them in full, and its export."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cli.evaluate import RunId
from lab.cli.failure import OK
from lab.cli.options import Csv, Json, Runs, runs_folder
from lab.cli.output import duration, note, number, say, say_json, say_table, write_csv
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.experiment.runs import Run


def run_commands() -> typer.Typer:
    """The commands under `runs`."""
    app = typer.Typer(help="The runs that are kept.", no_args_is_help=False)
    app.command("list")(list_runs)
    app.command("show")(show_run)
    app.command("export")(export_run)
    return app


def list_runs(runs: Runs = None, as_csv: Csv = False, as_json: Json = False) -> int:
    """All runs, the oldest first."""
    _one_format(as_csv, as_json)
    found = _all(runs)
    if as_json:
        say_json({"runs": [run.as_json() for run in found]})
    elif as_csv:
        _as_csv(found)
    elif not found:
        say("There are no runs yet.")
    else:
        rows = [
            (run.id, run.state, run.epochs, run.updates, duration(run.seconds), _metric(run), run.name) for run in found
        ]
        say_table(["run", "state", "epochs", "updates", "time", "result", "name"], rows, right=[2, 3, 4])
    return OK


def show_run(run: RunId, runs: Runs = None, as_csv: Csv = False, as_json: Json = False) -> int:
    """One run: how it went, what it reached, and the experiment as it ran."""
    from lab.cli.results import say_result
    from lab.experiment.store import Store
    from lab.registry.manager import load_catalog

    _one_format(as_csv, as_json)
    with Store(runs_folder(runs), create=False) as store:
        found, experiment = store.find(run), ""
        experiment = store.experiment(found.id)
        folder = store.run_folder(found.id)
    if as_json:
        say_json(found.as_json() | {"experiment": experiment, "folder": str(folder)})
    elif as_csv:
        _as_csv([found])
    else:
        say_result(found, load_catalog())
        say(f"created {found.created}; checkpoints in {folder}")
        if found.error:
            say(f"error: {found.error}")
        say()
        say(experiment.rstrip("\n"))
    return OK


def export_run(
    run: RunId,
    runs: Runs = None,
    as_csv: Csv = False,
    as_json: Json = False,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the trained parameters, by name, as safetensors: for [weights] file."),
    ] = None,
) -> int:
    """A run for other programs, on stdout: all of it as JSON, or with --csv its curves."""
    from lab.experiment.export import export_csv, export_json
    from lab.experiment.store import Store

    _one_format(as_csv, as_json)
    with Store(runs_folder(runs), create=False) as store:
        found = store.find(run)
        if weights is not None:
            _export_weights(store, found, weights)
        elif as_csv:
            sys.stdout.write(export_csv(store, found.id))
        else:
            say_json(export_json(store, found.id))
    return OK


def _export_weights(store: Any, run: "Run", file: Path) -> None:
    from lab.registry.manager import load_catalog
    from lab.runner.stored import judged_parameters, stored_setup, stored_state
    from lab.training.weights import save_weights

    state = stored_state(store, run, note)
    setup = stored_setup(store, run, load_catalog())
    parameters = judged_parameters(setup, state)
    save_weights({name: place.view(parameters) for name, place in setup.plan.places.items()}, file)
    note(f"{len(setup.plan.places)} parameters after {state.update} updates are in {file}")


def _all(runs: Path | None) -> list["Run"]:
    from lab.experiment.database import FILE
    from lab.experiment.store import Store

    folder = runs_folder(runs)
    if runs is not None and not folder.is_dir():
        raise LabError("there is no such folder", file=str(folder), remedy="Name the folder of runs with --runs")
    if not (folder / FILE).exists():
        return []
    with Store(folder, create=False) as store:
        return store.runs()


def _one_format(as_csv: bool, as_json: bool) -> None:
    if as_csv and as_json:
        raise LabError("--csv and --json contradict each other", remedy="Leave one of them out")


def _as_csv(runs: list["Run"]) -> None:
    metrics = sorted({name for run in runs for name in run.metrics})
    plain = ["id", "name", "state", "created", "epochs", "updates", "seconds"]
    rows = [[*(getattr(run, name) for name in plain), *(run.metrics.get(name, "") for name in metrics)] for run in runs]
    write_csv(sys.stdout, [*plain, *metrics], rows)


def _metric(run: "Run") -> str:
    from lab.cli.results import own_metric

    name = own_metric(run.metrics)
    return f"{name} {number(run.metrics[name])}" if name else ""
