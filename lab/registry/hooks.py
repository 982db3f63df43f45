"""The hooks of one plugin: whether they are hooks that the lab calls, and what they return."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any, Final, final

import pluggy

from lab.components.base import Registered
from lab.components.hookspecs import KINDS, Kind
from lab.errors import PluginError, nearest

_HOOKABLE: Final = (FunctionType, MethodType, staticmethod, classmethod)


@final
class HookManager(pluggy.PluginManager):
    """Looks for hooks among the functions that are marked as such, not among all that a module has."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        """What pluggy reads from the mark of a hook; None where there is no hook of this name."""
        if inspect.ismodule(plugin):
            function = vars(plugin).get(name)
            if not isinstance(function, _HOOKABLE) or not hasattr(function, f"{self.project_name}_impl"):
                return None
        return super().parse_hookimpl_opts(plugin, name)


def hook_problems(manager: pluggy.PluginManager, plugin: object, kinds: Mapping[str, Kind]) -> Iterator[PluginError]:
    """What keeps the hooks of a plugin from being called: pluggy itself passes over some of it in silence."""
    hooks = [kind.hook for kind in kinds.values()]
    marked = 0
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        function = getattr(plugin, name, None)
        if options is None:
            if name.startswith("lab_") and inspect.isroutine(function):
                yield _at(function, f"{name} is not marked as a hook", "Write @hookimpl on the line above it")
                marked += 1
            continue
        marked += 1
        hook = options.get("specname") or name
        if hook not in hooks:
            guess = nearest(hook, hooks)
            known = f"did you mean {guess!r}?" if guess else f"known: {', '.join(hooks)}"
            yield _at(function, f"unknown hook {hook!r}; {known}", "Rename the function")
            continue
        asked = [one.name for one in _parameters(function) if one.default is one.empty]
        if asked:
            message = f"the hook {hook} is called without arguments, and this one asks for {', '.join(asked)}"
            yield _at(function, message, f"Define it as {hook}()")
        if options.get("hookwrapper") or options.get("wrapper") or inspect.iscoroutinefunction(function):
            yield _at(function, f"the hook {hook} must be a plain function", "Return a list of classes from it")
    if not marked:
        yield PluginError(
            "the file registers nothing",
            remedy="Add a hook, such as lab_register_cells, or begin the file's name with _ if others import it",
        )


def hook_line(function: object) -> int | None:
    """The line on which a hook is defined."""
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    return None if code is None else code.co_firstlineno


def registered(
    name: str, kind: Kind, returned: object, line_of: Callable[[type], int | None]
) -> Iterator[type[Registered] | PluginError]:
    """Each class that a hook for a kind returned, or why it cannot be used; `line_of` knows the line of a class."""
    base, hook = kind.base, kind.hook
    if not isinstance(returned, list | tuple):
        given = returned.__name__ if isinstance(returned, type) else type(returned).__name__
        example = given if isinstance(returned, type) else f"My{base.__name__}"
        what = "nothing" if returned is None else f"{given}, not a list"
        yield PluginError(f"{hook} returned {what}", remedy=f"Write return [{example}]")
        return
    for item in returned:
        try:
            _check_class(name, base, hook, item)
        except PluginError as error:
            known = error.line is not None or not isinstance(item, type)
            yield error if known else error.with_place(error.file, line_of(item))
        else:
            yield item


def _check_class(kind: str, base: type[Registered], hook: str, item: object) -> None:
    if not isinstance(item, type):
        cls = type(item)
        if isinstance(item, base):
            raise PluginError(f"{hook} returned an instance of {cls.__name__}", remedy=f"Return [{cls.__name__}]")
        raise PluginError(f"{hook} returned a list with {cls.__name__} in it", remedy="List classes only")
    if not issubclass(item, base):
        right = [one.hook for one in KINDS.values() if issubclass(item, one.base)]
        remedy = f"Return it from {right[0]}" if right else f"Write class {item.__name__}({base.__name__}):"
        raise PluginError(f"{item.__name__}, which {hook} returned, is not a {kind}", remedy=remedy)
    if item is base:
        raise PluginError(f"{hook} returned {base.__name__} itself", remedy="Return classes that derive from it")
    item.check_declaration()


def _parameters(function: Any) -> list[inspect.Parameter]:
    return [
        one
        for one in inspect.signature(function).parameters.values()
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]


def _at(function: object, message: str, remedy: str) -> PluginError:
    return PluginError(message, line=hook_line(function), remedy=remedy)
