"""Every text that the program gives to an error, a problem or a note, found in its source.

The source is read as syntax trees, and each expression that becomes a message or a remedy is followed to the constants
that it is made of: through f-strings, conditional expressions, local names, constants, and helper functions in either
direction. What only a run can know is HOLE.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOLE = "\ue000"
LEFT_OUT = ("lab/cli/",)
"""What is said on the command line, which stays English."""
SPOKEN = {"RefusedError"}
"""Errors whose words are a Text."""
RECORDS = {"Problem", "Failure", "Folder"}
TOLD = {"note", "_complain"}
"""Functions that are given sentences to say."""
LISTS = {"messages"}
"""Lists of sentences to say."""
DESCRIBED = {"described": [f"cell '{HOLE}'"]}
"""What a call gives that depends on the class."""
NEVER = re.compile(rf"\. $|:  in |^[a-z.{HOLE}]*: {HOLE}$")
"""What would come of a reason or a problem that is empty, which is looked at first; and what has no words."""
SPEC = "lab/experiment/spec.py"
RESOLVE = "lab/experiment/resolve.py"
MOST = 3000
DEPTH = 12

Function = ast.FunctionDef | ast.AsyncFunctionDef
Bound = Mapping[str, list[str]]


@dataclass
class Module:
    path: str
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    homes: dict[ast.AST, Function | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    place: str
    text: str


class Reader:
    """Follows expressions to texts."""

    def __init__(self) -> None:
        self.modules = [_module(path) for path in _files()]
        self.functions: dict[str, list[tuple[Module, Function]]] = defaultdict(list)
        self.calls: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
        self.errors = {"LabError"}
        classes = [node for module in self.modules for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
        for _ in range(4):
            self.errors |= {one.name for one in classes for base in one.bases if _name(base) in self.errors}
        for module in self.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, Function):
                    self.functions[node.name].append((module, node))
                elif isinstance(node, ast.Call):
                    self.calls[_called(node)].append((module, node))

    def sites(self) -> Iterator[Site]:
        for module in self.modules:
            for node in ast.walk(module.tree):
                for expression in self._spoken(module, node):
                    home = module.homes[node]
                    for text in self.texts(module, home, expression, {}, 0):
                        if any(letter.isalpha() for letter in text.replace(HOLE, "")) and not NEVER.search(text):
                            yield Site(f"{module.path}:{expression.lineno}", text)

    def _spoken(self, module: Module, node: ast.AST) -> Iterator[ast.expr]:
        if isinstance(node, ast.AugAssign) and _name(node.target) in LISTS and isinstance(node.value, ast.ListComp):
            yield node.value.elt
        if not isinstance(node, ast.Call):
            return
        name = _called(node)
        keywords = {one.arg: one.value for one in node.keywords}
        inside = module.homes[node]
        own = name == "cls" and inside is not None and module.path == "lab/experiment/problems.py"
        chosen = [] if inside is None else [value for value, _ in _assigned(inside, name)]
        own = own or any(_name(one) in self.errors for value in chosen for one in ast.walk(value))
        if (name in self.errors and name not in SPOKEN) or own:
            yield from [*node.args[:1], *([keywords["remedy"]] if "remedy" in keywords else [])]
        elif name in RECORDS:
            yield from (keywords[key] for key in ("message", "remedy") if key in keywords)
        elif name in TOLD or (name == "append" and _name(getattr(node.func, "value", node)) in LISTS):
            yield from node.args

    def texts(self, module: Module, home: Function | None, node: ast.expr, bound: Bound, depth: int) -> list[str]:
        """All texts that the expression may be."""
        if depth > DEPTH:
            return [HOLE]
        found = self._texts(module, home, node, bound, depth + 1)
        return list(dict.fromkeys(found))[:MOST] or [HOLE]

    def _texts(self, module: Module, home: Function | None, node: ast.expr, bound: Bound, depth: int) -> list[str]:
        def inner(one: ast.expr) -> list[str]:
            return self.texts(module, home, one, bound, depth)

        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.Constant(value=None):
                return []
            case ast.JoinedStr():
                parts = [
                    [one.value] if isinstance(one, ast.Constant) else self._hole(one, inner) for one in node.values
                ]
                return ["".join(one) for one in product(*parts)]
            case ast.BinOp(op=ast.Add()) if not isinstance(node.right, ast.Constant):
                return [a + b for a in inner(node.left) for b in inner(node.right)]
            case ast.IfExp():
                return inner(node.body) + inner(node.orelse)
            case ast.BoolOp():
                return [text for one in node.values for text in inner(one)]
            case ast.Name():
                return self._named(module, home, node.id, bound, depth)
            case ast.Attribute():
                return self._attribute(module, node.attr, depth)
            case ast.Call():
                return self._result(module, home, node, bound, depth)
            case ast.Subscript(value=ast.Name(id=name)) if isinstance(module.constants.get(name), ast.Dict):
                table = module.constants[name]
                assert isinstance(table, ast.Dict)
                return [text for one in table.values for text in inner(one)]
        return [HOLE]

    def _hole(self, part: ast.expr, inner) -> list[str]:
        assert isinstance(part, ast.FormattedValue)
        if part.conversion == ord("r"):
            return [f"'{HOLE}'"]
        return [HOLE] if part.format_spec is not None else inner(part.value)

    def _named(self, module: Module, home: Function | None, name: str, bound: Bound, depth: int) -> list[str]:
        if name in bound:
            return bound[name]
        outer = home
        while outer is not None:
            found = [
                text
                for value, place in _assigned(outer, name)
                for text in self._part(module, outer, value, place, {**bound, name: [HOLE]}, depth)
            ]
            for value in _grown(outer, name):
                found += [base + text for text in self.texts(module, outer, value, bound, depth) for base in found]
            if found:
                return found
            if name in _parameters(outer):
                return self._given(module, outer, name, depth)
            outer = module.homes[outer]
        if name == "error" and module.path == RESOLVE and depth < DEPTH:
            return self._refusals()
        if name in module.constants:
            return self.texts(module, None, module.constants[name], {}, depth)
        for other in self.modules:
            if name in other.constants and _imports(module, name, other):
                return self.texts(other, None, other.constants[name], {}, depth)
        return [HOLE]

    def _part(
        self, module: Module, home: Function, value: ast.expr, place: int | None, bound: Bound, depth: int
    ) -> list[str]:
        """The texts of an assigned value, or of one place of it where it is taken apart."""
        if place is None:
            return self.texts(module, home, value, bound, depth)
        if isinstance(value, ast.Tuple):
            return self.texts(module, home, value.elts[place], bound, depth)
        if isinstance(value, ast.Subscript) and isinstance(module.constants.get(_name(value.value)), ast.Dict):
            table = module.constants[_name(value.value)]
            assert isinstance(table, ast.Dict)
            tuples = [one for one in table.values if isinstance(one, ast.Tuple)]
            return [text for one in tuples for text in self.texts(module, home, one.elts[place], bound, depth)] or [
                HOLE
            ]
        if isinstance(value, ast.Call):
            if _called(value) == "get" and isinstance(value.func, ast.Attribute):
                table = module.constants.get(_name(value.func.value))
                tuples = [*(table.values if isinstance(table, ast.Dict) else []), *value.args[1:]]
                return [
                    text
                    for one in tuples
                    if isinstance(one, ast.Tuple)
                    for text in self.texts(module, home, one.elts[place], bound, depth)
                ]
            return [
                text
                for other, function, given in self._called_functions(module, home, value, bound, depth)
                for one in _returned(function)
                if depth <= DEPTH
                for text in self._part(other, function, one, place, given, depth + 1)
            ]
        return [HOLE]

    def _attribute(self, module: Module, name: str, depth: int) -> list[str]:
        """A property of a class in the same module, or what is assigned to an attribute there."""
        found = []
        for other, function in self.functions.get(name, []):
            if other is module and "property" in map(_name, function.decorator_list):
                found += [text for one in _returned(function) for text in self.texts(other, function, one, {}, depth)]
        for node in ast.walk(module.tree):
            value = getattr(node, "value", None)
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and _target(node) == name:
                found.append(value.value)
        return [*found, HOLE]

    def _result(self, module: Module, home: Function | None, node: ast.Call, bound: Bound, depth: int) -> list[str]:
        name = _called(node)
        if name in DESCRIBED:
            return DESCRIBED[name]
        if name in ("replace", "strip", "capitalize") and isinstance(node.func, ast.Attribute):
            return self.texts(module, home, node.func.value, bound, depth)
        if name == "str" and ast.unparse(node.args[0]) == "limits['error']":
            return self._refusals()
        if name == "join" and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant):
            return [HOLE, f"{HOLE}{node.func.value.value}{HOLE}"] if node.func.value.value.strip(" ,") else [HOLE]
        if name == "__getattribute__":
            return [
                text for other, call in self.calls["Names"] for text in self.texts(other, None, call.args[0], {}, 0)
            ]
        if name == "phrase":
            table = module.constants["_PHRASES"]
            assert isinstance(table, ast.Dict)
            return [text for one in table.values for text in self.texts(module, home, one.body, bound, depth)]  # type: ignore[attr-defined]
        return [
            text
            for other, function, given in self._called_functions(module, home, node, bound, depth)
            for one in _returned(function)
            for text in self.texts(other, function, one, given, depth)
        ] or [HOLE]

    def _refusals(self) -> list[str]:
        """What the checks of an experiment's values say, which pydantic hands on."""
        (spec,) = (one for one in self.modules if one.path == SPEC)
        calls = (call for module, call in self.calls["ValueError"] if module is spec)
        return [text for call in calls for text in self.texts(spec, spec.homes[call], call.args[0], {}, 0)]

    def _called_functions(
        self, module: Module, home: Function | None, node: ast.Call, bound: Bound, depth: int
    ) -> Iterator[tuple[Module, Function, Bound]]:
        """The functions that a call may reach, with the texts of what it gives them."""
        name = _called(node)
        known = self.functions.get(name, [])
        near = [one for one in known if one[0] is module] or [one for one in known if _imports(module, name, one[0])]
        for other, function in near:
            given = {}
            for parameter, value in _arguments(function, node).items():
                given[parameter] = self.texts(module, home, value, bound, depth)
            yield other, function, given

    def _given(self, module: Module, function: Function, parameter: str, depth: int) -> list[str]:
        """What all calls of a function give for a parameter."""
        found = []
        for other, call in self.calls.get(function.name, []):
            if other is not module and not _imports(other, function.name, module):
                continue
            value = _arguments(function, call).get(parameter)
            if value is not None:
                found += self.texts(other, other.homes[call], value, {}, depth)
        return found or [HOLE]


