from ._not_there import helper  # <- here
