"""One table per interpretation of the graph; each has one rule per primitive."""
