from lab.api import hookimpl


@hookimpl  # <- here
def lab_register_cells(catalog, verbose=False):
    return []
