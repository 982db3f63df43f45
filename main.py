"""Starts RNN Lab: with a subcommand it runs without a window."""

import sys

from lab.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
