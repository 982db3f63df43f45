"""What can be shown of an experiment that is wrong: all of it but the entries that are at fault."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tomlkit.exceptions import TOMLKitError

from lab.errors import LabError, nearest
from lab.experiment.draft import Draft
from lab.experiment.file import Document, read_text
from lab.experiment.layout import TABLES, slots
from lab.experiment.lines import KeyPath
from lab.experiment.problems import EntryError, InvalidExperimentError
from lab.experiment.resolve import Components

_ROUNDS: Final = 100
"""Each round takes something wrong out, and what is left may be wrong for another reason."""

_ONE_OF_TWO: Final[Mapping[KeyPath, KeyPath]] = {("training",): ("training", "updates"), ("input",): ("input", "size")}
"""What is taken out where two keys of a table contradict each other."""

_FIRST: Final[Mapping[str, str]] = {"dataset": "airline-passengers", "cell": "lstm"}
"""The component that stands in for one that is not named, if there is one of this name."""


def repaired(text: str, components: Components, *, file: Path | None = None) -> Document | None:
    """The experiment without what is wrong in it, so that every key at fault has its default.

    None where the text is no TOML, or where nothing of it is left.
    """
    try:
        draft = Draft(text)
        for _ in range(_ROUNDS):
            try:
                return read_text(draft.text, components, file=file)
            except InvalidExperimentError as error:
                mended = [_mended(draft, problem, components) for problem in error.problems]
                if not any(mended):
                    return None
    except (TOMLKitError, LabError, RecursionError, ValueError):
        return None
    return None


def written(text: str) -> dict[str, Any]:
    """The tables of a text as they are written; none where it is no TOML."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):  # what is no TOML raises a ValueError
        return {}


def written_at(tables: object, key: KeyPath) -> object:
    """What stands at a key in such tables. KeyError where nothing does."""
    for part in key:
        if isinstance(part, int):
            if not isinstance(tables, list) or part >= len(tables):
                raise KeyError(part)
            tables = tables[part]
        elif isinstance(tables, dict):
            tables = tables[part]
        else:
            raise KeyError(part)
    return tables


def _mended(draft: Draft, problem: EntryError, components: Components) -> bool:
    """Take what is wrong out of the draft, or put in what is missing; whether anything could be done."""
    key = problem.key
    kind = slots(TABLES[str(key[0])]).get(str(key[-1])) if key and str(key[0]) in TABLES else None
    if kind is not None:
        return _stand_in(draft, key, kind, components)
    if key in _ONE_OF_TWO and draft.drop(_ONE_OF_TWO[key]):
        return True
    for length in range(len(key), 0, -1):
        if draft.drop(key[:length]):
            return True
    if key == ("dataset",):
        return _stand_in(draft, ("dataset", "plugin"), "dataset", components)
    return key == ("layers",) and _stand_in(draft, ("layers", 0, "cell"), "cell", components)


def _stand_in(draft: Draft, key: KeyPath, kind: str, components: Components) -> bool:
    """Name a component that there is: the one that was probably meant, or else a usual one."""
    names = components.names(kind)
    try:
        given = written_at(written(draft.text), key)
    except KeyError:
        given = None
    wanted = nearest(given, names) if isinstance(given, str) and given not in names else None
    usual = _FIRST.get(kind)
    choice = wanted or (usual if usual in names else next(iter(names), None))
    if (given is not None and choice is None) or choice == given or kind not in _FIRST:
        return draft.drop(key)
    if choice is None:
        return False
    draft.put(key, choice)
    return True
