from lab.api import (  # <- here
    Cell,
    hookimpI,
)
