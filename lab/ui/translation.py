"""Chinese for what the engine says in English: messages and remedies of errors, problems and notes.

A catalogue gives English templates with their Chinese, `"unknown {kind} '{name}'" = "没有名为 '{name}' 的{kind}"`. What
stands in a place is looked up too, so that a kind of component, or a message within a message, is Chinese as well. What
no template fits, such as what a plugin says that brings no catalogue, stays as it is.
"""

import re
import tomllib
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol, final

from lab.resources import resource_folder
from lab.runner.messages import Problem
from lab.ui.words import Text

FILE: Final = "messages.zh.toml"
"""The name of a catalogue; one that stands beside a plugin is for what this plugin says."""

MESSAGES: Final = "messages"
VALUES: Final = "values"
"""What stands within a message."""
FOREIGN: Final = "foreign"
"""What others say who are quoted: the system, Python, libraries."""

_PLACE: Final = re.compile(r"\{(\w+)\}")
_APART: Final = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) +(?=[\u3000-\u9fff\uff00-\uffef])| +(?=[\uff00-\uffef])")
"""A space between two Chinese characters, which was to set apart what turned out to be Chinese, or before a mark."""
_DEEPEST: Final = 6
"""A message may have another one in it, and that one too."""
_FREE: Final = frozenset("choices equation error example file given line message names reason shapes text".split())
"""Places that may have any words; in the others there is one word, something in quotation marks or brackets, or a part
that is known. So what others write is not taken for a message of this program."""
_ONE: Final = re.compile(r"""'[^']*'|"[^"]*"|\[[^\]]*\]|\([^)]*\)""")
_QUOTED: Final = re.compile(r"""(?<=['"])\{(\w+)\}(?=['"])""")
_REMEMBERED: Final = 4096
_NOTHING: Final = Text.plain("")


class Told(Protocol):
    """An error, a problem or a failure."""

    @property
    def message(self) -> str: ...
    @property
    def remedy(self) -> str | None: ...


