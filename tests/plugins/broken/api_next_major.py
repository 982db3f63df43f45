LAB_API = "2.0"  # <- here
raise RuntimeError("a refused plugin has run")
