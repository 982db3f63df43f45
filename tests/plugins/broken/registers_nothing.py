from lab.api import Cell
