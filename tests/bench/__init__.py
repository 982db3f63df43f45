"""The bench: how fast the engine is beside PyTorch and JAX, and what else has a target figure."""
