"""The help pages as the tests see them: fenced blocks, tables, links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.resources import resource_folder

ROOT = Path(__file__).parent.parent.parent
HELP = resource_folder() / "help"
LANGUAGES = ("en", "zh")
README = ROOT / "README.md"
NAMES = sorted(path.name for path in (HELP / "en").glob("*.md"))
HOOK_PAGES = {
    "cell": "cells.md",
    "dataset": "datasets.md",
    "algorithm": "algorithms.md",
    "optimizer": "optimizers.md",
    "schedule": "schedules.md",
    "loss": "losses.md",
    "metric": "metrics.md",
    "probe": "probes.md",
}
"""The page of each kind of component; every hook needs one."""

_FENCE = re.compile(r"^```(\w*)(?: title=\"([^\"]*)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file it is to be saved as, and its text."""

    language: str
    title: str
    text: str


def text_of(language: str, name: str) -> str:
    """A page."""
    return (HELP / language / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [Block(*match.groups(default="")) for match in _FENCE.finditer(text)]


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", text)


def codes(text: str) -> list[str]:
    """What stands in backticks."""
    return _CODE.findall(text)


def sections(text: str) -> Iterator[tuple[str, str]]:
    """The heading and the text of each section of the second level."""
    for part in re.split(r"^## ", prose(text), flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        yield heading, body


def cells(line: str) -> list[str]:
    """The cells of one line of a table."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def rows(text: str) -> list[list[str]]:
    """The rows of all tables of a text, without their heads."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if re.fullmatch(r"[|\-]+", line):
            inside = True
        elif line.startswith("|") and inside:
            found.append(cells(line))
        elif not line.startswith("|"):
            inside = False
    return found


def commands(text: str) -> list[str]:
    """The command lines of a page."""
    return [line for block in blocks(text) if block.language == "console" for line in block.text.splitlines()]
