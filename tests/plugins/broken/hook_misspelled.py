from lab.api import hookimpl


@hookimpl  # <- here
def lab_register_cell():
    return []
