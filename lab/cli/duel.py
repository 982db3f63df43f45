"""`duel`: the same weights and the same batch through several training algorithms, beside the exact gradient."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from lab.cli.failure import FAILED, INTERRUPTED, OK
from lab.cli.options import Json, Runs, Settings, runs_folder
from lab.cli.output import error_json, note, number, say, say_json, say_table
from lab.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path

    from lab.components.algorithm import Algorithm
    from lab.registry.catalog import Catalog
    from lab.training.duel import Duel, Nearness, Result
    from lab.training.setup import Setup

Outcomes = dict[str, "Result | LabError"]
_UNITS: Final = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def duel(
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="An experiment file, or the name of a shipped one.", show_default=False),
    ] = None,
    algorithms: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME(KEY=VALUE,...),...",
            help="Which ones; by default all. One without settings has those of the experiment, if it is its own.",
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option(min=2, max=100_000, help="Passes of an algorithm that draws random numbers.")
    ] = 20,
    batch_size: Annotated[int | None, typer.Option(min=1, help="As --set training.batch_size=N.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="As --set seed=N.")] = None,
    settings: Settings = None,
    run: Annotated[
        str | None,
        typer.Option("--from", metavar="RUN", help="The weights and the experiment of a stored run. Needs no FILE."),
    ] = None,
    target: Annotated[str, typer.Option(metavar="numpy|numba|cupy", help="What computes the network.")] = "numpy",
    runs: Runs = None,
    as_json: Json = False,
) -> int:
    """Compare what training algorithms make of the first batch with the exact gradient, that of bptt.

    The weights stay as they are. Several updates of a batch are added up, each weighted by its share of the targets.
    Bias, its standard error and the variance are relative to the norm of the exact gradient, the variance to its
    square. Memory is the most that Python held at once for a pass, beside the network and its buffers of all steps.
    Exit code 1 where an algorithm that was asked for cannot run the experiment. Ctrl-C shows what is done until then.
    """
    from lab.registry.manager import load_catalog
    from lab.training.duel import algorithm_of, algorithms_in

    catalog = load_catalog()
    wanted = list(catalog.names("algorithm")) if algorithms is None else algorithms_in(algorithms)
    if not wanted:
        raise LabError("--algorithms names none", remedy=f"Known are {', '.join(catalog.names('algorithm'))}")
    given = {"training.batch_size": batch_size, "seed": seed}
    changes = [*(settings or []), *(f"{key}={value}" for key, value in given.items() if value is not None)]
    found: Outcomes = {}
    with _opened(file, run, changes, target, runs, catalog) as (setup, one):
        # A name or a setting that is wrong is told before minutes are spent on the others.
        made = {label: algorithm_of(label, catalog, setup.algorithm) for label in wanted}
        interrupted = _fight(one, made, repeats, found)
        if as_json:
            say_json(_as_json(setup, one, found))
        else:
            _say(setup, one, found)
    if interrupted:
        return INTERRUPTED
    failed = [name for name, result in found.items() if isinstance(result, LabError)]
    return FAILED if len(failed) == len(found) or (failed and algorithms is not None) else OK


@contextmanager
def _opened(
    file: str | None, run: str | None, changes: list[str], target: str, runs: "Path | None", catalog: "Catalog"
) -> "Iterator[tuple[Setup, Duel]]":
    """The experiment and the duel on the first batch of its first epoch."""
    from lab.cli.experiments import changed, load_experiment
    from lab.experiment.store import Store
    from lab.runner.stored import ended_with, judged_parameters, stored_state
    from lab.training.duel import Duel
    from lab.training.learner import NetworkLearner
    from lab.training.plan import chosen_plan
    from lab.training.setup import set_up
    from lab.training.trainer import Trainer

    if (file is None) == (run is None):
        raise LabError("a duel needs either FILE or --from RUN", remedy="Name an experiment, or a run: runs list")
    plan, _ = chosen_plan(None, target, 1)
    state = None
    if file is not None:
        loaded = load_experiment(file, changes, catalog)
        messages = loaded.messages
        with loaded.placing():
            setup = set_up(loaded.document.spec, catalog)
    else:
        with Store(runs_folder(runs), create=False) as store:
            one = store.find(str(run))
            state = stored_state(store, one, note)
            document, messages = changed(ended_with(store, one, catalog), changes, catalog)
            setup = set_up(document.spec, catalog)
    for message in messages:
        note(message)
    with Trainer(setup, plan) as trainer:
        if state is not None:
            parameters = judged_parameters(setup, state)
            if parameters.shape != trainer.network.parameters.shape:
                raise LabError(
                    "the network of the run has other parameters than this one",
                    remedy="Change only what leaves the network as it is",
                )
            trainer.network.parameters[:] = parameters
        batch = next(trainer.batches.epoch(0))
        yield setup, Duel(NetworkLearner(trainer.network), batch, [setup.spec.seed])


def _fight(one: "Duel", algorithms: "Mapping[str, Algorithm]", repeats: int, found: Outcomes) -> bool:
    """Measure them one after the other into `found`; True where someone pressed Ctrl-C."""
    try:
        for place, (label, algorithm) in enumerate(algorithms.items(), start=1):
            where = f"{place}/{len(algorithms)} {label}"
            note(where)
            try:
                found[label] = one.measure(algorithm, repeats, _Counter(where, repeats))
            except LabError as error:
                found[label] = error
    except KeyboardInterrupt:
        note("Interrupted; what follows was done before.")
        return True
    return False


class _Counter:
    """Says every five seconds how many passes there were."""

    def __init__(self, where: str, repeats: int) -> None:
        import time

        self._where, self._repeats, self._clock = where, repeats, time.monotonic
        self._said = self._clock()

    def __call__(self, done: int) -> None:
        if self._clock() - self._said >= 5:
            self._said = self._clock()
            note(f"{self._where}: {done} of {self._repeats} passes")


def _say(setup: "Setup", one: "Duel", found: Outcomes) -> None:
    results = {name: result for name, result in found.items() if not isinstance(result, LabError)}
    sequences = one.batch.sequences
    say(
        f"{setup.spec.name} · {sequences.count} sequences of {sequences.steps} steps · {one.exact.size:,} parameters"
        f" · {setup.spec.dtype} · loss {number(one.loss)} · ‖g‖ {number(one.norm)}"
        f" · buffers of the network {_size(_buffers(setup, one))}"
    )
    if results:
        columns = ["algorithm", "cosine", "norm ratio", "bias", "variance", "passes", "time", "memory"]
        say_table(columns, [_row(name, result) for name, result in results.items()], right=range(1, len(columns)))
        layers = [part.name for part in next(iter(results.values())).layers]
        rows = [(name, *(_pair(part) for part in result.layers)) for name, result in results.items()]
        say_table(["cosine × norm ratio", *layers], rows, right=range(1, len(layers) + 1))
    if any(result.change for result in results.values()):
        say("* gives changes instead of gradients: the direction of the change is compared with that of -g")
    for name, result in found.items():
        if isinstance(result, LabError):
            say(f"{name} cannot run this: {result}")


def _row(name: str, result: "Result") -> tuple[str, ...]:
    bias = _figure(result.bias) + (f" ± {_figure(result.bias_error)}" if result.random else "")
    return (
        name + " *" * result.change,
        _figure(result.whole.cosine),
        _figure(result.whole.ratio),
        bias,
        _figure(result.variance) if result.random else "-",
        str(result.repeats),
        f"{number(1e3 * result.seconds)} ms",
        _size(result.bytes),
    )


def _pair(part: "Nearness") -> str:
    return f"{_figure(part.cosine)} × {_figure(part.ratio)}"


def _figure(value: float) -> str:
    return "-" if value != value else f"{value:.4g}"


def _size(count: float) -> str:
    return next((f"{count / unit:.3g} {name}" for unit, name in _UNITS if count >= unit), f"{count:.0f} B")


def _buffers(setup: "Setup", one: "Duel") -> int:
    return setup.plan.bytes(one.batch.sequences.steps, one.batch.sequences.count, one.learner.parameters.itemsize)


def _as_json(setup: "Setup", one: "Duel", found: Outcomes) -> Any:
    from lab.experiment.runs import without_nan

    sequences = one.batch.sequences
    return without_nan(
        {
            "experiment": setup.spec.name,
            "seed": setup.spec.seed,
            "dtype": setup.spec.dtype,
            "steps": sequences.steps,
            "batch": sequences.count,
            "parameters": one.exact.size,
            "loss": one.loss,
            "gradient_norm": one.norm,
            "buffer_bytes": _buffers(setup, one),
            "algorithms": {name: _result_json(result) for name, result in found.items()},
        }
    )


def _result_json(result: "Result | LabError") -> dict[str, Any]:
    if isinstance(result, LabError):
        return {"error": error_json(result)}
    return {
        "cosine": result.whole.cosine,
        "norm_ratio": result.whole.ratio,
        "bias": result.bias,
        "bias_error": result.bias_error,
        "variance": result.variance,
        "seconds": result.seconds,
        "bytes": result.bytes,
        "repeats": result.repeats,
        "random": result.random,
        "compares": "change" if result.change else "gradient",
        "layers": [{"name": part.name, "cosine": part.cosine, "norm_ratio": part.ratio} for part in result.layers],
    }