@cache
def sites() -> tuple[Site, ...]:
    """All of them, each text once."""
    known: dict[str, Site] = {}
    for site in Reader().sites():
        known.setdefault(site.text, site)
    return tuple(known.values())


def _files() -> Iterator[Path]:
    for folder in ("lab", "plugins"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not path.relative_to(ROOT).as_posix().startswith(LEFT_OUT):
                yield path


def _module(path: Path) -> Module:
    module = Module(path.relative_to(ROOT).as_posix(), ast.parse(path.read_bytes()))
    for node in module.tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if targets and getattr(node, "value", None) is not None:
            module.constants |= {_name(one): node.value for one in targets}  # type: ignore[union-attr]
    _place(module, module.tree, None)
    return module


def _place(module: Module, node: ast.AST, home: Function | None) -> None:
    for child in ast.iter_child_nodes(node):
        module.homes[child] = home
        _place(module, child, child if isinstance(child, Function) else home)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _target(node: ast.AST) -> str:
    if isinstance(node, ast.Assign):
        return _name(node.targets[0])
    return _name(node.target) if isinstance(node, ast.AnnAssign) else ""


def _called(node: ast.Call) -> str:
    return _name(node.func)


@cache
def _imported(tree: ast.Module) -> Mapping[str, str]:
    """Where each imported name is from."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return {one.asname or one.name: str(node.module) for node in nodes for one in node.names}


def _imports(module: Module, name: str, of: Module) -> bool:
    """Whether one module has a name from another one, or from the door that plugins have."""
    source = _imported(module.tree).get(name, "")
    return source in ("lab.api", "lab.ui.api") or source.replace(".", "/") == of.path.removesuffix(".py")


def _own(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions in it."""
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, Function):
            stack += ast.iter_child_nodes(node)


