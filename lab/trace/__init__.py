"""Equations as a graph: primitives, tracing, checks, and one table of rules per interpretation."""
