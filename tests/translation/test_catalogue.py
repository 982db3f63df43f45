"""The catalogue of what the engine says: nothing is missing, nothing is left over, and nothing is lost on the way."""

import re
import time
from collections.abc import Iterator

import pytest

from lab.components.hookspecs import KINDS
from lab.resources import resource_folder
from lab.ui.translation import FILE, FOREIGN, MESSAGES, VALUES, Catalogue
from tests.translation.sites import HOLE, sites

PLACE = re.compile(r"\{(\w+)\}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
CODE = re.compile(
    r"""'[^']*'|"[^"]*"|\[[^\]]*\]|\([^)]*\)|--\S+|[\w./]*[._/*][\w./]*|def |pip install"""
    r"|return |class |runs? (list|export RUN)|from lab.api import|RNN Lab|if、and、or、not"
)
"""What is the same in every language: names, code and options."""
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}|\b(is|not|the|of|must|cannot|each|or|and)\b")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    made = Catalogue()
    made.read(resource_folder() / "words" / FILE)
    return made


def marked(text: str) -> str:
    """With a mark in each place that only a run can fill."""
    parts = text.split(HOLE)
    return "".join(part + (f"⟨{place}⟩" if place < len(parts) - 1 else "") for place, part in enumerate(parts))


def used(catalogue: Catalogue, text: str, tables: tuple[str, ...] = (MESSAGES,)) -> Iterator[str]:
    found = catalogue.found(text, tables) if text else None
    if found is not None:
        yield found[0].english
        for value in (value for name, value in found[1].items() if name not in found[0].quoted):
            yield from used(catalogue, value, (MESSAGES, VALUES, FOREIGN))


def test_the_source_is_read() -> None:
    texts = {site.text for site in sites()}
    assert len(texts) > 1000
    assert "the file is empty" in texts
    assert f"unknown hyperparameter of cell '{HOLE}': '{HOLE}'; did you mean '{HOLE}'?" in texts
    assert f"{HOLE} of cell '{HOLE}' must be a number from {HOLE} to {HOLE}, not {HOLE}" in texts
    assert "Make layers smaller, or set training.batch_size or the dataset's length lower" in texts


def test_every_text_has_an_entry(catalogue: Catalogue) -> None:
    """Chinese for all that the source can say, with all that it fills in, and no English left."""
    wrong = []
    for site in sites():
        english = marked(site.text)
        chinese = catalogue.chinese(english)
        left = ENGLISH.search(CODE.sub("", chinese))
        marks = re.findall(r"⟨\d+⟩", english)
        if not CHINESE.search(chinese) or left or any(mark not in chinese for mark in marks):
            wrong.append(f"{site.place}: {english}\n    {chinese}")
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:60])


def test_no_entry_is_left_over(catalogue: Catalogue) -> None:
    """Each is what some text of the source needs; what others than this program say cannot be found in its source."""
    needed = {entry for site in sites() for entry in used(catalogue, marked(site.text))}
    for kind in (*KINDS, "view"):
        for text in (kind, f"{kind} 'x'"):
            assert CHINESE.search(catalogue.chinese(f"unknown {text}: 'y'").partition("的")[2]), text
            needed |= set(used(catalogue, f"unknown {text}: 'y'"))
    for choices in ("'a' or 'b'", "'a', 'b' or 'c'"):  # as pydantic lists them
        assert " 或 " in catalogue.chinese(f"x must be {choices}, not 'd'"), choices
        needed |= set(used(catalogue, f"x must be {choices}, not 'd'"))
    for split in ("train", "validation", "test"):
        assert catalogue.chinese(f"there is no {split} split").endswith("集"), split
        needed |= set(used(catalogue, f"there is no {split} split"))
    left = [one.english for one in catalogue.entries if one.table != FOREIGN and one.english not in needed]
    assert not left


def test_both_sides_have_the_same_places(catalogue: Catalogue) -> None:
    for entry in catalogue.entries:
        places = PLACE.findall(entry.english)
        assert len(set(places)) == len(places), entry.english
        assert set(places) - {"number"} == set(PLACE.findall(entry.chinese)) - {"number"}, entry.english


def test_what_is_not_known_stays(catalogue: Catalogue) -> None:
    text = "the frobnicator of this plugin has no oil"
    assert catalogue.chinese(text) == text
    assert catalogue.chinese("") == ""
    assert catalogue.chinese(f"cell 'x' failed: ValueError: {text}") == f"单元 'x' 出错：ValueError: {text}"


def test_values_are_not_messages(catalogue: Catalogue) -> None:
    """A file or a column that is called as a word of the catalogue is not translated by itself."""
    assert catalogue.chinese("test") == "test"
    assert catalogue.chinese("unknown column 'test'") == "没有名为 'test' 的列"
    assert catalogue.chinese("unknown column \"it's\"; did you mean 'its'?") == ("没有名为 'it's' 的列，是否指 'its'？")


def test_looking_up_is_quick(catalogue: Catalogue) -> None:
    texts = [f"unknown key in [training]: 'name{number}'; did you mean 'names'?" for number in range(1000)]
    texts[::2] = [f"something else that number {number} says" for number in range(500)]
    catalogue.chinese("unknown key in [training]: 'x'; did you mean 'y'?")
    start = time.process_time()
    for text in texts:
        catalogue.chinese(text)
    assert time.process_time() - start < 0.5
