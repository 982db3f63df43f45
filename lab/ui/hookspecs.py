"""The hooks of plugins that need the window, beside those of `lab.components.hookspecs`."""

from __future__ import annotations

import sys
from typing import Final

from lab.components.hookspecs import Kind, hookspec
from lab.registry.manager import More
from lab.ui.api import View


@hookspec
def lab_register_views() -> list[type[View]]:  # type: ignore[empty-body]
    """The views of the plugin."""


WINDOW: Final = More(specs=sys.modules[__name__], kinds={"view": Kind(View, "lab_register_views")})
"""What the window adds for `load_catalog`: files that import Qt are loaded, and bring views."""
