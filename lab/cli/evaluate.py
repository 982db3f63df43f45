"""`evaluate`: what a stored run reaches on its test split, or on another file."""

from typing import Annotated, Any

import typer

from lab.cli.failure import OK
from lab.cli.options import Json, Runs, runs_folder
from lab.cli.output import note, number, say, say_json

Data = Annotated[str | None, typer.Option("--data", metavar="FILE", help="Another file in place of the test split.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or how it begins.")]


def evaluate(run: RunId, data: Data = None, runs: Runs = None, as_json: Json = False) -> int:
    """Loss and metric of a run, with the parameters it is judged by: the best with early stopping, else the last."""
    from lab.cli.results import own_metric, say_comparison
    from lab.experiment.runs import without_nan
    from lab.experiment.store import Store
    from lab.registry.manager import load_catalog
    from lab.runner.stored import opened, stored_setup, stored_state

    catalog = load_catalog()
    with Store(runs_folder(runs), create=False) as store:
        found = store.find(run)
        state = stored_state(store, found, note)
        setup = stored_setup(store, found, catalog, data)
        with opened(setup, found, state, note) as trainer:
            metrics = trainer.metrics()
    if data is not None:  # what it reached on other data when it trained is beside the point
        metrics = {name: value for name, value in metrics.items() if name.startswith("test.")}
    baselines = dict(setup.data.baselines)
    if as_json:
        result: dict[str, Any] = {"run": found.id, "data": data, "updates": state.update}
        say_json(without_nan(result | {"metrics": metrics, "baselines": baselines}))
        return OK
    say(f"{found.name} · {found.id} after {state.update} updates" + (f" · {data}" if data else ""))
    own = own_metric(metrics)
    say(" · ".join(f"{name} {number(value)}" for name, value in metrics.items() if name != own))
    say_comparison(metrics, baselines, catalog, setup.data.unit)
    return OK
