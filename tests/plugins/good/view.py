"""Needs the window."""


def draw():
    from PySide6 import QtWidgets

    return QtWidgets.QWidget()


raise RuntimeError("a file that needs the window has been imported")
