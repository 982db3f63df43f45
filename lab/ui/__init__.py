"""The window. Nothing outside imports it but the command that opens it, and plugins of views."""
