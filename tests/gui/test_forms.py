"""The form: made from what components declare, edited by keyboard, with what is refused explained in place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from lab.experiment.values import values_of
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.resources import resource_folder
from lab.runner.messages import WorkerState
from lab.ui.document import OpenDocument
from lab.ui.forms import ExperimentPanel
from lab.ui.forms.editors import ChoiceEditor, LineEditor, LinesEditor
from lab.ui.forms.fields import Field, of_hyperparameter, sections
from lab.ui.forms.numbers import parsed, shown, stepped
from lab.ui.forms.row import Row
from lab.ui.labels import KEYS
from lab.ui.words import Text, language

THE_SAME = {
    "ReLU": "a name that Chinese texts write in Latin letters",
    "aⁿbⁿ": "a formula",
    "aⁿbⁿcⁿ": "a formula",
    "float32": "the name of a type",
    "float64": "the name of a type",
}
"""Words of the form that are the same in both languages, and why."""
EXPERIMENTS = sorted((resource_folder() / "experiments").glob("*.toml"))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def document(qapp: object, catalog: Catalog) -> Iterator[OpenDocument]:
    document = OpenDocument(catalog)
    document.open(resource_folder() / "experiments" / "airline.toml")
    yield document
    document.deleteLater()


@pytest.fixture
def panel(qtbot: QtBot, document: OpenDocument, catalog: Catalog) -> ExperimentPanel:
    panel = ExperimentPanel(document, catalog)
    qtbot.addWidget(panel)
    panel.resize(288, 900)
    panel.show()
    panel.activateWindow()
    return panel


def row(panel: ExperimentPanel, path: str) -> Row:
    found = panel.row(path)
    assert found is not None, path
    return found


def line(panel: ExperimentPanel, path: str) -> LineEditor:
    control = row(panel, path).control
    assert isinstance(control, LineEditor)
    return control


def type_in(panel: ExperimentPanel, path: str, text: str, *, commit: bool = True) -> LineEditor:
    field = line(panel, path)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    if commit:
        QTest.keyClick(field, Qt.Key.Key_Return)
    return field


def learning_rate(document: OpenDocument) -> float:
    assert document.document is not None
    return document.document.spec.training.learning_rate


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.001, "0.001"), (1e-5, "0.00001"), (1e-8, "1e−8"), (-3.5, "−3.5"), (1.0, "1.0"), (0.0, "0"), (7, "7")],
)
def test_numbers_keep_every_digit(value: float, text: str) -> None:
    assert shown(value) == text
    assert parsed(text, whole=isinstance(value, int)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("−2", -2.0), ("０.５", 0.5), ("10 000", 10000.0), ("1,5", None), ("nan", None)],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float | None) -> None:
    assert parsed(text, whole=False) == value


def test_whole_numbers_may_be_written_with_an_exponent() -> None:
    assert parsed("1e3", whole=True) == 1000
    assert parsed("1.5", whole=True) is None


def test_steps_are_of_magnitude_where_the_range_is() -> None:
    rate = 0.01
    for wanted in (0.02, 0.05, 0.1, 0.2):
        rate = stepped(rate, True, 0.0, None, whole=False)
        assert rate == wanted
    assert stepped(0.0, True, 0.0, None, whole=False) == 1e-4
    assert stepped(1e-9, False, 0.0, None, whole=False) == 0.0
    assert stepped(32, True, 1, 1_000_000, whole=True) == 64
    assert stepped(500, True, 0, 10**12, whole=True) == 1000
    assert stepped(0.999, True, 0.0, 1.0, whole=False) == 1.0
    assert stepped(0.5, True, 0.0, 1.0, whole=False) == 0.55
    assert stepped(1.0, True, 0.0, 1.0, whole=False) == 1.0
    assert stepped(0.01, True, 0.0, None, whole=False, fine=True) == 0.02


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_key_of_an_experiment_has_a_field_in_both_languages(
    document: OpenDocument, catalog: Catalog, path: Path
) -> None:
    document.open(path)
    assert document.document is not None
    fields = [field for group in sections(document.document.spec, catalog).values() for field in group]
    # Weights set by hand are numbers of the file; they are seen and changed where weights are drawn.
    values = {key: value for key, value in values_of(document.document.spec).items() if not key.startswith("weights.")}
    assert {field.path for field in fields} == set(values) - {"version"} - {
        "input.size" if values["input.size"] is None else ""
    } | {"weights.file"}
    for field in fields:
        for words in (field.label, field.help):
            assert words.en or field.kind == "choice", field.path
            assert any(letter > "\u2fff" for letter in words.zh) or words.zh in ("", "L1 惩罚"), field.path
        for value, name in field.options:
            assert name.zh, value


def test_no_label_is_of_a_key_that_is_not_there(document: OpenDocument, catalog: Catalog) -> None:
    assert document.document is not None
    fields = sections(document.document.spec, catalog)
    plain = {
        ".".join(part for part in field.path.split(".") if not part.isdecimal()) for g in fields.values() for field in g
    }
    assert set(KEYS) <= plain | {"input.size"}


def test_return_commits_and_undo_brings_back(panel: ExperimentPanel, document: OpenDocument) -> None:
    field = type_in(panel, "training.learning_rate", "1e-3")
    assert learning_rate(document) == 0.001
    assert field.text() == "0.001"
    assert not row(panel, "training.learning_rate").dot.isHidden()
    document.undo_stack.undo()
    assert field.text() == "0.01"
    assert row(panel, "training.learning_rate").dot.isHidden()


def test_leaving_a_field_commits_it(panel: ExperimentPanel, document: OpenDocument, qtbot: QtBot) -> None:
    with qtbot.waitActive(panel):
        panel.activateWindow()
    type_in(panel, "training.learning_rate", "0.5", commit=False)
    assert learning_rate(document) == 0.01
    line(panel, "training.clip_norm").setFocus()
    assert learning_rate(document) == 0.5


def test_what_is_being_typed_is_there_when_it_is_saved(
    panel: ExperimentPanel, document: OpenDocument, qtbot: QtBot, tmp_path: Path
) -> None:
    with qtbot.waitActive(panel):
        panel.activateWindow()
    type_in(panel, "training.learning_rate", "0.25", commit=False)
    document.save(tmp_path / "a.toml")
    assert "learning_rate = 0.25" in (tmp_path / "a.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "text", "english", "chinese"),
    [
        ("training.learning_rate", "-1", "Must be a number of at least 0, not −1.", "须为不小于 0 的数，不能是 −1。"),
        (
            "training.learning_rate",
            "abc",
            "Must be a number of at least 0, not abc.",
            "须为不小于 0 的数，不能是 abc。",
        ),
        ("training.learning_rate", "", "Needs a number of at least 0.", "请填写不小于 0 的数。"),
        (
            "layers.0.hidden",
            "1.5",
            "Must be a whole number from 1 to 1\u00a0000\u00a0000, not 1.5.",
            "须为 1 到 1\u00a0000\u00a0000 之间的整数，不能是 1.5。",
        ),
        (
            "layers.0.forget_bias",
            "11",
            "Must be a number from −10 to 10, not 11.",
            "须为 −10 到 10 之间的数，不能是 11。",
        ),
        (
            "layers.0.dropout",
            "1",
            "Must be a number from 0, below 1, not 1.",
            "须为不小于 0 且小于 1 的数，不能是 1。",
        ),
    ],
)
def test_what_is_refused_is_explained_beneath_the_field(
    panel: ExperimentPanel, document: OpenDocument, path: str, text: str, english: str, chinese: str
) -> None:
    before = document.text
    field = line(panel, path)
    field.setText(text)
    field.committed.emit(text)
    assert document.text == before
    assert row(panel, path).message == Text(english, chinese)
    assert field.text() == text
    assert field.property("bad")
    assert len(panel._document.faults) == 1
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert row(panel, path).message is None
    assert len(panel._document.faults) == 0


def test_arrows_step_and_are_one_edit(panel: ExperimentPanel, document: OpenDocument) -> None:
    field = line(panel, "training.learning_rate")
    field.setFocus()
    for _ in range(3):
        QTest.keyClick(field, Qt.Key.Key_Up)
    assert learning_rate(document) == 0.1
    assert document.undo_stack.count() == 1


def test_undo_is_the_window_s_unless_something_is_being_typed(panel: ExperimentPanel) -> None:
    field = line(panel, "training.learning_rate")
    keys = (QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    event = QKeyEvent(*keys)
    QApplication.sendEvent(field, event)
    assert not event.isAccepted()
    type_in(panel, "training.learning_rate", "0.5", commit=False)
    event = QKeyEvent(*keys)
    QApplication.sendEvent(field, event)
    assert event.isAccepted()


def test_a_value_written_otherwise_is_the_same_value(panel: ExperimentPanel, document: OpenDocument) -> None:
    field = type_in(panel, "training.learning_rate", "0.0100")
    assert field.text() == "0.01"
    assert document.undo_stack.count() == 0


def test_another_component_brings_its_own_fields(panel: ExperimentPanel, document: OpenDocument) -> None:
    choice = row(panel, "layers.0.cell").control
    assert isinstance(choice, ChoiceEditor)
    document.set("layers.0.forget_bias", 2.0)
    choice.chosen.emit("gru")
    assert panel.row("layers.0.forget_bias") is None
    assert panel.row("layers.0.reset") is not None
    assert "Forget bias" in panel.wrong.texts()[0].en
    document.undo_stack.undo()
    assert line(panel, "layers.0.forget_bias").text() == "2.0"


def test_another_file_has_none_of_the_errors(panel: ExperimentPanel, document: OpenDocument) -> None:
    type_in(panel, "training.clip_norm", "abc")
    assert len(panel._document.faults) == 1
    document.open(resource_folder() / "experiments" / "airline-dense.toml")
    assert len(panel._document.faults) == 0
    assert line(panel, "training.clip_norm").text() == "1.0"


def test_a_note_is_one_edit_however_long(panel: ExperimentPanel, document: OpenDocument, qtbot: QtBot) -> None:
    with qtbot.waitActive(panel):
        panel.activateWindow()
    panel._rest.open()
    note = row(panel, "note").control
    assert isinstance(note, LinesEditor)
    note.setFocus()
    for text in ("New ", "words."):
        QTest.keyClicks(note, text)
        document.finish() if text == "words." else note.take()
    assert str(document.values["note"]).startswith("New words.")
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert "New" not in note.toPlainText()


def test_a_box_is_ticked(panel: ExperimentPanel, document: OpenDocument) -> None:
    box = row(panel, "layers.0.bidirectional").control
    assert isinstance(box, QCheckBox)
    box.click()
    assert document.values["layers.0.bidirectional"] is True
    assert box.text() == "On"


def test_a_key_that_nobody_knows_is_taken_out(panel: ExperimentPanel, document: OpenDocument) -> None:
    document.replace_text("xyz = 1\n" + document.text)
    (remove,) = panel.wrong.findChildren(QPushButton)
    remove.click()
    assert document.document is not None
    assert not panel.wrong.texts()


def test_layers_come_and_go(panel: ExperimentPanel, document: OpenDocument) -> None:
    panel._network.added.emit()
    document.set("layers.1.cell", "gru")
    menu = panel._network.menu_of(1)
    words = [action.text() for action in menu.actions()]
    assert words == ["Move up", "Move down", "Duplicate", "Remove"]
    menu.actions()[0].trigger()
    assert document.document is not None
    assert [layer.cell.name for layer in document.document.spec.layers] == ["gru", "lstm"]
    panel._network.menu_of(0).actions()[3].trigger()
    assert document.layers == 1
    assert not panel._network.menu_of(0).actions()[3].isEnabled()


def test_reset_and_back_to_the_file(panel: ExperimentPanel, document: OpenDocument) -> None:
    document.set("training.learning_rate", 0.5)
    one = row(panel, "training.learning_rate")
    menu = QMenu()
    to_default, back, _ = one.actions_for(menu)
    back.trigger()
    assert learning_rate(document) == 0.01
    document.set("training.learning_rate", 0.5)
    one.dot.click()
    assert learning_rate(document) == 0.01
    document.set("training.learning_rate", 0.5)
    to_default.trigger()
    assert not document.written("training.learning_rate")
    assert learning_rate(document) == 0.01
    menu.deleteLater()


def test_only_live_fields_have_a_frame_while_running(panel: ExperimentPanel, document: OpenDocument) -> None:
    panel.follow(WorkerState.RUNNING)
    assert not line(panel, "training.learning_rate").isHidden()
    assert line(panel, "layers.0.hidden").isHidden()
    assert row(panel, "layers.0.hidden").plain.text() == "32"
    told: list[tuple[str, object]] = []
    panel.live_edited.connect(lambda path, value: told.append((path, value)))
    type_in(panel, "training.learning_rate", "0.003")
    document.undo_stack.undo()
    assert told == [("training.learning_rate", 0.003), ("training.learning_rate", 0.01)]
    panel.follow(WorkerState.FINISHED)
    assert not line(panel, "layers.0.hidden").isHidden()
    type_in(panel, "training.learning_rate", "0.004")
    assert len(told) == 2


def test_errors_of_a_file_stand_under_their_fields(panel: ExperimentPanel, document: OpenDocument) -> None:
    document.open_text(
        '[dataset]\nplugin = "sunspotz"\n[[layers]]\ncell = "gru"\nhidden = -3\n'
        '[training]\nleraning_rate = 0.1\nbatch_size = "many"\n[output]\nloss = "cross-entropy"\n'
    )
    said = row(panel, "dataset.plugin").message
    assert said is not None
    assert said.en == "There is no sunspotz; did you mean sunspots?"
    assert said.zh == "没有 sunspotz，是否指 sunspots？"
    assert line(panel, "layers.0.hidden").text() == "−3"
    assert row(panel, "training.batch_size").message is not None
    (unknown,) = panel.wrong.texts()
    assert unknown.en == "Unknown key leraning_rate; did you mean learning_rate?"
    before = len(panel._document.faults)
    type_in(panel, "layers.0.hidden", "16")
    assert len(panel._document.faults) == before - 1
    rename, _ = panel.wrong.findChildren(QPushButton)
    rename.click()
    assert line(panel, "training.learning_rate").text() == "0.1"
    assert not panel.wrong.texts()


def test_a_text_that_is_no_toml_is_edited_as_text(panel: ExperimentPanel, document: OpenDocument) -> None:
    document.open_text('[dataset\nplugin = "sunspots"\n')
    page = panel.text_page
    assert page.isVisible()
    assert not panel.as_text.isEnabled()
    assert "TOML" in page.wrong.texts()[0].zh
    page.editor.setPlainText('[dataset]\nplugin = "sunspots"\n[[layers]]\ncell = "gru"\n')
    page.take()
    assert document.document is not None
    assert not page.isVisible()
    document.undo_stack.undo()
    assert page.isVisible()


def test_typing_text_is_one_edit(panel: ExperimentPanel, document: OpenDocument) -> None:
    panel.as_text.setChecked(True)
    text = panel.text_page.editor.toPlainText()
    for end in ("# a\n", "# ab\n"):
        panel.text_page.editor.setPlainText(text + end)
        panel.text_page.take()
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert panel.text_page.editor.toPlainText() == text


def test_watching_is_told(panel: ExperimentPanel, qtbot: QtBot) -> None:
    watching = panel.watching
    watching.show_samples([str(k) for k in range(12)])
    many, one, redraw = watching.rows
    assert watching.samples == (0, 1, 2, 3, 4, 5)
    with qtbot.waitSignal(panel.watch_changed) as told:
        one.edited.emit(3, False)
    assert told.args == [(0, 1, 2, 3, 4, 5), 3, 30.0]
    with qtbot.waitSignal(panel.watch_changed) as told:
        many.edited.emit([12, 4], False)
    assert told.args == [(11, 3), 1, 30.0], "the sample that was shown is shown on"
    with qtbot.waitSignal(panel.watch_changed) as told:
        redraw.edited.emit(5.0, False)
    assert told.args == [(11, 3), 1, 5.0]
    with qtbot.assertNotEmitted(panel.watch_changed):
        many.edited.emit(list(range(1, 10)), False)
    assert many.message is not None
    assert watching.samples == (11, 3)
    watching.show_samples(["1949–1955"])
    assert watching.samples == (0,)
    assert watching.rows[0].isHidden()
    watching.show_samples([])
    assert watching.rows[1].control.isHidden()


@pytest.mark.parametrize("width", [256, 288])
@pytest.mark.parametrize("code", ["en", "zh"])
def test_nothing_is_wider_than_the_panel(panel: ExperimentPanel, qtbot: QtBot, width: int, code: str) -> None:
    language.use(code)
    panel.resize(width, 900)
    for part in panel._sections():
        part.more.setChecked(True)
        part.title.setChecked(True)
    qtbot.wait(20)
    assert panel.width() == width
    for path in ("training.learning_rate", "training.checkpoint_every", "dataset.plugin", "note"):
        control = row(panel, path).control
        assert control.mapTo(panel, control.rect().topRight()).x() < width
        assert control.width() >= 90


def test_words_follow_the_language(panel: ExperimentPanel) -> None:
    language.use("zh")
    assert row(panel, "training.learning_rate").label.text() == "学习率"
    choice = row(panel, "dataset.plugin").control
    assert isinstance(choice, ChoiceEditor)
    assert choice.currentText() == "航空乘客"
    for field in (one.field for one in panel._rows.values()):
        assert isinstance(field, Field)
        assert row(panel, field.path).control.accessibleName()


def test_every_choice_and_unit_of_the_form_has_words_in_both_languages(catalog: Catalog, qapp: object) -> None:
    kinds = ("cell", "dataset", "algorithm", "optimizer", "loss", "schedule")
    components = [catalog.get(kind, name) for kind in kinds for name in catalog.names(kind)]
    fields = [of_hyperparameter(name, one) for kind in components for name, one in kind.hyperparameters().items()]
    documents = [OpenDocument(catalog) for _ in EXPERIMENTS]
    for document, file in zip(documents, EXPERIMENTS, strict=True):
        document.open(file)
        assert document.spec is not None
        made = [field for part in sections(document.spec, catalog).values() for field in part]
        fields += [field for field in made if field.path.rpartition(".")[2] not in ("plugin", *kinds)]
        document.deleteLater()
    words = [(field.path, name) for field in fields for _, name in field.options]
    words += [(field.path, field.unit) for field in fields if field.unit.en]
    assert len({name.en for _, name in words}) > 30
    assert not {(path, name.en) for path, name in words if name.en == name.zh and name.en not in THE_SAME}
    said = {name.en for _, name in words if name.en == name.zh}
    assert said == set(THE_SAME), "a term is listed that no field has any more"


@pytest.mark.parametrize(
    "content",
    [
        'seed = 7\nname = "a"\n'.encode("utf-16"),
        b"\xff\xfe\r[\r\n",
        b'seed = 7\rname = "a"\r',
        'name = "a\u00a0b"\n[\n'.encode(),
        b'name = "\x00"\n[\r\n',
    ],
    ids=["utf-16", "bytes", "old line ends", "no-break space", "zeros"],
)
def test_a_text_that_is_only_looked_at_stays_as_it_is(
    panel: ExperimentPanel, document: OpenDocument, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "other.toml"
    path.write_bytes(content)
    document.open(path)
    before = document.text
    assert panel.text_page.editor.isVisible()
    panel.text_page.editor.setFocus()
    document.finish()
    panel.text_page.take()
    assert document.text == before
    assert not document.dirty


def test_no_break_spaces_stay_when_the_text_around_them_is_edited(
    panel: ExperimentPanel, document: OpenDocument
) -> None:
    document.open_text('name = "a\u00a0b"\n[\n')
    QTest.keyClicks(panel.text_page.editor, "#")
    document.finish()
    assert document.text == '#name = "a\u00a0b"\n[\n'


def test_a_note_that_is_only_looked_at_stays_as_it_is(
    panel: ExperimentPanel, document: OpenDocument, qtbot: QtBot
) -> None:
    document.open_text('note = "a\u00a0b\\rc"\n[dataset]\nplugin = "sunspots"\n[[layers]]\ncell = "gru"\n')
    control = row(panel, "note").control
    assert isinstance(control, LinesEditor)
    control.take()
    assert not document.dirty
    QTest.keyClicks(control, "x")
    control.take()
    assert document.document is not None
    assert document.document.spec.note == "xa\u00a0b\nc"
