"""The settings of the window: declared as data, kept in one TOML file, followed at once."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import platformdirs
import tomlkit
from PySide6.QtCore import QByteArray, QObject, Signal

from lab.experiment.atomic import write_atomically
from lab.runner.messages import Problem
from lab.ui.theme import theme
from lab.ui.words import LANGUAGES, Text, language

NOTHING: Final = Text("", "")


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. It has `choices` (value and words), or a range with a step and a unit, or is a folder."""

    key: str
    default: str | int | float
    title: Text
    hint: Text
    choices: Sequence[tuple[str, Text]] = ()
    lowest: float = 0
    highest: float = 0
    step: float = 1
    unit: Text = NOTHING
    zero: Text = NOTHING
    """What 0 is shown as, where it has a meaning of its own."""
    folder: bool = False

    def accepts(self, value: object) -> bool:
        """Whether a value, as it stands in the file, is one of this setting."""
        if self.choices:
            return any(value == choice for choice, _ in self.choices)
        if isinstance(self.default, str):
            return isinstance(value, str)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.lowest <= value <= self.highest and (isinstance(self.default, float) or isinstance(value, int))


SETTINGS: Final = (
    Setting(
        "language",
        "",
        Text("Language", "语言"),
        Text("Words change at once.", "文字立即切换。"),
        choices=[
            ("", Text("Follow the system", "跟随系统")),
            *((code, Text.plain(name)) for code, name in LANGUAGES.items()),
        ],
    ),
    Setting(
        "theme",
        "system",
        Text("Theme", "主题"),
        Text("Colours of the window and of all views.", "窗口和所有视图的颜色。"),
        choices=[
            ("system", Text("Follow the system", "跟随系统")),
            ("light", Text("Light", "浅色")),
            ("dark", Text("Dark", "深色")),
        ],
    ),
    Setting(
        "text_size",
        100,
        Text("Text size", "文字大小"),
        Text("On top of the scaling of the screen.", "在屏幕缩放之外再缩放。"),
        lowest=80,
        highest=200,
        step=10,
        unit=Text.plain("%"),
    ),
    Setting(
        "runs_folder",
        "",
        Text("Folder of runs", "运行记录文件夹"),
        Text("Empty: the usual one. Used from the next start on.", "留空则用默认文件夹。下次启动时生效。"),
        folder=True,
    ),
    Setting(
        "plugins_folder",
        "",
        Text("Folder of plugins", "插件文件夹"),
        Text("Beside the usual one. Used from the next start on.", "默认文件夹之外的另一处。下次启动时生效。"),
        folder=True,
    ),
    Setting(
        "disk_budget",
        10.0,
        Text("Disk for runs", "运行记录占用"),
        Text("Beyond it, you are asked which runs to delete.", "超过时会询问删除哪些运行记录。"),
        highest=10_000,
        unit=Text.plain("GB"),
        zero=Text("no limit", "不限"),
    ),
    Setting(
        "threads",
        0,
        Text("Threads", "线程数"),
        Text(
            "Of the runs that begin from now on; one leaves the rest to other programs.",
            "用于之后开始的运行；设为 1 可把其余核心留给其他程序。",
        ),
        highest=max(1, os.cpu_count() or 1),
        zero=Text("all cores", "全部核心"),
    ),
)

_BY_KEY: Final = {setting.key: setting for setting in SETTINGS}


def settings_file() -> Path:
    """The file of settings of the person who runs the program."""
    return platformdirs.user_config_path("rnn-lab", appauthor=False) / "settings.toml"


