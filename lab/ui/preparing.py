"""Preparing: what the open experiment learns from is shown before it runs, once nobody changes it for a moment."""

from typing import Final, final

from PySide6.QtCore import QObject, QTimer

from lab.ui.document import OpenDocument
from lab.ui.main_window import MainWindow
from lab.ui.session import Session

WAIT: Final = 300
"""Milliseconds without another edit."""


@final
class Preparing(QObject):
    """Asks the worker anew after each edit; nothing before `start`, as views that would show it are made until then."""

    def __init__(self, document: OpenDocument, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._session, self._window = document, session, window
        self._started = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT)
        self._timer.timeout.connect(self._prepare)
        document.changed.connect(self._soon)
        session.state_changed.connect(self._soon)

    def start(self) -> None:
        """From now on there is something that can show it."""
        self._started = True
        self._soon()

    def stop(self) -> None:
        """Ask nothing more."""
        self._started = False
        self._timer.stop()

    def _soon(self) -> None:
        if self._started:
            self._timer.start()

    def _prepare(self) -> None:
        document = self._document
        if not self._window.in_gallery and document.spec is not None and not document.faults:
            self._session.prepare(document)
