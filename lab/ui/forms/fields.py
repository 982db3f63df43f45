"""The fields of the form: one for each key of an experiment, made from what its owner declares."""

import math
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Union, final, get_args, get_origin

from pydantic.fields import FieldInfo

from lab.components.base import Component
from lab.errors import LabError
from lab.experiment.layout import TABLES, file_key, slots
from lab.experiment.spec import Choice, Spec, Table
from lab.hyperparameters import Hyperparameter
from lab.registry.catalog import Catalog
from lab.training.live import LIVE
from lab.ui.labels import choice_of, label_of, unit_of
from lab.ui.words import Text

Kind = Literal["flag", "whole", "real", "text", "lines", "list", "choice", "file"]

_RARE: Final = frozenset(
    """name_zh note_zh dtype input.size layers.bidirectional layers.dropout layers.bias layers.activation
    training.clip_value training.l1 training.l2 training.carry_state
    training.updates training.early_stopping training.checkpoint_every training.epsilon training.beta1 training.beta2
    weights.file""".split()
)
"""What the form shows only when asked, unless it is written in the experiment."""

_BY_ONE: Final = frozenset({"seed"})
"""Numbers without a size: the next one is one more."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key: what it is called, what its value must be, and how it is edited.

    `low` and `high` are inclusive, `below` exclusive. `options` are the values there are, each with its name. `item` is
    the kind of what is in a list. An `optional` field may be left empty.
    """

    path: str
    kind: Kind
    label: Text
    help: Text
    unit: Text
    default: object = None
    low: float | None = None
    high: float | None = None
    below: float | None = None
    options: tuple[tuple[object, Text], ...] = ()
    item: Kind = "text"
    optional: bool = False
    live: bool = False
    rare: bool = False
    by_one: bool = False

    @property
    def top(self) -> float | None:
        """The greatest value, or just below it."""
        if self.below is None:
            return self.high
        return self.below - 1 if self.kind == "whole" else math.nextafter(self.below, -math.inf)


def sections(spec: Spec, catalog: Catalog) -> dict[str, list[Field]]:
    """The fields of an experiment by table, `layers.0` for each layer, in the order of the form; `""` has the rest."""
    found: dict[str, list[Field]] = {}
    for table, model in TABLES.items():
        part = getattr(spec, table)
        for place, one in enumerate(part) if isinstance(part, tuple) else [(None, part)]:
            start = table if place is None else f"{table}.{place}"
            found[start] = list(_of_table(start, model, one, catalog))
    found[""] = [
        _common(name, Spec.model_fields[name]) for name in Spec.model_fields if name not in (*TABLES, "version")
    ]
    return found


def _of_table(start: str, model: type[Table], part: Table, catalog: Catalog) -> Iterator[Field]:
    """The component's own fields follow the one that names it."""
    kinds = slots(model)
    chosen: dict[str, Choice] = {slot: getattr(part, slot) for slot in kinds}
    declared = {slot: _declared(catalog, kind, chosen[slot].name) for slot, kind in kinds.items()}
    for name, info in model.model_fields.items():
        if name in kinds:
            yield _component(f"{start}.{name}", kinds[name], catalog)
            for own, one in declared[name].items():
                yield of_hyperparameter(f"{start}.{file_key(model, declared, name, own)}", one)
        elif name == "size" and getattr(part, "encoding", "") != "embedding":
            continue
        elif not (start == "weights" and name == "values"):
            yield _common(f"{start}.{name}", info)


def of_hyperparameter(path: str, one: Hyperparameter) -> Field:
    """The field of a declared hyperparameter."""
    label = label_of(path)
    item, many = (get_args(one.type)[0], True) if get_origin(one.type) in (list, tuple) else (one.type, False)
    kind = _kind(item)
    named_file = kind == "text" and (one.name == "file" or one.name.endswith("_file"))
    return Field(
        path=path,
        kind="list" if many else "choice" if one.choices else "file" if named_file else kind,
        item=kind,
        label=label.name,
        help=Text(one.doc.get("en", ""), one.doc.get("zh", "")),
        unit=unit_of(one.unit),
        default=one.default,
        low=one.low,
        high=one.high,
        options=tuple((choice, choice_of(choice)) for choice in one.choices or ()) if not many else (),
        live=one.live and path.startswith("training."),
        rare=_plain(path) in _RARE,
    )


def _component(path: str, kind: str, catalog: Catalog) -> Field:
    label = label_of(path)
    entries = [entry for entry in catalog.components if entry.kind == kind]
    options = tuple((entry.name, Text.of(entry.title, entry.name)) for entry in entries)
    return Field(path=path, kind="choice", label=label.name, help=label.help, unit=Text.plain(""), options=options)


def _common(path: str, info: FieldInfo) -> Field:
    plain = _plain(path)
    label = label_of(path)
    kind, limits, options = _unwrapped(info.annotation, info.metadata)
    many = kind in (list, tuple)
    scalar = _kind(limits.pop("item", str) if many else kind)
    return Field(
        path=path,
        kind=_shown_as(plain, "list" if many else "choice" if options else scalar),
        item=scalar,
        label=label.name,
        help=label.help,
        unit=unit_of(label.unit),
        default=None if info.is_required() else info.default,
        options=tuple((choice, choice_of(choice)) for choice in options),
        optional=info.default is None and not info.is_required(),
        live=path.startswith("training.") and path.removeprefix("training.") in LIVE,
        rare=plain in _RARE,
        by_one=path in _BY_ONE,
        **limits,
    )


def _shown_as(path: str, kind: Kind) -> Kind:
    return "lines" if path in ("note", "note_zh") else "file" if path == "weights.file" else kind


def _unwrapped(annotation: Any, metadata: Sequence[Any]) -> tuple[Any, dict[str, Any], tuple[Any, ...]]:
    """The plain type of an annotation of the experiment, its limits by name, and its choices."""
    limits: dict[str, Any] = {}
    for one in metadata:
        for inner in one.metadata if isinstance(one, FieldInfo) else [one]:
            for theirs, ours in (("ge", "low"), ("le", "high"), ("lt", "below")):
                if getattr(inner, theirs, None) is not None:
                    limits[ours] = getattr(inner, theirs)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kind, more, choices = _unwrapped(arguments[0], arguments[1:])
        return kind, more | limits, choices
    if origin is Literal:
        return str, limits, arguments
    if origin in (Union, types.UnionType):
        others = [one for one in arguments if one is not type(None)]
        if len(others) == 1:
            kind, more, choices = _unwrapped(others[0], ())
            return kind, more | limits, choices
        return str, limits, ()
    if origin is tuple:
        item, more, _ = _unwrapped(arguments[0], ())
        return tuple, more | limits | {"item": item}, ()
    return annotation, limits, ()


def _kind(kind: Any) -> Kind:
    kinds: Mapping[Any, Kind] = {bool: "flag", int: "whole", float: "real"}
    return kinds.get(kind, "text")


def _declared(catalog: Catalog, kind: str, name: str) -> Mapping[str, Hyperparameter]:
    try:
        component: type[Component] = catalog.get(kind, name)
    except LabError:
        return {}
    return component.hyperparameters()


def _plain(path: str) -> str:
    """The path without the number of a layer."""
    parts = path.split(".")
    return ".".join(part for place, part in enumerate(parts) if not (place == 1 and parts[0] == "layers"))
