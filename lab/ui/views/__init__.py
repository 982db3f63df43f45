"""What stands around a view: its frame, its plots, its export."""
