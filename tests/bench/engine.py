"""Run the bench: `python -m tests.bench.engine [--json FILE] [--quick] [--only SECTION]`.

It prints a table for each section. The JSON file has `rows` and `summary` of the section `scan`, and the same under
`sections` for each section that was run.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from tests.bench.load import machine, processors
from tests.bench.options import Options, Section
from tests.bench.problems import CUSTOM_CELLS, SIZES, STANDARD_CELLS
from tests.bench.race import Pace
from tests.bench.sections import algorithms, cost, memory, scan, start, updates
from tests.bench.worker import BenchError

SECTIONS: Final[dict[str, Callable[[Options], Section]]] = {
    "scan": scan.run,
    "updates": updates.run,
    "memory": memory.run,
    "start": start.run,
    "cost": cost.run,
    "algorithms": algorithms.run,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sections that are asked for; 1 where one cannot go on."""
    asked = _parser().parse_args(arguments)
    progress = Console(stderr=True)
    tables = Console(width=max(130, Console().width))
    options = Options(
        cells=asked.cells,
        sizes=asked.sizes,
        threads=asked.threads,
        pace=Pace.quick() if asked.quick else Pace(rounds=asked.rounds),
        quick=asked.quick,
        say=lambda text: progress.print(f"[dim]… {text}[/dim]", highlight=False) if progress.is_terminal else None,
    )
    began = time.time()
    found: dict[str, Section] = {}
    try:
        for name in asked.only or SECTIONS:
            found[name] = SECTIONS[name](options)
            _print(tables, found[name])
    except BenchError as error:
        print(f"The bench cannot go on: {error}", file=sys.stderr)
        return 1
    finally:
        if asked.json is not None:
            asked.json.write_text(json.dumps(_document(found, began), indent=1) + "\n", encoding="utf-8")
    return 0


def _document(found: dict[str, Section], began: float) -> dict[str, Any]:
    sections = {name: {"rows": section.rows, "summary": section.summary} for name, section in found.items()}
    first = sections.get("scan", {"rows": [], "summary": scan.summarised([])})
    document = {**first, "sections": sections, "machine": machine(), "began": began, "seconds": time.time() - began}
    plain = _finite(document)
    assert isinstance(plain, dict)
    return plain


def _finite(value: Any) -> Any:
    """NaN and infinity are not JSON."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print(console: Console, section: Section) -> None:
    console.print(section.title, style="bold", highlight=False)
    console.print(section.table)
    for note in section.notes:
        console.print(f"  {note}", highlight=False)
    console.print()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description="How fast the engine is, beside its peers.")
    cells = (*STANDARD_CELLS, *CUSTOM_CELLS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    parser.add_argument("--quick", action="store_true", help="few repeats: shows that it works, not how fast it is")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="run this section; may be given again")
    parser.add_argument("--rounds", type=int, default=Pace().rounds, help="rounds that count (default: %(default)s)")
    parser.add_argument("--cells", type=_list_of(cells), default=cells, help=f"some of {','.join(cells)}")
    parser.add_argument("--sizes", type=_list_of(SIZES), default=tuple(SIZES), help=f"some of {','.join(SIZES)}")
    threads = tuple(sorted({1, min(2, processors())}))
    parser.add_argument("--threads", type=_threads, default=threads, help="numbers of threads to try (default: 1,2)")
    return parser


def _list_of(known: Sequence[str] | dict[str, Any]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        wrong = [name for name in names if name not in known]
        if wrong:
            raise argparse.ArgumentTypeError(f"{wrong[0]!r} is none of {', '.join(known)}")
        return names

    return parse


def _threads(text: str) -> tuple[int, ...]:
    try:
        counts = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise argparse.ArgumentTypeError("numbers with commas between them, such as 1,2") from None
    if counts[0] < 1:
        raise argparse.ArgumentTypeError("there is no fewer than 1 thread")
    return counts


if __name__ == "__main__":
    sys.exit(main())
