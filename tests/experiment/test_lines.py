"""The line of each key, whatever TOML stands around it."""

from __future__ import annotations

import tomllib

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from lab.experiment.lines import line_of, lines_of

TRICKY = '''\
# [not.a.table]
title = "a # b [c] = \\" d"
long = """
[inside]
key = 1 # "
""\\"""""
literal = \'\'\'
[[inside]]
\'\'\'\'
list = [ # [
  "]", [1,
  2], {a = "}"}, # ]
]
"quoted.key" . 'other key' = 1
[table.sub] # comment
a.b = 1
a . "c" = 2

[[layers]]
cell = 1
[output]
x = 1
[[layers]]

  cell = 2
  [layers.own]
  y = 1
  [[layers.many]]
  z = 1
  [[layers.many]]
  z = 2
[table]
later = 1'''


def test_lines_of_tricky_text() -> None:
    tomllib.loads(TRICKY)
    assert lines_of(TRICKY) == {
        ("title",): 2,
        ("long",): 3,
        ("literal",): 7,
        ("list",): 10,
        ("quoted.key",): 14,
        ("quoted.key", "other key"): 14,
        ("table",): 15,
        ("table", "sub"): 15,
        ("table", "sub", "a"): 16,
        ("table", "sub", "a", "b"): 16,
        ("table", "sub", "a", "c"): 17,
        ("layers",): 19,
        ("layers", 0): 19,
        ("layers", 0, "cell"): 20,
        ("output",): 21,
        ("output", "x"): 22,
        ("layers", 1): 23,
        ("layers", 1, "cell"): 25,
        ("layers", 1, "own"): 26,
        ("layers", 1, "own", "y"): 27,
        ("layers", 1, "many"): 28,
        ("layers", 1, "many", 0): 28,
        ("layers", 1, "many", 0, "z"): 29,
        ("layers", 1, "many", 1): 30,
        ("layers", 1, "many", 1, "z"): 31,
        ("table", "later"): 33,
    }


def test_nearest_line_around_a_key() -> None:
    lines = lines_of("[a]\nb = {c = 1}\n")
    assert line_of(("a", "b", "c"), lines) == 2
    assert line_of(("a", "x"), lines) == 1
    assert line_of(("x", "a"), lines) is None
    assert lines_of("") == lines_of("# only\n\n") == {}


keys = st.one_of(st.sampled_from(["a", "b-1", "c.d", ""]), st.text(st.characters(codec="utf-8"), max_size=3))
scalars = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8")),
)
values = st.one_of(scalars, st.lists(scalars, max_size=3))
tables = st.dictionaries(keys, values, max_size=4)


@given(
    st.dictionaries(keys, st.one_of(values, tables, st.lists(tables, min_size=1, max_size=3)), max_size=5), st.data()
)
def test_every_key_of_any_text_is_found_where_it_is(tables: dict[str, object], data: st.DataObject) -> None:
    document = tomlkit.document()
    for key, value in tables.items():
        if isinstance(value, str) and data.draw(st.booleans()):
            document.add(key, tomlkit.string(value, multiline=True))
        elif not isinstance(value, dict | list):
            document.add(key, tomlkit.item(value))
    for key, value in tables.items():
        if isinstance(value, dict | list):
            document.add(tomlkit.comment("a \"comment\" = ['''"))
            document.add(key, tomlkit.item(value))
    text = document.as_string()
    rows = text.split("\n")
    lines = lines_of(text)
    for key in tables:
        line = lines[(key,)]
        written = tomlkit.key([key]).as_string()
        assert rows[line - 1].strip("[]\r").startswith(written)
    assert {path[0] for path in lines} == set(tables)
