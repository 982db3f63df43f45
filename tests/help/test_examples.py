"""Every plugin on a help page, and in the README, loads and trains as the page says."""

import math
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lab.cli.app import main
from lab.cli.experiments import load_experiment
from lab.experiment.edit import assign
from lab.registry.catalog import Catalog
from lab.registry.manager import load_catalog
from lab.resources import plugin_folder
from lab.training.looking import Lookout
from lab.training.plan import Plan
from lab.training.setup import set_up
from lab.training.trainer import Trainer
from tests.help.pages import NAMES, README, blocks, commands, text_of

PAGES = {name: text_of("en", name) for name in NAMES} | {"README.md": README.read_text(encoding="utf-8")}
SMALL = {"adding-problem": {"train_size": 40, "validation_size": 10, "test_size": 10}}
"""Small data, so that a few updates take no time."""


def plugins(page: str) -> dict[str, str]:
    """The plugin files of a page."""
    return {block.title: block.text for block in blocks(PAGES[page]) if block.title.endswith(".py")}


def experiments(page: str) -> dict[str, str]:
    """The experiment files of a page."""
    return {block.title: block.text for block in blocks(PAGES[page]) if block.title.endswith(".toml")}


def trained(page: str) -> Iterator[tuple[str, ...]]:
    """The words behind `run` of each command line that trains, and the name of each experiment file."""
    for line in commands(PAGES[page]):
        words = shlex.split(line, posix="\\" not in line)
        if len(words) > 2 and words[1:3] == ["main.py", "run"] and "--resume" not in words:
            yield tuple(words[3:])
    for title in experiments(page):
        yield (title,)


def others(page: str) -> Iterator[tuple[str, ...]]:
    """The words of each command line that needs no run."""
    for line in commands(PAGES[page]):
        words = shlex.split(line, posix="\\" not in line)
        if len(words) > 2 and words[1] == "main.py" and words[2] in ("plugins", "gradcheck", "source"):
            yield tuple(words[2:])


LINES = [(page, words) for page in PAGES for words in dict.fromkeys(trained(page))]
OTHERS = [(page, words) for page in PAGES for words in dict.fromkeys(others(page))]
WITH_PLUGINS = [page for page in PAGES if plugins(page)]


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Catalog]]:
    """Of each page a folder with all its files, and the catalog with its plugins."""
    found = {}
    for page in PAGES:
        folder = tmp_path_factory.mktemp(Path(page).stem)
        for name, text in (plugins(page) | experiments(page)).items():
            (folder / name).write_text(text, encoding="utf-8")
        waves = [f"{math.sin(step):.4f},{math.sin(step - 3):.4f}" for step in range(200)]
        (folder / "river.csv").write_text("\n".join(["rain,flow", *waves]), encoding="utf-8")
        found[page] = folder, load_catalog([plugin_folder(), folder], entry_points=False)
    return found


@pytest.mark.parametrize("page", WITH_PLUGINS)
def test_every_example_loads(
    page: str, catalogs: dict[str, tuple[Path, Catalog]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = catalogs[page][0]
    monkeypatch.setenv("LAB_PLUGIN_PATH", str(folder))
    catalog = load_catalog(entry_points=False)
    assert catalog.failures == ()
    origins = {Path(entry.origin) for entry in catalog.components}
    assert {path.name for path in origins if path.parent == folder} == set(plugins(page))


@pytest.mark.parametrize("page", WITH_PLUGINS)
def test_every_example_is_used_on_its_page(page: str, catalogs: dict[str, tuple[Path, Catalog]]) -> None:
    folder, catalog = catalogs[page]
    own = [entry for entry in catalog.components if Path(entry.origin).parent == folder]
    used = " ".join([*(word for words in trained(page) for word in words), *experiments(page).values()])
    # A metric is used by the dataset of its file, a probe by what looks on.
    elsewhere = ("metric", "probe")
    assert [entry.name for entry in own if entry.name not in used and entry.kind not in elsewhere] == []


def test_every_probe_of_a_page_measures(catalogs: dict[str, tuple[Path, Catalog]]) -> None:
    folder, catalog = catalogs["probes.md"]
    own = [one.name for one in catalog.components if Path(one.origin).parent == folder and one.kind == "probe"]
    assert own
    document = load_experiment("airline", [], catalog).document
    with Trainer(set_up(document.spec, catalog), Plan(target="numpy")) as trainer:
        trainer.advance()
        for name in own:
            assert Lookout(trainer, catalog).once(name).arrays


@pytest.mark.parametrize(("page", "words"), LINES, ids=[f"{page} {' '.join(words)}" for page, words in LINES])
def test_every_line_trains(
    page: str, words: tuple[str, ...], catalogs: dict[str, tuple[Path, Catalog]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, catalog = catalogs[page]
    monkeypatch.chdir(folder)
    settings = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
    document = load_experiment(words[0], settings, catalog).document
    small = SMALL.get(document.spec.dataset.plugin.name, {})
    for key, value in {**{f"dataset.{key}": value for key, value in small.items()}, "training.updates": 2}.items():
        document = assign(document, key, value, catalog).document
    with Trainer(set_up(document.spec, catalog), Plan(target="numpy")) as trainer:
        before = trainer.network.parameters.copy()
        while trainer.advance() is not None:
            pass
        metrics = trainer.metrics()
        changed = not np.array_equal(before, trainer.network.parameters)
    assert trainer.update == 2
    assert changed
    assert math.isfinite(metrics["test.loss"])
    assert any(name.startswith("test.") and name != "test.loss" for name in metrics)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        pytest.param(
            page, words, marks=pytest.mark.slow if words[0] == "gradcheck" else (), id=f"{page} {' '.join(words)}"
        )
        for page, words in OTHERS
    ],
)
def test_every_other_line_succeeds(
    page: str,
    words: tuple[str, ...],
    catalogs: dict[str, tuple[Path, Catalog]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LAB_PLUGIN_PATH", str(catalogs[page][0]))
    assert main(words) == 0
    assert capsys.readouterr().out
