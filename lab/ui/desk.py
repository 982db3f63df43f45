"""The desk: all parts of the window, made and wired. Only the application makes one; tests make it the same way."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, final

from PySide6.QtCore import QEvent, QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from lab.components.cell import Cell
from lab.experiment.store import refusal
from lab.registry.catalog import Catalog
from lab.registry.manager import Manager
from lab.resources import resource_folder
from lab.runner.messages import Problem
from lab.runner.trouble import warning_of
from lab.runner.worker import Worker
from lab.ui.actions import OPEN, Actions
from lab.ui.comparing import Comparing
from lab.ui.dialogs import Dialogs
from lab.ui.disk import DiskBudget
from lab.ui.document import OpenDocument
from lab.ui.filing import Filing
from lab.ui.forms.panel import ExperimentPanel
from lab.ui.gallery import Gallery
from lab.ui.main_window import MainWindow
from lab.ui.panels.cell import CellPanel
from lab.ui.panels.differences import DifferencesPanel
from lab.ui.panels.plugins import PluginsPanel
from lab.ui.panels.problems import ProblemsPanel
from lab.ui.panels.runs import RunsPanel
from lab.ui.preparing import Preparing
from lab.ui.refresh import Refresher
from lab.ui.running import Running
from lab.ui.session import Session
from lab.ui.settings import Settings
from lab.ui.stage import Stage
from lab.ui.translation import add_beside
from lab.ui.words import Text

if TYPE_CHECKING:
    from lab.ui.views.frame import ViewFrame


@final
class Desk(QObject):
    """`window` is all of it. `close` ends the worker; the window does so when it is closed.

    Views are a third of the work, and the gallery stands without them: their plugins are loaded by `manager` and they
    are made once the window is drawn, or when an experiment is shown before that.
    """

    ready = Signal()
    """All views are made."""

    def __init__(
        self,
        manager: Manager,
        settings: Settings,
        runs: Path,
        plugin_folders: Sequence[Path] = (),
    ) -> None:
        super().__init__()
        catalog = manager.catalog()
        self._manager = manager
        self.catalog, self.settings, self.runs = catalog, settings, runs
        self.actions = Actions(self)
        self.window = MainWindow(self.actions, settings)
        self.stage = Stage(self)
        self.document = OpenDocument(catalog, self)
        self.session = Session(self.stage, lambda: Worker(runs, plugin_folders), self)
        self.session.threads = settings.value("threads") or None
        self.experiment = ExperimentPanel(self.document, catalog)
        self.cell = CellPanel()
        self.runs_panel = RunsPanel(runs)
        self.plugins_panel = PluginsPanel(catalog)
        self.differences = DifferencesPanel(catalog)
        self.problems_panel = ProblemsPanel()
        self.gallery = Gallery(sorted((resource_folder() / "experiments").glob("*.toml")))
        self._frames: list[ViewFrame] = []
        self._making = self._make_views()
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.timeout.connect(self._settle)
        self.refresher = Refresher(self.session, lambda: self._frames, self)
        self.preparing = Preparing(self.document, self.session, self.window)
        self.running = Running(self.window, self.actions, self.session, self.document, runs, self.report)
        self.filing = Filing(self.document, self.window)
        self.comparing = Comparing(
            self.window,
            self.runs_panel,
            self.differences,
            self.session,
            self.filing,
            self.running,
            catalog,
            runs,
            self.report,
        )
        self.disk = DiskBudget(runs, settings, self.window, self.runs_panel, self.session)
        self.dialogs = Dialogs(self.window, self.actions, catalog, settings, self.filing, self.report)
        self._fill()
        self._connect()
        self._tell_plugins(catalog, before=None)

    @property
    def frames(self) -> list["ViewFrame"]:
        """What stands around each view."""
        self.make_views()
        return self._frames

    def make_views(self) -> None:
        """Load the plugins of views and make the views, those that are not made yet."""
        for _ in self._making:
            pass

    def _make_views(self) -> Iterator[None]:
        """Steps between which the window answers."""
        from lab.ui.hookspecs import WINDOW

        self._manager.open_window(WINDOW)
        before, self.catalog = self.catalog, self._manager.catalog()
        self.plugins_panel.show_catalog(self.catalog)
        self._tell_plugins(self.catalog, before)
        for name in self.catalog.names("view"):
            yield
            frame = self._frame(name)
            self._frames.append(frame)
            self.window.add_view(frame.name, frame.title, frame)
        self.ready.emit()

    def start(self) -> None:
        """Begin to draw, and have a worker ready. Where no run can be kept that is said before one begins."""
        refused = refusal(self.runs)
        if refused is not None:
            self.complain(warning_of(refused))
        self.refresher.start()
        self.session.warm()
        self.window.installEventFilter(self)
        self.disk.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make the views as soon as the window has been drawn."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            self._settling.start(0)
        return False

    def _settle(self) -> None:
        if self.window.isVisible():
            for _ in self._making:
                self._settling.start(0)
                return

    def _tell_plugins(self, catalog: Catalog, before: Catalog | None) -> None:
        """Say what came of the plugins, but for what was told of those `before`."""
        known = set() if before is None else {entry.component for entry in before.components}
        for problem in add_beside(one.origin for one in catalog.components if one.component not in known):
            self.report(problem)
        for failure in catalog.failures[0 if before is None else len(before.failures) :]:
            self.report(
                Problem(
                    level="error", message=failure.message, remedy=failure.remedy, file=failure.file, line=failure.line
                )
            )

    def show_gallery(self) -> None:
        """Show the experiments to choose from; a run goes on meanwhile."""
        self.window.show_gallery()
        self.running.follow()

    def leave(self) -> None:
        """Close without asking: the system wants it, and what is not saved cannot be kept."""
        self.window.closing = lambda: True
        self.window.close()

    def report(self, problem: Problem) -> None:
        """The one channel for errors."""
        self.problems_panel.add(problem)

    def complain(self, problem: Problem) -> None:
        """Report where it is seen at once, to whoever does not look for it."""
        self.report(problem)
        self.window.show_problems()

    def close(self) -> None:
        """Stop drawing, end the worker, and delete what was discarded: nobody has to see it for so long."""
        self.window.hide()
        self._settling.stop()
        self.disk.close()
        self.preparing.stop()
        self.refresher.stop()
        self.session.close()
        self.runs_panel.close_store()

    def _frame(self, name: str) -> "ViewFrame":
        from lab.ui.views.frame import framed

        frame = framed(self.catalog.get("view", name), self.stage)
        if frame.problem is not None:
            self.report(frame.problem)
        frame.failed.connect(self.report)
        frame.saving.connect(self.window.status.showMessage)
        frame.help_asked.connect(lambda page: self.dialogs.show_help(page))
        return frame

    def _fill(self) -> None:
        self.window.set_left(self.experiment)
        titles = (Text("Runs", "运行记录"), Text("Plugins", "插件"), Text("Differences", "差异"))
        panels = (self.runs_panel, self.plugins_panel, self.differences)
        self.window.set_right(self.cell, list(zip(titles, panels, strict=True)))
        self.window.set_problems(self.problems_panel)
        self.window.set_gallery(self.gallery)

    def _connect(self) -> None:
        self.actions.follow_history(self.document.undo_stack)
        self.settings.changed.connect(self._set)
        self.experiment.live_edited.connect(self.session.set_value)
        self.experiment.watch_changed.connect(self._watch)
        self.document.changed.connect(self._show_cell)
        self.document.file_changed.connect(self._show_title)
        self.plugins_panel.source_asked.connect(lambda file, _line: QDesktopServices.openUrl(QUrl.fromLocalFile(file)))
        self.problems_panel.changed.connect(self.window.status.show_problems)
        self.actions.filter_runs.triggered.connect(self._filter_runs)
        self.actions.export.triggered.connect(lambda: self._with_view(lambda frame: frame.ask_and_save()))
        self.actions.view_menu.triggered.connect(lambda: self._with_view(lambda frame: frame.show_menu()))
        self._connect_files()
        self._connect_gallery()
        self.session.problem.connect(self.report)
        self.session.state_changed.connect(lambda: self.experiment.follow(self.session.state))
        self.session.prepared.connect(self._show_known)
        self.session.began.connect(self._began)
        self.ready.connect(self.preparing.start)
        self.document.changed.connect(self.refresher.draw)
        self.window.present.caption = self._caption
        for changed in (self.document.changed, self.stage.reset, self.session.measured):
            changed.connect(self.window.present.show_caption)
        self.stage.cursor.moved.connect(self.refresher.draw)
        self.stage.cursor.moved.connect(lambda: self.experiment.watching.choose(self.stage.cursor.sample))
        self.window.views.shown_changed.connect(self.refresher.draw)
        self.window.entering.connect(self.make_views)
        self.window.closed.connect(self.close)
        self._show_cell()
        self.running.follow()

    def _connect_files(self) -> None:
        verbs, filing = self.actions, self.filing
        for action, act in (
            (verbs.new, filing.new),
            (verbs.open, filing.open),
            (verbs.save, filing.save),
            (verbs.save_as, filing.save_as),
            (verbs.gallery, self.show_gallery),
        ):
            action.triggered.connect(lambda _on=False, act=act: act())
        verbs.recent.aboutToShow.connect(lambda: filing.fill_recent(verbs.recent))
        filing.fill_recent(verbs.recent)
        filing.failed.connect(self.complain)
        filing.opened.connect(self._opened)
        self.window.closing = filing.may_leave

    def _connect_gallery(self) -> None:
        gallery = self.gallery
        gallery.opened.connect(lambda path: self.filing.open_path(Path(path)))
        gallery.run.connect(self._run_example)
        gallery.open_asked.connect(self.filing.open)
        gallery.own_data_asked.connect(self.actions.own_data.trigger)
        gallery.empty_asked.connect(self.filing.new)
        gallery.set_recent(self.document.recent())

    def _set(self, key: str) -> None:
        if key == "threads":
            self.session.threads = self.settings.value(key) or None

    def _run_example(self, path: str) -> None:
        if self.filing.open_path(Path(path)):
            self.running.begin()

    def _filter_runs(self) -> None:
        self.window.show_panel(0)
        self.runs_panel.focus_filter()

    def _with_view(self, act: Callable[["ViewFrame"], None]) -> None:
        """Do something with the view that a person works in, or that is presented."""
        seen = [frame for frame in self.frames if frame.isVisible()]
        for frame in [one for one in seen if one.name == self.window.views.current] or seen[:1]:
            act(frame)

    def _opened(self) -> None:
        self.gallery.set_recent(self.document.recent())
        self.session.leave()
        self.window.clear_banner()
        self.window.show_experiment()
        self.running.follow()

    def _show_title(self) -> None:
        self.window.show_document(self.document.title, dirty=self.document.dirty)

    def _watch(self, samples: Sequence[int], shown: int, rate: float) -> None:
        self.session.look_at(samples, rate)
        self.stage.cursor.look_at(sample=shown)

    def _show_known(self) -> None:
        """What is known of the network and its data, in a run or before it."""
        self.experiment.watching.show_samples(self.stage.about.get("samples", ()))
        self.stage.cursor.look_at(sample=self.experiment.watching.shown)
        self._show_cell()

    def _began(self) -> None:
        self._show_known()
        run = self.runs_panel.model.number_of(self.stage.run)
        self.experiment.show_run(None if run is None else Text("Run {number}", "运行 {number}").with_(number=run))

    def _caption(self) -> Text:
        """The cells of the experiment, its name, and the epoch of its run."""
        spec = self.document.spec
        names = [] if spec is None else list(dict.fromkeys(layer.cell.name for layer in spec.layers))
        titles = [Text.of(self.catalog.entry("cell", name).title, name) for name in names]
        epoch = Text("epoch {n:,}", "第 {n:,} 轮").with_(n=self.session.epoch)
        parts = [*titles, self.document.title, *([epoch] if self.stage.run else [])]
        return Text(" · ".join(one.en for one in parts), " · ".join(one.zh for one in parts))

    def _show_cell(self) -> None:
        shown = self.document.shown
        if shown is None or self.document.problem("layers.0.cell") is not None:
            self.cell.show_none()
            return
        layer = shown.spec.layers[0]
        kind: type[Cell] = self.catalog.get("cell", layer.cell.name)
        known = self.session.state in OPEN or self.stage.spec is self.document.spec
        shapes = self.stage.about.get("parameters", {}) if known else {}
        total = sum(math.prod(shape) for shape in shapes.values()) or None
        self.cell.show_cell(kind(**dict(layer.cell.settings)), layer.hidden, parameters=total)
