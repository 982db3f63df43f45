import pyqtgraph as draw  # noqa: F401 - what view_by_helper.py reaches the window by
