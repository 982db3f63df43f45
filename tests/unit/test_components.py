"""The abstract bases refuse, in one clear sentence, what they cannot be used as."""
# ruff: noqa: E501 - a table reads best with one case a line

from __future__ import annotations

from functools import wraps
from typing import Any

import numpy as np
import pytest

from lab.components.algorithm import Algorithm
from lab.components.base import Component
from lab.components.cell import Cell
from lab.components.dataset import Data, Dataset, Sequences
from lab.components.hookspecs import KINDS
from lab.components.loss import Loss
from lab.components.metric import Metric
from lab.components.optimizer import Optimizer
from lab.components.schedule import Schedule
from lab.errors import DataError, PluginError
from lab.hyperparameters import hyperparameter


def some_cell(**body: Any) -> type[Cell]:
    """A cell class that is right but for what `body` changes; None takes something away."""
    whole: dict[str, Any] = {
        "name": "some",
        "states": ("h", "c"),
        "parameters": lambda self, inputs, hidden: {},
        "step": lambda self, p, x, s: self.next(h=s.h),
    }
    return type("Some", (Cell,), {name: value for name, value in (whole | body).items() if value is not None})


def refusal(component: type[Component]) -> PluginError:
    with pytest.raises(PluginError) as caught:
        component.check_declaration()
    return caught.value


def test_a_right_cell_is_taken() -> None:
    some_cell().check_declaration()
    some_cell(outputs=("c",), title={"en": "Some"}).check_declaration()
    some_cell(step=lambda self, p, x, s, t, y, below, memory: None).check_declaration()
    some_cell(parameters=lambda self, inputs, hidden, outputs, depth: {}).check_declaration()
    some_cell(step=lambda self, p, cache=None: None).check_declaration()  # a default is nobody else's business


