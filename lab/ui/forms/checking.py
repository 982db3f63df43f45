"""From what a person types to a value, or to why it cannot be one, in words."""

import csv
import io
import math
from typing import Any, Final, final

from lab.errors import LabError, nearest
from lab.experiment.problems import EntryError
from lab.ui.forms.fields import Field, Kind
from lab.ui.forms.numbers import parsed, shown
from lab.ui.translation import spoken
from lab.ui.words import Text

_LONGEST: Final = 24
"""Characters of a wrong value that are repeated."""


@final
class RefusedError(LabError):
    """What was typed is no value of the field. `why` says so in both languages."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


def value_of(field: Field, text: str) -> object:
    """The value that `text` is; None for nothing where a field may be empty. RefusedError says why it is none."""
    if field.kind == "list":
        return [_scalar(field, item.strip(), field.item) for item in _items(text)]
    if field.optional and not text.strip():
        return None
    if field.path.endswith("checkpoint_every") and text.strip().isdecimal():
        return int(text)
    return _scalar(field, text, field.kind)


def text_of(field: Field, value: object) -> str:
    """A value as the field shows it."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return _joined([shown(item) for item in value])
    return str(name_of(field, value)) if field.options else shown(value)


def name_of(field: Field, value: object) -> Text:
    """What one of the options is called; the value itself where it is none of them."""
    return next((name for option, name in field.options if option == value), Text.plain(str(value)))


def allowed(field: Field) -> Text:
    """What a value must be: "a number from 0 to 1"."""
    kind = field.item if field.kind == "list" else field.kind
    if field.options:
        listed = [name for _, name in field.options]
        names = Text(", ".join(name.en for name in listed), "、".join(name.zh for name in listed))
        return Text("one of {names}", "{names}之一").with_(names=names)
    if kind not in ("whole", "real"):
        return Text("text", "文本")
    noun = Text("a whole number", "整数") if kind == "whole" else Text("a number", "数")
    if field.kind == "list":
        noun = Text("whole numbers", "整数") if kind == "whole" else Text("numbers", "数")
    low = field.low if field.low is not None and math.isfinite(field.low) else None
    high = field.high if field.high is not None and math.isfinite(field.high) else None
    if field.below is not None and field.kind == "real":
        sentence = Text("{noun} from {low}, below {high}", "不小于 {low} 且小于 {high} 的{noun}")
        return sentence.with_(noun=noun, low=_limit(low or 0), high=_limit(field.below))
    high = field.top if field.below is not None else high
    if low is not None and high is not None:
        return Text("{noun} from {low} to {high}", "{low} 到 {high} 之间的{noun}").with_(
            noun=noun, low=_limit(low), high=_limit(high)
        )
    if low is not None:
        return Text("{noun} of at least {low}", "不小于 {low} 的{noun}").with_(noun=noun, low=_limit(low))
    if high is not None:
        return Text("{noun} of at most {high}", "不大于 {high} 的{noun}").with_(noun=noun, high=_limit(high))
    return noun


def check(field: Field, value: Any) -> Text | None:
    """Why a value of the right form cannot be that of the field, or None."""
    if field.kind == "list":
        if not isinstance(value, list | tuple):
            return _not(field, value)
        return next((why for item in value if (why := _check_one(field, item, field.item)) is not None), None)
    return None if value is None and field.optional else _check_one(field, value, field.kind)


def explained(problem: EntryError, field: Field | None, given: object) -> Text:
    """What is wrong with a key of the experiment, in both languages where its declaration tells it."""
    if field is not None and given is not None:
        why = check(field, given)
        if why is not None:
            guess = nearest(given, [str(one) for one, _ in field.options]) if isinstance(given, str) else None
            return why if guess is None else _asked(str(given), guess)
    if problem.unknown_key:
        name = str(problem.key[-1])
        known = problem.message.rpartition("did you mean ")[2]
        if known != problem.message:
            asked = Text("Unknown key {name}; did you mean {guess}?", "没有名为 {name} 的键，是否指 {guess}？")
            return asked.with_(name=name, guess=known.strip("'?"))
        return Text("Unknown key {name}.", "没有名为 {name} 的键。").with_(name=name)
    if problem.key == ("input", "encoding"):
        return Text(
            "This dataset has symbols: use one-hot or an embedding.", "此数据集的输入是符号：请用独热编码或嵌入。"
        )
    if problem.key == ("output", "loss"):
        fitting = (problem.remedy or "").partition("'")[2].partition("'")[0]
        return Text("Does not fit the task of this dataset. {hint}", "与此数据集的任务不符。{hint}").with_(
            hint=Text("Use {name}.", "请用 {name}。").with_(name=_option(field, fitting)) if fitting else ""
        )
    return spoken(problem)


def _scalar(field: Field, text: str, kind: Kind) -> object:
    if kind not in ("whole", "real"):
        return text if kind == "lines" else text.strip()
    if not text.strip():
        raise RefusedError(Text("Needs {allowed}.", "请填写{allowed}。").with_(allowed=_apart(allowed(field))))
    value = parsed(text, whole=kind == "whole")
    if value is None:
        raise RefusedError(_not(field, text.strip()))
    if _check_one(field, value, kind) is not None:
        raise RefusedError(_not(field, text.strip().replace("-", "−")))
    return value


def _check_one(field: Field, value: Any, kind: Kind) -> Text | None:
    if field.options:
        return None if any(option == value for option, _ in field.options) else _not(field, value)
    if kind == "flag":
        return None if isinstance(value, bool) else Text("Must be on or off.", "须为开或关。")
    if kind not in ("whole", "real"):
        return None
    fits = isinstance(value, int | float if kind == "real" else int) and not isinstance(value, bool)
    if not fits or math.isnan(value) or (math.isinf(value) and value not in (field.low, field.high)):
        return _not(field, value)
    if (field.low is not None and value < field.low) or (field.high is not None and value > field.high):
        return _not(field, value)
    return _not(field, value) if field.below is not None and value >= field.below else None


def _not(field: Field, value: object) -> Text:
    given = shown(value)
    given = given if len(given) <= _LONGEST else given[:_LONGEST] + "…"
    sentence = Text("Must be {allowed}, not {given}.", "须为{allowed}，不能是 {given}。")
    return sentence.with_(allowed=_apart(allowed(field)), given=given)


def _asked(given: str, guess: str) -> Text:
    return Text("There is no {given}; did you mean {guess}?", "没有 {given}，是否指 {guess}？").with_(
        given=given, guess=guess
    )


def _apart(words: Text) -> Text:
    """With a space before figures and Latin letters, which follow Chinese ones."""
    return Text(words.en, words.zh if words.zh[:1] > "\u2fff" else f" {words.zh}")


def _option(field: Field | None, name: str) -> Text:
    return Text.plain(name) if field is None else name_of(field, name)


def _limit(value: float) -> str:
    return f"{int(value):,}".replace(",", "\u00a0").replace("-", "−") if value == int(value) else shown(float(value))


def _items(text: str) -> list[str]:
    """The items of a list, set apart by commas of any script; quotes keep a comma inside."""
    plain = text.replace("，", ",").replace("、", ",").strip()
    return next(csv.reader([plain], skipinitialspace=True), []) if plain else []


def _joined(items: list[str]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(items)
    return row.getvalue().replace(",", ", ") if not any("," in item for item in items) else row.getvalue()
