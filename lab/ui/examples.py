"""The shipped experiments as the gallery tells them: a title, one sentence, how long a run takes, and a picture."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lab.resources import resource_folder
from lab.ui.words import Text

GROUPS: Final[Mapping[str, Text]] = {
    "memory": Text("Memory", "记忆"),
    "forecasts": Text("Forecasts", "预测"),
    "text": Text("Text", "文本"),
    "grammars": Text("Grammars", "语法"),
    "dynamics": Text("Dynamics", "动力系统"),
    "by-hand": Text("By hand", "手算"),
}
_LETTERS: Final = 4
_SECONDS: Final = Text("{cell} · about {count} s", "{cell} · 约 {count} 秒")
_MINUTES: Final = Text("{cell} · about {count} min", "{cell} · 约 {count} 分钟")
_LONGEST: Final = 90
"""Characters of a sentence on a card, where it is taken from the note of the experiment."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One card. `arrays` is what its picture is drawn from, empty where there is none."""

    path: Path
    title: Text
    sentence: Text
    foot: Text
    group: str = ""
    last: int = 0
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def examples(paths: Sequence[Path]) -> list[Example]:
    """A card for each experiment file that can be read: the known ones in their order, then the others by name."""
    known = _table()
    order = {name: place for place, name in enumerate(known)}
    found = [_example(path, known.get(path.stem, {})) for path in paths]
    made = [one for one in found if one is not None]
    return sorted(made, key=lambda one: (order.get(one.path.stem, len(order)), one.path.stem))


def shipped() -> list[Path]:
    """The experiment files that come along."""
    return sorted((resource_folder() / "experiments").glob("*.toml"))


def _table() -> dict[str, dict[str, Any]]:
    try:
        return tomllib.loads((resource_folder() / "gallery" / "gallery.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return {}


def _example(path: Path, card: Mapping[str, Any]) -> Example | None:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    name = str(tables.get("name") or path.stem)
    english = str(card.get("en") or _first_sentence(tables.get("note")))
    chinese = str(card.get("zh") or _first_sentence(tables.get("note_zh")) or english)
    return Example(
        path,
        Text(name, str(tables.get("name_zh") or name)),
        Text(english, chinese),
        _foot(tables, card.get("seconds")),
        str(card.get("group", "")),
        int(card.get("last", 0)),
        _arrays(path.stem),
    )


def _foot(tables: Mapping[str, Any], seconds: Any) -> Text:
    match tables.get("layers"):
        case [{"cell": str(cell)}, *_]:
            pass
        case _:
            cell = ""
    cell = cell.upper() if len(cell) <= _LETTERS else cell.capitalize()
    if not isinstance(seconds, int):
        return Text.plain(cell)
    if seconds < 120:
        return _SECONDS.with_(cell=cell, count=seconds)
    return _MINUTES.with_(cell=cell, count=round(seconds / 60))


def _first_sentence(note: object) -> str:
    text = " ".join(str(note or "").split())
    ends = [place + 1 for stop in (". ", "。") if (place := text.find(stop)) >= 0]
    sentence = text[: min(ends)] if ends else text
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1].rstrip() + "…"


def _arrays(name: str) -> dict[str, NDArray[Any]]:
    path = resource_folder() / "gallery" / f"{name}.npz"
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except (OSError, ValueError):
        return {}
