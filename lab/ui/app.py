"""The application: one window, from the first line to the last."""

import gc
import signal
import sys
from pathlib import Path

import threadpoolctl
from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from lab.registry.manager import load_headless
from lab.resources import runs_folder
from lab.runner.messages import Problem
from lab.ui.accessible import install_roles
from lab.ui.crash import CrashLog
from lab.ui.desk import Desk
from lab.ui.settings import Settings, follow
from lab.ui.theme import theme
from lab.ui.unforeseen import Unforeseen
from lab.ui.words import bind_call, language


def open_window(file: Path | None = None) -> int:
    """Open the window, with an experiment if one is given, and stay until it is closed. Returns the exit code."""
    app, problems = application()
    crash = CrashLog()
    died = crash.left_behind()
    crash.begin()
    settings = Settings()
    follow(settings)
    desk = make_desk(settings)
    unforeseen = Unforeseen(desk.report, desk)
    unforeseen.begin()
    for problem in [*problems, *settings.problems]:
        desk.report(problem)
    # Python looks at signals between two ticks of the refresher.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: desk.leave())
    desk.window.restore()
    desk.window.show()
    desk.show_gallery()
    if file is not None:
        desk.filing.open_path(file)
    for problem in died:
        desk.complain(problem)
    desk.ready.connect(_keep)
    desk.start()
    try:
        return app.exec()
    finally:
        desk.close()
        unforeseen.end()
        crash.end()


def _keep() -> None:
    # What stands now stays to the end: to look through it again and again would hold up a frame now and then.
    gc.freeze()
    gc.enable()


def application() -> tuple[QApplication, list[Problem]]:
    """The application, in its theme and with Qt's own words in the language that is shown; and what it misses."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("rnn-lab")
    # Views ask little of BLAS, and a second thread of it would wait for a core that training has.
    threadpoolctl.threadpool_limits(1, user_api="blas")
    app.setApplicationDisplayName("RNN Lab")
    problems = theme.install(app)
    install_roles()
    chinese = QTranslator(app)
    chinese.load(QLocale("zh_CN"), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))

    def translate() -> None:
        app.removeTranslator(chinese)
        if language.code == "zh":
            app.installTranslator(chinese)

    bind_call(app, translate)
    return app, problems


def make_desk(settings: Settings, runs: Path | None = None) -> Desk:
    """The window with all that belongs to it; `runs` is the folder of runs, if not that of the settings."""
    plugins = [Path(folder) for folder in [settings.value("plugins_folder")] if folder]
    chosen = settings.value("runs_folder")
    return Desk(load_headless(), settings, runs or (Path(chosen) if chosen else runs_folder()), plugins)
