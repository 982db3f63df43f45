"""Each hook is documented, and brings its kind of component into the catalog."""

import inspect
from pathlib import Path

import pytest

import lab.api
from lab.components import hookspecs
from lab.components.hookspecs import API_VERSION, KINDS
from tests.plugins.helpers import load_text

CLASSES = {
    "cell": """
        states = ("h",)
        def parameters(self):
            return {}
        def step(self, s):
            return self.next(h=s.h)""",
    "dataset": """
        task = "regression"
        source = "Made up"
        licence = "Public domain"
        def load(self, seed):
            raise NotImplementedError""",
    "algorithm": """
        def updates(self, learner, batch):
            yield from ()""",
    "optimizer": """
        def update(self, parameters, gradient, slots, rate, count):
            pass""",
    "schedule": """
        def rate(self, base, update, total, history):
            return base""",
    "loss": """
        head = "linear"
        target_kind = "real"
        def equation(self, prediction, target):
            return prediction""",
    "metric": """
        better = "lower"
        def compute(self, predictions, targets):
            return 0.0""",
    "probe": """
        tier = "update"
        def measure(self, look):
            return {}""",
}


def test_every_hook_is_documented_and_takes_nothing() -> None:
    hooks = [name for name in vars(hookspecs) if name.startswith("lab_")]
    assert hooks == [kind.hook for kind in KINDS.values()]
    for name in hooks:
        function = getattr(hookspecs, name)
        assert inspect.getdoc(function)
        assert not inspect.signature(function).parameters


@pytest.mark.parametrize("kind", KINDS)
def test_every_hook_brings_its_kind(tmp_path: Path, kind: str) -> None:
    base, hook = KINDS[kind].base.__name__, KINDS[kind].hook
    text = f"""
    from lab.api import {base}, hookimpl, hyperparameter
    LAB_API = "{API_VERSION}"
    class New({base}):
        name = "new"
        size: int = hyperparameter(3, low=1){CLASSES[kind]}
    @hookimpl
    def {hook}():
        return [New]
    """
    catalog = load_text(tmp_path, inspect.cleandoc(text))
    assert catalog.failures == ()
    assert [(entry.kind, entry.name) for entry in catalog.components] == [(kind, "new")]
    component = catalog.get(kind, "new")
    assert component(size=5).values() == {"size": 5}
    assert component.described() == f"{kind} 'new'"


def test_every_base_is_offered_to_plugins() -> None:
    for kind in KINDS.values():
        assert getattr(lab.api, kind.base.__name__) is kind.base
