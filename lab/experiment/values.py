"""The values of an experiment one by one, by the path of their key."""

from __future__ import annotations

from lab.experiment.layout import SCALARS, TABLES
from lab.experiment.spec import Spec
from lab.experiment.write import entries


def values_of(spec: Spec) -> dict[str, object]:
    """Every value by the path that `--set` would name: `layers.0.hidden`, `training.learning_rate`."""
    found: dict[str, object] = {name: getattr(spec, name) for name in SCALARS}
    for table in TABLES:
        part = getattr(spec, table)
        for place, one in enumerate(part) if isinstance(part, tuple) else [(None, part)]:
            start = table if place is None else f"{table}.{place}"
            found.update((f"{start}.{key}", value) for key, value in entries(one))
    return found
