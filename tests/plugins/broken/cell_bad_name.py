from lab.api import Cell


class Shouting(Cell):  # <- here
    name = "Shouting Cell"
