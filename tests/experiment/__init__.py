"""Tests of experiment files and of the store of runs."""
