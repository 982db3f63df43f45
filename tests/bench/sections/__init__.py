"""The sections of the bench; each measures one thing and hands back rows and a table."""
