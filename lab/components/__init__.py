"""The abstract bases that plugins subclass, the hooks that plugins implement, and what they share."""
