LAB_API = "0.9"  # <- here
raise RuntimeError("a refused plugin has run")
