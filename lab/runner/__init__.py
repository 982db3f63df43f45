"""Runners: a trainer and the store of runs, joined."""