@final
class Settings(QObject):
    """The settings, read from a file and written back at each change. A file with errors costs only what is wrong.

    Beside the declared settings it keeps arrangements of the window, bytes by name.
    `problems` is what was wrong with the file; what cannot be written is sent by `failed`, once.
    """

    changed = Signal(str)
    """The key of a setting that has another value now."""
    failed = Signal(object)

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = settings_file() if path is None else path
        self.problems: list[Problem] = []
        self._values: dict[str, Any] = {}
        self._arrangement: dict[str, str] = {}
        self._told = False
        self._read()

    def value(self, key: str) -> Any:
        """The value of a setting. KeyError for one that is not declared."""
        return self._values.get(key, _BY_KEY[key].default)

    def set_value(self, key: str, value: str | int | float) -> None:
        """Change a setting and write the file. ValueError for a value that it does not take."""
        setting = _BY_KEY[key]
        if not setting.accepts(value):
            raise ValueError(f"{key} cannot be {value!r}")
        if value == self.value(key):
            return
        self._values[key] = value
        if value == setting.default:
            del self._values[key]
        self._write({key: self._values.get(key)})
        self.changed.emit(key)

    def reset(self) -> None:
        """All declared settings at their defaults."""
        for setting in SETTINGS:
            self.set_value(setting.key, setting.default)

    def arrangements(self) -> list[str]:
        """The names of all arrangements that are kept."""
        return list(self._arrangement)

    def arrangement(self, name: str) -> QByteArray:
        """The arrangement kept under a name, empty where there is none."""
        return QByteArray.fromBase64(QByteArray(self._arrangement.get(name, "").encode()))

    def keep_arrangements(self, kept: Mapping[str, QByteArray]) -> None:
        """Keep these arrangements and no others."""
        self._arrangement = {name: bytes(state.toBase64().data()).decode("ascii") for name, state in kept.items()}
        self._write({"arrangement": self._arrangement or None})

    def _read(self) -> None:
        try:
            read = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            remedy = f"They are at their defaults now; if one is changed, this file is kept as {self._aside.name}."
            self._complain(f"the settings cannot be read: {error}", remedy)
            return
        for key, value in read.items():
            setting = _BY_KEY.get(key)
            if setting is not None:
                if setting.accepts(value):
                    self._values[key] = value
                else:
                    self._complain(f"the setting {key} cannot be {value!r}", "Its default is used.")
            elif key == "arrangement" and isinstance(value, dict):
                self._arrangement = {name: one for name, one in value.items() if isinstance(one, str)}

    def _write(self, changes: Mapping[str, Any]) -> None:
        """Write changed keys only: another window may have changed others since."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            document = self._document()
            for key, value in changes.items():
                document.pop(key, None)
                if value is not None:
                    document[key] = value
            _put(self.path, tomlkit.dumps(document))
        except OSError as error:
            if not self._told:
                self._told = True
                self.failed.emit(
                    Problem(
                        level="warning",
                        message=f"the settings cannot be written: {error}",
                        remedy="They hold until the window is closed.",
                        file=str(self.path),
                    )
                )

    def _document(self) -> tomlkit.TOMLDocument:
        try:
            return tomlkit.parse(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return tomlkit.document()
        except ValueError:  # one mistake in it is no reason to lose the rest
            self.path.replace(self._aside)
            return tomlkit.document()

    @property
    def _aside(self) -> Path:
        return self.path.with_name(f"{self.path.stem}-unread{self.path.suffix}")

    def _complain(self, message: str, remedy: str) -> None:
        self.problems.append(Problem(level="warning", message=message, remedy=remedy, file=str(self.path)))


def _put(path: Path, text: str) -> None:
    def write(part: Path) -> None:
        part.write_text(text, encoding="utf-8")

    write_atomically(path, write)


def follow(settings: Settings) -> None:
    """Show the language, the theme and the size of text that are set, now and after each change."""

    def show(key: str) -> None:
        if key == "language":
            language.use(settings.value("language"))
        elif key == "theme":
            theme.use(settings.value("theme"))
        elif key == "text_size":
            theme.use_text_size(settings.value("text_size") / 100)

    for key in ("theme", "text_size", "language"):
        show(key)
    settings.changed.connect(show)
