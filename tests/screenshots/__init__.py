"""Pictures of the real window with real results: `python -m tests.screenshots [OUT]`."""
