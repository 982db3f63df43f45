"""The cell: one step of a recurrent network, written as equations for one sample."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, final

from lab.components.base import Component, check_arguments, check_names
from lab.errors import PluginError, unknown
from lab.model.initialisers import Initialiser
from lab.trace.graph import Var
from lab.trace.tracer import PARAMETER_ARGUMENTS, STEP_ARGUMENTS, Next


class Cell(Component):
    """Abstract: a recurrent cell.

    `states` names its state vectors, which are all there is of its memory; `outputs` names those that the next layer
    and the readout see, the first where it is empty. States have the layer's size, except those in `sizes`.
    """

    states: ClassVar[tuple[str, ...]]
    outputs: ClassVar[tuple[str, ...]] = ()
    _kind = "cell"

    @abstractmethod
    def parameters(self, *args: Any, **kwargs: Any) -> Mapping[str, Initialiser]:
        """The parameters by name, each an initialiser with its shape: `{"W": glorot(hidden, inputs)}`.

        A cell asks by name for what it needs of: `inputs` (size M of the layer's input), `hidden` (size D of the
        layer), `outputs` (size K of the network's output), `depth` (number of the layer, counted from 0).
        """

    @abstractmethod
    def step(self, *args: Any, **kwargs: Any) -> Next:
        """The next states, by `return self.next(h=...)`, as equations for one sample.

        A cell asks by name for what it needs of: `p` (parameters, `p.W`), `x` (input of this step), `s` (states after
        the step before, `s.h`), `t` (index of the step, from 0), `y` (the network's previous output), `below` (states
        of the layer below at this step), `memory` (states of an encoder, one row for each of its steps).
        """

    def sizes(self, hidden: int) -> Mapping[str, int]:
        """The sizes of the states that are not of size `hidden`, by name."""
        return {}

    @final
    def next(self, *, watch: Mapping[str, Var] | None = None, **states: Var) -> Next:
        """What `step` returns: each state's next value, and the values to be watched, by name."""
        return Next(states, dict(watch or {}))

    @classmethod
    def check_declaration(cls) -> None:
        super().check_declaration()
        if not getattr(cls, "states", ()):
            raise PluginError(f"{cls.described()} names no states", remedy='Add states = ("h",) to the class')
        check_names(cls, "states")
        check_names(cls, "outputs")
        for state in cls.states:
            if state == "watch" or state.startswith("_"):
                raise PluginError(f"{cls.described()} cannot call a state {state!r}", remedy="Give it another name")
        for output in cls.outputs:
            if output not in cls.states:
                message = unknown(f"state in outputs of {cls.described()}:", output, cls.states)
                raise PluginError(message, remedy="Name states in outputs")
        check_arguments(cls, "parameters", PARAMETER_ARGUMENTS)
        check_arguments(cls, "step", STEP_ARGUMENTS)
