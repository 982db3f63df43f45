"""A run for other programs: its curves as CSV, all of it as JSON."""

from __future__ import annotations

import csv
import io
from typing import Any

from lab.experiment.runs import Scalar, without_nan
from lab.experiment.store import Store


def export_csv(store: Store, run: str) -> str:
    """The curves as CSV text with the columns update, epoch, name, value; numbers with all their digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Scalar._fields)
    writer.writerows((update, epoch, name, repr(value)) for update, epoch, name, value in store.scalars(run))
    return text.getvalue()


def export_json(store: Store, run: str) -> dict[str, Any]:
    """The run, its experiment and its curves as plain JSON values; None stands for a value that is not finite.

    `scalars` has, for each name, the lists `update`, `epoch` and `value`, equally long.
    """
    curves: dict[str, dict[str, list[Any]]] = {}
    for update, epoch, name, value in store.scalars(run):
        curve = curves.setdefault(name, {"update": [], "epoch": [], "value": []})
        curve["update"].append(update)
        curve["epoch"].append(epoch)
        curve["value"].append(value)
    return {**store.find(run).as_json(), "experiment": store.experiment(run), "scalars": without_nan(curves)}
