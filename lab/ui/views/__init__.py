"""What views are drawn with, on pyqtgraph: plots at exact pixels, heat maps, colour bars, strips of inputs."""
