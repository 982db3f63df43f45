"""Networks: encoding, layers, readout, loss, and how parameters start."""
