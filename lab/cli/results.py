"""What a run came to: as JSON, and as a table that sets it beside the dataset's baselines."""

import math
from collections.abc import Mapping
from typing import Any

from lab.cli.output import duration, number, say, say_table
from lab.errors import LabError
from lab.experiment.runs import Run, without_nan
from lab.registry.catalog import Catalog

_LOSSES = ("train.loss", "validation.loss", "test.loss")


def result_json(run: Run) -> dict[str, Any]:
    """The run as the last line of `run --json`."""
    speed = run.updates / run.seconds if run.seconds > 0 else 0.0
    result: dict[str, Any] = without_nan(
        {
            "run": run.id,
            "state": run.state,
            "epochs": run.epochs,
            "updates": run.updates,
            "seconds": run.seconds,
            "updates_per_second": speed,
            "plan": run.plan,
            "metrics": run.metrics,
            "baselines": run.baselines,
        }
    )
    return result


def say_result(run: Run, catalog: Catalog, unit: str = "") -> None:
    """What a run reached, for people."""
    say(f"{run.name} · {run.id} · {run.state}")
    speed = f", {number(run.updates / run.seconds)} updates/s" if run.seconds > 0 else ""
    say(f"{run.epochs} epochs, {run.updates} updates in {duration(run.seconds)}{speed}; {plan_text(run.plan)}")
    losses = [(name, number(run.metrics[name])) for name in _LOSSES if name in run.metrics]
    if losses:
        say(" · ".join(f"{name} {value}" for name, value in losses))
    say_comparison(run.metrics, run.baselines, catalog, unit)


def plan_text(plan: Mapping[str, Any]) -> str:
    """`target numba, 2 threads`."""
    target, switched = plan.get("target", "?"), plan.get("switched")
    if target == "auto":
        target = "numpy" if switched is None else f"numba from update {switched} on"
    threads = plan.get("threads", 1)
    return f"target {target}, {threads} thread{'' if threads == 1 else 's'}"


def own_metric(metrics: Mapping[str, float]) -> str | None:
    """The name of the dataset's own metric: what there is of the test split beside the loss."""
    return next((name for name in metrics if name.startswith("test.") and name != "test.loss"), None)


def say_comparison(
    metrics: Mapping[str, float], baselines: Mapping[str, float], catalog: Catalog, unit: str = ""
) -> None:
    """The network and the dataset's baselines on the test split, the best one first."""
    name = own_metric(metrics)
    if name is None:
        return
    better = _direction(name, catalog)
    reached = metrics[name]
    rows = [(reached, "this network", "")]
    rows += [(value, other, _judged(reached, value, better)) for other, value in baselines.items()]
    rows.sort(key=lambda row: (math.isnan(row[0]), row[0] if better == "lower" else -row[0]))
    shown = f"{name} ({unit})" if unit else name
    say_table(
        ["", shown, "the network is"], [(other, number(value), verdict) for value, other, verdict in rows], right=[1]
    )


def _judged(reached: float, baseline: float, better: str) -> str:
    if math.isnan(reached):
        return "worse"
    if reached == baseline:
        return "as good"
    return "better" if (reached < baseline) == (better == "lower") else "worse"


def _direction(name: str, catalog: Catalog) -> str:
    try:
        metric = catalog.get("metric", name.partition(".")[2].replace("_", "-"))
    except LabError:
        return "lower"  # its plugin is gone; of the metrics that come with the lab most are errors
    return str(getattr(metric, "better", "lower"))
