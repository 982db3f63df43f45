"""The plugins panel names every component and every failure; the differences panel what sets runs apart."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from lab.experiment.store import Store
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.ui.panels.differences import Compared, DifferencesPanel, differences
from lab.ui.panels.plugins import PluginsPanel
from lab.ui.theme import theme
from lab.ui.words import language

pytestmark = pytest.mark.usefixtures("light")

BROKEN = Path(__file__).parent.parent / "plugins" / "broken"
FIRST = '[dataset]\nplugin = "airline-passengers"\n[[layers]]\ncell = "lstm"\nhidden = 32\n'
SECOND = FIRST.replace("lstm", "gru").replace("32", "16") + "[training]\nlearning_rate = 0.01\nclip_norm = 5.0\n"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(entry_points=False)


def said(panel: PluginsPanel) -> str:
    return "\n".join(label.text().replace("\u200b", "") for label in panel.findChildren(QLabel))


def test_every_component_is_named_with_its_file(qtbot: QtBot, catalog: Catalog) -> None:
    panel = PluginsPanel(catalog)
    qtbot.addWidget(panel)
    panel.show()
    text = said(panel)
    for entry in catalog.components:
        assert entry.title["en"] in text
    assert "plugins/cells/lstm.py" in text
    assert panel.summary.text() == f"{len(catalog.components)} components, 0 failed"
    assert "Not loaded" not in text
    language.use("zh")
    assert "门控循环单元" in said(panel)


def test_a_failure_is_named_with_its_line_and_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("raises_at_import.py", "cell_without_step.py"):
        (tmp_path / name).write_text((BROKEN / name).read_text(encoding="utf-8"), encoding="utf-8")
    broken = load_catalog([tmp_path], entry_points=False)
    assert len(broken.failures) == 2
    panel = PluginsPanel(broken)
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show()
    text = said(panel).replace("\n", " ")
    for failure in broken.failures:
        assert failure.message[1:] in text
        assert failure.remedy[1:] in text
        assert f"{Path(failure.file).name}, line {failure.line}" in text
    links = [label for label in panel.findChildren(QLabel) if "<a href" in label.text()]
    with qtbot.waitSignal(panel.source_asked) as told:
        links[0].linkActivated.emit("")
    assert told.args == [broken.failures[0].file, broken.failures[0].line]
    panel.show_catalog(load_catalog(entry_points=False))
    assert "Not loaded" not in said(panel)


@pytest.fixture
def compared(tmp_path: Path) -> Iterator[list[Compared]]:
    with Store(tmp_path) as store:
        ids = [store.create(name="x", label="x", experiment=text) for text in (FIRST, SECOND, FIRST)]
        store.change(ids[0], metrics={"validation.loss": 0.00412, "test.rmse": 14.66})
        yield [Compared(store.find(run), store.experiment(run), 2 + place) for place, run in enumerate(ids)]


def test_what_a_file_leaves_out_is_no_difference(compared: list[Compared], catalog: Catalog) -> None:
    found = {row.key: row.values for row in differences(compared[:2], catalog)}
    assert found["layers.0.cell"] == ("lstm", "gru")
    assert found["layers.0.hidden"] == (32, 16)
    assert found["training.clip_norm"][1] == 5.0
    assert found["layers.0.reset"] == (None, "before")
    assert "training.learning_rate" not in found
    assert "training.learning_rate" in {row.key for row in differences(compared[:2], None)}
    assert differences([compared[0], compared[2]], catalog) == []


def test_the_table_has_a_column_for_each_run(qtbot: QtBot, compared: list[Compared], catalog: Catalog) -> None:
    panel = DifferencesPanel(catalog)
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show()
    assert panel.message.text() == "Tick two or more runs to see in what they differ."
    panel.show_runs(compared[:2])
    model = panel.model
    rows = {
        model.index(row, 0).data(): [model.index(row, column).data() for column in (1, 2)]
        for row in range(model.rowCount())
    }
    assert rows["Cell"] == ["LSTM", "GRU"]
    assert rows["Hidden units"] == ["32", "16"]
    assert rows["Validation loss"] == ["0.0041", "–"]
    assert rows["RMSE"] == ["14.7", "–"]
    assert model.headerData(1, Qt.Orientation.Horizontal) == "1"
    assert not panel.message.isVisible()
    language.use("zh")
    assert model.index(0, 0).data() == "单元"
    panel.show_runs([compared[0], compared[2]])
    assert panel.message.text() == "这些实验完全相同，只有结果可能不同。"


def test_the_head_of_the_table_is_as_before_once_nobody_presents(
    qtbot: QtBot, compared: list[Compared], catalog: Catalog
) -> None:
    panel = DifferencesPanel(catalog)
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show_runs(compared[:2])
    panel.show()
    QApplication.processEvents()
    head = panel.table.horizontalHeader()
    before = head.grab().toImage()
    theme.enlarge(1.7)
    QApplication.processEvents()
    assert head.grab().toImage().height() > before.height()
    theme.enlarge(1.0)
    QApplication.processEvents()
    assert head.grab().toImage() == before