@pytest.mark.parametrize(
    ("body", "message", "remedy"),
    [
        ({"name": None}, "cell Some has no name", 'Add name = "some" to the class'),
        ({"title": "Some"}, "the title of cell 'some' is not text by language", 'Write title = {"en": "Some", "zh": "…"}'),
        ({"title": {"en": 3}}, "the title of cell 'some' is not text by language", 'Write title = {"en": "Some", "zh": "…"}'),
        ({"step": None}, "cell 'some' has no step", "Define step(self, ...) in the class"),
        ({"parameters": None, "paramters": lambda self: 0}, "cell 'some' has no parameters; was 'paramters' meant to be it?", "Define parameters(self, ...) in the class"),
        ({"states": None}, "cell 'some' names no states", 'Add states = ("h",) to the class'),
        ({"states": ()}, "cell 'some' names no states", 'Add states = ("h",) to the class'),
        ({"states": "h"}, "states of cell 'some' is one text, not a tuple of names", 'Write states = ("h",), with the comma that makes it a tuple'),
        ({"states": ("h", "h t")}, "states of cell 'some' is not a tuple of names", 'Write names of letters and digits: states = ("h", "c")'),
        ({"states": ["h"]}, "states of cell 'some' is not a tuple of names", 'Write names of letters and digits: states = ("h", "c")'),
        ({"states": ("h", "h")}, "states of cell 'some' names one thing twice", "Use different names"),
        ({"states": ("h", "watch")}, "cell 'some' cannot call a state 'watch'", "Give it another name"),
        ({"states": ("_h",)}, "cell 'some' cannot call a state '_h'", "Give it another name"),
        ({"outputs": ("d",)}, "unknown state in outputs of cell 'some': 'd'; known: c, h", "Name states in outputs"),
        ({"step": lambda self, p, X, s: 0}, "step of cell 'some' asks for the unknown argument 'X'; did you mean 'x'?", "It may ask for p, x, s, t, y, below, memory"),
        ({"step": lambda self, q: 0}, "step of cell 'some' asks for the unknown argument 'q'", "It may ask for p, x, s, t, y, below, memory"),
        ({"parameters": lambda self, hiden: 0}, "parameters of cell 'some' asks for the unknown argument 'hiden'; did you mean 'hidden'?", "It may ask for inputs, hidden, outputs, depth"),
        ({"step": lambda self, *p: 0}, "step of cell 'some' hides what it asks for behind '*p'", "Name the arguments it needs; it may ask for p, x, s, t, y, below, memory"),
        ({"step": lambda self, **p: 0}, "step of cell 'some' hides what it asks for behind '**p'", "Name the arguments it needs; it may ask for p, x, s, t, y, below, memory"),
        ({"step": lambda: 0}, "step of cell 'some' takes no self", "Define it as def step(self, ...)"),
        ({"step": staticmethod(lambda p: 0)}, "step of cell 'some' is not a plain method", "Define it with def step(self, ...)"),
        ({"step": 3}, "step of cell 'some' is not a plain method", "Define it with def step(self, ...)"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_refused(body: dict[str, Any], message: str, remedy: str) -> None:
    error = refusal(some_cell(**body))
    assert (error.message, error.remedy) == (message, remedy)


def test_the_line_of_a_wrong_step_is_told_through_a_decorator() -> None:
    def plain(self: Cell, wrong: object) -> None: ...

    @wraps(plain)
    def decorated(*arguments: Any) -> None: ...

    error = refusal(some_cell(step=decorated))
    assert (error.file, error.line) == (__file__, plain.__code__.co_firstlineno)


@pytest.mark.parametrize("name", ["", "A", "a b", "a_b", "-a", "a--b", "a-", "ä", 3, None])
def test_a_name_that_is_none_is_refused_where_the_class_is_defined(name: object) -> None:
    with pytest.raises(PluginError, match="cannot name cell Wrong"):
        type("Wrong", (Cell,), {"name": name})


@pytest.mark.parametrize("name", ["a", "lstm", "truncated-bptt", "2d-lstm", "l1"])
def test_names_of_small_letters_digits_and_hyphens_will_do(name: str) -> None:
    assert some_cell(name=name).described() == f"cell '{name}'"


def test_next_gives_states_and_watched_values() -> None:
    result = some_cell()().next(h=1, c=2, watch={"gate": 3})  # type: ignore[arg-type]
    assert (result.states, result.watch) == ({"h": 1, "c": 2}, {"gate": 3})
    assert some_cell()().next(h=1).watch == {}  # type: ignore[arg-type]


def test_titles_fall_back_to_english_and_to_the_name() -> None:
    assert some_cell().title_in("zh") == "some"
    english = some_cell(title={"en": "Some"})
    assert (english.title_in("en"), english.title_in("zh")) == ("Some", "Some")
    assert some_cell(title={"en": "Some", "zh": "某"}).title_in("zh") == "某"


def test_hyperparameters_are_named_with_their_component() -> None:
    class Rated(Cell):
        name = "rated"
        rate: float = hyperparameter(0.5, low=0, high=1)

        def parameters(self) -> Any: ...
        def step(self) -> Any: ...

    with pytest.raises(Exception, match=r"^rate of cell 'rated' must be a number from 0 to 1, not 2$"):
        Rated(rate=2)


@pytest.mark.parametrize("kind", KINDS)
def test_every_base_is_abstract_and_documented(kind: str) -> None:
    base = KINDS[kind].base
    assert base.__abstractmethods__
    with pytest.raises(TypeError, match="abstract"):
        base()
    for name in {"__doc__"} | base.__abstractmethods__:
        assert getattr(base, name) if name == "__doc__" else getattr(base, name).__doc__


def method(*arguments: str) -> Any:
    """A method that takes these arguments."""
    namespace: dict[str, Any] = {}
    exec(f"def function({', '.join(('self', *arguments))}): pass", namespace)
    return namespace["function"]


WHOLE: dict[type[Component], dict[str, Any]] = {
    Dataset: {"task": "binary", "source": "s", "licence": "l", "load": method("seed")},
    Algorithm: {"updates": method("learner", "batch")},
    Optimizer: {"slots": ("m",), "update": method("parameters", "gradient", "slots", "rate", "count")},
    Schedule: {"rate": method("base", "update", "total", "history")},
    Loss: {"head": "linear", "target_kind": "real", "equation": method("prediction", "target")},
    Metric: {"better": "lower", "compute": method("predictions", "targets")},
}


@pytest.mark.parametrize("base", WHOLE)
def test_right_components_are_taken(base: type[Component]) -> None:
    type("New", (base,), {"name": "new", **WHOLE[base]}).check_declaration()


@pytest.mark.parametrize(
    ("base", "changes", "message", "remedy"),
    [
        (Dataset, {"task": "guess"}, "dataset 'new' has the task 'guess'", "Set task to one of 'regression', 'classification', 'binary', 'next-symbol'"),
        (Dataset, {"task": None}, "dataset 'new' does not say its task", "Set task to one of 'regression', 'classification', 'binary', 'next-symbol'"),
        (Dataset, {"source": None}, "dataset 'new' does not say its source", 'Add source = "Who measured it, where it was published"'),
        (Dataset, {"licence": " "}, "dataset 'new' does not say its licence", 'Add licence = "Public domain"'),
        (Dataset, {"load": method()}, "load of dataset 'new' cannot be called as it will be: got an unexpected keyword argument 'seed'", "Define it as load(self, seed)"),
        (Algorithm, {"updates": method("learner")}, "updates of algorithm 'new' cannot be called as it will be: got an unexpected keyword argument 'batch'", "Define it as updates(self, learner, batch)"),
        (Optimizer, {"slots": "m"}, "slots of optimizer 'new' is one text, not a tuple of names", 'Write slots = ("m",), with the comma that makes it a tuple'),
        (Schedule, {"rate": method("base", "update", "total", "history", "more")}, "rate of schedule 'new' cannot be called as it will be: missing a required argument: 'more'", "Define it as rate(self, base, update, total, history)"),
        (Loss, {"head": "soft-max"}, "loss 'new' has the head 'soft-max'; did you mean 'softmax'?", "Set head to one of 'linear', 'softmax', 'sigmoid'"),
        (Loss, {"target_kind": None}, "loss 'new' does not say its target_kind", "Set target_kind to one of 'real', 'class', 'binary'"),
        (Metric, {"better": "less"}, "metric 'new' has the better 'less'", "Set better to one of 'lower', 'higher'"),
        (Metric, {"compute": None}, "metric 'new' has no compute", "Define compute(self, ...) in the class"),
    ],
)  # fmt: skip
def test_wrong_components_are_refused(
    base: type[Component], changes: dict[str, Any], message: str, remedy: str
) -> None:
    body = {name: value for name, value in (WHOLE[base] | changes).items() if value is not None}
    error = refusal(type("New", (base,), {"name": "new", **body}))
    assert (error.message, error.remedy) == (message, remedy)


def test_the_task_of_a_dataset_may_depend_on_hyperparameters() -> None:
    type(
        "New", (Dataset,), {"name": "new", **WHOLE[Dataset], "task": property(lambda self: "binary")}
    ).check_declaration()

    class Chosen(Dataset):
        name = "chosen"
        source = licence = "x"
        task: str = hyperparameter("binary", choices=("binary", "regression"))

        def load(self, seed: int) -> Data:
            raise NotImplementedError

    Chosen.check_declaration()
    assert Chosen(task="regression").task == "regression"


def reals(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


def wholes(*shape: int) -> Any:
    return np.zeros(shape, np.int64)


@pytest.mark.parametrize(
    ("inputs", "targets", "per_step"),
    [
        (reals(5, 2, 3), reals(5, 2, 1), True),
        (reals(5, 2, 3), reals(2, 1), False),
        (reals(5, 2, 3), wholes(5, 2), True),
        (reals(5, 2, 3), wholes(2), False),
        (wholes(5, 2), wholes(5, 2), True),
    ],
)
def test_sequences_of_every_form(inputs: Any, targets: Any, per_step: bool) -> None:
    lengths, counted = np.array([5, 1]), np.ones((5, 2), bool)
    sequences = Sequences(inputs=inputs, targets=targets, lengths=lengths, counted=counted)
    assert (sequences.steps, sequences.count, sequences.per_step) == (5, 2, per_step)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"inputs": reals(5, 2)}, "inputs of real numbers must have shape (steps, sequences, features), not (5, 2)"),
        ({"inputs": wholes(5, 2, 3)}, "inputs of whole numbers must have shape (steps, sequences), not (5, 2, 3)"),
        ({"inputs": [[1.0]]}, "inputs must be an array of real or whole numbers, not list"),
        ({"inputs": reals(5, 2, 3) > 0}, "inputs must be an array of real or whole numbers, not bool"),
        ({"inputs": reals(5, 0, 3)}, "inputs are empty, of shape (5, 0, 3)"),
        ({"inputs": wholes(5, 2) - 1}, "inputs are whole, so they number symbols or classes from 0, but the least is -1"),
        ({"inputs": np.where(np.arange(30).reshape(5, 2, 3) == 10, np.nan, 0)}, "inputs have the value nan at [1, 1, 1]. Leave such rows out, or fill them in."),
        ({"targets": reals(5, 2, 1) + np.inf}, "targets have the value inf at [0, 0, 0]. Leave such rows out, or fill them in."),
        ({"targets": reals(5)}, "targets of real numbers must have shape (steps, sequences, outputs) or (sequences, outputs), not (5,)"),
        ({"targets": wholes(5, 2, 1)}, "targets of whole numbers must have shape (steps, sequences) or (sequences,), not (5, 2, 1)"),
        ({"targets": reals(4, 2, 1)}, "targets must begin with shape (5, 2), as the inputs do, not (4, 2)"),
        ({"targets": wholes(3)}, "targets must begin with shape (2,), as the inputs do, not (3,)"),
        ({"lengths": np.array([5])}, "lengths must begin with shape (2,), as the inputs do, not (1,)"),
        ({"lengths": np.array([6, 1])}, "lengths must be whole numbers from 1 to the number of steps, 5"),
        ({"lengths": np.array([0, 1])}, "lengths must be whole numbers from 1 to the number of steps, 5"),
        ({"lengths": np.array([1.0, 1.0])}, "lengths must be whole numbers from 1 to the number of steps, 5"),
        ({"counted": np.ones((2, 5), bool)}, "counted must begin with shape (5, 2), as the inputs do, not (2, 5)"),
        ({"counted": np.ones((5, 2))}, "counted must be of type bool, not float64"),
    ],
)  # fmt: skip
def test_sequences_that_do_not_fit_are_refused(arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        Sequences(**({"inputs": reals(5, 2, 3), "targets": reals(5, 2, 1)} | arrays))
    assert str(caught.value) == message


def data(**changes: Any) -> Data:
    train = Sequences(inputs=reals(5, 2, 3), targets=reals(5, 2, 1))
    whole: dict[str, Any] = {"train": train, "baselines": {}, "metric": "mse", "inputs": 3, "outputs": 1}
    return Data(**(whole | changes))


def test_data_has_the_splits_there_are() -> None:
    test = Sequences(inputs=reals(7, 1, 3), targets=reals(7, 1, 1))
    assert list(data(test=test).splits()) == ["train", "test"]
    values = reals(7, 1, 1)
    assert data().to_units("test", values) is values


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": 4}, "train inputs have 3 columns, not 4"),
        ({"outputs": 2}, "train targets have 1 columns, not 2"),
        ({"test": Sequences(inputs=reals(5, 2, 2), targets=reals(5, 2, 1))}, "test inputs have 2 columns, not 3"),
        ({"test": Sequences(inputs=reals(5, 2, 3), targets=reals(2, 1))}, "the train and test targets are not alike: one has a target for each step"),
        ({"validation": Sequences(inputs=wholes(5, 2), targets=reals(5, 2, 1))}, "the train and validation inputs are not alike: one has real, one whole numbers"),
        ({"train": Sequences(inputs=wholes(5, 2) + 3, targets=reals(5, 2, 1))}, "train inputs number symbols up to 3, but there are 3"),
        ({"train": Sequences(inputs=reals(5, 2, 3), targets=wholes(2) + 1)}, "train targets number classes up to 1, but there are 1"),
        ({"baselines": {"naive": float("nan")}}, "the baseline 'naive' is nan"),
        ({"symbols": ("a",)}, "there are 1 names of symbols and 3 symbols"),
        ({"output_names": ("a", "b")}, "there are 2 names of outputs and 1 outputs"),
    ],
)  # fmt: skip
def test_data_that_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        data(**changes)
    assert str(caught.value) == message
