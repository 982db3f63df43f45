def lab_register_cells():  # <- here
    return []
