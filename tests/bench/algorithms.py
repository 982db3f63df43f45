"""Run the section on training algorithms alone: `python -m tests.bench.algorithms [--json FILE] [--quick]`."""

import sys

from tests.bench.engine import main

if __name__ == "__main__":
    sys.exit(main(["--only", "algorithms", *sys.argv[1:]]))
