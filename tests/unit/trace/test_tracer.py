"""Tracing a cell: what it makes, and each refusal with the line of the plugin's own file and what to do about it."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lab.api import Cell, fixed, reduce_sum, tanh, zeros
from lab.compile.passes import optimise
from lab.compile.place import place
from lab.errors import LabError, ShapeError, TraceError
from lab.trace.graph import Depends, Var
from lab.trace.tracer import Next, Traced, trace_cell

PLUGIN = """
import math
from functools import reduce

import numpy as np

from lab.api import *

ARRAY = np.arange(4.0)
KEPT = []


class Mine(Cell):
    name = "mine"
    states = ("h", "memory")

    def sizes(self, hidden):
        return {sizes}

    def parameters(self, inputs, hidden):
        return {parameters}

    def step(self, {arguments}):
        net = p.W @ x + p.U @ s.h + p.b
{body}
"""
PARAMETERS = '{"W": glorot(hidden, inputs), "U": orthogonal(hidden, hidden), "b": zeros(hidden)}'
END = "return self.next(h=h, memory=s.memory)"


def plugin(
    folder: Path, body: str, *, arguments: str = "p, x, s", parameters: str = PARAMETERS, sizes: str = "{}"
) -> tuple[Any, str, int]:
    """A cell in a file of its own; also the file's name and the number of its line with the mark `# here`."""
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    text = (
        PLUGIN.replace("{body}", lines)
        .replace("{arguments}", arguments)
        .replace("{parameters}", parameters)
        .replace("{sizes}", sizes)
    )
    path = folder / "my_plugin.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("lab_plugins_mine", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    marked = [number for number, line in enumerate(text.splitlines(), 1) if "# here" in line]
    return module.Mine(), str(path), marked[0] if marked else 0


def trace(cell: Any, **options: Any) -> Traced:
    """With M = 3 and D = 4."""
    return trace_cell(cell, inputs=3, hidden=4, **options)


def trace_twice(cell: Any) -> None:
    """What is kept from the first trace is of another trace in the second."""
    trace(cell)
    trace(cell)


