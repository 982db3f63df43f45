"""The panels at the sides: experiment, cell, runs, plugins, problems."""
