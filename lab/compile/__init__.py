"""From the equations of one step to a program over time, and from the program to fast code."""
