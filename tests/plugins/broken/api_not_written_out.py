LAB_API = 1.0  # <- here
raise RuntimeError("a refused plugin has run")
