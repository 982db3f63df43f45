"""The pages as texts: the same in both languages, complete, and with links that lead somewhere."""

import re

import pytest

import lab.api
from lab.components.hookspecs import KINDS
from tests.help.pages import HELP, HOOK_PAGES, LANGUAGES, NAMES, README, blocks, cells, codes, prose, text_of

CHINESE = re.compile(r"[一-鿿]")


def test_both_languages_have_the_same_pages() -> None:
    assert NAMES
    assert sorted(path.name for path in (HELP / "zh").iterdir()) == NAMES
    assert sorted(path.name for path in (HELP / "en").iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_show_the_same_code(name: str) -> None:
    assert blocks(text_of("zh", name)) == blocks(text_of("en", name))


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_structure(name: str) -> None:
    english, chinese = (prose(text_of(language, name)) for language in LANGUAGES)

    def shape(text: str) -> list[str]:
        """Headings by level, and tables row by row with their number of cells."""
        found = []
        for line in text.splitlines():
            if line.startswith("#"):
                found.append(line.split(" ")[0])
            elif line.startswith("|"):
                found.append(f"row of {len(cells(line))}")
        return found

    assert shape(chinese) == shape(english)


@pytest.mark.parametrize("name", NAMES)
def test_the_chinese_page_is_chinese(name: str) -> None:
    # A paragraph of prose, or a heading that is not a name from the file format, has Chinese words.
    for paragraph in re.split(r"\n\n+", prose(text_of("zh", name))):
        plain = re.sub(r"`[^`]*`", "", paragraph).strip()
        if re.search(r"[A-Za-z]{4}", plain):
            assert CHINESE.search(plain), paragraph


@pytest.mark.parametrize("name", NAMES)
def test_the_english_page_is_english(name: str) -> None:
    assert not CHINESE.search(prose(text_of("en", name)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_page(language: str, name: str) -> None:
    targets = re.findall(r"\]\(([^)]*)\)", text_of(language, name))
    assert [target for target in targets if not (HELP / language / target).is_file()] == []


def test_links_of_the_readme_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]*)\)", README.read_text(encoding="utf-8"))
    assert [one for one in targets if not (README.parent / one).exists()] == []


def test_every_kind_of_component_has_a_page() -> None:
    assert HOOK_PAGES.keys() == KINDS.keys()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_hook_has_a_page_with_an_example(kind: str, language: str) -> None:
    page = text_of(language, HOOK_PAGES[kind])
    examples = [block.text for block in blocks(page) if block.language == "python" and block.title.endswith(".py")]
    assert any(f"@hookimpl\ndef {KINDS[kind].hook}():\n" in text for text in examples)
    assert f"`{KINDS[kind].hook}`" in text_of(language, "plugins.md")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_of_the_interface_is_explained(language: str) -> None:
    said = set()
    for name in NAMES:
        text = text_of(language, name)
        said |= {word for code in codes(prose(text)) for word in re.findall(r"\w+", code)}
        said |= {word for block in blocks(text) for word in re.findall(r"\w+", block.text)}
    assert sorted(set(lab.api.__all__) - said) == []
