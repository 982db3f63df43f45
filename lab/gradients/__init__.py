"""Gradients: what training algorithms are built from, and the check that they are right."""
