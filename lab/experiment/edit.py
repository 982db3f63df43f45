"""Changing one key of an experiment, for `--set` and for the forms."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import final

import tomlkit
from tomlkit.exceptions import ParseError

from lab.errors import ExperimentError, LabError, unknown
from lab.experiment.draft import Draft
from lab.experiment.file import Document, read_text
from lab.experiment.layout import TABLES, slots
from lab.experiment.lines import KeyPath
from lab.experiment.problems import EntryError, InvalidExperimentError, dotted
from lab.experiment.resolve import Components
from lab.experiment.spec import Choice, Spec

_EXCLUDES: Mapping[KeyPath, KeyPath] = {
    ("training", "epochs"): ("training", "updates"),
    ("training", "updates"): ("training", "epochs"),
}


@final
@dataclass(frozen=True, slots=True)
class Change:
    """The document after a change, and one sentence for each key that the change dropped."""

    document: Document
    messages: tuple[str, ...] = ()


def set_value(document: Document, path: str, text: str, components: Components) -> Change:
    """What `--set PATH=TEXT` does: `assign` with the value that `text` is in TOML (`parse_value`)."""
    return assign(document, path, parse_value(text), components)


def assign(document: Document, path: str, value: object, components: Components) -> Change:
    """Give the key at `path` a value.

    Naming another component drops the keys that only the old one knew, and those whose value the new one refuses; a
    dataset of another task also drops a loss or an encoding that does not fit it; `epochs` and `updates` drop each
    other. `layers.N.cell`, with N the number of layers, adds a layer.
    Raises ExperimentError, without a place, where the experiment would be wrong; `document` stays as it was.
    """
    key = parse_key(path)
    draft = Draft(document.text)
    messages = []
    if key in _EXCLUDES and draft.drop(_EXCLUDES[key]):
        messages.append(f"{dotted(_EXCLUDES[key])} was dropped: training ends after either epochs or updates")
    if key == ("input", "encoding") and value != "embedding" and draft.drop(("input", "size")):
        messages.append("input.size was dropped: only an embedding has a size")
    dependents: dict[KeyPath, str] = {}
    if _kind(key) is not None:
        dependents = _dependents(document.spec, key)
        _name_owners(draft, document.spec, key, value, components)
    draft.put(key, value)
    while True:
        try:
            changed = read_text(draft.text, components, file=document.file)
        except InvalidExperimentError as error:
            dropped = [problem for problem in error.problems if problem.key in dependents and draft.drop(problem.key)]
            if not dropped:
                raise _unplaced(error) from error
            messages += [_farewell(problem, dependents[problem.key]) for problem in dropped]
        else:
            return Change(changed, tuple(messages))


def remove(document: Document, path: str, components: Components) -> Change:
    """Take a key out, so that it has its default, or a whole layer or table (`layers.1`).

    Raises ExperimentError where there is no such key, or where the experiment would be wrong without it.
    """
    table, *rest = path.split(".")
    whole_layer = table == "layers" and len(rest) == 1 and rest[0].isdecimal()
    key: KeyPath = (table, int(rest[0])) if whole_layer else (table,) if not rest else parse_key(path)
    draft = Draft(document.text)
    if not draft.drop(key):
        raise ExperimentError(f"{path} is not written in the experiment")
    try:
        return Change(read_text(draft.text, components, file=document.file))
    except InvalidExperimentError as error:
        raise _unplaced(error) from error


def parse_value(text: str) -> object:
    """The value that `text` is in TOML: `64`, `1e-3`, `true`, `[8, 8]`, `"a b"`; anything else is itself, as text.

    Raises ExperimentError where a quote, a list or a table begins and does not end, and for text that no file can have.
    """
    text = text.strip()
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ExperimentError(f"{text!r} is not valid Unicode", remedy="Give it as UTF-8")
    try:
        value = tomlkit.value(text).unwrap()
    except (ParseError, RecursionError) as error:
        if text.startswith(('"', "'", "[", "{")):
            remedy = 'Text stands in "quotes", a list in brackets: [1, 2]'
            raise ExperimentError(f"{text!r} is not a TOML value", remedy=remedy) from error
        return text
    # Nothing in an experiment is a date, so what looks like one is meant as text.
    return text if isinstance(value, date | time) else value


def parse_key(path: str) -> KeyPath:
    """`layers.0.hidden` as `("layers", 0, "hidden")`. What follows the table is one key, with dots or without.

    Raises ExperimentError where `path` names a table, or a key in a table there is none of.
    """
    table, *rest = path.strip().split(".")
    name = ".".join(rest)
    if table == "layers":
        number, _, name = name.partition(".")
        if not (number.isascii() and number.isdecimal() and len(number) < 10) or not name:
            remedy = "Write the number of the layer, from 0, and a key: layers.0.hidden"
            raise ExperimentError(f"{path!r} names no key of a layer", remedy=remedy)
        return table, int(number), name
    if table in TABLES:
        if not name:
            raise ExperimentError(f"{path!r} is a table", remedy=f"Name a key in it: {table}.{_first_key(table)}")
        return table, name
    if rest:
        place = f"{table} stands outside the tables: {table}=…" if table in Spec.model_fields else None
        raise ExperimentError(unknown("table", table, TABLES), remedy=place)
    return (table,)


def names_component(key: KeyPath) -> bool:
    """Whether the value of the key is the name of a component."""
    return _kind(key) is not None


def _first_key(table: str) -> str:
    return next(iter(TABLES[table].model_fields))


def _kind(key: KeyPath) -> str | None:
    """The kind of component that the key names, if it names one."""
    table = TABLES.get(str(key[0])) if key else None
    return None if table is None or len(key) < 2 else slots(table).get(str(key[-1]))


def _choices(spec: Spec, key: KeyPath) -> dict[str, Choice]:
    """The components named in the table of the key, by slot; none where the table is not there yet."""
    part = getattr(spec, str(key[0]))
    if isinstance(part, tuple):
        index = int(key[1])
        part = part[index] if index < len(part) else None
    return {} if part is None else {slot: getattr(part, slot) for slot in slots(type(part))}


def _dependents(spec: Spec, key: KeyPath) -> dict[KeyPath, str]:
    """The keys that may be dropped when the component at the key changes, each with the name of the one it is of."""
    slot, table = str(key[-1]), key[:-1]
    choice = _choices(spec, key).get(slot)
    if choice is None:
        return {}
    found = {(*table, name): choice.name for own in choice.settings for name in (own, f"{slot}.{own}")}
    if slot == "plugin":
        found |= {("output", "loss"): "", ("input", "encoding"): ""} | _dependents(spec, ("output", "loss"))
    return found


def _name_owners(draft: Draft, spec: Spec, key: KeyPath, value: object, components: Components) -> None:
    """Where the new component has a hyperparameter of the same name as another in its table, say whose the key is."""
    names: Mapping[str, object] = {}
    # A component that is not known is told of, with the nearest name, when the whole is read.
    with contextlib.suppress(LabError):
        names = components.get(str(_kind(key)), str(value)).hyperparameters()
    for slot, choice in _choices(spec, key).items():
        for name in choice.settings:
            if slot != key[-1] and name in names:
                draft.rename((*key[:-1], name), f"{slot}.{name}")


def _farewell(problem: EntryError, owner: str) -> str:
    reason = f"only {owner!r} has it" if problem.unknown_key and owner else problem.message
    return f"{problem.path} was dropped: {reason}"


def _unplaced(error: InvalidExperimentError) -> InvalidExperimentError:
    """The same problems without lines: those of a text that nobody has written would mislead."""
    return InvalidExperimentError.of([problem.with_place(None) for problem in error.problems])
