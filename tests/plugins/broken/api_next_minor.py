LAB_API: str = "1.99"  # <- here
raise RuntimeError("a refused plugin has run")
