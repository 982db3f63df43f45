"""Words in both languages, side by side where they are used, and the switch between them.

Whoever shows words binds them: they are set at once and again when the language changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Self, final

from PySide6.QtCore import QLocale, QObject, Signal, Slot

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "zh": "简体中文"}


@final
@dataclass(frozen=True, slots=True)
class Text:
    """The same words in English and in Chinese. Placeholders `{name}` are filled by `with_`."""

    en: str
    zh: str

    def with_(self, **values: object) -> "Text":
        """These words with values in their placeholders; a value that is a Text gives each language its own."""

        def chosen(language: str) -> dict[str, object]:
            return {name: getattr(v, language) if isinstance(v, Text) else v for name, v in values.items()}

        return Text(self.en.format(**chosen("en")), self.zh.format(**chosen("zh")))

    @classmethod
    def plain(cls, text: str) -> Self:
        """What is the same in both languages: a name, a number, a formula."""
        return cls(text, text)

    @classmethod
    def of(cls, title: Mapping[str, str], name: str = "") -> Self:
        """The title of a component, by language; `name` where it has none."""
        english = title.get("en") or name
        return cls(english, title.get("zh") or english)

    def __str__(self) -> str:
        return self.zh if language.code == "zh" else self.en


@final
class Language(QObject):
    """The language that is shown. Only `language`, below, is one; tests set it back."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.code = "en"
        self.chinese = True
        """Whether there is a font for Chinese; without one the window keeps to English, which can be read."""

    def use(self, code: str) -> None:
        """Show `en` or `zh`; an empty code asks the system."""
        if not code:
            code = "zh" if QLocale.system().language() == QLocale.Language.Chinese else "en"
        if not self.chinese:
            code = "en"
        if code != self.code:
            self.code = code
            self.changed.emit()


language: Final = Language()


@final
class _Binding(QObject):
    """Sets words again when the language changes, as long as its owner lives."""

    def __init__(self, owner: QObject, show: Callable[[], object]) -> None:
        super().__init__(owner)
        self._show = show
        language.changed.connect(self._again)

    @Slot()
    def _again(self) -> None:
        self._show()


def bind(owner: QObject, setter: Callable[[str], object], text: Text) -> None:
    """Call `setter` with the words now, and again whenever the language changes, until `owner` is gone."""

    def show() -> None:
        setter(str(text))

    show()
    _Binding(owner, show)


def bind_call(owner: QObject, show: Callable[[], object]) -> None:
    """The same for words that are made anew each time: call `show` now and whenever the language changes."""
    show()
    _Binding(owner, show)
