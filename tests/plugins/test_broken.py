"""Every way in which a plugin can be wrong is told with its file, line and remedy, and keeps nothing else away."""

import sys
import threading

import pytest

from lab.registry.catalog import Catalog
from lab.registry.loader import private_package
from tests.plugins.helpers import BROKEN, load, marked_line

# What is told of each file: the message, and the remedy.
EXPECTED = {
    "api_next_major": (
        "the plugin was written for version 2.0 of lab.api, and this is version 1.0",
        "Update RNN Lab",
    ),
    "api_next_minor": (
        "the plugin was written for version 1.99 of lab.api, and this is version 1.0",
        "Update RNN Lab",
    ),
    "api_not_written_out": ("LAB_API does not state a version", 'Write it out: LAB_API = "1.0"'),
    "api_old_major": (
        "the plugin was written for version 0.9 of lab.api, and this is version 1.0",
        "Get a newer version of the plugin",
    ),
    "cell_bad_name": (
        "'Shouting Cell' cannot name cell Shouting: small letters, digits and single hyphens make a name",
        'Write name = "shouting-cell"',
    ),
    "cell_states_text": (
        "states of cell 'one-state' is one text, not a tuple of names",
        'Write states = ("h",), with the comma that makes it a tuple',
    ),
    "cell_unknown_argument": (
        "step of cell 'wishful' asks for the unknown argument 'memmory'; did you mean 'memory'?",
        "It may ask for p, x, s, t, y, below, memory",
    ),
    "cell_without_name": ("cell PeepholeLSTM has no name", 'Add name = "peephole-lstm" to the class'),
    "cell_without_step": (
        "cell 'idle' has no step; was 'steps' meant to be it?",
        "Define step(self, ...) in the class",
    ),
    "dataset_task": (
        "dataset 'riddle' has the task 'regresion'; did you mean 'regression'?",
        "Set task to one of 'regression', 'classification', 'binary', 'next-symbol'",
    ),
    "duplicate_second": (
        f"there is a metric 'twice' already, from {BROKEN / 'duplicate_first.py'}",
        "Give this one a name of its own",
    ),
    "exits": ("the import called sys.exit, which would end the program", "Remove the call"),
    "hook_async": ("the hook lab_register_cells must be a plain function", "Return a list of classes from it"),
    "hook_misspelled": (
        "unknown hook 'lab_register_cell'; did you mean 'lab_register_cells'?",
        "Rename the function",
    ),
    "hook_never_ends": ("lab_register_cells did not end within 1 s", "Correct this line"),
    "hook_no_component": (
        "Plain, which lab_register_cells returned, is not a cell",
        "Write class Plain(Cell):",
    ),
    "hook_raises": ("lab_register_cells raised KeyError: 'missing'", "Correct this line"),
    "hook_returns_class": ("lab_register_metrics returned Spread, not a list", "Write return [Spread]"),
    "hook_returns_instance": ("lab_register_schedules returned an instance of Flat", "Return [Flat]"),
    "hook_returns_nothing": ("lab_register_losses returned nothing", "Write return [MyLoss]"),
    "hook_unmarked": ("lab_register_cells is not marked as a hook", "Write @hookimpl on the line above it"),
    "hook_with_arguments": (
        "the hook lab_register_cells is called without arguments, and this one asks for catalog",
        "Define it as lab_register_cells()",
    ),
    "hook_wrong_kind": (
        "Flat, which lab_register_cells returned, is not a cell",
        "Return it from lab_register_schedules",
    ),
    "hyperparameter_default": (
        "momentum of Hasty (its default) must be a number from 0 to 1, not 1.5",
        "Correct this line",
    ),
    "hyperparameter_type": (
        "the type 'Momentum' of hyperparameter 'momentum' of Untyped cannot be found: name 'Momentum' is not defined",
        "Import or define the type at the top of the file, above the class",
    ),
    "import_misspelled": (
        "the import failed: unknown name in lab.api: 'hookimpI'; did you mean 'hookimpl'?",
        "Correct this line",
    ),
    "import_missing": (
        "the import failed: there is no module 'no_such_package'",
        "Install the package that has no_such_package, for the Python that runs RNN Lab, or remove the import",
    ),
    "import_missing_lab_module": (
        "the import failed: RNN Lab has no module 'lab.apis'",
        "Import what a plugin needs from lab.api",
    ),
    "import_missing_neighbour": (
        "the import failed: there is no file _not_there.py beside it",
        "Add the file, or remove the import",
    ),
    "never_ends": ("the import did not end within 1 s", "Correct this line"),
    "optimizer_signature": (
        "update of optimizer 'forgetful' cannot be called as it will be: got an unexpected keyword argument 'slots'",
        "Define it as update(self, parameters, gradient, slots, rate, count)",
    ),
    "raises_at_import": ("the import raised ZeroDivisionError: division by zero", "Correct this line"),
    "registers_nothing": (
        "the file registers nothing",
        "Add a hook, such as lab_register_cells, or begin the file's name with _ if others import it",
    ),
    "syntax_error": (
        "this is not valid Python: expected ':', in 'class Unfinished(Cell)  # <- here'",
        "Correct this line",
    ),
    "syntax_error_late": (
        "this is not valid Python: 'return' outside function, in 'return x  # <- here'",
        "Correct this line",
    ),
    "undefined_name": ("the import failed: zeros is not defined", "Import it: from lab.api import zeros"),
}
WITHOUT_LINE = {"registers_nothing"}
WHOLE = {"duplicate_first"}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load(BROKEN, timeout=1.0)


@pytest.mark.parametrize("name", EXPECTED)
def test_failure_tells_file_line_and_remedy(catalog: Catalog, name: str) -> None:
    file = BROKEN / f"{name}.py"
    (failure,) = [failure for failure in catalog.failures if failure.file == str(file)]
    assert (failure.message, failure.remedy) == EXPECTED[name]
    assert failure.line == (None if name in WITHOUT_LINE else marked_line(file))


def test_every_broken_plugin_is_expected_and_told_once(catalog: Catalog) -> None:
    files = sorted(file.stem for file in BROKEN.glob("*.py"))
    assert files == sorted({*EXPECTED, *WHOLE})
    assert [failure.file for failure in catalog.failures] == [str(BROKEN / f"{name}.py") for name in sorted(EXPECTED)]


def test_what_is_whole_beside_something_broken_is_loaded(catalog: Catalog) -> None:
    assert [(entry.kind, entry.name) for entry in catalog.components] == [
        ("cell", "holds"),  # beside a cell without a step
        ("optimizer", "stand-still"),  # beside a hook that raises
        ("metric", "twice"),
    ]
    assert catalog.get("metric", "twice").__name__ == "First"


def test_nothing_of_a_failed_plugin_stays_behind(catalog: Catalog) -> None:
    assert catalog.failures
    left = {name.rpartition(".")[2] for name in sys.modules if name.startswith(private_package(BROKEN) + ".")}
    # Files of which something was loaded, or whose class or hook alone was refused, were imported to their end.
    kinds = ("cell_", "dataset_", "duplicate_", "hook_", "optimizer_")
    imported = {name for name in EXPECTED if name.startswith(kinds)}
    refused = {"cell_bad_name", "hook_misspelled", "hook_unmarked", "hook_with_arguments", "hook_async"}
    assert left == (imported - refused - {"hook_never_ends"}) | WHOLE
    assert [thread.name for thread in threading.enumerate() if thread.name == "plugin"] == []
