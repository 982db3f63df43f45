"""What views are drawn with, on pyqtgraph: sheets with plots at exact pixels, heat maps, colour bars, strips of inputs."""