@final
@dataclass(frozen=True, eq=False)
class Entry:
    """A template in both languages, and the table that it is from."""

    english: str
    chinese: str
    table: str

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """What stands between the places."""
        return tuple(_PLACE.split(self.english)[::2])

    @cached_property
    def weight(self) -> int:
        """How much text of its own it has."""
        return sum(map(len, self.literals))

    @cached_property
    def sure(self) -> tuple[str, str, str]:
        """The beginning, the longest part and the end of what it fits: to look for them is quick."""
        # Of a quotation mark it is not known which of the two it will be.
        longest = max((part for literal in self.literals for part in literal.split("'")), key=len)
        return self.literals[0].partition("'")[0], longest, self.literals[-1].rpartition("'")[2]

    @cached_property
    def quoted(self) -> frozenset[str]:
        """The places in quotation marks: what stands there is a name, and is left alone."""
        return frozenset(_QUOTED.findall(self.english))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a text must be; quotation marks of either kind fit, as Python chooses the one that a name has not."""
        parts = _PLACE.split(self.english)
        made = [
            f"(?P<{part}>.*?)" if place % 2 else re.escape(part).replace("'", "['\"]")
            for place, part in enumerate(parts)
        ]
        return re.compile("".join(made), re.DOTALL)


@final
@dataclass
class Catalogue:
    """Templates of one language. Of those that fit, the one with the most text of its own is taken."""

    entries: list[Entry] = field(default_factory=list)
    _whole: dict[str, Entry] = field(default_factory=dict)
    _by_letter: dict[str, list[tuple[tuple[str, str, str], Entry]]] = field(default_factory=lambda: {"": []})
    """Those with places that can fit a text, by its first letter; under none those that can fit any."""
    _known: dict[str, str] = field(default_factory=dict)

    def read(self, file: Path) -> None:
        """Add the templates of a file; those that came before stay. ValueError where it is no catalogue."""
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        for name, table in tables.items():
            if not isinstance(table, dict) or not all(isinstance(text, str) for text in table.values()):
                raise ValueError(f"[{name}] of {file} is not a table of texts")
            for english, chinese in table.items():
                self._add(Entry(_plain(english), _plain(chinese), name))
        patterns = sorted((one for one in self.entries if len(one.literals) > 1), key=lambda one: -one.weight)
        for letter in {one.sure[0][:1] for one in patterns} | {""}:
            self._by_letter[letter] = [(one.sure, one) for one in patterns if one.sure[0][:1] in (letter, "")]
        self._known.clear()

    def chinese(self, text: str) -> str:
        """The text in Chinese, or as it is where no template fits."""
        if text not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = self._translated(text, 0)
        return self._known[text]

    def found(self, text: str, tables: Container[str] = (MESSAGES,)) -> tuple[Entry, dict[str, str]] | None:
        """The template in these tables that fits a text, and what stands in its places."""
        text = _plain(text)
        # A message may have been made a sentence.
        for said in dict.fromkeys((text, text[:1].lower() + text[1:])):
            if said in self._whole and self._whole[said].table in tables:
                return self._whole[said], {}
            for (begin, longest, end), entry in self._by_letter.get(said[:1], self._by_letter[""]):
                if said.startswith(begin) and longest in said and said.endswith(end) and entry.table in tables:
                    match = entry.pattern.fullmatch(said)
                    if match is not None and self._fits(entry, match):
                        return entry, match.groupdict()
        return None

    def _fits(self, entry: Entry, match: re.Match[str]) -> bool:
        return all(
            name in _FREE or name in entry.quoted or " " not in _ONE.sub("", value) or self.found(value, (VALUES,))
            for name, value in match.groupdict().items()
        )

    def _translated(self, text: str, depth: int) -> str:
        tables = (MESSAGES, VALUES, FOREIGN) if depth else (MESSAGES,)
        found = self.found(text, tables) if text and depth < _DEEPEST else None
        if found is None:
            return text
        entry, places = found
        said = {
            name: value if name in entry.quoted else self._translated(value, depth + 1)
            for name, value in places.items()
        }
        return _APART.sub("", _PLACE.sub(lambda place: said[place[1]], entry.chinese))

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if len(entry.literals) == 1:
            self._whole.setdefault(entry.english, entry)


_shipped: Final = Catalogue()


def add_beside(plugins: Iterable[str]) -> list[Problem]:
    """Add the catalogues that stand beside these files; what is wrong with one is said."""
    problems = []
    for file in sorted({Path(name).parent / FILE for name in plugins}):
        try:
            if file.is_file():
                _load()
                _shipped.read(file)
        except (OSError, ValueError) as error:
            message = f"the translations cannot be read: {error}"
            problems.append(Problem(level="warning", message=message, remedy="Correct this file", file=str(file)))
    return problems


def said(text: str) -> Text:
    """What the engine says, in both languages."""
    _load()
    return Text(text, _shipped.chinese(text)) if text else _NOTHING


def spoken(what: Told) -> Text:
    """A message and its remedy, each as a sentence, in both languages."""
    words = [said(part) for part in (what.message, what.remedy) if part]
    chinese = " ".join(_sentence(one.zh) for one in words)
    return Text(" ".join(_sentence(one.en) for one in words), _APART.sub("", chinese))


def placed(problem: Problem) -> Text:
    """A problem as it is spoken, after the file and the line that it is in, where that is known."""
    if not problem.file:
        return spoken(problem)
    place = Path(problem.file).name + ("" if problem.line is None else f":{problem.line}")
    return Text("{place}: {what}", "{place}：{what}").with_(place=place, what=spoken(problem))


def _load() -> None:
    if not _shipped.entries:
        _shipped.read(resource_folder() / "words" / FILE)


def _plain(text: str) -> str:
    """In one line, without the mark that ends it."""
    return " ".join(text.split()).rstrip(" .;")


def _sentence(text: str) -> str:
    # A name that ends in a dot and letters, as of a key, keeps its small letter.
    text = text[:1].upper() + text[1:] if not text[:1].islower() or "." not in text.partition(" ")[0] else text
    text = text.rstrip(" ;")
    if text.endswith((".", "?", "!", "…", "。", "？", "！")):
        return text
    return text + ("。" if any(letter > "\u2fff" for letter in text) else ".")
