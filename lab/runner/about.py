"""What there is to say of a run that does not change while it lasts."""

from typing import Any

from lab.training.labels import sample_labels, watched_split
from lab.training.live import live_keys
from lab.training.trainer import Trainer

_MOST_LABELS = 1000


def about(trainer: Trainer) -> dict[str, Any]:
    """The plain values of `Began.about`.

    Besides those named there: `update`, `epoch` (where it goes on), `live` (keys of `[training]` that may change now),
    `split` (that of `samples`, of which the first thousand have labels).
    """
    setup = trainer.setup
    training, data = setup.spec.training, setup.data
    splits = data.splits()
    watched = watched_split(data)
    count = min(splits[watched].count, _MOST_LABELS)
    return {
        "update": trainer.update,
        "epoch": trainer.epoch,
        "updates": trainer.total_updates,
        "epochs": training.epochs,
        "metric": data.metric,
        "better": setup.metrics[0].better,
        "unit": data.unit,
        "baselines": dict(data.baselines),
        "splits": {name: {"steps": one.steps, "count": one.count} for name, one in splits.items()},
        "task": setup.dataset.task,
        "parameters": {name: place.shape for name, place in setup.plan.places.items()},
        "layers": _layers(trainer),
        "split": watched,
        "samples": sample_labels(data, watched, range(count)),
        "live": live_keys(setup),
        "plan": trainer.plan.as_json(),
    }


def _layers(trainer: Trainer) -> dict[str, dict[str, Any]]:
    plan, specs = trainer.setup.plan, trainer.setup.spec.layers
    return {
        block.name: {
            "cell": layer.cell.name,
            "states": {name: leaf.size for name, leaf in block.program.traced.states.items()},
            "gates": tuple(block.program.traced.watch),
            "hidden": layer.hidden,
        }
        for layer, blocks in zip(specs, plan.layers, strict=True)
        for block in blocks
    }
