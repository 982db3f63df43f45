"""The LSTM and its variants on the adding problem at equal numbers of parameters (after Greff et al., 2017).

`python -m tests.bench.variants [--json FILE] [--seeds N]`: mean squared error on the test split by variant and seed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

ROOT: Final = Path(__file__).parents[2]
STEPS: Final = 50
PARAMETERS: Final = 4480
"""Those of an LSTM of 32 units that reads a number and a mark; others are as wide as needed to have about as many."""
VARIANTS: Final = {
    # name: cell, its settings, weight matrices of each kind (D × D and D × M, with bias), vectors of D beside them
    "LSTM": ("lstm", "", 4, 0),
    "LSTM without forget gate": ("lstm", "forget_gate = false", 3, 0),
    "LSTM, input and forget gate coupled": ("coupled-lstm", "", 3, 0),
    "LSTM with peepholes": ("peephole-lstm", "", 4, 3),
    "GRU": ("gru", "", 3, 0),
    "Minimal gated unit": ("minimal-gated", "", 2, 0),
    "Update gate alone": ("update-gate", "", 2, 0),
    "Simple network": ("elman", "", 1, 0),
}
TEXT: Final = """
version = 1
seed = {seed}
[dataset]
plugin = "adding-problem"
length = {steps}
[[layers]]
cell = "{cell}"
hidden = {hidden}
{settings}
[output]
readout = "last"
[training]
learning_rate = 0.003
batch_size = 50
epochs = 10
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.variants", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    found = {}
    table = Table("variant", "units", "parameters", *(f"seed {seed}" for seed in range(1, asked.seeds + 1)), "median")
    for name, (cell, settings, matrices, vectors) in VARIANTS.items():
        hidden = width(matrices, vectors)
        losses = [_loss(cell, settings, hidden, seed) for seed in range(1, asked.seeds + 1)]
        size = matrices * hidden * (hidden + 3) + vectors * hidden
        found[name] = {"units": hidden, "parameters": size, "losses": losses, "median": statistics.median(losses)}
        table.add_row(name, str(hidden), str(size), *(f"{x:.4f}" for x in losses), f"{statistics.median(losses):.4f}")
        Console(stderr=True).print(name, losses)
    Console().print(table)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


def width(matrices: int, vectors: int) -> int:
    """The units with which a layer has about PARAMETERS parameters."""
    return min(range(1, 200), key=lambda d: abs(matrices * d * (d + 3) + vectors * d - PARAMETERS))


def _loss(cell: str, settings: str, hidden: int, seed: int) -> float:
    """The test loss of one run."""
    with tempfile.TemporaryDirectory(prefix="lab-bench-") as folder:
        file = Path(folder) / "variant.toml"
        file.write_text(TEXT.format(seed=seed, steps=STEPS, cell=cell, hidden=hidden, settings=settings))
        words = ["run", str(file), "--threads", "1", "--json", "--runs", f"{folder}/runs"]
        done = subprocess.run(
            [sys.executable, "main.py", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return float(result["metrics"]["test.loss"])


if __name__ == "__main__":
    sys.exit(main())