def _assigned(function: Function, name: str) -> list[tuple[ast.expr, int | None]]:
    found: list[tuple[ast.expr, int | None]] = []
    for node in _own(function):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and target.id == name and node.value is not None:  # type: ignore[attr-defined]
                found.append((node.value, None))  # type: ignore[attr-defined]
            elif isinstance(target, ast.Tuple):
                places = [place for place, one in enumerate(target.elts) if _name(one) == name]
                found += [(node.value, place) for place in places]  # type: ignore[attr-defined]
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
            places = [_name(one) for one in node.target.elts] if isinstance(node.target, ast.Tuple) else []
            if name in places:
                found += [(one, places.index(name)) for one in node.iter.elts]
            elif _name(node.target) == name:
                found += [(one, None) for one in node.iter.elts]
    return found


def _grown(function: Function, name: str) -> list[ast.expr]:
    nodes = [one for one in _own(function) if isinstance(one, ast.AugAssign) and _name(one.target) == name]
    return [one.value for one in sorted(nodes, key=lambda one: one.lineno)]


def _returned(function: Function) -> list[ast.expr]:
    return [node.value for node in _own(function) if isinstance(node, ast.Return) and node.value is not None]


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _arguments(function: Function, call: ast.Call) -> dict[str, ast.expr]:
    names = _parameters(function)
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    given = dict(zip(names, [one for one in call.args if not isinstance(one, ast.Starred)], strict=False))
    return given | {one.arg: one.value for one in call.keywords if one.arg is not None}
