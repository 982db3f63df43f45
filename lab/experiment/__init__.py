"""Experiments: the file as a frozen value, and the store of runs with their checkpoints."""
