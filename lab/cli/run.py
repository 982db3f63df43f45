"""`run`: train an experiment, or go on with a run."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lab.cli.failure import FAILED, INTERRUPTED, OK
from lab.cli.options import Json, Runs, Settings, runs_folder
from lab.cli.output import command_line, complain, error_json, note, say_json
from lab.cli.signals import Interruption, interruption
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.registry.catalog import Catalog
    from lab.runner.inline import Session

DEFAULT_EXPERIMENT: Final = "airline"
_CODES: Final = {"failed": FAILED, "interrupted": INTERRUPTED}


def run(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]",
            help=f"An experiment file, or the name of a shipped experiment (by default {DEFAULT_EXPERIMENT}).",
            show_default=False,
        ),
    ] = None,
    settings: Settings = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="auto|cpu|cuda",
            help="auto is the CPU; cuda falls back to it, and says so, where there is no driver.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="auto|numpy|numba|cupy",
            help="auto begins with numpy and goes on with numba once that is compiled; cupy is for CUDA devices.",
        ),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="By default as many as there are processors, at most 8.")
    ] = None,
    runs: Runs = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Go on with a run from its last checkpoint, by its plan. Needs no FILE."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Train an experiment; the end is a table that sets the result beside the dataset's baselines.

    Ctrl-C writes a checkpoint and prints the line that resumes. A relative file named in an experiment is looked for
    beside the experiment first, then in the working folder.
    """
    if resume is None:
        return _begin(file or DEFAULT_EXPERIMENT, settings or [], (device, target, threads), runs, as_json)
    given = {"FILE": file, "--set": settings, "--device": device, "--target": target, "--threads": threads}
    wrong = [name for name, value in given.items() if value]
    if wrong:
        raise LabError(
            f"--resume goes on with the experiment and the plan of the run; {wrong[0]} cannot be given with it",
            remedy="Leave it out, or start a new run without --resume",
        )
    return _resume(resume, runs, as_json)


def _begin(
    name: str,
    settings: list[str],
    how: tuple[str | None, str | None, int | None],
    runs: Path | None,
    as_json: bool,
) -> int:
    from lab.cli.experiments import load_experiment
    from lab.registry.manager import load_catalog
    from lab.runner.inline import begun
    from lab.training.plan import chosen_plan
    from lab.training.setup import set_up

    with interruption() as asked:
        catalog = load_catalog()
        loaded = load_experiment(name, settings, catalog)
        plan, messages = chosen_plan(*how)
        messages = [*loaded.messages, *messages]
        if catalog.failures:
            count = len(catalog.failures)
            messages.append(f"{count} plugin{'s' if count > 1 else ''} could not be used: plugins list says why")

        def ready() -> None:
            asked.defer()
            for message in messages:
                note(message)

        with loaded.placing():
            setup = set_up(loaded.document.spec, catalog)
            opening = begun(runs_folder(runs), loaded.document, setup, plan, ready, asked.hold)
            return _train(opening, asked, catalog, runs, as_json)


def _resume(name: str, runs: Path | None, as_json: bool) -> int:
    from lab.cli.results import result_json, say_result
    from lab.experiment.store import Store
    from lab.registry.manager import load_catalog
    from lab.runner.inline import resumed

    with interruption() as asked, Store(runs_folder(runs), create=False) as store:
        found = store.find(name)
        catalog = load_catalog()
        if found.state == "finished":
            if as_json:
                say_json(result_json(found))
            else:
                say_result(found, catalog)
            return OK
        opening = resumed(store, found, catalog, note, asked.defer, asked.hold)
        return _train(opening, asked, catalog, runs, as_json)


def _train(
    opening: AbstractContextManager["Session"],
    asked: Interruption,
    catalog: "Catalog",
    runs: Path | None,
    as_json: bool,
) -> int:
    from lab.cli.progress import display_for
    from lab.cli.results import result_json, say_result

    with opening as session:
        if not as_json:
            note(f"Run {session.run}")
        display = display_for(session.trainer, silent=as_json)
        try:
            outcome = session.train(display.show, lambda: asked.asked, asked.hold)
        finally:
            display.close()
        unit = session.trainer.setup.data.unit
    result = result_json(outcome.run)
    if outcome.error is not None:
        complain(outcome.error)
        result["error"] = error_json(outcome.error)
    if outcome.run.state == "interrupted":
        again = command_line("run", "--resume", outcome.run.id, *(("--runs", str(runs)) if runs else ()))
        note(f"Interrupted after {outcome.run.updates} updates. Go on with: {again}")
    elif outcome.error is None and not as_json:
        say_result(outcome.run, catalog, unit)
    if as_json:
        say_json(result)
    return _CODES.get(outcome.run.state, OK)
