from lab.api import Cell

shape = zeros(3)  # <- here
