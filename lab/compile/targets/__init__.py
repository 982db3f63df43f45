"""Targets: each turns a placed program into code that runs."""
