"""The disk that runs take: measured as it is, asked about where it is too much, and deleted with a way back."""

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from lab.experiment.runs import Scalar
from lab.experiment.store import Store
from lab.experiment.usage import Usage, usage
from lab.ui.desk import Desk
from lab.ui.disk import DiskDialog, size_words
from tests.gui.test_runs_panel import added

MakeDesk = Callable[..., Desk]


def filled(folder: Path, checkpoints: list[int], *, curves: int = 0) -> list[str]:
    """Runs that have ended, each with a checkpoint of so many bytes, the last one with curves too."""
    with Store(folder) as store:
        runs = [added(store) for _ in checkpoints]
        for run, size in zip(runs, checkpoints, strict=True):
            (folder / run / "checkpoint").write_bytes(b"0" * size)
            store.change(run, state="finished")
        values = [Scalar(update, 0, "train.loss", 0.5) for update in range(curves)]
        store.record(runs[-1], values, updates=curves, epochs=1, seconds=1.0)
    return runs


def test_each_run_has_its_checkpoints_and_its_share_of_the_curves(tmp_path: Path) -> None:
    runs = filled(tmp_path, [300_000, 100_000], curves=20_000)
    found = usage(tmp_path)
    assert found is not None
    assert 300_000 <= found.runs[runs[0]] < 310_000
    # A value is two numbers of the key, two more and the name: some tens of bytes.
    assert 100_000 + 20 * 20_000 < found.runs[runs[1]] < 100_000 + 60 * 20_000
    assert sum(found.runs.values()) == found.total
    with Store(tmp_path) as store:
        store.discard([runs[1]])
        discarded = usage(tmp_path)
        assert discarded is not None
        assert discarded == Usage(found.runs[runs[0]], {runs[0]: found.runs[runs[0]]})
        store.purge([runs[1]])
    after = usage(tmp_path)
    assert after is not None
    assert set(after.runs) == {runs[0]}
    assert usage(tmp_path, lambda: True) is None


def test_sizes_are_in_words() -> None:
    sizes = [0, 12_345, 310e6, 2.44e9, 1234e9]
    assert [str(size_words(size)) for size in sizes] == ["0 kB", "12 kB", "310 MB", "2.44 GB", "1234 GB"]


def test_more_than_is_allowed_is_asked_about_once(qtbot: QtBot, tmp_path: Path, make_desk: MakeDesk) -> None:
    runs = filled(tmp_path / "runs", [300_000, 200_000, 100_000])
    desk = make_desk()
    desk.settings.set_value("disk_budget", 0.0005)
    qtbot.waitUntil(lambda: desk.window.has_banner)
    desk.window.clear_banner()
    with qtbot.waitSignal(desk.disk.measured):
        desk.disk.look()
    assert not desk.window.has_banner
    desk.disk.ask()
    (dialog,) = desk.window.findChildren(DiskDialog)
    assert [dialog.tree.topLevelItem(row).text(2) for row in range(3)] == ["300 kB", "200 kB", "100 kB"]  # type: ignore[union-attr]
    assert not dialog.delete.isEnabled()
    dialog.tick_oldest()
    assert dialog.ticked() == runs[:1]
    assert "1 chosen, 300 kB" in dialog.sum.text()
    dialog.delete.click()
    assert desk.runs_panel.model.shown() == [runs[2], runs[1]]
    with qtbot.waitSignal(desk.disk.measured):
        desk.disk.look()
    assert not desk.window.has_banner
    desk.runs_panel.undo_delete()
    assert desk.runs_panel.model.total() == 3


def test_without_a_limit_nothing_is_measured(qtbot: QtBot, tmp_path: Path, make_desk: MakeDesk) -> None:
    filled(tmp_path / "runs", [300_000])
    desk = make_desk()
    desk.settings.set_value("disk_budget", 0.0)
    with qtbot.assertNotEmitted(desk.disk.measured, wait=200):
        desk.disk.look()
