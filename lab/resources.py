"""Where the shipped files are: inside the package once installed, beside it in a source tree."""

from pathlib import Path


def resource_folder() -> Path:
    """The folder of data, experiments, help and icons."""
    return _shipped("resources")


def plugin_folder() -> Path:
    """The folder of the built-in plugins."""
    return _shipped("plugins")


def _shipped(name: str) -> Path:
    package = Path(__file__).resolve().parent
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / name
