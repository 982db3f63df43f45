"""What may change while a network learns: which keys of `[training]`, and the experiment with one of them changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from lab.errors import HyperparameterError, TrainingError
from lab.experiment.layout import file_key, owners
from lab.experiment.spec import Choice, Spec, TrainingSpec
from lab.experiment.wording import wording
from lab.hyperparameters import Hyperparameterized
from lab.training.length import LENGTHS
from lab.training.plan import LiveChange
from lab.training.setup import Setup, check_size

LIVE: Final[Mapping[str, Mapping[str, str]]] = {
    "learning_rate": {"en": "lr", "zh": "学习率"},
    "clip_norm": {"en": "clip norm", "zh": "范数裁剪"},
    "clip_value": {"en": "clip value", "zh": "数值裁剪"},
    "weight_decay": {"en": "weight decay", "zh": "权重衰减"},
    "l1": {"en": "L1", "zh": "L1 惩罚"},
    "l2": {"en": "L2", "zh": "L2 惩罚"},
    "batch_size": {"en": "batch size", "zh": "批大小"},
    "epochs": {"en": "epochs", "zh": "轮数"},
    "updates": {"en": "updates", "zh": "更新次数"},
    "early_stopping": {"en": "stop early", "zh": "提前停止"},
}
"""The common keys of `[training]` that may change, and what a mark on a curve calls them."""

BATCH_SIZE: Final = "batch_size"
"""This one waits for the next batch, and for the next epoch where the state is carried."""

_SLOTS: Final = ("algorithm", "optimizer", "schedule")


def live_keys(setup: Setup) -> tuple[str, ...]:
    """The keys of `[training]` that may change while this experiment runs."""
    kinds = {slot: type(getattr(setup, slot)) for slot in _SLOTS}
    return (*LIVE, *declared_live(kinds))


def declared_live(kinds: Mapping[str, type[Hyperparameterized]]) -> list[str]:
    """The keys of the hyperparameters that the classes in the slots of `[training]` declare to be live."""
    declared = {slot: kind.hyperparameters() for slot, kind in kinds.items()}
    return [
        file_key(TrainingSpec, declared, slot, name)
        for slot, names in declared.items()
        for name, one in names.items()
        if one.live
    ]


def value_of(setup: Setup, key: str) -> Any:
    """The value that a live key has now."""
    if key in LIVE:
        return getattr(setup.spec.training, key)
    slot, name = _owner(setup, key)
    return getattr(getattr(setup, slot), name)


def with_value(setup: Setup, key: str, value: object) -> Setup:
    """The setup with another value of a live key of `[training]`. LabError for any other key, or a wrong value."""
    if key not in live_keys(setup):
        raise TrainingError(
            f"training.{key} cannot change while a network learns",
            remedy="Stop, change it, and begin a new run",
        )
    training = setup.spec.training
    if key in LIVE:
        # A run has one length: the other one goes.
        others = {name: None for name in LENGTHS if name != key} if key in LENGTHS else {}
        changed_setup = replace(setup, spec=_with_training(setup.spec, {**others, key: value}))
        if key == BATCH_SIZE:
            check_size(changed_setup)
        return changed_setup
    slot, name = _owner(setup, key)
    component: Any = getattr(setup, slot)
    # Made anew, so that a component can refuse values that are only wrong together.
    made = type(component)(**{**component.values(), name: value})
    choice = Choice(name=getattr(training, slot).name, settings=made.values())
    changed: dict[str, Any] = {slot: made, "spec": _with_training(setup.spec, {slot: choice})}
    return replace(setup, **changed)


def mark(change: LiveChange) -> dict[str, str]:
    """What a mark on a curve says of a change, by language: `lr 0.01 → 0.003`."""
    if change.by_hand:
        name = change.key.removeprefix("weights.")
        return {"en": f"{name} set by hand", "zh": f"手动设置 {name}"}
    names = LIVE.get(change.key, {"en": change.key, "zh": change.key})
    return {language: f"{name} {_shown(change.before)} → {_shown(change.value)}" for language, name in names.items()}


def _owner(setup: Setup, key: str) -> tuple[str, str]:
    declared = {slot: type(getattr(setup, slot)).hyperparameters() for slot in _SLOTS}
    return owners(TrainingSpec, declared, key)[0]


def _with_training(spec: Spec, changes: Mapping[str, object]) -> Spec:
    values = {name: getattr(spec.training, name) for name in TrainingSpec.model_fields}
    try:
        training = TrainingSpec.model_validate({**values, **changes})
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        raise HyperparameterError(wording(f"training.{'.'.join(map(str, detail['loc']))}", detail)) from None
    return spec.model_copy(update={"training": training})


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
