"""What is asked for to learn from a file of data, and what is said of the answers."""

from collections.abc import Mapping, Sequence
from typing import Final

from lab.experiment.file import read_text
from lab.registry.catalog import Catalog
from lab.ui.datafile import Look, Task
from lab.ui.forms.fields import Field, of_hyperparameter
from lab.ui.labels import choice_of
from lab.ui.preview import why_not
from lab.ui.words import Text

_OWN: Final[Mapping[Task, tuple[str, ...]]] = {
    "table": ("horizon", "window", "validation_share", "test_share", "unit"),
    "characters": ("window", "lowercase"),
}
"""The hyperparameters of each dataset that are asked for."""
_NO_NUMBERS: Final = Text(
    "No column is numbers. Choose a file with a column of numbers, or predict the next character.",
    "没有数值列。请选择含数值列的文件，或改为预测下一个字符。",
)


def settings_of(look: Look, catalog: Catalog) -> list[Field]:
    """What is asked for: as the dataset declares it, the target from the columns there are.

    PluginError where there is no such dataset.
    """
    fields = []
    if look.task == "table":
        options: tuple[tuple[object, Text], ...] = tuple((name, Text.plain(name)) for name in look.usable)
        words = Text("The column that is predicted", "要预测的列")
        last = look.usable[-1] if look.usable else ""
        options = options or (("", Text("None", "无")),)
        fields.append(_choice("dataset.target", Text("Target", "预测列"), words, options, last))
    declared = catalog.get("dataset", look.task).hyperparameters()
    fields += [of_hyperparameter(f"dataset.{name}", declared[name]) for name in _OWN[look.task] if name in declared]
    if look.task == "characters":
        words = Text("How a character becomes a vector", "字符如何变成向量")
        choices: tuple[tuple[object, Text], ...] = tuple((name, choice_of(name)) for name in ("one-hot", "embedding"))
        fields.append(_choice("input.encoding", Text("Encoding", "输入编码"), words, choices, "one-hot"))
    return fields


def described(look: Look, ticked: Sequence[str], values: Mapping[str, object]) -> tuple[Text, str]:
    """What was found in a file, and how serious that is: `good`, `warning` or `error`."""
    if look.task == "table":
        return _rows(look, ticked, values)
    found = Text("{n} characters, {k} different ones.", "{n} 个字符，其中不同的有 {k} 个。")
    return found.with_(n=f"{look.characters:,}", k=look.symbols), "good"


def _rows(look: Look, ticked: Sequence[str], values: Mapping[str, object]) -> tuple[Text, str]:
    """Rows, how they are split, and which columns cannot be read."""
    if not look.usable:
        first = next((column for column in look.columns if column.numeric), None)
        if first is not None:
            return why_not(first), "error"
        return _NO_NUMBERS, "error"
    if not ticked:
        return Text("Choose at least one column to read.", "请至少选择一列。"), "error"
    rows = 0 if look.table is None else len(look.table)
    tested = round(rows * _share(values.get("test_share")))
    validating = round(rows * _share(values.get("validation_share")))
    found = Text(
        "{rows} rows: {train} to train, {validation} to validate, {test} to test.",
        "共 {rows} 行：训练 {train}，验证 {validation}，测试 {test}。",
    )
    train = max(rows - tested - validating, 0)
    told = found.with_(rows=f"{rows:,}", train=f"{train:,}", validation=f"{validating:,}", test=f"{tested:,}")
    gaps = [column for column in look.columns if column.numeric and not column.usable]
    if gaps:
        return Text("{told} {gap}", "{told}{gap}").with_(told=told, gap=why_not(gaps[0])), "warning"
    return told, "good"


def _choice(path: str, label: Text, words: Text, options: tuple[tuple[object, Text], ...], default: str) -> Field:
    return Field(
        path=path, kind="choice", label=label, help=words, unit=Text.plain(""), options=options, default=default
    )


def _share(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def check(text: str, catalog: Catalog) -> None:
    """Make all ready as the experiment would, data and network. LabError where that cannot be."""
    from lab.training.setup import set_up  # the start of the window does without

    set_up(read_text(text, catalog).spec, catalog)
