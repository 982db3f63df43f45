"""RNN Lab: a laboratory for recurrent neural networks, in which a cell is its equations."""

__version__ = "0.1.0"
