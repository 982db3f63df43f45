"""Finds plugins, loads each in isolation from the others, and lists what they bring and what went wrong."""
