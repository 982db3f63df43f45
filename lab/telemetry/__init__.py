"""Telemetry: what is seen of a network that learns, on its way from the trainer to the window."""
