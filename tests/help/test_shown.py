"""What the pages show is what happens: refusals, and the source that is printed."""

import re

import pytest

import lab.api
from lab.api import Cell, glorot, orthogonal, zeros
from lab.compile.passes import optimise
from lab.compile.place import place
from lab.compile.targets.numpy import numpy_source
from lab.errors import TraceError
from lab.registry.manager import load_catalog
from lab.trace.tracer import trace_cell
from tests.help.pages import LANGUAGES, blocks, codes, rows, sections, text_of


def refused(language: str) -> list[str]:
    """The statements of the table of what a cell may not write."""
    (body,) = [
        body for heading, body in sections(text_of(language, "cells.md")) if heading in ("What is refused", "拒绝什么")
    ]
    return [codes(row[0])[0] for row in rows(body)]


def test_both_languages_refuse_the_same() -> None:
    assert len(refused("en")) > 10
    assert refused("zh") == refused("en")


@pytest.mark.parametrize("statement", refused("en"))
def test_what_is_said_to_be_refused_is_refused(statement: str) -> None:
    import numpy

    names = {name: getattr(lab.api, name) for name in lab.api.__all__} | {"np": numpy}

    class Trial(Cell):
        name = "trial"
        states = ("h",)

        def parameters(self, inputs, hidden):
            return {"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "b": zeros(hidden)}

        def step(self, p, x, s, t):
            exec(statement, names, {"p": p, "x": x, "s": s, "t": t})
            return self.next(h=s.h)

    with pytest.raises(TraceError):
        trace_cell(Trial(), inputs=3, hidden=4)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_source_shown_is_that_of_the_cell(language: str) -> None:
    (shown,) = [block.text for block in blocks(text_of(language, "engine.md")) if block.language == "text"]
    elman = load_catalog(entry_points=False).get("cell", "elman")
    traced = trace_cell(elman(), inputs=3, hidden=4)  # type: ignore[arg-type]
    forward, _ = numpy_source(place(optimise(traced)))
    assert shown in forward


@pytest.mark.parametrize("language", LANGUAGES)
def test_operators_and_functions_shown_are_those_there_are(language: str) -> None:
    text = dict(sections(text_of(language, "cells.md")))
    body = text.get("Equations") or text["方程"]
    called = {name for code in codes(body) for name in re.findall(r"^(\w+)(?:\(|$)", code)}
    functions = {
        name for name in lab.api.__all__ if getattr(getattr(lab.api, name), "__module__", "") == "lab.trace.functions"
    }
    assert len(functions) > 20
    assert sorted(functions - called) == []
