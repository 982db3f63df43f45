"""`plugins`: what there is to choose from, and which plugins could not be used."""

import inspect
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cli.failure import OK
from lab.cli.options import Json
from lab.cli.output import say, say_json, say_table
from lab.errors import PluginError, unknown

if TYPE_CHECKING:
    from lab.hyperparameters import Hyperparameter
    from lab.registry.catalog import Entry


def plugin_commands() -> typer.Typer:
    """The commands under `plugins`."""
    app = typer.Typer(help="Cells, datasets, algorithms and all else that plugins bring.", no_args_is_help=False)
    app.command("list")(list_plugins)
    app.command("show")(show_plugin)
    return app


def list_plugins(as_json: Json = False) -> int:
    """All components, and every plugin that could not be used, with its file, its line and what to do."""
    from lab.registry.manager import load_catalog

    catalog = load_catalog()
    if as_json:
        failures = [asdict(failure) for failure in catalog.failures]
        components = [_entry_json(entry) for entry in catalog.components]
        say_json({"components": components, "failures": failures, "needs_window": list(catalog.window_only)})
        return OK
    rows = [(entry.kind, entry.name, entry.title["en"], entry.origin, entry.version) for entry in catalog.components]
    say_table(["kind", "name", "title", "origin", "version"], rows)
    for file in catalog.window_only:
        say(f"{file} needs the window, and was not imported")
    if catalog.failures:
        say(f"{len(catalog.failures)} could not be used:")
        for failure in catalog.failures:
            say(str(PluginError(failure.message, file=failure.file, line=failure.line, remedy=failure.remedy)))
    return OK


def show_plugin(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a component.")], as_json: Json = False
) -> int:
    """What a component is, and its hyperparameters; all of them where several kinds have one of this name."""
    from lab.registry.manager import load_catalog

    catalog = load_catalog()
    found = [entry for entry in catalog.components if entry.name == name]
    if not found:
        raise PluginError(
            unknown("component", name, {entry.name for entry in catalog.components}), remedy="See: plugins list"
        )
    if as_json:
        say_json({"components": [_entry_json(entry) | _details(entry) for entry in found]})
        return OK
    for entry in found:
        _say_entry(entry)
    return OK


def _entry_json(entry: "Entry") -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "name": entry.name,
        "title": dict(entry.title),
        "origin": entry.origin,
        "version": entry.version,
    }


def _details(entry: "Entry") -> dict[str, Any]:
    from lab.experiment.runs import without_nan

    component = entry.component
    declared = [_hyperparameter_json(one) for one in component.hyperparameters().values()]
    facts = {name: getattr(component, name) for name in ("task", "source", "licence") if hasattr(component, name)}
    plain = {name: value for name, value in facts.items() if isinstance(value, str)}
    details: dict[str, Any] = without_nan(
        {"doc": inspect.getdoc(component) or "", **plain, "hyperparameters": declared}
    )
    return details


def _hyperparameter_json(one: "Hyperparameter") -> dict[str, Any]:
    return {
        "name": one.name,
        "type": getattr(one.type, "__name__", str(one.type)) if not hasattr(one.type, "__origin__") else str(one.type),
        "default": one.default,
        "low": one.low,
        "high": one.high,
        "choices": None if one.choices is None else list(one.choices),
        "unit": one.unit,
        "doc": dict(one.doc),
        "live": one.live,
    }


def _say_entry(entry: "Entry") -> None:
    from lab.experiment.write import item

    details = _details(entry)
    version = f", version {entry.version}" if entry.version else ""
    say(f"{entry.kind} {entry.name!r} ({entry.title['en']}, {entry.title['zh']}) from {entry.origin}{version}")
    for name in ("task", "source", "licence"):
        if name in details:
            say(f"{name}: {details[name]}")
    say()
    say(details["doc"])
    rows = [
        (one.name, item(one.default).as_string(), one.allowed, one.unit, one.doc["en"])
        for one in entry.component.hyperparameters().values()
    ]
    if rows:
        say_table(["hyperparameter", "default", "allowed", "unit", "meaning"], rows)
    say()