REFUSALS = {
    # what the author writes: message, remedy
    "if": ("if net[0:1] > 0:  # here\n    net = -net", "condition", "where"),
    "and": ("h = net and s.h  # here", "condition", "where"),
    "or": ("h = net > 0 or s.h  # here", "condition", "where"),
    "not": ("h = not net  # here", "condition", "where"),
    "while": ("while net > 0:  # here\n    net = net - 1", "condition", "where"),
    "between": ("h = 0 < net < 1  # here", "condition", "where"),
    "max": ("h = max(net, s.h)  # here", "condition", "where"),
    "in": ("h = net in [s.h]  # here", "condition", "where"),
    "entry written": ("net[0] = 1  # here", "writing into", "concat"),
    "slice written": ("net[0:2] = s.h[0:2]  # here", "writing into", "where"),
    "state written": ("s.h = net  # here", "writing to .h", r"self\.next\(h="),
    "state written in place": ("s.h += net  # here", "writing to .h", r"self\.next\(h="),
    "parameter written": ("p.W = net  # here", "writing to .W", "a name of its own"),
    "array on the right": ("h = net + ARRAY  # here", r"foreign value \(numpy\.ndarray\)", r"fixed\(array\)"),
    "array on the left": ("h = ARRAY + net  # here", r"foreign value \(numpy\.ndarray\)", r"fixed\(array\)"),
    "array subtracted": ("h = net - ARRAY  # here", "foreign", "fixed"),
    "subtracted from array": ("h = ARRAY - net  # here", "foreign", "fixed"),
    "array times": ("h = net * ARRAY  # here", "foreign", "fixed"),
    "times array": ("h = ARRAY * net  # here", "foreign", "fixed"),
    "by array": ("h = net / ARRAY  # here", "foreign", "fixed"),
    "array by": ("h = ARRAY / net  # here", "foreign", "fixed"),
    "modulo array": ("h = net % ARRAY  # here", "foreign", "fixed"),
    "matrix product with array": ("h = net @ ARRAY  # here", "foreign", "fixed"),
    "product of array": ("h = np.eye(4) @ net  # here", "foreign", "fixed"),
    "greater than array": ("h = net > ARRAY  # here", "foreign", "fixed"),
    "array less": ("h = ARRAY < net  # here", "foreign", "fixed"),
    "equal to array": ("h = net == ARRAY  # here", "foreign", "fixed"),
    "list": ("h = net + [1.0, 2.0, 3.0, 4.0]  # here", r"foreign value \(builtins\.list\)", "fixed"),
    "text": ("h = net * '2'  # here", r"foreign value \(builtins\.str\)", "numbers"),
    "None": ("h = net == None  # here", "NoneType", "numbers"),
    "array in a function": ("h = maximum(net, ARRAY)  # here", "foreign", "fixed"),
    "array in concat": ("h = concat(net, ARRAY)  # here", "foreign", "fixed"),
    "only an array": ("h = tanh(ARRAY)  # here", "foreign", "fixed"),
    "only a number": ("h = tanh(2.0)  # here", "plain values", "math"),
    "numpy function": ("h = np.tanh(net)  # here", r"numpy\.tanh", r"tanh of lab\.api"),
    "numpy function of two": ("h = np.maximum(net, s.h)  # here", r"numpy\.maximum", "maximum of lab"),
    "numpy mean": ("h = np.mean(net)  # here", "NumPy array", r"lab\.api"),
    "numpy array": ("h = np.array(net)  # here", "NumPy array", r"lab\.api"),
    "numpy stack": ("h = np.concatenate([net, s.h])  # here", "traced", r"lab\.api"),
    "float": ("h = float(net)  # here", "number taken", "symbolic"),
    "int": ("h = int(net[0:1])  # here", "number taken", "symbolic"),
    "index": ("h = [1, 2][net]  # here", "number taken", "symbolic"),
    "math": ("h = math.tanh(net)  # here", "number taken", "symbolic"),
    "range": ("for i in range(net):  # here\n    pass", "number taken", "symbolic"),
    "for": ("for entry in net:  # here\n    pass", "loop over", "whole vector"),
    "unpacking": ("a, b, c, d = net  # here", "loop over", "whole vector"),
    "list of it": ("h = list(net)  # here", "loop over|len", "vector|shape"),
    "sum": ("h = sum(net)  # here", "loop over", "whole vector"),
    "reduce": ("h = reduce(lambda a, b: a + b, net)  # here", "loop over", "whole vector"),
    "len": ("h = net * len(net)  # here", r"len\(\)", "shape"),
    "one entry": ("h = net[0]  # here", "index 0", "gather"),
    "mask index": ("h = net[net > 0]  # here", "index", "gather"),
    "stride": ("h = net[0:4:2]  # here", "index", "gather"),
    "empty slice": ("h = net[4:9]  # here", r"\[4:4\].*empty", "bounds"),
    "power": ("h = net ** 0.5  # here", r"power of 0\.5", "sqrt"),
    "unknown parameter": ("h = p.W_z @ x  # here", "unknown parameter 'W_z'", "known: U, W, b|did you mean"),
    "nearest parameter": ("h = p.w @ x  # here", "unknown parameter 'w'; did you mean 'W'", ""),
    "nearest state": ("h = s.memry  # here", "unknown state 'memry'; did you mean 'memory'", ""),
    "unknown activation": ("h = activate('tahn', net)  # here", "unknown activation 'tahn'; did you mean 'tanh'", ""),
    "AttributeError": ("h = net.relu()  # here", "AttributeError.*relu", "Correct this line"),
    "NameError": ("h = rleu(net)  # here", "NameError.*rleu", "Correct this line"),
    "TypeError": ("h = tanh(net, 2)  # here", "TypeError", "Correct this line"),
    "ZeroDivisionError": ("h = net * (1 / 0)  # here", "ZeroDivisionError", "Correct this line"),
    "other trace": ("KEPT.append(net)\nh = KEPT[0] + net  # here", "another trace", "between two calls"),
    "other trace in concat": (
        "KEPT.append(net)\nh = concat(net, KEPT[0])[0:4]  # here",
        "another trace",
        "between two calls",
    ),
    "other trace in a product": ("KEPT.append(p.W)\nh = KEPT[0] @ x  # here", "another trace", "between two calls"),
    "entry by entry": ("h = net + x  # here", r"\(4\) and \(3\) do not fit", "same shape"),
    "product": ("h = p.W @ s.h  # here", r"\(4, 3\) @ \(4\): 3 columns meet 4", "sizes given in parameters"),
    "vector product": ("h = x @ p.U  # here", r"\(3\) @ \(4, 4\): 3 entries meet 4 rows", "sizes given in parameters"),
    "dot product": ("h = x @ s.h  # here", r"\(3\) and \(4\)", "same shape"),
    "product with a scalar": ("h = p.W @ reduce_sum(x)  # here", r"\(4, 3\) @ scalar", "right side a vector"),
    "concat": ("h = concat(p.W, x)  # here", r"\(4, 3\), \(3\)", "equally many columns"),
    "concat of a scalar": ("h = concat(net, 1.0)  # here", r"\(4\), scalar", "join vectors"),
    "reshape": ("h = reshape(net, (3, 2))  # here", r"\(4\) to \(3, 2\)", "sizes"),
    "negative reshape": ("h = reshape(net, (-2, -2))  # here", r"\(4\) to \(-2, -2\)", "sizes"),
    "broadcast": ("h = broadcast(x, (2, 4))  # here", r"\(3\) to \(2, 4\)", "axes"),
    "broadcast to fewer": ("h = broadcast(p.U, (4,))  # here", r"\(4, 4\) to \(4\)", "axes"),
    "transpose": ("h = x.T  # here", r"\(3\)", "matrices"),
    "outer": ("h = outer(p.W, x)  # here", r"\(4, 3\) and \(3\)", "two vectors"),
    "sum over an axis": ("h = reduce_sum(net, 1)  # here", r"\(4\) over the axes \[1\]", "axes count from 0"),
    "mean over an axis": ("h = reduce_mean(net, 3)  # here", r"\(4\) over the axes \[3\]", "axes count from 0"),
    "gather": ("h = gather(p.W, x)  # here", r"\(3\) of \(4, 3\)", "one scalar index"),
    "one-hot": ("h = one_hot(reduce_sum(x), 0)  # here", "0 entries", "at least one"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_names_line_and_remedy(name: str, tmp_path: Path) -> None:
    code, message, remedy = REFUSALS[name]
    cell, file, line = plugin(tmp_path, f"{code}\n{END}")
    with pytest.raises(TraceError, match=message) as caught:
        trace_twice(cell)
    assert (caught.value.file, caught.value.line) == (file, line)
    assert str(caught.value).startswith(f"{file}:{line}: ")
    assert re.search(remedy, str(caught.value)), str(caught.value)


RESULTS = {
    "nothing returned": ("pass", "step returned NoneType", "return self.next"),
    "a vector returned": ("return net", "step returned Var", r"self\.next\(h=\.\.\., memory=\.\.\.\)"),
    "a dictionary returned": ("return {'h': net, 'memory': net}", "step returned dict", "return self.next"),
    "a missing state": ("return self.next(h=net)", "no next value of the state memory", "memory=..."),
    "an unknown state": ("return self.next(h=net, memory=net, memry=net)", "'memry'; did you mean 'memory'", ""),
    "a number for a state": (
        "return self.next(h=net, memory=0.0)",
        "memory is no traced value but a float",
        "broadcast",
    ),
    "an array for a state": ("return self.next(h=net, memory=ARRAY)", "no traced value but a ndarray", "equation"),
    "an array watched": ("return self.next(h=net, memory=net, watch={'a': ARRAY})", "watched value a", "equation"),
    "a state of another trace": ("KEPT.append(net)\nreturn self.next(h=net, memory=KEPT[0])", "another trace", "keep"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_wrong_result_names_the_step(name: str, tmp_path: Path) -> None:
    code, message, remedy = RESULTS[name]
    cell, file, _ = plugin(tmp_path, code)
    with pytest.raises(TraceError, match=message) as caught:
        trace_twice(cell)
    assert caught.value.file == file
    assert caught.value.line == type(cell).step.__code__.co_firstlineno
    assert re.search(remedy, str(caught.value)), str(caught.value)


DECLARATIONS = {
    "unknown argument": ({"arguments": "p, x, state"}, "unknown argument of step 'state'", "step"),
    "a near argument": ({"arguments": "p, x, memry"}, "unknown argument of step 'memry'", "step"),
    "no encoder": ({"arguments": "p, x, s, memory"}, "asks for memory, which this network does not offer", "step"),
    "no head": ({"arguments": "p, x, s, y"}, "asks for y, which this network does not offer", "step"),
    "no dictionary": ({"parameters": "None"}, "parameters returned NoneType", "parameters"),
    "no initialiser": ({"parameters": "{'W': np.zeros((4, 3))}"}, "'W' is no initialiser but a ndarray", "parameters"),
    "a bad initialiser": ({"parameters": "{'W': zeros(hidden, 0)}"}, r"sizes \(4, 0\)", "parameters"),
    "an unknown size": ({"sizes": "{'memry': 3}"}, "unknown state 'memry'; did you mean 'memory'", "sizes"),
    "no size": ({"sizes": "{'memory': 0}"}, "size 0 of the state memory", "sizes"),
    "half a size": ({"sizes": "{'memory': hidden / 2}"}, r"size 2\.0 of the state memory", "sizes"),
    "no sizes": ({"sizes": "3"}, "sizes returned int", "sizes"),
    "a failing size": ({"sizes": "{'memory': hidden // 0}"}, "ZeroDivisionError", "sizes"),
}


@pytest.mark.parametrize("name", DECLARATIONS)
def test_wrong_declaration_names_the_function(name: str, tmp_path: Path) -> None:
    changes, message, function = DECLARATIONS[name]
    cell, file, _ = plugin(tmp_path, "return self.next(h=s.h, memory=s.memory)", **changes)
    with pytest.raises(LabError, match=message) as caught:
        trace(cell)
    assert caught.value.file == file
    first = getattr(type(cell), function).__code__.co_firstlineno
    assert caught.value.line is not None
    assert first <= caught.value.line <= first + 1


@pytest.mark.parametrize("body", ["h = concat(net, net)  # here", "h = reduce_sum(net)  # here"])
def test_wrong_size_of_a_next_state_names_both_and_the_line_that_made_it(body: str, tmp_path: Path) -> None:
    cell, file, line = plugin(tmp_path, f"{body}\n{END}")
    with pytest.raises(ShapeError, match=r"the next h is (\(8\)|scalar), the state is \(4\)") as caught:
        trace(cell)
    assert (caught.value.file, caught.value.line) == (file, line)
    assert "keeps its size" in str(caught.value)


def test_wrong_size_of_a_state_that_is_a_leaf_names_the_step(tmp_path: Path) -> None:
    cell, file, _ = plugin(tmp_path, "return self.next(h=net, memory=x)")
    with pytest.raises(ShapeError, match=r"the next memory is \(3\), the state is \(4\)") as caught:
        trace(cell)
    assert (caught.value.file, caught.value.line) == (file, type(cell).step.__code__.co_firstlineno)


def test_error_in_a_helper_names_the_helper(tmp_path: Path) -> None:
    cell, file, line = plugin(tmp_path, f"def helper(v):\n    return v + p.W  # here\nh = helper(net)\n{END}")
    with pytest.raises(ShapeError) as caught:
        trace(cell)
    assert (caught.value.file, caught.value.line) == (file, line)


def test_errors_of_the_author_keep_their_cause(tmp_path: Path) -> None:
    cell, _, _ = plugin(tmp_path, "h = net.relu()")
    with pytest.raises(TraceError) as caught:
        trace(cell)
    assert isinstance(caught.value.__cause__, AttributeError)


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    left = "np.sqrt(2.0) * net + np.float32(0.5) - np.int64(3) / (2 - net) + (np.float64(1) < net)"
    right = "net * np.sqrt(2.0) + np.float32(0.5) - 3 / (2 - net) + (net > np.float64(1))"
    cell, _, _ = plugin(tmp_path, f"h = {left}\nk = {right}\nreturn self.next(h=h, memory=k)")
    found = trace(cell)
    assert found.next["h"] is found.next["memory"]


def test_equality_is_an_equation(tmp_path: Path) -> None:
    cell, _, _ = plugin(tmp_path, f"h = (net == s.h) + (net != 0)\n{END}")
    primitives = [value.primitive for value in trace(cell).graph.vars]
    assert primitives.count("equal") == 2


def test_equations_remember_their_line(tmp_path: Path) -> None:
    cell, file, line = plugin(tmp_path, f"h = tanh(net)  # here\n{END}")
    source = trace(cell).next["h"].source
    assert source is not None
    assert (source.file, source.line, source.text) == (file, line, "h = tanh(net)  # here")


def test_what_passes_add_has_no_line_of_a_bystander(tmp_path: Path) -> None:
    """Generated sources carry the lines of equations; a test's (or a command's) own line must not get there."""
    cell, file, _ = plugin(tmp_path, f"h = tanh(net)\n{END}")
    program = place(optimise(trace(cell, bias=False)))
    lines = {value.source.file for value in program.traced.graph.vars if value.source is not None}
    assert lines == {file}


def test_what_is_traced() -> None:
    class Plain(Cell):
        name = "plain"
        states = ("a", "b")
        outputs = ("b",)

        def sizes(self, hidden):
            return {"b": 2 * hidden}

        def parameters(self, inputs, hidden, outputs, depth):
            return {"W": zeros(hidden, inputs), "k": fixed(np.ones(outputs)), "n": zeros(depth)}

        def step(self, x, t, s, p):
            return self.next(a=tanh(p.W @ x) * t, b=s.b + reduce_sum(p.k), watch={"w": p.W @ x})

    found = trace_cell(Plain(), inputs=3, hidden=4, outputs=7, depth=2)
    assert {name: leaf.shape for name, leaf in found.parameters.items()} == {"W": (4, 3), "k": (7,), "n": (2,)}
    assert [leaf.origin.kind for leaf in found.parameters.values()] == ["parameter", "constant", "parameter"]  # type: ignore[union-attr]
    assert {name: leaf.shape for name, leaf in found.inputs.items()} == {"x": (3,), "t": ()}
    assert {name: leaf.shape for name, leaf in found.states.items()} == {"a": (4,), "b": (8,)}
    assert list(found.next) == ["a", "b"]
    assert found.outputs == ("b",)
    assert found.next["a"].depends == Depends.SEQUENCE
    assert found.next["b"].depends == Depends.STATE
    assert found.watch["w"] in found.next["a"].inputs[0].inputs or found.watch["w"].primitive == "matmul"


def test_first_state_is_the_output_where_none_is_named(tmp_path: Path) -> None:
    cell, _, _ = plugin(tmp_path, f"h = net\n{END}")
    assert trace(cell).outputs == ("h",)


def test_equal_equations_are_kept_once(tmp_path: Path) -> None:
    cell, _, _ = plugin(tmp_path, "return self.next(h=tanh(p.U @ s.h + p.W @ x + p.b), memory=tanh(net))")
    found = trace(cell, simplify=False)
    assert found.next["h"].inputs[0].inputs[0].inputs[1] is found.next["memory"].inputs[0].inputs[0].inputs[0]
    assert sum(value.primitive == "matmul" for value in found.graph.vars) == 2


def test_without_biases_they_are_zero_and_no_parameters(tmp_path: Path) -> None:
    cell, _, _ = plugin(tmp_path, f"h = net\n{END}")
    found = trace(cell, bias=False)
    assert set(found.parameters) == {"W", "U"}
    assert [value.primitive for value in found.next["h"].inputs] == ["matmul", "matmul"]


def test_values_of_the_layer_below_and_of_an_encoder_are_offered(tmp_path: Path) -> None:
    cell, _, _ = plugin(
        tmp_path, f"h = net * below.c + softmax(memory @ s.h) @ memory\n{END}", arguments="p, x, s, below, memory"
    )
    found = trace(cell, below={"h": 4, "c": 4}, memory=(6, 4))
    assert {name: leaf.shape for name, leaf in found.inputs.items()} == {
        "x": (3,), "memory": (6, 4), "below.c": (4,)
    }  # fmt: skip


def test_values_are_told_apart_as_keys(tmp_path: Path) -> None:
    cell, _, _ = plugin(tmp_path, f"h = net\n{END}")
    found = trace(cell)
    assert len({found.next["h"], found.next["memory"], found.states["memory"]}) == 2
    assert isinstance(found.next["h"], Var)
    assert isinstance(cell.next(h=found.next["h"]), Next)
