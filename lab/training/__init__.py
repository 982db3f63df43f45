"""Training: from an experiment and its data to a network that learns; a plain loop without a window."""
