import time

from lab.api import hookimpl


@hookimpl
def lab_register_cells():
    while True: time.sleep(0.001)  # <- here
